import { createHash } from 'node:crypto';

export type Part = 'train' | 'valid' | 'test';

/** Shares of the parts; the rest is training. Changing `test` moves names between parts: it is not a setting. */
const shares = { test: 0.05, valid: 0.08 } as const;

/**
 * The part that a name key belongs to, for ever and on every machine: decided by the first 48 bits of the sha256 of
 * its UTF-8 bytes. The test part (5%) never trains or chooses anything; the valid part (8%) stops the training early.
 */
export function partOf(key: string): Part {
  const at = createHash('sha256').update(key, 'utf8').digest().readUIntBE(0, 6) / 2 ** 48;
  if (at < shares.test) return 'test';
  return at < shares.test + shares.valid ? 'valid' : 'train';
}
