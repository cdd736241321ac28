/** Does it teach more to choose which names are labelled? `node bench/learning/active.ts --help` */
import { parseArgs } from 'node:util';
import { table } from '../../src/cli/output.ts';
import { loadConfig } from '../../src/config.ts';
import { misuse } from '../../src/errors.ts';
import { loadClassifier } from '../../src/model/bundle.ts';
import { neighboursAsked } from '../../src/model/memory.ts';
import type { Path, Prediction } from '../../src/model/types.ts';
import { nearest } from '../../src/train/join/neighbours.ts';
import { viewsOf } from '../../src/train/join/views.ts';
import { allVoices, fitVoices, type TrainingSet } from '../../src/train/join/voices.ts';
import { lettersFrom } from '../../src/train/learning-curve.ts';
import { seededRandom, shuffle } from '../../src/train/random.ts';
import { readTitles, titlesFile } from '../accuracy/data.ts';
import { embeddingsOf } from '../accuracy/embeddings.ts';
import { coverageAt, score } from '../accuracy/score.ts';
import { Kept } from './measure.ts';

const strategies = ['random', 'uncertain', 'diverse', 'unfamiliar', 'mixed'] as const;
type Strategy = (typeof strategies)[number];

const { values } = parseArgs({
  options: {
    seeds: { type: 'string', default: '3' },
    rounds: { type: 'string', default: '20' },
    only: { type: 'string', multiple: true },
    joined: { type: 'boolean', default: false },
    answered: { type: 'boolean', default: false },
    json: { type: 'boolean', default: false },
    data: { type: 'string', default: titlesFile },
    help: { type: 'boolean', default: false },
  },
});

const help = `Starts with the noisy labels of 2,000 real titles and adds 500 more a round, chosen by each strategy; the truth of other titles judges.

  node bench/learning/active.ts [--seeds 3] [--rounds 20] [--only STRATEGY] [--joined] [--answered] [--json] [--data FILE]

  random      any
  uncertain   those of whose whole path the letters voice is least sure
  diverse     of the five times as many that it is least sure of, those farthest from each other by embedding
  unfamiliar  those farthest from every labelled name by embedding
  mixed       half of them unfamiliar, half uncertain
  --only      one of these, more than once; random is always compared with
  --joined    also all three voices, with the labels of the last round
  --answered  as in a database: each round the 500 that the letters are least sure of are labelled too, as the LLM is asked about them
              anyway, and the strategy chooses among the surer six tenths, which the local layer answers

Each round looks at 3,000 names that have no label yet. Kept in bench/learning-active.jsonl (-answered) of the data folder
(TAXON_DATA_DIR); what is there is not measured again.`;

const [start, step, looked, askedTest, scoredEvery] = [2000, 500, 3000, 4000, 4];

interface Measured {
  seed: number;
  strategy: Strategy;
  voice: 'letters' | 'joined';
  names: number;
  path: number;
  coverage5: number;
  coverage10: number;
  /** Of all its labels, the share that is wrong. */
  wrongLabels: number;
}

function cosine(set: TrainingSet, a: number, b: number): number {
  let sum = 0;
  for (let i = 0; i < set.dimension; i++)
    sum +=
      (set.embeddings[a * set.dimension + i] as number) * (set.embeddings[b * set.dimension + i] as number);
  return sum;
}

/** The first, then always the one that is farthest from all taken so far. */
function spread(set: TrainingSet, rows: readonly number[], count: number): number[] {
  const near = rows.map(() => Number.NEGATIVE_INFINITY);
  const taken: number[] = [];
  let next = 0;
  while (taken.length < count) {
    const chosen = rows[next] as number;
    taken.push(chosen);
    near[next] = Number.POSITIVE_INFINITY;
    let far = -1;
    for (const [i, row] of rows.entries()) {
      if (near[i] === Number.POSITIVE_INFINITY) continue;
      near[i] = Math.max(near[i] as number, cosine(set, row, chosen));
      if (far < 0 || (near[i] as number) < (near[far] as number)) far = i;
    }
    next = far;
  }
  return taken;
}

async function choose(
  strategy: Strategy,
  set: TrainingSet,
  labelled: Int32Array,
  pool: Int32Array,
  said: (rows: Int32Array) => Prediction[],
): Promise<number[]> {
  if (strategy === 'random') return [...pool.subarray(0, step)];
  const ordered = (by: readonly number[]) =>
    [...pool.keys()].sort((a, b) => (by[a] as number) - (by[b] as number)).map((i) => pool[i] as number);
  const far: number[] = [];
  if (strategy === 'unfamiliar' || strategy === 'mixed') {
    const vectors = Array.from(pool, (row) =>
      set.embeddings.subarray(row * set.dimension, (row + 1) * set.dimension),
    );
    const found = await nearest(set, { vectors, self: pool }, labelled, 1);
    far.push(...ordered(found.map((of) => of[0]?.cosine ?? 0)));
    if (strategy === 'unfamiliar') return far.slice(0, step);
  }
  const unsure = ordered(said(pool).map(({ confidence }) => confidence[2]));
  if (strategy === 'uncertain') return unsure.slice(0, step);
  if (strategy === 'diverse') return spread(set, unsure.slice(0, step * 5), step);
  const half = new Set(far.slice(0, step / 2));
  return [...half, ...unsure.filter((row) => !half.has(row)).slice(0, step / 2)];
}

async function main(): Promise<void> {
  const config = loadConfig();
  const source = await readTitles(values.data);
  if (source === null) throw misuse(`no file ${values.data}`);
  const { train, valid, test } = source;
  const keys = [...train.keys, ...valid.keys, ...test.keys];
  const paths = [...train.paths, ...valid.paths, ...test.paths];
  const set: TrainingSet = { keys, paths, ...(await embeddingsOf(config, keys)) };
  const first = train.keys.length + valid.keys.length;
  const asked = Int32Array.from({ length: Math.min(askedTest, test.keys.length) }, (_, i) => first + i);
  const truth = Array.from(asked, (row) => paths[row] as Path);
  const keysOf = (rows: Int32Array) => Array.from(rows, (row) => keys[row] as string);
  const kept = new Kept<Measured>(config, `learning-active${values.answered ? '-answered' : ''}.jsonl`);
  const last = start + step * Number(values.rounds) * (values.answered ? 2 : 1);

  for (let seed = 1; seed <= Number(values.seeds); seed++)
    for (const strategy of strategies.filter((one) => values.only?.includes(one) ?? true)) {
      const done = (voice: Measured['voice']) =>
        kept.rows.some(
          (row) =>
            row.seed === seed && row.strategy === strategy && row.voice === voice && row.names === last,
        );
      if (done('letters') && (done('joined') || !values.joined)) continue;
      const started = Date.now();
      const order = Int32Array.from(train.keys.keys());
      shuffle(order, seededRandom(seed));
      let labelled = order.slice(0, start);
      let rest = order.slice(start);
      const note = (voice: Measured['voice'], answers: readonly Prediction[]) => {
        const said = answers.map(({ path, confidence }) => ({ path, confidence: confidence[2] }));
        const wrong = labelled.filter((row) => paths[row]?.join() !== train.truth[row]?.join()).length;
        kept.add({
          ...{ seed, strategy, voice, names: labelled.length, path: score(said, truth).path },
          ...{ coverage5: coverageAt(said, truth, 0.05), coverage10: coverageAt(said, truth, 0.1) },
          wrongLabels: wrong / labelled.length,
        });
      };
      for (let round = 0; labelled.length <= last; round++) {
        const scored = round % scoredEvery === 0 || labelled.length === last;
        const fits =
          values.answered ||
          scored ||
          strategy === 'uncertain' ||
          strategy === 'diverse' ||
          strategy === 'mixed';
        const ask = fits ? await lettersFrom(set, labelled.slice().sort(), { seed }) : null;
        if (scored && ask !== null && !done('letters')) note('letters', ask(keysOf(asked)));
        if (labelled.length === last) break;
        const said = (rows: Int32Array) => (ask === null ? [] : ask(keysOf(rows)));
        // the pool is in random order: what is looked at are its first names, what is not taken goes to its end
        const pool = rest.subarray(0, looked);
        const taken = new Set<number>();
        let open = pool;
        if (values.answered) {
          const sure = said(pool).map(({ confidence }) => confidence[2]);
          const order = [...pool.keys()].sort((a, b) => (sure[a] as number) - (sure[b] as number));
          for (const i of order.slice(0, step)) taken.add(pool[i] as number);
          const surer = new Set(order.slice(Math.round(looked * 0.4)));
          open = pool.filter((_, i) => surer.has(i));
        }
        for (const row of await choose(strategy, set, labelled, open, said)) taken.add(row);
        labelled = Int32Array.from([...labelled, ...taken]);
        rest = Int32Array.from([...rest.subarray(looked), ...pool.filter((row) => !taken.has(row))]);
      }
      if (values.joined && !done('joined')) {
        const fitted = await fitVoices(set, labelled.slice().sort(), new Int32Array(), { epochs: 10, seed });
        const model = await loadClassifier(fitted.files(allVoices));
        note('joined', await model.predict(await viewsOf(set, asked, labelled, neighboursAsked)));
        await model.close();
      }
      process.stderr.write(`seed ${seed}, ${strategy}: ${Math.round((Date.now() - started) / 1000)} s\n`);
    }
  report(kept.rows);
}

/** Each strategy against random with the same seed and as many names: mean difference in points, and how often it is ahead. */
function report(rows: readonly Measured[]): void {
  const mean = (of: readonly number[]) => of.reduce((sum, value) => sum + value, 0) / of.length;
  const sizes = [...new Set(rows.map(({ names }) => names))].sort((a, b) => a - b);
  const lines = (['letters', 'joined'] as const).flatMap((voice) =>
    sizes.flatMap((names) =>
      strategies.flatMap((strategy) => {
        const own = rows.filter(
          (row) => row.voice === voice && row.names === names && row.strategy === strategy,
        );
        if (own.length === 0) return [];
        const against = (of: 'path' | 'coverage10') =>
          own.map((row) => {
            const random = rows.find(
              (other) =>
                other.strategy === 'random' &&
                other.seed === row.seed &&
                other.voice === voice &&
                other.names === names,
            );
            return row[of] - (random?.[of] ?? Number.NaN);
          });
        const of = (key: 'path' | 'coverage10') => {
          const differences = against(key);
          const points = (mean(differences) * 100).toFixed(1);
          return `${(mean(own.map((row) => row[key])) * 100).toFixed(1)} (${points}; ahead ${differences.filter((x) => x > 0).length} of ${own.length})`;
        };
        return [
          {
            ...{
              voice,
              names,
              strategy,
              'all three right': of('path'),
              'coverage at 10 %': of('coverage10'),
            },
            'wrong labels': (mean(own.map(({ wrongLabels }) => wrongLabels)) * 100).toFixed(1),
          },
        ];
      }),
    ),
  );
  console.log(values.json ? JSON.stringify(lines) : table(lines));
}

if (values.help) console.log(help);
else await main();
