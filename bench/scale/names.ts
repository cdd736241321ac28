import { spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { packageRoot } from '../../src/config.ts';
import { misuse } from '../../src/errors.ts';
import type { Path } from '../../src/model/types.ts';
import { normalise } from '../../src/normalise.ts';

/**
 * A million real titles, labelled by a program; they are not part of the project. TAXON_BENCH_TITLES names another file
 * of the same columns.
 */
export const titlesFile = process.env.TAXON_BENCH_TITLES || join(packageRoot, '../shared/data/scale.tsv.xz');
const columns = 'name\tl1\tl2\tl3';

/** Name keys with the path of each; labels of one path share it. */
export interface ScaleNames {
  keys: string[];
  paths: Path[];
}

/**
 * The first so many distinct name keys of the file, read line by line, so that the file is never held whole.
 *
 * @returns null where the file is not there
 * @throws TaxonError when it holds fewer, or is no such table
 */
export async function readScaleNames(wanted: number): Promise<ScaleNames | null> {
  if (!existsSync(titlesFile)) return null;
  const xz = spawn('xz', ['-dc', titlesFile], { stdio: ['ignore', 'pipe', 'inherit'] });
  const failed = new Promise<never>((_, reject) => xz.once('error', reject));
  const names: ScaleNames = { keys: [], paths: [] };
  await Promise.race([failed, fill(names, createInterface({ input: xz.stdout }), wanted)]);
  xz.kill();
  if (names.keys.length < wanted)
    throw misuse(`${titlesFile} has ${names.keys.length} distinct name keys, not ${wanted}`);
  return names;
}

async function fill({ keys, paths }: ScaleNames, lines: AsyncIterable<string>, wanted: number) {
  const seen = new Set<string>();
  const ids = new Map<string, number>();
  const known = new Map<string, Path>();
  const idOf = (category: string): number => {
    const id = ids.get(category) ?? ids.size + 1;
    ids.set(category, id);
    return id;
  };
  let header = true;
  for await (const line of lines) {
    const [name = '', l1 = '', l2 = '', l3 = ''] = line.split('\t');
    if (header && line !== columns) throw misuse(`the header of ${titlesFile} is not: ${columns}`);
    const key = header ? '' : normalise(name);
    header = false;
    if (key === '' || seen.has(key)) continue;
    seen.add(key);
    const text = [l1, l2, l3].join('\t');
    let path = known.get(text);
    if (path === undefined) {
      const at2 = l2 === '' ? null : idOf(`${l1}\t${l2}`);
      path = [idOf(l1), at2, at2 === null || l3 === '' ? null : idOf(text)];
      known.set(text, path);
    }
    keys.push(key);
    paths.push(path);
    if (keys.length === wanted) return;
  }
}
