import type { Level, ModelReport } from '../model/report.ts';

/** A share for people: `83.4 %`; nothing for null. */
export function percent(value: number | null): string {
  return value === null ? '' : `${(value * 100).toFixed(1)} %`;
}

/** A difference of shares in points: `+1.3`. */
export function points(value: number | null): string {
  return value === null ? '' : `${value < 0 ? '' : '+'}${(value * 100).toFixed(1)}`;
}

/** Bytes for people. */
export function size(bytes: number): string {
  if (bytes < 1e6) return `${(bytes / 1e3).toFixed(0)} kB`;
  return bytes < 1e9 ? `${(bytes / 1e6).toFixed(1)} MB` : `${(bytes / 1e9).toFixed(2)} GB`;
}

/** A count for people: `57,029`. */
export function number(value: number): string {
  return value.toLocaleString('en');
}

const yardstick = {
  labels:
    'Measured against the stored labels of held-out names, errors of whoever gave them included: the true figures are likely higher.',
  truth: 'Measured against paths that were given as true.',
};

/** What a person should know first, one sentence each. */
export function headline(report: ModelReport): string[] {
  const { levels, thresholds, coverage } = report;
  const top = (level: Level) => percent(levels[level].top1) || 'nothing to score';
  // the same model with a voice left out is no rival of it
  const best = report.methods.filter(
    ({ method }) => method !== report.method && !method.startsWith(`${report.method} without `),
  );
  const rival = best.toSorted((a, b) => b.path - a.path)[0];
  const error = thresholds.error === null ? '' : `, of which ${percent(thresholds.error)} wrong`;
  return [
    `The whole path is right for ${percent(report.path)} of ${number(report.names)} names (l1 ${top('l1')}, l2 ${top('l2')}, l3 ${top('l3')}).`,
    yardstick[report.against],
    ...(rival === undefined
      ? []
      : [`The best other method, "${rival.method}", gets ${percent(rival.path)} of whole paths right.`]),
    `At the thresholds ${thresholds.l1} / ${thresholds.l2} / ${thresholds.l3} it answers ${percent(thresholds.coverage)}${error}. These thresholds are not certified.`,
    `With the surest answers first, ${percent(coverage.at5.share)} can be answered at 5 % error and ${percent(coverage.at10.share)} at 10 % (cuts chosen on these very names, so a little too good).`,
  ];
}

/** The black hole of a level in a sentence. */
export function blackHole(report: ModelReport, level: Level): string {
  const { blackHole: hole, errors, names } = report.confusion[level];
  if (names === 0) return `${level}: no name has this level.`;
  if (hole === null) return `${level}: nothing was wrong.`;
  const times = hole.shareOfNames > 0 ? hole.shareOfErrors / hole.shareOfNames : null;
  const weight =
    times === null
      ? 'though no name belongs there'
      : `where ${percent(hole.shareOfNames)} of the names belong: ${times.toFixed(1)} times that`;
  return `${level}: the black hole is "${hole.name}". ${number(hole.wrong)} of ${number(errors)} wrong answers (${percent(hole.shareOfErrors)}) say it, ${weight}.`;
}
