import type { Config } from '../../config.ts';
import type { Database } from '../../database/connection/open.ts';
import { type LabelConflict, labelConflicts } from '../../database/memory.ts';
import { registeredEncoder } from '../../database/registry.ts';
import { loadPaths } from '../../database/taxonomy.ts';
import { findEncoder } from '../../model/encoder-source.ts';
import { allLabels } from './dataset.ts';
import { type Part, partsBy } from './split.ts';

/** A category with fewer rows than this is called small: it has not one row for each of five folds. */
const smallBelow = 5;
/** Small classes and conflicts that are listed; all are counted. */
const listed = 10;

type Script = 'latin' | 'cyrillic' | 'mixed' | 'other';

/** Sizes of the classes of one level, by rows of memory. */
export interface ClassSizes {
  classes: number;
  /** Rows whose path has this level. */
  rows: number;
  largest: { path: string; rows: number } | null;
  median: number;
  /** Classes of fewer than `smallBelow` rows. */
  small: number;
  /** The smallest of them. */
  smallest: { path: string; rows: number }[];
}

/** What training would use of memory. */
export interface DatasetFacts {
  /** Labels in memory, and those of them that can train. */
  labels: number;
  usable: number;
  /** Labels of retired categories, left out. */
  retired: number;
  /** Labels of names that people's checks have drawn, left out. */
  sealed: number;
  /** Usable names that the encoder has not seen. */
  unencoded: number;
  sources: Record<string, number>;
  /** Rows whose path stops at each level. */
  depths: { l1: number; l2: number; l3: number };
  scripts: Record<Script, number>;
  parts: Record<Part, number>;
  levels: { l1: ClassSizes; l2: ClassSizes; l3: ClassSizes };
  small_below: number;
  /** Names whose label went from one category to another. */
  conflicts: { count: number; latest: LabelConflict[] };
}

/** The alphabets of a name's letters; `other` has neither. */
export function scriptOf(name: string): Script {
  const latin = /\p{Script=Latin}/u.test(name);
  const cyrillic = /\p{Script=Cyrillic}/u.test(name);
  if (latin && cyrillic) return 'mixed';
  return latin ? 'latin' : cyrillic ? 'cyrillic' : 'other';
}

function sizesOf(counts: ReadonlyMap<number, number>, pathOf: (id: number) => string): ClassSizes {
  const sorted = [...counts].sort(([a, n], [b, m]) => n - m || a - b);
  const named = ([id, rows]: [number, number]) => ({ path: pathOf(id), rows });
  const largest = sorted.at(-1);
  const small = sorted.filter(([, n]) => n < smallBelow);
  const [low, high] = [sorted[Math.ceil(sorted.length / 2) - 1], sorted[Math.floor(sorted.length / 2)]];
  return {
    classes: sorted.length,
    rows: sorted.reduce((sum, [, n]) => sum + n, 0),
    largest: largest === undefined ? null : named(largest),
    median: ((low?.[1] ?? 0) + (high?.[1] ?? 0)) / 2,
    small: small.length,
    smallest: small.slice(0, listed).map(named),
  };
}

/**
 * What `train` would use, without encoding or writing anything.
 *
 * @param encoderId null: the configured encoder was never used here
 */
export async function datasetFacts(
  db: Database,
  encoderId: number | null,
  options: { testShare?: number; signal: AbortSignal },
): Promise<DatasetFacts> {
  const partOf = partsBy(options.testShare);
  const facts = {
    labels: 0,
    usable: 0,
    retired: 0,
    sealed: 0,
    unencoded: 0,
    sources: {} as Record<string, number>,
    depths: { l1: 0, l2: 0, l3: 0 },
    scripts: { latin: 0, cyrillic: 0, mixed: 0, other: 0 },
    parts: { train: 0, valid: 0, test: 0 },
  };
  const counts = [new Map<number, number>(), new Map<number, number>(), new Map<number, number>()];
  for await (const row of allLabels(db, encoderId, options.signal)) {
    facts.labels++;
    if (row.retired) {
      facts.retired++;
      continue;
    }
    if (row.sealed) {
      facts.sealed++;
      continue;
    }
    facts.usable++;
    if (!row.encoded) facts.unencoded++;
    facts.sources[row.source] = (facts.sources[row.source] ?? 0) + 1;
    facts.depths[row.l3 !== null ? 'l3' : row.l2 !== null ? 'l2' : 'l1']++;
    facts.scripts[scriptOf(row.name_key)]++;
    facts.parts[partOf(row.name_key)]++;
    for (const [level, id] of [row.l1, row.l2, row.l3].entries()) {
      const classes = counts[level] as Map<number, number>;
      if (id !== null) classes.set(id, (classes.get(id) ?? 0) + 1);
    }
  }
  const names = new Map((await loadPaths(db)).map((row) => [row.category_id, row.names.join(' > ')]));
  const [l1, l2, l3] = counts.map((classes) => sizesOf(classes, (id) => names.get(id) ?? `category ${id}`));
  return {
    ...facts,
    levels: { l1: l1 as ClassSizes, l2: l2 as ClassSizes, l3: l3 as ClassSizes },
    small_below: smallBelow,
    conflicts: await labelConflicts(db, listed),
  };
}

/** The same under the configured encoder, which is not opened. */
export async function dryRun(
  db: Database,
  config: Config,
  options: { testShare?: number; signal: AbortSignal },
): Promise<DatasetFacts & { encoder: string }> {
  const { identity } = await findEncoder(config);
  return { encoder: identity, ...(await datasetFacts(db, await registeredEncoder(db, identity), options)) };
}
