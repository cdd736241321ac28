/** Do the intervals of curve_ahead() hold? `node bench/learning/backtest.ts --help` */
import { parseArgs } from 'node:util';
import { table } from '../../src/cli/output.ts';
import { loadConfig } from '../../src/config.ts';
import { TaxonError } from '../../src/errors.ts';
import { errorAt, fitTrust, type Judged, passedOn } from '../../src/train/join/passed-on.ts';
import { openThrowAway } from '../trust/throw-away.ts';
import { Kept, type Point } from './measure.ts';

const { values } = parseArgs({
  options: { json: { type: 'boolean', default: false }, help: { type: 'boolean', default: false } },
});

const help = `Draws each curve of points.ts on from its first part and compares with what came.

  node bench/learning/backtest.ts [--json]

From 4,000 names on each size stands for "now": the curve has the parts of them that a training measures (the nearest that
were measured here), a model that passes 30, 50 or 70 % on, and as many held-out names as a training would have (13 %, at most
3,000). Foretold is each larger size up to four times as many. By labels: what the larger training passes on at the same error, by the same teacher's
labels of all 3,000 held-out names; by truth: the same by the truth of other names, for the model that passes as many on now.`;

/** Sizes of one curve in front of its place, as steps of the square root of 2: those nearest to what a training measures. */
const back = (names: number) => (names > 20_000 ? [8, 6, 4, 2, 0] : [8, 6, 4, 3, 2, 1, 0]);
const shares = [0.3, 0.5, 0.7];

const first = ({ said, right }: Judged, count: number): Judged => ({
  said: said.slice(0, count),
  right: right.slice(0, count),
});

interface Case {
  set: string;
  now: number;
  passes: number;
  times: number;
  inLabels: boolean;
  inTruth: boolean;
  /** Less the share that came, in points: of the expectation, and of saying that nothing changes. */
  off: number;
  offSame: number;
  offTruth: number;
  width: number;
}

async function main(): Promise<void> {
  const config = loadConfig();
  const { rows } = new Kept<Point>(config, 'learning-points.jsonl');
  const letters = rows.filter(({ voice }) => voice === 'letters');
  if (letters.length === 0)
    throw new TaxonError('no curve was measured yet', { hint: 'node bench/learning/points.ts' });
  const db = await openThrowAway(config);
  const cases: Case[] = [];
  try {
    for (const name of new Set(letters.map(({ set, order }) => `${set}\n${order}`))) {
      const curve = letters
        .filter(({ set, order }) => `${set}\n${order}` === name)
        .sort((a, b) => a.names - b.names);
      for (const [at, now] of curve.entries()) {
        if (now.names < 4000) continue;
        const held = Math.min(3000, Math.round(now.names * 0.13));
        const seen = back(now.names).flatMap((steps) => curve[at - steps] ?? []);
        const trust = fitTrust(first(now.labels, held));
        const wide = fitTrust(now.labels, trust.ceiling);
        const true1 = fitTrust(now.truth, 1);
        for (const passes of shares) {
          const error = errorAt(first(now.labels, held).said, trust, passes);
          const points = seen.map(({ names, labels }) => {
            const part = first(labels, held);
            return { names, passed: passedOn(part.said, fitTrust(part, trust.ceiling), error) };
          });
          // as many names, whichever were held out: what is compared is the change
          const errorWide = errorAt(now.labels.said, wide, passes);
          const errorTrue = errorAt(now.truth.said, true1, passes);
          for (const then of curve.slice(at + 1)) {
            const times = then.names / now.names;
            if (times > 4.1) continue;
            const [said] = await db.rows<{
              passed_now: number;
              passed_then: number;
              low: number;
              high: number;
            }>('select * from taxon_internal.curve_ahead($1, $2, $3, $4, $5)', [
              points.map((p) => p.names),
              points.map((p) => p.passed),
              held,
              now.names,
              then.names,
            ]);
            if (said === undefined) continue;
            const scale = passes / said.passed_now;
            const [expected, low, high] = [said.passed_then * scale, said.low * scale, said.high * scale];
            const came = passedOn(then.labels.said, fitTrust(then.labels, trust.ceiling), errorWide);
            const cameTrue = passedOn(then.truth.said, fitTrust(then.truth, 1), errorTrue);
            const set = name.split('\n')[0] as string;
            cases.push({
              ...{ set, now: now.names, passes, times, inLabels: came >= low && came <= high },
              ...{ inTruth: cameTrue >= low && cameTrue <= high, off: (expected - came) * 100 },
              ...{
                offSame: (passes - came) * 100,
                offTruth: (expected - cameTrue) * 100,
                width: (high - low) * 100,
              },
            });
          }
        }
      }
    }
  } finally {
    await db.close();
  }
  const mean = (of: readonly number[]) => of.reduce((sum, each) => sum + each, 0) / of.length;
  const groups = new Map<string, Case[]>();
  for (const one of cases) {
    const from = one.now < 8000 ? '4,000 to 5,657' : 'from 8,000 on';
    const upTo = one.times < 1.5 ? 'to 1.4 times' : one.times < 2.1 ? 'to 2 times' : 'to 4 times';
    const key = [one.set, from, upTo].join('|');
    groups.set(key, [...(groups.get(key) ?? []), one]);
  }
  const lines = [...groups]
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .map(([key, own]) => ({
      set: key.split('|')[0],
      'labels now': key.split('|')[1],
      'labels later': key.split('|')[2],
      cases: own.length,
      'held, by labels %': (mean(own.map(({ inLabels }) => Number(inLabels))) * 100).toFixed(0),
      'held, by truth %': (mean(own.map(({ inTruth }) => Number(inTruth))) * 100).toFixed(0),
      'width, points': mean(own.map(({ width }) => width)).toFixed(1),
      'off by, points': mean(own.map(({ off }) => Math.abs(off))).toFixed(1),
      'too high by': mean(own.map(({ off }) => off)).toFixed(1),
      'off by, truth': mean(own.map(({ offTruth }) => Math.abs(offTruth))).toFixed(1),
      'no change: off by': mean(own.map(({ offSame }) => Math.abs(offSame))).toFixed(1),
    }));
  const voices = joinedAndLetters(rows);
  console.log(values.json ? JSON.stringify({ lines, voices }) : `${table(lines)}\n\n${table(voices)}`);
}

/** What all voices pass on after learning from parts of the titles, beside the letters alone; both pass on as many at the end. */
function joinedAndLetters(rows: readonly Point[]) {
  return shares.flatMap((passes) =>
    (['joined', 'letters'] as const).flatMap((voice) => {
      const own = rows
        .filter((row) => row.voice === voice && row.set === 'titles' && row.order === 1 && row.names > 5000)
        .sort((a, b) => a.names - b.names);
      const last = own.at(-1);
      if (last === undefined) return [];
      const trust = fitTrust(last.labels);
      const error = errorAt(last.labels.said, trust, passes);
      return own.map(({ names, labels }) => ({
        ...{ 'passes at the end': passes, voice, names },
        'passed on': passedOn(labels.said, fitTrust(labels, trust.ceiling), error).toFixed(3),
      }));
    }),
  );
}

if (values.help) console.log(help);
else await main();
