import type { Figures } from './figures.ts';
import type { ReplayReport } from './replay.ts';

const percent = (value: number | null) => (value === null ? '' : `${(value * 100).toFixed(1)} %`);

/** One row of the table for people. */
function row(what: string, past: number | null, f: Figures, hash: Figures | null): Record<string, unknown> {
  return {
    period: what,
    memory: past,
    names: f.names,
    repeats: f.repeats,
    exact: percent(f.shares.exact),
    similar: percent(f.shares.similar),
    local: percent(f.shares.local),
    llm: percent(f.shares.llm),
    '≠ exact': percent(f.disagreement.exact),
    '≠ similar': percent(f.disagreement.similar),
    '≠ local': percent(f.disagreement.local),
    '≠ answered': percent(f.disagreement.answered),
    '≠ model': percent(f.disagreement.model),
    '≠ without llm': percent(f.disagreement.without_llm),
    '(hash split)': percent(hash?.disagreement.without_llm ?? null),
    tokens: f.tokens,
    $: f.cost === null ? 'price not known' : f.cost.toFixed(4),
  };
}

/** The rows of a replay for `table()`: each period, all of them, and the hash split. */
export function replayRows(report: ReplayReport): Record<string, unknown>[] {
  return [
    ...report.periods.map((figures) => row(figures.period, figures.past, figures, figures.hash_split)),
    row('all of these', null, report.replayed, report.hash_split),
    row('hash split', null, report.hash_split, null),
  ];
}

/**
 * What the difference between history and hash split means, in one sentence. Chance is two standard errors; the names
 * of the hash split are the same ones in each period, so they count once.
 */
export function meaning({ periods, replayed, hash_split }: ReplayReport): string {
  const was = replayed.disagreement.without_llm;
  const hash = hash_split.disagreement.without_llm;
  if (was === null || hash === null) return 'No name arrived: nothing to compare.';
  const noise = (share: number, n: number) => (share * (1 - share)) / Math.max(1, n);
  const chance = 2 * Math.sqrt(noise(was, replayed.routed) + noise(hash, hash_split.routed / periods.length));
  const says = `without the LLM ${percent(was)} of the names would disagree with their label in the order of history, ${percent(hash)} when as many labels and names are mixed from all times (hash split)`;
  const points = `${((was - hash) * 100).toFixed(1)} points, chance is up to ${(chance * 100).toFixed(1)}`;
  return was - hash > chance
    ? `Drift: ${says}; the difference (${points}) is what a hash split hides: names and categories that were new in their time, and meanings that changed.`
    : `No drift beyond chance: ${says} (${points}).`;
}

/** What stands beneath the table. */
export function notes(report: ReplayReport): string {
  const { l1, l2, l3 } = report.thresholds;
  const sampled = report.periods.some((figures) => figures.routed < figures.names);
  return [
    meaning(report),
    `≠ is the share of answers whose whole path is not the label that memory holds: disagreement with the teacher, not with the truth. Thresholds ${l1} / ${l2} / ${l3}, today's.`,
    'exact: rows of names that memory knew, as far as products tells (memory holds each name once); the hash split is given as many.',
    "without llm: similar's answer, else the model's, sure or not.",
    `tokens: prompts as they would be sent today, ${report.replayed.asked_again} names asked more than once${report.price === null ? '; no price is known, name a model: --llm-model' : `; $ at today's price${report.price.simulated ? ' of the SIMULATED model' : ''}`}.`,
    ...(sampled ? ['Large periods were routed by a sample (--sample) and counted as it went.'] : []),
  ].join('\n');
}
