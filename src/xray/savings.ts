import type { Database } from '../database/connection/open.ts';
import { costOf, type Price } from '../llm/pricing.ts';
import type { Taxonomy } from '../llm/types.ts';
import { tokensWithoutLayers, usualBatch } from '../llm/without-layers.ts';
import type { Routed } from '../replay/figures.ts';
import { type LlmName, llmUse } from '../replay/llm.ts';
import { count } from './counted.ts';
import type { SavingsPart, Spent, XrayRow } from './types.ts';
import type { LastFifth } from './walk.ts';

/** Rows whose prompts are counted; their names are what differs. */
const counted = 3000;
const dayMs = 86_400_000;
const monthDays = 30.44;
/** Months that tell how many names come. */
const recentDays = 3 * monthDays;
const assumedNames = 10_000;
/** A delivery of a supplier. */
const assumedAtOnce = 1000;
/** Calls about one name that are counted. */
const askedAlone = 200;

export interface MoneyOptions {
  /** Names that arrive in a month; undefined: by the rows' own times, else 10,000. */
  namesPerMonth?: number | undefined;
  /** Names in one call of the LLM today. */
  namesPerCall?: number | undefined;
  /** Names that arrive together, as in an import: what is left of them fills the calls. */
  namesAtOnce?: number | undefined;
  /** Names in one call of the LLM at most. */
  llmBatch: number;
  /** Whose price it is; null: prices were given by hand, or none is known. */
  model: string | null;
  price: Price | null;
}

/** How many rows come in a month, by the newest three. */
function rowsAMonth(rows: readonly XrayRow[]): number | null {
  const times = rows.flatMap(({ at }) => (at === null ? [] : [at]));
  if (times.length < rows.length * 0.9 || times.length < 100) return null;
  const newest = times.reduce((a, b) => Math.max(a, b));
  const oldest = times.reduce((a, b) => Math.min(a, b));
  const days = Math.min(recentDays, (newest - oldest) / dayMs);
  if (days < 1) return null;
  const recent = times.filter((at) => at > newest - days * dayMs).length;
  return Math.round((recent / days) * monthDays);
}

function spent(
  tokens: { tokensIn: number; tokensCached: number; tokensOut: number },
  names: number,
  price: Price | null,
): Spent {
  const { tokensIn, tokensCached, tokensOut } = tokens;
  return {
    tokensIn: Math.round(tokensIn),
    tokensOut: Math.round(tokensOut),
    tokensARow: (tokensIn + tokensOut) / Math.max(1, names),
    dollars: price === null ? null : costOf({ tokensIn, tokensCached, tokensOut, tokensWritten: 0 }, price),
  };
}

const times = <T extends Record<string, number>>(of: T, factor: number): T =>
  Object.fromEntries(Object.entries(of).map(([key, value]) => [key, value * factor])) as T;

/**
 * Rows of a delivery whose names reach the LLM together: a sidecar decides them in batches of about a second, and what is left of
 * one does not wait for the next. Seen of real sidecars with deliveries of 500 on two cores (docs/measured/xray.md).
 */
export const passedOnAtOnce = 128;

/** What the LLM is asked for these names, so many of them at once, for each of them. */
async function useOf(
  asked: readonly LlmName[],
  taxonomy: Taxonomy,
  atOnce: number,
  llmBatch: number,
): Promise<{ tokensIn: number; tokensCached: number; tokensOut: number }> {
  const use = { tokensIn: 0, tokensCached: 0, tokensOut: 0 };
  for (let from = 0; from < asked.length; from += atOnce) {
    const { tokensIn, tokensOut } = await llmUse(asked.slice(from, from + atOnce), taxonomy, llmBatch);
    use.tokensIn += tokensIn;
    use.tokensOut += tokensOut;
  }
  return times(use, 1 / Math.max(1, asked.length));
}

/**
 * What the LLM costs today, asked about every row with the whole tree, and what it would cost with the layers in front, by
 * what they did with the newest fifth.
 */
export async function savingsOf(
  db: Database,
  taxonomy: Taxonomy,
  rows: readonly XrayRow[],
  last: LastFifth,
  {
    namesPerMonth,
    namesPerCall = usualBatch,
    namesAtOnce: atOnce = assumedAtOnce,
    llmBatch,
    model,
    price,
  }: MoneyOptions,
): Promise<SavingsPart> {
  // a new name stands for as many rows as it has; once the LLM has answered it, the others are exact
  const weights = last.keys.map((key) => last.fresh.get(key) ?? 1);
  const fresh = last.rows - last.knownRows;
  const scale =
    fresh /
    Math.max(
      1,
      weights.reduce((a, b) => a + b, 0),
    );
  const sum = (layer: Routed['layer'], weigh: (rows: number, name: Routed) => number) =>
    last.routed.reduce(
      (total, name, i) => total + (name.layer === layer ? weigh(weights[i] as number, name) : 0),
      0,
    ) * scale;
  const isWrong = ({ answer, label }: Routed) => answer !== null && answer.join() !== label.join();
  const [similar, local] = [sum('similar', (n) => n), sum('local', (n) => n)];
  const llm = sum('llm', () => 1);
  const repeated = sum('llm', (n) => n - 1);
  const exact = last.knownRows + repeated;
  const wrong = {
    exact: last.knownWrong,
    similar: sum('similar', (n, name) => (isWrong(name) ? n : 0)),
    local: sum('local', (n, name) => (isWrong(name) ? n : 0)),
  };
  const share = (part: number, of = last.rows) => (of === 0 ? null : part / of);
  const asked = await count(
    db,
    last.routed.filter(({ layer }) => layer === 'llm').length,
    last.routed.length,
  );
  const toRows = asked.share === 0 ? fresh / last.rows : llm / last.rows / asked.share;

  const own = rowsAMonth(rows);
  const month = {
    names: namesPerMonth ?? own ?? assumedNames,
    from:
      namesPerMonth !== undefined
        ? ('given' as const)
        : own !== null
          ? ('own times' as const)
          : ('assumed' as const),
  };
  const step = Math.max(1, rows.length / counted);
  const sampled = Array.from(
    { length: Math.min(rows.length, counted) },
    (_, i) => rows[Math.floor(i * step)] as XrayRow,
  );
  const naive = tokensWithoutLayers(
    sampled.map(({ name }) => name),
    taxonomy,
    model,
    namesPerCall,
  );
  const now = spent(times(naive, month.names / sampled.length), month.names, price);
  const together = Math.max(1, Math.round((Math.min(atOnce, passedOnAtOnce) * llm) / last.rows));
  const each = await useOf(last.asked, taxonomy, together, llmBatch);
  const alone = await useOf(last.asked.slice(0, askedAlone), taxonomy, 1, 1);
  const perRow = ({ tokensIn, tokensOut }: typeof each) => ((tokensIn + tokensOut) * llm) / last.rows;
  const used = times(each, (llm * month.names) / last.rows);
  const then = spent(used, month.names, price);
  return {
    rows: last.rows,
    routed: last.routed.length,
    shares: {
      exact: exact / last.rows,
      similar: similar / last.rows,
      local: local / last.rows,
      llm: { share: llm / last.rows, low: asked.low * toRows, high: asked.high * toRows, of: asked.of },
    },
    wrong: {
      exact: share(wrong.exact, last.knownRows),
      similar: share(wrong.similar, similar),
      local: share(wrong.local, local),
      all: share(wrong.exact + wrong.similar + wrong.local, last.knownRows + similar + local),
    },
    month,
    now,
    then,
    saved: 1 - then.tokensARow / now.tokensARow,
    oneByOne: 1 - perRow(alone) / now.tokensARow,
    atOnce,
    model,
    price: price === null ? null : { in: price.in, out: price.out },
  };
}
