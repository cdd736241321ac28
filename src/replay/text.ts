import type { Figures } from './figures.ts';
import type { ReplayReport } from './replay.ts';

const percent = (value: number | null) => (value === null ? '' : `${(value * 100).toFixed(1)} %`);

/** One row of the table for people. */
function row(what: string, past: number | null, f: Figures): Record<string, unknown> {
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
    tokens: f.tokens,
    $: f.cost === null ? '' : f.cost.toFixed(4),
  };
}

/** The rows of a replay for `table()`: each period, all of them, and the hash split. */
export function replayRows(report: ReplayReport): Record<string, unknown>[] {
  return [
    ...report.periods.map((figures) => row(figures.period, figures.past, figures)),
    row('all of these', null, report.replayed),
    row('hash split', report.hash_split.past, report.hash_split),
  ];
}

/** What the difference between history and hash split means, in one sentence. */
export function meaning({ replayed, hash_split }: ReplayReport): string {
  const was = replayed.disagreement.model;
  const hash = hash_split.disagreement.model;
  if (was === null || hash === null) return 'One of the two has no name for the model: nothing to compare.';
  const points = (was - hash) * 100;
  const says = `replayed, the model disagrees with the label in ${percent(was)} of the names it is asked, on the hash split in ${percent(hash)}`;
  return points > 0
    ? `Drift: ${says}; the hash split mixes all times, and the ${points.toFixed(1)} points between them are what it hides: names and categories that were new in their time, meanings that changed, and a memory that was smaller then.`
    : `No drift to be seen: ${says}.`;
}

/** What stands beneath the table. */
export function notes(report: ReplayReport): string {
  const { l1, l2, l3 } = report.thresholds;
  const all = [...report.periods, report.hash_split];
  const sampled = all.some((figures) => figures.routed < figures.names);
  return [
    meaning(report),
    `≠ is the share of answers whose whole path is not the label that memory holds: disagreement with the teacher, not with the truth. Thresholds ${l1} / ${l2} / ${l3}, today's.`,
    'exact: rows of names that memory knew, as far as products tells (memory holds each name once); the hash split is given as many.',
    `tokens: prompts as they would be sent today, ${report.replayed.asked_again} names asked again because their category was not among the candidates${report.price === null ? '; no price is known, name a model: --llm-model' : `; $ at today's price${report.price.simulated ? ' of the SIMULATED model' : ''}`}.`,
    ...(sampled ? ['Large periods were routed by a sample (--sample) and counted as it went.'] : []),
  ].join('\n');
}
