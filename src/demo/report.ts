import type { Database } from '../database/connection/open.ts';
import { type Arrived, arrivedProducts } from '../database/demo.ts';
import { routing } from '../database/reports.ts';
import { loadCategories } from '../database/taxonomy.ts';
import { tokensWithoutLayers } from '../llm/without-layers.ts';
import type { Arriving } from './catalogue/generate.ts';

const layers = ['exact', 'similar', 'local', 'llm'] as const;
type Layer = (typeof layers)[number];

/** Names that arrive together, and which model answers them. */
export interface Round {
  /** letters: the first model, of letters alone; full: all voices. */
  model: 'letters' | 'full';
  names: readonly Arriving[];
  /** What the products' ids begin with, before the name's place in the round. */
  prefix: string;
  /** When it began, as Date.now() says. */
  since: number;
}

/** What `npm start --silent -- --once --json` prints. */
export interface DemoReport {
  model: Round['model'];
  routing: Record<Layer | 'pending' | 'failed', number>;
  tokens: { spent: number; without_layers: number };
  /** Share of answers whose whole path is the truth, by layer; null where a layer answered nothing. */
  accuracy: Record<Layer | 'all', number | null>;
  /** From the INSERT to the answer. */
  latency_ms: Record<Layer, { p50: number; p95: number } | null>;
  /** US dollars; null where the price of a call is not known. */
  cost: { spent: number | null };
  /** Since the demo was started. */
  seconds: number;
}

function share(right: number, all: number): number | null {
  return all === 0 ? null : Math.round((right / all) * 10_000) / 10_000;
}

function quantile(sorted: readonly number[], q: number): number {
  return Math.round(sorted[Math.min(sorted.length - 1, Math.floor(q * sorted.length))] ?? 0);
}

function isRight(row: Arrived, { names, prefix }: Round): boolean {
  const truth = names[Number(row.external_id.slice(prefix.length))]?.truth ?? [];
  return (
    row.path !== null && row.path.length === truth.length && row.path.every((name, i) => name === truth[i])
  );
}

/** What became of the names of a round. */
export async function reportOf(db: Database, round: Round, seconds: number): Promise<DemoReport> {
  const rows = await arrivedProducts(db, round.prefix);
  // a second more than the round took: the server's clock goes on until it reads this, and the round before ended long ago
  const shares = await routing(db, `${(Date.now() - round.since) / 1000 + 1} seconds`);
  const count = (layer: string) => shares.find((row) => row.layer === layer)?.products ?? 0;
  const answered = (layer: Layer) => rows.filter((row) => row.source === layer);
  const accuracyOf = (of: readonly Arrived[]) =>
    share(of.filter((row) => isRight(row, round)).length, of.length);
  const nodes = new Map((await loadCategories(db)).map((node) => [node.id, node]));
  const without = tokensWithoutLayers(
    round.names.map(({ name }) => name),
    { nodes },
  );
  const latency = (layer: Layer) => {
    const sorted = answered(layer)
      .map((row) => row.latency ?? 0)
      .sort((a, b) => a - b);
    return sorted.length === 0 ? null : { p50: quantile(sorted, 0.5), p95: quantile(sorted, 0.95) };
  };
  const perLayer = <T>(of: (layer: Layer) => T) =>
    Object.fromEntries(layers.map((layer) => [layer, of(layer)])) as Record<Layer, T>;
  return {
    model: round.model,
    routing: { ...perLayer(count), pending: count('pending'), failed: count('failed') },
    tokens: {
      spent: shares.reduce((sum, row) => sum + row.tokens, 0),
      without_layers: without.tokensIn + without.tokensOut,
    },
    accuracy: { ...perLayer((layer) => accuracyOf(answered(layer))), all: accuracyOf(rows) },
    latency_ms: perLayer(latency),
    cost: {
      spent: shares.reduce<number | null>(
        (sum, { cost }) => (sum === null || cost === null ? null : sum + cost),
        0,
      ),
    },
    seconds: Math.round(seconds * 10) / 10,
  };
}

const percent = (value: number | null) => (value === null ? '' : `${(value * 100).toFixed(1)} %`);

/** The report as a table for people. */
export function reportText(report: DemoReport): string {
  const all =
    layers.reduce((sum, layer) => sum + report.routing[layer], 0) +
    report.routing.pending +
    report.routing.failed;
  const rows = layers.map((layer) => {
    const latency = report.latency_ms[layer];
    return [
      layer,
      String(report.routing[layer]),
      percent(report.routing[layer] / all),
      percent(report.accuracy[layer]),
      latency === null ? '' : `${latency.p50} / ${latency.p95} ms`,
      layer === 'llm' ? String(report.tokens.spent) : '0',
    ];
  });
  rows.push(['all', String(all), '', percent(report.accuracy.all), '', String(report.tokens.spent)]);
  rows.push(['LLM for each row', String(all), '', '', '', String(report.tokens.without_layers)]);
  const header = ['layer', 'names', 'share', 'accuracy', 'latency p50 / p95', 'tokens'];
  const widths = header.map((title, i) => Math.max(title.length, ...rows.map((row) => row[i]?.length ?? 0)));
  const line = (cells: readonly string[]) =>
    `  ${cells.map((cell, i) => (i === 0 ? cell.padEnd(widths[i] ?? 0) : cell.padStart(widths[i] ?? 0))).join('   ')}`;
  const perName = (tokens: number) => (tokens / Math.max(1, all)).toFixed(0);
  return [
    `Routing of the arriving names, ${report.model === 'letters' ? 'the first model, of letters alone' : 'the full model'} (invented catalogue, SIMULATED LLM; thresholds are the defaults, not certified)`,
    '',
    line(header),
    ...rows.map(line),
    '',
    `  ${perName(report.tokens.spent)} tokens a name; LLM for each row, the compact tree in full batches (counted, not sent): ${perName(report.tokens.without_layers)}`,
    `  Pending ${report.routing.pending}, failed ${report.routing.failed}; ${report.seconds} s in all.`,
    '  Accuracy: the whole path is the hidden truth. Exact and similar answers repeat the noisy teacher that labelled memory.',
  ].join('\n');
}
