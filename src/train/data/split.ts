import { createHash } from 'node:crypto';
import { misuse } from '../../errors.ts';

export type Part = 'train' | 'valid' | 'test';

/** Share of the names that never trains or chooses anything, unless `--test-share` says otherwise. */
const testShare = 0.05;
/** Share of the names that stops the training early and fits what joins the voices; it stands above the test part. */
const validShare = 0.08;

const bits48 = 2 ** 48;

/** The sha256 of a name key: what `name_hash()` gives in SQL. */
function digestOf(key: string): Buffer {
  return createHash('sha256').update(key, 'utf8').digest();
}

function checkShare(share: number): void {
  if (!(share >= 0 && share <= 0.5)) throw misuse(`a test part of ${share}`, 'Give a share from 0 to .5.');
}

/**
 * The rule that gives each name key its part, for ever and on every machine: decided by the first 48 bits of the sha256 of
 * its UTF-8 bytes, the test part lowest, then the valid part (8%), then training.
 *
 * @param share the test part, 0 to .5; another share moves names between parts, so that figures of two shares are not
 *              comparable
 */
export function partsBy(share: number = testShare): (key: string) => Part {
  checkShare(share);
  return (key) => {
    const at = digestOf(key).readUIntBE(0, 6) / bits48;
    if (at < share) return 'test';
    return at < share + validShare ? 'valid' : 'train';
  };
}

const standardPart = partsBy();

/** The part of a name key under the standard shares: 5% test, 8% valid, the rest training. */
export function partOf(key: string): Part {
  return standardPart(key);
}

/** The digest below which the test part lies, under the standard share. */
export function testUpTo(): Buffer {
  const bound = Buffer.alloc(6);
  bound.writeUIntBE(Math.ceil(testShare * bits48), 0, 6);
  return bound;
}

/** The lowest digest of the training part: in SQL a label trains when its name_hash is not below it. */
export function trainFrom(share: number = testShare): Buffer {
  checkShare(share);
  const bound = Buffer.alloc(6);
  bound.writeUIntBE(Math.ceil((share + validShare) * bits48), 0, 6);
  return bound;
}

/**
 * The fold of a name key, 0 to folds - 1, for ever and on every machine: decided by the next 48 bits of the digest, so
 * that each fold has the same share of every part.
 */
export function foldOf(key: string, folds: number): number {
  return Math.floor((digestOf(key).readUIntBE(6, 6) / bits48) * folds);
}
