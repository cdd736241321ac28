import type { Config } from '../config.ts';
import type { Database } from '../database/connection/open.ts';
import { llmPrice } from '../database/prices.ts';
import { loadCategories } from '../database/taxonomy.ts';
import { keepNames, nearNames } from '../database/xray.ts';
import { misuse } from '../errors.ts';
import { importLabels } from '../import/labels.ts';
import type { Row } from '../import/row.ts';
import type { Price } from '../llm/pricing.ts';
import { defaultModels } from '../llm/providers/open.ts';
import { log } from '../log.ts';
import { visible } from '../normalise.ts';
import { progress } from '../progress.ts';
import { count } from './counted.ts';
import { readHistory } from './history.ts';
import { labelsOf } from './labels.ts';
import { languagesOf } from './language.ts';
import { localOf } from './local.ts';
import { countNames } from './names.ts';
import { withPrivateDatabase } from './private.ts';
import { savingsOf } from './savings.ts';
import { taxonomyOf } from './taxonomy.ts';
import {
  type Input,
  type NamesPart,
  usualSample,
  type XrayOptions,
  type XrayReport,
  type XrayRow,
} from './types.ts';
import { type LastFifth, walk } from './walk.ts';
import { assumptions, gaps } from './words.ts';

/** Names whose doubles are looked for. */
const askedForDoubles = 1000;
const doublesAtOnce = 100;
const shownDoubles = 5;

/** What was found before anything was asked of a database. */
interface Read {
  input: Input;
  labelled: XrayRow[];
  keys: string[];
  counts: Pick<NamesPart, 'distinct' | 'repeats' | 'respelt'>;
}

/** By whom the LLM's tokens are priced. */
async function priceOf(
  db: Database,
  config: Config,
  { prices, llmModel }: XrayOptions,
): Promise<{ model: string | null; price: Price | null }> {
  const model = llmModel ?? config.llmModel ?? defaultModels.openai;
  if (prices !== undefined) {
    const price = { in: prices.in, cached: prices.in, written: prices.in, out: prices.out };
    return { model: llmModel ?? null, price: { ...price, since: '', simulated: false, batch: false } };
  }
  const price = (await llmPrice(db, 'openai', model)) ?? (await llmPrice(db, 'anthropic', model));
  if (price === null && llmModel !== undefined)
    throw misuse(
      `--llm-model ${llmModel}: no price is known`,
      'Give the prices: --price-in 0.2 --price-out 1.2',
    );
  return { model, price };
}

/** Paths as people see them, as the import reads them. */
async function* importRows(rows: readonly XrayRow[]): AsyncGenerator<Row> {
  let line = 0;
  for (const { name, path } of rows)
    yield { line: ++line, name, path: path.map((one) => visible(one.normalize('NFC'))), source: null };
}

/** How many names have another one near to them, of a part of the names. */
async function doubles(
  db: Database,
  keys: readonly string[],
  signal: AbortSignal,
): Promise<Pick<NamesPart, 'near' | 'examples'>> {
  await keepNames(db, keys);
  const step = Math.max(1, keys.length / askedForDoubles);
  const asked = Array.from(
    { length: Math.min(keys.length, askedForDoubles) },
    (_, i) => keys[Math.floor(i * step)] as string,
  );
  const found = [];
  for (let from = 0; from < asked.length; from += doublesAtOnce) {
    signal.throwIfAborted();
    found.push(...(await nearNames(db, asked.slice(from, from + doublesAtOnce))));
  }
  const nearest = found.toSorted((a, b) => b.similarity - a.similarity);
  return { near: await count(db, found.length, asked.length), examples: nearest.slice(0, shownDoubles) };
}

type Layers = Pick<XrayReport, 'history' | 'labels' | 'local' | 'savings'>;

/** What the layers would have done with the labelled rows. */
async function layersOf(db: Database, config: Config, read: Read, options: XrayOptions): Promise<Layers> {
  const { signal } = options;
  const { labelled, input } = read;
  if (labelled.length === 0) return { history: [], labels: null, local: null, savings: null };
  const tried = labelled.slice(-(options.sample ?? usualSample));
  log.info('importing into the private database', { rows: tried.length });
  await importLabels(db, importRows(tried), { source: 'llm', signal });
  const taxonomy = { nodes: new Map((await loadCategories(db)).map((node) => [node.id, node])) };
  const history = await readHistory(db, tried, signal);
  const bar = (label: string) => {
    const shown = progress(label, 100, '%');
    return { onProgress: (share: number) => shown.at(Math.round(share * 100)), end: () => shown.end() };
  };
  const walking = bar('walking your history');
  const { parts, last } = await walk(history, { db, signal, ...walking }).finally(walking.end);
  const judging = bar('judging labels out of fold');
  const rows = { labelled, unlabelled: input.rows.length - labelled.length };
  const labels = await labelsOf(db, taxonomy, history, rows, { signal, ...judging }).finally(judging.end);
  const money = async (last: LastFifth) => {
    const { namesPerMonth, namesPerCall, namesAtOnce } = options;
    const priced = await priceOf(db, config, options);
    return savingsOf(db, taxonomy, input.rows, last, {
      namesPerMonth,
      namesPerCall,
      namesAtOnce,
      llmBatch: config.llmBatch,
      ...priced,
    });
  };
  return {
    history: parts,
    labels,
    local: last === null || last.said.size === 0 ? null : await localOf(db, last),
    savings: last === null ? null : await money(last),
  };
}

/**
 * What a shop's rows look like, and what the layers would save on them. The real SQL and a letters model run in a private
 * PostgreSQL that is removed afterwards; the shop's own database is not asked here at all.
 *
 * @throws TaxonError (misuse) where no row has a name; the signal's reason when aborted
 */
export async function xray(input: Input, config: Config, options: XrayOptions): Promise<XrayReport> {
  const started = Date.now();
  const { rows } = input;
  if (rows.length === 0) throw misuse(`${input.source.name} has no row with a name`);
  const labelled = rows.filter(({ path }) => path.length > 0);
  const { counts, keys } = countNames(rows);
  const read: Read = { input, labelled, keys, counts };
  const sample = options.sample ?? usualSample;
  return withPrivateDatabase(config, options, async (db) => {
    options.signal.throwIfAborted();
    log.info('looking for near names', { names: Math.min(keys.length, sample) });
    const near = await doubles(db, keys.slice(-sample), options.signal);
    const layers = await layersOf(db, config, read, options);
    const report = {
      source: input.source,
      made: new Date(started).toISOString(),
      names: { rows: input.read, ...counts, empty: input.read - rows.length, ...near },
      languages: languagesOf(keys),
      faults: input.faults,
      ordered: input.ordered,
      ...layers,
      taxonomy:
        labelled.length === 0 && input.categories === null ? null : taxonomyOf(rows, input.categories),
    };
    const seconds = Math.round((Date.now() - started) / 100) / 10;
    return {
      ...report,
      assumed: [...input.notes, ...assumptions(report, { sample, labelled: labelled.length, options })],
      missing: gaps(report, input),
      seconds,
    };
  });
}
