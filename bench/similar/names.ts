import { execFileSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { packageRoot } from '../../src/config.ts';
import type { Database } from '../../src/database/connection/open.ts';
import { normalise } from '../../src/normalise.ts';
import { seededRandom } from '../../src/train/random.ts';

/** Other real titles; they are not part of the project. */
const others = join(packageRoot, '../shared/data/products.tsv.xz');

/** Labelled names in which one word stands in the place of another, as a typo, a colour or a size does. */
export async function changedNames(db: Database, wanted: number): Promise<string[]> {
  const rows = await db.rows<{ name_key: string }>(
    // by digest: spread evenly over memory, the same in every run
    `select name_key from taxon.labels tablesample system (2) repeatable (18) order by name_hash limit $1`,
    [4 * wanted],
  );
  const random = seededRandom(18);
  const whole = (below: number) => Math.floor(random.next() * below);
  const names = rows.map((row) => row.name_key);
  const changed = names.slice(0, 2 * wanted).flatMap((name) => {
    const words = name.split(' ');
    const from = (names[whole(names.length)] as string).split(' ');
    words[whole(words.length)] = from[whole(from.length)] as string;
    const key = words.join(' ');
    return words.length < 2 || key === name ? [] : [key];
  });
  return unlabelled(db, changed, wanted);
}

/** Titles of another file that memory does not know; none where the file is not there. */
export async function otherTitles(db: Database, wanted: number): Promise<string[]> {
  if (!existsSync(others)) return [];
  const lines = execFileSync('xz', ['-dc', others], { encoding: 'utf8', maxBuffer: 2 ** 27 }).split('\n');
  const keys = lines.slice(1).map((line) => normalise(line.split('\t')[2] ?? ''));
  const step = Math.floor(keys.length / (4 * wanted));
  return unlabelled(
    db,
    keys.filter((key, i) => key !== '' && i % step === 0),
    wanted,
  );
}

/** The exact layer has the others. */
async function unlabelled(db: Database, keys: string[], wanted: number): Promise<string[]> {
  const rows = await db.rows<{ k: string }>(
    `select k from unnest($1::text[]) with ordinality u(k, i)
       where not exists (select from taxon.labels l where l.name_hash = taxon_internal.name_hash(k)) order by i limit $2`,
    [[...new Set(keys)], wanted],
  );
  return rows.map((row) => row.k);
}
