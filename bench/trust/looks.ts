/** `node bench/trust/looks.ts --help` */
import { parseArgs } from 'node:util';
import { table } from '../../src/cli/output.ts';
import { seededRandom } from '../../src/train/random.ts';

const { values } = parseArgs({
  options: {
    years: { type: 'string', default: '1000' },
    checks: { type: 'string', default: '1040' },
    models: { type: 'string', default: '8' },
    seed: { type: 'string', default: '1' },
    help: { type: 'boolean', default: false },
  },
});

const help = `A promise is proved again with more checks and for each new model: how often in a year is a threshold certified that breaks it? Simulated:
20 checks a week, a look after every fifth more and for each new model, cuts and tests as in suggest_thresholds(). The share of wrong
answers rises with the cut from 3 % to 17 %, and is 10 %, what is promised, at 70 % coverage. A new model is wrong on the same names in nine of ten.

  node bench/trust/looks.ts [--years 1000] [--checks 1040] [--models 8]`;

const promised = 0.1;
const confidences = [0.95, 0.98, 1 - 0.05 / 3, 0.99];

/** Share of wrong answers of the name at this place, 0 the surest. */
const errorAt = (place: number) => Math.min(1, 0.03 + 0.432 * place ** 2);
/** Of all above a cut. */
const errorOf = (cut: number) => 0.03 + 0.144 * cut ** 2;

/** P(at most so many wrong of n) at the promised share. */
function atMost(wrong: number, n: number): number {
  let sum = 0;
  let term = n * Math.log(1 - promised);
  for (let k = 0; k <= wrong; k++) {
    sum += Math.exp(term);
    term += Math.log((n - k) / (k + 1)) + Math.log(promised / (1 - promised));
  }
  return sum;
}

interface Name {
  place: number;
  chance: number;
}

/** The loosest cut that is certified, as suggest_thresholds() does it; null: none. */
function certified(names: readonly Name[], confidence: number): number | null {
  let cut: number | null = null;
  for (let step = 0.4; step <= 1.0001; step += 0.02) {
    const above = names.filter(({ place }) => place <= step);
    const wrong = above.filter(({ place, chance }) => chance < errorAt(place)).length;
    if (wrong >= above.length || atMost(wrong, above.length) > 1 - confidence) break;
    cut = step;
  }
  return cut;
}

/** A year's certified cuts, week by week. */
function year(
  confidence: number,
  models: number,
  checks: number,
  random: ReturnType<typeof seededRandom>,
): number[] {
  const names = Array.from({ length: checks }, () => ({ place: random.next(), chance: random.next() }));
  const cuts: number[] = [];
  let cut: number | null = null;
  let last = 0;
  let made = 0;
  for (let have = 20; have <= checks; have += 20) {
    const due = Math.floor((models * have) / checks);
    const isNew = due > made;
    for (; made < due; made++) for (const name of names) if (random.next() < 0.1) name.chance = random.next();
    if (isNew || have >= Math.max(last + 20, 1.2 * last)) {
      last = have;
      cut = certified(names.slice(0, have), confidence) ?? cut;
    }
    if (cut !== null) cuts.push(cut);
  }
  return cuts;
}

const mean = (numbers: readonly number[]) => numbers.reduce((a, b) => a + b, 0) / numbers.length;
const percent = (share: number) => `${(100 * share).toFixed(1)} %`;

if (values.help) console.log(help);
else {
  const rows = confidences.flatMap((confidence) =>
    [0, Number(values.models)].map((models) => {
      const random = seededRandom(Number(values.seed));
      const years = Array.from({ length: Number(values.years) }, () =>
        year(confidence, models, Number(values.checks), random),
      );
      const proved = years.filter((cuts) => cuts.length > 0);
      return {
        'each look at': percent(confidence),
        'new models': models,
        'years with a broken promise': percent(
          years.filter((cuts) => cuts.some((cut) => errorOf(cut) > promised)).length / years.length,
        ),
        "years whose answers' error is above it": percent(
          proved.filter((cuts) => cuts.reduce((sum, cut) => sum + cut * (errorOf(cut) - promised), 0) > 0)
            .length / years.length,
        ),
        'mean error': percent(mean(proved.flatMap((cuts) => cuts.map(errorOf)))),
        'coverage at the end': percent(mean(proved.map((cuts) => cuts.at(-1) as number))),
        'checks at the first proof': Math.round(
          Number(values.checks) - 20 * (mean(proved.map(({ length }) => length)) - 1),
        ),
      };
    }),
  );
  console.log(table(rows));
}
