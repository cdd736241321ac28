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

const percent = (share: number) => `${(100 * share).toFixed(1)}%`;
const never = Number.POSITIVE_INFINITY;

/** The section of docs/drift.md. */
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
  return `## Drift

\`watch_drift()\` (the sidecar calls it each minute; psql may at any time) compares what the model says of arrivals with the first
names that it decided as champion: confidence, share of new n-grams, and confidence plus twice the cosine of the nearest name, of
all names and of each top category with 500 of the first 10,000. Bins are tenths of the first 1,000 names (500 of a category);
their shares are learnt on to 10,000. The fourth stream, agreement, is made of the LLM's answers to names that the local layer
passed on (table \`opinions\`): on how many levels it says what the local layer would have answered, by what that said (quarters of the
first 500 answers, halves of a top category's first 20; learnt on to 1,000). It starts anew when a person or a promise sets other
thresholds.

The test is an e-detector (Shin, Ramdas and Rinaldo): twelve bets that a share .1, .25 or .6 of the names comes from elsewhere, low or
high (of agreement .1, .3 or .9, on just 0, 1 or 2 levels or on each of these alike), each a Shiryaev-Roberts sum over blocks of 50 names
(3 answers of the LLM). Of confidence, familiarity and novelty six bets are on the worse (less sure, less familiar, newer words) and six
on the better; of agreement all are on the worse. The mean of those on the worse passes A in quiet times after A blocks on average or later, however often it is looked at. A is such
that all eight tests of a name together expect one false alarm in 20 years of \`drift_names_a_year\`. The guarantee is for known shares;
that they are learnt is allowed for by half a standard error, and tried out below.

**Bursts.** All that is decided within \`drift_burst_hours\` (6; 0 switches it off) is one burst. In one burst a bet wins at most a third of what an
alarm takes, so a burst or a backfill of old names, however large, raises no alarm by itself; a change that stays is seen after four bursts
at the earliest, a day or so. Quiet times are learnt from four bursts at least, so a backfill that comes first is not taken for them. Less than
a fair bet pays keeps the guarantee. Audits, and so the alarm \`error\`, do not wait.

**What is better is news.** Where the model is surer, names are more familiar, words less new, or the LLM agrees at least as often on each level
while it errs otherwise, nothing is raised: a row of \`alarms\` says so (\`acted\` is \`news\`), is ended with being written, and stands in \`health()\` for a week
as \`drift news\`. Nothing is tightened, and quiet times stay what they were, so that the way back is no drift.

**An alarm's first words** say what a person should do: which names to judge, and what follows from either outcome.

An alarm of a category's agreement puts that category into shadow, as there the sure names are wrong, too. Any other raises audits to 20% and tightens to the thresholds certified for half the promise, or puts the local layer into shadow
where there are none, or where audits then disprove half the promise. Audits of what is answered and the LLM's answers to what only
the thresholds before would have answered end it when together they prove the promise for those; an auditor's own errors are
subtracted where they would accuse, never where they would acquit, so an LLM that errs often ends no alarm: a person does, by
\`end_alarm()\`.

In the bench all names arrive within minutes, so it runs with \`drift_burst_hours\` 0: its figures are of names, and the hours of four bursts come on top where
names arrive faster than that.

Years of arrivals drawn with replacement from what one model says of real titles (valid), with the noisy teacher as the LLM, through \`watch_drift()\` in
PostgreSQL, looked at every 100 names (\`node bench/trust/drift.ts --doc\`; drift_names_a_year ${namesAYear}).

Without drift: ${alarms} false alarms in ${years} years of ${namesAYear.toLocaleString('en')} names with a new model each year, ${long} in ${years} years of one model.

With a change at once of a share of the names, ${facts.checks.toLocaleString('en')} checks and a promise of ${percent(facts.promised)}; names until the first alarm, by which test (how
often), what it did, the share answered in the 8,000 names after the change, and the highest true error of any ${facts.window.toLocaleString('en')} local answers:

| change | of the names | alarm, median | latest | first seen by | did | answered | highest error |
|---|--:|--:|--:|---|---|--:|--:|
${rows.map((row) => `| ${row.join(' | ')} |`).join('\n')}

A branch is added: names that are all answered wrongly and that the LLM files under another top category, spread over what the model says
as those of a held-out top category were. Words shift: names from the quarter with the most new n-grams and the lower half of
confidence, with their own truth and the noisy teacher's answers. The teacher files a branch elsewhere: the first branches of the tree,
until they are such a share of the names, come back under another l2, while the truth is what it was; then the same with the truth moved,
the hardest case for it: all that the local layer answers there is wrong from one name to the next. The teacher errs more often: a share of its
answers is wrong on a level drawn at random; the truth stays, local answers are as right as before. A tenth of that is .001 nats a name, and
would take 14,000 names. The truth of any name turns: as if a share of all names, without any pattern, were wrong from now on; no event
that we know is like that, and audits of 1% of local answers are too few to see a tenth of it in this run. Auditors here know the truth.

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
