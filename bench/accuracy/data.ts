import { createHash } from 'node:crypto';
import { existsSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { must } from '../../src/cluster/run.ts';
import { packageRoot } from '../../src/config.ts';
import { generateCatalogue } from '../../src/demo/catalogue/generate.ts';
import { misuse } from '../../src/errors.ts';
import type { Path } from '../../src/model/types.ts';
import { normalise } from '../../src/normalise.ts';
import type { BenchSet, Labelled, Source } from './types.ts';

/** The real titles; they are not part of the project, so the set is left out where the file is not there. */
export const titlesFile = join(packageRoot, '../shared/data/products.tsv.xz');

const columns = ['split', 'lang', 'name', 'l1', 'l2', 'l3', 't1', 't2', 't3'];
/** Share of the demo's labelled names that becomes its valid part. */
const validShare = 0.1;

interface Row {
  part: string;
  name: string;
  teacher: string[];
  truth: string[];
}

/** A number in [0, 1) that hangs on the key alone. */
function placeOf(key: string, salt: string): number {
  return createHash('sha256').update(`${salt}\n${key}`, 'utf8').digest().readUIntBE(0, 6) / 2 ** 48;
}

/** The rows as ids and keys. A key counts once, in the first part that has it: test, valid, train. */
function toSource(set: Source['set'], rows: readonly Row[]): Source {
  const categories: string[][] = [];
  const ids = new Map<string, number>();
  const idOf = (names: string[]): number => {
    const joined = names.join('\n');
    const known = ids.get(joined);
    if (known !== undefined) return known;
    categories.push(names);
    ids.set(joined, categories.length);
    return categories.length;
  };
  const pathOf = (names: string[]): Path => {
    const [l1, l2, l3] = names.map((_, i) => idOf(names.slice(0, i + 1)));
    return [l1 as number, l2 ?? null, l3 ?? null];
  };
  const seen = new Set<string>();
  const part = (wanted: string) => {
    const keys: string[] = [];
    const paths: Path[] = [];
    const truth: Path[] = [];
    for (const row of rows) {
      const key = normalise(row.name);
      if (row.part !== wanted || key === '' || seen.has(key)) continue;
      seen.add(key);
      keys.push(key);
      paths.push(pathOf(row.teacher));
      truth.push(pathOf(row.truth));
    }
    return { keys, paths, truth };
  };
  const { keys, truth } = part('test');
  const valid = part('valid');
  return { set, categories, train: part('train'), valid, test: { keys, paths: truth } };
}

/** What stands before the first empty level. */
function filled(levels: string[]): string[] {
  const stop = levels.indexOf('');
  return stop === -1 ? levels : levels.slice(0, stop);
}

/**
 * The rows of a table of real titles.
 *
 * @throws TaxonError when the header is another one or a line has not its fields
 */
export function parseTitles(text: string): Source {
  const [header, ...lines] = text.replace(/\n$/, '').split('\n');
  if (header !== columns.join('\t')) throw misuse(`the header of the titles is not: ${columns.join(' ')}`);
  const rows = lines.map((line, i): Row => {
    const fields = line.split('\t');
    const [part = '', , name = ''] = fields;
    if (fields.length !== columns.length || fields[3] === '' || fields[6] === '')
      throw misuse(`line ${i + 2} of the titles is not a row: ${line.slice(0, 200)}`);
    return { part, name, truth: filled(fields.slice(3, 6)), teacher: filled(fields.slice(6, 9)) };
  });
  return toSource('titles', rows);
}

/** The real titles of a file, or null where there is none. */
export async function readTitles(file: string): Promise<Source | null> {
  if (!existsSync(file)) return null;
  const hint = 'Install xz (Debian: xz-utils), which unpacks it.';
  return parseTitles(await must('xz', ['-dc', resolve(file)], { hint }));
}

/**
 * The demo catalogue: 20,000 names by its simulated teacher, a tenth of them valid; the arriving names that memory
 * does not hold, near repeats included, are the test. Another seed is another catalogue of the same kind.
 */
export function readDemo(options: { seed: number; labelled?: number; arriving?: number }): Source {
  const { labelled, arriving } = generateCatalogue(options);
  const rows = labelled.map(({ name, path, truth }): Row => {
    const part = placeOf(normalise(name), 'valid') < validShare ? 'valid' : 'train';
    return { part, name, teacher: path, truth };
  });
  for (const { name, truth, kind } of arriving)
    if (kind !== 'exact') rows.push({ part: 'test', name, teacher: truth, truth });
  return toSource('demo', rows);
}

function keep<T extends Labelled>(part: T, rows: readonly number[]): T {
  const cut = Object.entries(part).map(([name, values]) => [name, rows.map((row) => values[row])]);
  return Object.fromEntries(cut) as T;
}

/** About `names` training names, always the same ones, and the same share of the other parts. */
export function sampled(source: Source, names: number): Source {
  const share = Math.min(1, names / source.train.keys.length);
  const cut = <T extends Labelled>(part: T): T => {
    const order = part.keys.map((key, row) => ({ row, place: placeOf(key, 'sample') }));
    order.sort((a, b) => a.place - b.place);
    const rows = order.slice(0, Math.max(1, Math.round(share * order.length))).map(({ row }) => row);
    return keep(
      part,
      rows.sort((a, b) => a - b),
    );
  };
  return { ...source, train: cut(source.train), valid: cut(source.valid), test: cut(source.test) };
}

/** 12 hex digits that stand for all that a method is given: names, labels, truth, encoder. */
export function digestOf(set: Pick<BenchSet, 'train' | 'valid' | 'test' | 'encoder'>): string {
  const hash = createHash('sha256').update(set.encoder, 'utf8');
  for (const { keys, paths } of [set.train, set.valid, set.test])
    hash.update(JSON.stringify([keys, paths]), 'utf8');
  return hash.digest('hex').slice(0, 12);
}
