import { mcnemar } from '../../src/train/judge/paired.ts';
import type { Result } from './results.ts';
import type { CleaningScore } from './score-cleaning.ts';
import { discordant, meanAndInterval } from './statistics.ts';
import type { Summary } from './summary.ts';
import { figure, line, percent, pValue } from './words.ts';

/** What training on cleaned labels changes on one level, over the seeds that both were run with. */
interface Gain {
  /** Differences in shares, one a seed. */
  differences: number[];
  /** Names that only the cleaned training has right, and only the other, in all seeds together. */
  won: number;
  lost: number;
  /** The highest of all seeds. */
  p: number;
}

const levels = ['l1', 'l2', 'l3', 'path'] as const;
const titles = { l1: 'l1', l2: 'l2', l3: 'l3', path: 'all three' };

const bitsOf = (row: Result, level: number) => (level === 3 ? row.right : row.rightByLevel?.[level]);

/** `joined` and `cleaned` seed by seed: rows of the same names and labels, by the same code. */
function pairsOf(joined: Summary | undefined, cleaned: Summary): [Result, Result][] {
  return cleaned.rows.flatMap((row): [Result, Result][] => {
    const other = joined?.rows.find(
      ({ seed, data, code }) => seed === row.seed && data === row.data && code === row.code,
    );
    return other === undefined ? [] : [[other, row]];
  });
}

function gainOf(pairs: readonly [Result, Result][], level: number): Gain | null {
  const tests = pairs.flatMap(([before, after]) => {
    const [a, b] = [bitsOf(before, level), bitsOf(after, level)];
    return a === undefined || b === undefined ? [] : [discordant(b, a)];
  });
  if (tests.length === 0) return null;
  const metric = levels[level] as (typeof levels)[number];
  return {
    differences: pairs.map(([before, after]) => (after[metric] ?? 0) - (before[metric] ?? 0)),
    won: tests.reduce((sum, { first }) => sum + first, 0),
    lost: tests.reduce((sum, { second }) => sum + second, 0),
    p: Math.max(...tests.map(({ first, second }) => mcnemar(first, second))),
  };
}

function signed(values: readonly number[]): string {
  const { mean, half } = meanAndInterval(values);
  return `${mean < 0 ? '' : '+'}${figure({ mean, half })}`;
}

/** Cleaning against the truth and what training on it gains, level by level; nothing where it was not run. */
export function cleaningTable(found: readonly Summary[]): string {
  const cleaned = found.find(({ method }) => method === 'cleaned');
  if (cleaned === undefined) return '';
  const pairs = pairsOf(
    found.find(({ method }) => method === 'joined'),
    cleaned,
  );
  const rows = levels.map((of, level) => {
    const scores = cleaned.rows.flatMap(({ cleaning }) => cleaning?.[level] ?? []);
    const shown = (read: (score: CleaningScore) => number | null) => {
      const values = scores.map(read).filter((value) => value !== null);
      return values.length === 0 ? '' : figure(meanAndInterval(values));
    };
    const then = (before: (score: CleaningScore) => number, after: (score: CleaningScore) => number) =>
      scores.length === 0 ? '' : `${shown(before)} → ${shown(after)}`;
    const gain = gainOf(pairs, level);
    return line([
      titles[of],
      shown(({ changed }) => changed),
      shown(({ right }) => right),
      then(
        ({ wrongBefore }) => wrongBefore,
        ({ wrongAfter }) => wrongAfter,
      ),
      then(
        ({ wrongPathBefore }) => wrongPathBefore,
        ({ wrongPathAfter }) => wrongPathAfter,
      ),
      then(
        ({ expectedBefore }) => expectedBefore,
        ({ expectedAfter }) => expectedAfter,
      ),
      gain === null ? 'not run' : signed(gain.differences),
      gain === null ? '' : `${gain.won} / ${gain.lost}`,
      gain === null ? '' : pValue(gain.p),
    ]);
  });
  const head = [
    'level',
    'changed',
    'of these right',
    'wrong labels',
    'wrong there or above',
    'the same as estimated',
    'joined → cleaned, points',
    'won / lost',
    'p',
  ];
  const wrongMost = cleaned.rows[0]?.cleaning?.[2];
  const served =
    wrongMost === undefined
      ? ''
      : ` Of the answers that layers 1 and 2 give from memory, as many are wrong as labels are: ${percent(wrongMost.wrongPathBefore)} % with the labels as they come, ${percent(wrongMost.wrongPathAfter)} % after cleaning (any level${cleaned.seeds.length > 1 ? ', first seed' : ''}).`;
  return `**Cleaning** (\`cleaned\` against \`joined\`, ${pairs.length} seed${pairs.length === 1 ? '' : 's'} paired). Labels of the training names against the truth, shares of all labels in percent;
*estimated*: from the labels alone, as \`taxon train\` reports it. Won / lost: test names that only \`cleaned\` or only \`joined\` has right; p: McNemar's
exact test on them, the highest of all seeds.${served}

${[line(head), `|---|${'--:|'.repeat(head.length - 1)}`, ...rows].join('\n')}

`;
}
