import { median } from '../measure.ts';

/** What years without drift came to. */
export interface Years {
  years: number;
  namesAYear: number;
  /** Alarms with a new model each year, and with one model for all. */
  alarms: number;
  long: number;
}

/** What followed from one change. */
export interface Course {
  change: string;
  share: number;
  /** Names from the change to the first alarm (below 0: before it); null: none. */
  alarm: number | null;
  stream: string | null;
  acted: string | null;
  /** Names since the change, and the error of the last local answers then. */
  errors: [number, number][];
  /** Share of the names after the change that the local layer answered. */
  answered: number;
  /** The highest error of any window that ended after the change. */
  worst?: number;
}

interface Facts {
  promised: number;
  window: number;
  checks: number;
}

const percent = (share: number) => `${(100 * share).toFixed(1)} %`;
const never = Number.POSITIVE_INFINITY;

/** The section of docs/measured/drift.md. */
export function driftTable(
  { years, namesAYear, alarms, long }: Years,
  courses: readonly Course[],
  facts: Facts,
): string {
  const rows = [...Map.groupBy(courses, ({ change, share }) => `${change}|${share}`).values()].map(
    (group) => {
      const [{ change, share }] = group as [Course, ...Course[]];
      const delays = group.map(({ alarm }) => alarm ?? never);
      const show = (names: number) => (names === never ? 'none' : names.toLocaleString('en'));
      const count = (of: (course: Course) => string | null) =>
        [...Map.groupBy(group, (course) => of(course) ?? 'none')]
          .map(([what, all]) => `${what} ${all.length}`)
          .join(', ');
      return [
        ...[
          change,
          percent(share),
          show(median(delays)),
          show(Math.max(...delays)),
          count(({ stream }) => stream),
        ],
        ...[count(({ acted }) => acted), percent(median(group.map(({ answered }) => answered)))],
        percent(Math.max(...group.map(({ worst }) => worst ?? 0))),
      ];
    },
  );
  return `\`node bench/trust/drift.ts --doc\`; the setting \`drift_names_a_year\` is ${namesAYear}.

Without drift: ${alarms} false alarms in ${years} years of ${namesAYear.toLocaleString('en')} names with a new model each year, ${long} in ${years} years of one model.

With a change at once of a share of the names, ${facts.checks.toLocaleString('en')} checks and a promise of ${percent(facts.promised)}. *Alarm*: names until the first one.
*Answered*: the share in the 8,000 names after the change. *Highest error*: of any ${facts.window.toLocaleString('en')} local answers, against the truth.

| change | of the names | alarm, median | latest | first seen by | did | answered | highest error |
|---|--:|--:|--:|---|---|--:|--:|
${rows.map((row) => `| ${row.join(' | ')} |`).join('\n')}

![error of the last ${facts.window} local answers around a change](drift.svg)`;
}

const width = 640;
const height = 260;
const colours = ['#2166ac', '#e08214', '#b2182b'];

/** The error of local answers around the arrival of a new branch: the first course of each share. */
export function driftPicture(courses: readonly Course[], promised: number): string {
  const shown = [0.1, 0.2, 0.4].map((share) =>
    courses.find((course) => course.change === 'a branch is added' && course.share === share),
  );
  const all = shown.flatMap((course) => course?.errors ?? []);
  const from = Math.min(...all.map(([at]) => at));
  const to = Math.max(...all.map(([at]) => at));
  const top = Math.max(promised + 0.08, ...all.map(([, error]) => error)) * 1.05;
  const x = (at: number) => (50 + ((at - from) / (to - from)) * (width - 70)).toFixed(1);
  const y = (error: number) => (height - 40 - (error / top) * (height - 60)).toFixed(1);
  const text = (at: string, up: string, words: string, more = '') =>
    `<text x="${at}" y="${up}" font-size="11" ${more}>${words}</text>`;
  const level = (error: number, words: string, dash: string) =>
    `<path d="M${x(from)} ${y(error)}H${x(to)}" stroke="#666" stroke-dasharray="${dash}"/>${text(x(from), String(Number(y(error)) - 4), words)}`;
  const lines = shown.map((course, i) => {
    if (course === undefined) return '';
    const path = course.errors.map(([at, error], n) => `${n === 0 ? 'M' : 'L'}${x(at)} ${y(error)}`).join('');
    const alarm =
      course.alarm === null
        ? ''
        : `<path d="M${x(course.alarm)} ${height - 40}v-14" stroke="${colours[i]}" stroke-width="3"/>`;
    const words = `${100 * course.share}% of the names new; alarm after ${course.alarm ?? 'never'}`;
    return `<path d="${path}" fill="none" stroke="${colours[i]}" stroke-width="1.6"/>${alarm}${text(String(width - 20), String(16 + 14 * i), words, `fill="${colours[i]}" text-anchor="end"`)}`;
  });
  const ticks = [from, 0, 2000, 4000, 6000, to].map((at) =>
    text(x(at), String(height - 24), String(at), 'text-anchor="middle"'),
  );
  return `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${width} ${height}" font-family="sans-serif" role="img" aria-label="Error of the last 2,000 local answers when a branch is added">
<rect width="${width}" height="${height}" fill="#fff"/>
<path d="M${x(from)} ${height - 40}H${x(to)}M${x(0)} ${height - 40}V20" stroke="#999" fill="none"/>
${level(promised, `promised ${percent(promised)}`, '5 3')}
${level(promised + 0.04, `promised + 4 points`, '2 3')}
${lines.join('\n')}
${ticks.join('')}
${text(String(width / 2), String(height - 8), 'names since the change; marks: first alarm', 'text-anchor="middle"')}
</svg>
`;
}
