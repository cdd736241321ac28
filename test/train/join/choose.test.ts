import { describe, expect, test } from 'vitest';
import { onLine } from '../../../src/model/gate.ts';
import { buildJoin } from '../../../src/model/join.ts';
import type { LettersFirst } from '../../../src/model/letters-alone.ts';
import { buildTree } from '../../../src/model/tree.ts';
import type { Answer, Classifier, NameViews, Path, VoiceWeights } from '../../../src/model/types.ts';
import { seenByAll } from '../../../src/train/gates/stated.ts';
import { type Choice, chooseJoin } from '../../../src/train/join/choose.ts';
import { type Random, seededRandom } from '../../../src/train/random.ts';

const paths: Path[] = [1, 2].flatMap((l1) =>
  [1, 2].flatMap((l2) => [1, 2, 3].map((l3): Path => [l1, 10 * l1 + l2, 100 * l1 + 10 * l2 + l3])),
);
const tree = buildTree(paths);
const classesOf = (level: 0 | 1 | 2) => [...new Set(paths.map((path) => path[level] as number))];
const classes: [number[], number[], number[]] = [classesOf(0), classesOf(1), classesOf(2)];
const join = buildJoin(tree, classes, paths);
const usual: VoiceWeights = { letters: [1, 1, 1], meaning: [1, 1, 1], memory: [1, 1, 1] };

/** A voice's opinion: a path, and how sure it is of each step of it; null: it has none. */
type Opinion = { path: number; sure: number } | null;
interface Opinions {
  truth: number;
  letters: Opinion;
  meaning: Opinion;
  memory: Opinion;
}

/** Log-probabilities by output of the tree. */
function inTree(opinion: Opinion): Float64Array {
  const scores = new Float64Array(tree.outputs);
  for (let k = 0; k + 1 < tree.nodeStarts.length; k++) {
    const [from, to] = [tree.nodeStarts[k] as number, tree.nodeStarts[k + 1] as number];
    scores.fill(-Math.log(to - from), from, to);
  }
  for (let level = 0; opinion !== null && level < 3; level++) {
    const output = tree.pathOutputs[opinion.path * 3 + level] as number;
    const node = tree.nodeOf[output] as number;
    const [from, to] = [tree.nodeStarts[node] as number, tree.nodeStarts[node + 1] as number];
    scores.fill(Math.log((1 - opinion.sure) / (to - from - 1)), from, to);
    scores[output] = Math.log(opinion.sure);
  }
  return scores;
}

/** Log-probabilities of the three heads by class. */
function inHeads(opinion: Opinion): [Float32Array, Float32Array, Float32Array] {
  const heads = classes.map((ids, level) => {
    if (opinion === null) return new Float32Array(ids.length).fill(-Math.log(ids.length));
    const { path, sure } = opinion;
    const said = paths[path]?.[level as 0 | 1 | 2];
    return Float32Array.from(ids, (id) => Math.log(id === said ? sure : (1 - sure) / (ids.length - 1)));
  });
  return heads as [Float32Array, Float32Array, Float32Array];
}

/** A model whose voices say what the test wants, joined as every model joins them. */
function modelOf(names: readonly Opinions[]): { classifier: Classifier; views: NameViews[]; labels: Path[] } {
  const of = (key: string) => names[Number(key)] as Opinions;
  const none = [0, 0, 0] as const;
  const classifier: Classifier = {
    encoder: 'test',
    dimension: 1,
    paths,
    neighbours: 30,
    weights: usual,
    readLetters: (keys, even = 1) =>
      keys.map((key) => ({
        ...join(
          { letters: inTree(of(key).letters), meaning: null, memory: null },
          { letters: [even, even, even], meaning: none, memory: none },
        ),
        unknown: 0,
        nearest: null,
      })),
    readManyLetters: async (keys) => classifier.readLetters(keys),
    answer: async () => [],
    predict: async (views, weights = usual) =>
      views.map(({ nameKey }) => {
        const { letters, meaning, memory } = of(nameKey);
        const voices = { letters: inTree(letters), meaning: inHeads(meaning), memory: inTree(memory) };
        return { ...join(voices, weights), unknown: 0, nearest: null };
      }),
    close: async () => {},
  };
  const views = names.map((_, i) => ({ nameKey: String(i), embedding: Float32Array.of(1), neighbours: [] }));
  return { classifier, views, labels: names.map(({ truth }) => paths[truth] as Path) };
}

/** Right so often, else any path. */
function opinion(random: Random, truth: number, right: number, sure: number): Opinion {
  return { path: random.next() < right ? truth : Math.floor(random.next() * paths.length), sure };
}

function choose(count: number, each: (random: Random, truth: number) => Omit<Opinions, 'truth'>, seed = 1) {
  const random = seededRandom(seed);
  const model = modelOf(
    Array.from({ length: count }, () => {
      const truth = Math.floor(random.next() * paths.length);
      return { truth, ...each(random, truth) };
    }),
  );
  return { ...model, choice: chooseJoin(model.classifier, model, usual) };
}

describe('chooseJoin', () => {
  test('leaves voices that change nothing, or nothing for certain, at their usual weight', async () => {
    const silent = await choose(600, (random, truth) => ({
      letters: opinion(random, truth, 0.8, 0.9),
      meaning: null,
      memory: null,
    })).choice;
    expect(silent.weights).toEqual(usual);
    // wrong where letters are right, four times and five: two standard errors are 4 and 4.47
    const [four, five] = [4, 5].map((wrong) => {
      let n = 0;
      return choose(600, (_, truth) => ({
        letters: { path: truth, sure: 0.8 },
        meaning: null,
        memory: n++ < wrong ? { path: (truth + 1) % paths.length, sure: 0.99 } : null,
      }));
    });
    const weak = (await four?.choice) as Choice;
    expect(weak.weights).toEqual(usual);
    // where memory counts for nothing it is never asked
    expect(await five?.choice).toMatchObject({ weights: { ...usual, memory: [0, 0, 0] }, memoryLast: null });
    expect(weak.tried.map(({ meaning, memory }) => [meaning, memory])).toEqual([
      [1, 1],
      [0, 1],
      [0.5, 1],
      [2, 1],
      [1, 0],
      [1, 0.5],
      [1, 2],
    ]);
  });

  test('drops a voice that is sure and wrong, and doubles one that is right and too quiet', async () => {
    const wrong = await choose(600, (random, truth) => ({
      letters: opinion(random, truth, 0.9, 0.9),
      meaning: opinion(random, truth, 0.3, 0.97),
      memory: null,
    })).choice;
    expect(wrong.weights).toEqual({ ...usual, meaning: [0, 0, 0] });
    const [first, ...others] = wrong.tried;
    expect(Math.max(...others.map((each) => each.agreement))).toBeGreaterThan((first?.agreement ?? 1) + 0.2);

    const quiet = await choose(600, (random, truth) => ({
      letters: opinion(random, truth, 0.6, 0.9),
      meaning: null,
      memory: opinion(random, truth, 0.97, 0.8),
    })).choice;
    expect(quiet.weights).toEqual({ ...usual, memory: [2, 2, 2] });
  });

  test('chooses nothing from fewer than 200 names', async () => {
    const each = (random: Random, truth: number) => ({
      letters: opinion(random, truth, 0.9, 0.9),
      meaning: opinion(random, truth, 0.1, 0.97),
      memory: null,
    });
    expect(await choose(199, each).choice).toEqual({
      weights: usual,
      lettersFirst: null,
      tried: [],
      lettersShare: 0,
      lettersCost: { coverage: [0, 0, 0], right: [0, 0, 0] },
      memoryLast: null,
      meaningShare: 0,
      meaningCost: { coverage: [0, 0, 0], right: [0, 0, 0] },
    });
    expect((await choose(200, each).choice).weights.meaning).toEqual([0, 0, 0]);
  });
});

/** The l3 confidence that letters state. */
function statedOf(said: Answer | null | undefined, first: LettersFirst | null): number {
  if (!said || first === null) return 0;
  return onLine(said.confidence[2], first.offsets[2], first.slopes[2]);
}

describe('the gate of letters alone', () => {
  test('lets them answer where they are as right as all voices', async () => {
    const { classifier, views, choice } = choose(1000, (random, truth) => {
      // sure and right, or less sure and wrong
      const sure = random.next() < 0.7;
      const letters = sure ? { path: truth, sure: 0.99 } : { path: (truth + 1) % paths.length, sure: 0.6 };
      return { letters, meaning: { path: truth, sure: 0.99 }, memory: { path: truth, sure: 0.9 } };
    });
    const { lettersFirst, lettersShare } = await choice;
    expect(lettersShare).toBeCloseTo(0.7, 1);
    const said = classifier.readLetters(
      views.map(({ nameKey }) => nameKey),
      lettersFirst?.weight,
    );
    const answered = said.filter((each) => statedOf(each, lettersFirst) >= (lettersFirst?.from ?? 1));
    expect(answered.length / said.length).toBe(lettersShare);
  });

  /** So many names, of which letters have some wrong that all voices have right. */
  const gateAt = async (wrong: number, othersSure: number) => {
    let n = 0;
    const { choice } = choose(1000, (_, truth) => {
      const path = n++ < wrong ? (truth + 1) % paths.length : truth;
      const others = { path: truth, sure: othersSure };
      return { letters: { path, sure: 0.99 }, meaning: others, memory: others };
    });
    return (await choice).lettersFirst?.from ?? null;
  };

  test('opens wide where they are never wrong, and not where all voices know better in two names of a thousand', async () => {
    expect(await gateAt(0, 0.99999)).toBe(0.5);
    expect(await gateAt(2, 0.99999)).toBeNull();
  });

  test('stays shut where they are sure and often wrong', async () => {
    const { lettersFirst, lettersShare } = await choose(500, (random, truth) => ({
      letters: opinion(random, truth, 0.6, 0.99),
      meaning: { path: truth, sure: 0.999 },
      memory: { path: truth, sure: 0.99 },
    })).choice;
    expect([lettersFirst, lettersShare]).toEqual([null, 0]);
  });

  test('states as sure as all voices are of the same path, on average, at each level', async () => {
    const { classifier, views, choice } = choose(2000, (random, truth) => {
      const sure = 0.6 + 0.39 * random.next();
      return {
        letters: opinion(random, truth, sure, sure),
        meaning: opinion(random, truth, 0.9, 0.3 + 0.6 * random.next()),
        memory: opinion(random, truth, 0.9, 0.3 + 0.6 * random.next()),
      };
    });
    const { lettersFirst, weights } = await choice;
    const first = lettersFirst as NonNullable<typeof lettersFirst>;
    const keys = views.map(({ nameKey }) => nameKey);
    const alone = classifier.readLetters(keys, first.weight) as Answer[];
    const joined = await classifier.predict(views, weights);
    const sure = [...alone.keys()].filter((i) => (alone[i] as Answer).confidence[2] >= 0.5);
    for (const level of [0, 1, 2] as const) {
      const mean = (of: (i: number) => number) => sure.reduce((sum, i) => sum + of(i), 0) / sure.length;
      const states = (i: number) =>
        onLine((alone[i] as Answer).confidence[level], first.offsets[level], first.slopes[level]);
      const seen = (i: number) => seenByAll(alone[i] as Answer, joined[i] as (typeof joined)[0], level);
      expect(mean(states)).toBeCloseTo(mean(seen), 2);
    }
  });

  test('makes their confidence comparable to that of all voices', async () => {
    // all voices agree, so that joined they are surer than letters alone
    const { classifier, views, choice } = choose(400, (random, truth) => {
      const path = random.next() < 0.9 ? truth : (truth + 1) % paths.length;
      return { letters: { path, sure: 0.8 }, meaning: { path, sure: 0.8 }, memory: { path, sure: 0.8 } };
    });
    const { lettersFirst } = await choice;
    const keys = views.map(({ nameKey }) => nameKey);
    const joined = await classifier.predict(views);
    const distance = (weight: number) =>
      classifier
        .readLetters(keys, weight)
        .reduce(
          (sum, said, i) => sum + Math.abs((said?.confidence[2] ?? 0) - (joined[i]?.confidence[2] as number)),
          0,
        );
    expect(lettersFirst?.weight).toBeGreaterThan(1);
    for (const weight of [1, 1.5, 2, 3])
      expect(distance(lettersFirst?.weight as number)).toBeLessThanOrEqual(distance(weight));
  });
});

describe('the gate before memory', () => {
  /** Letters are sure of half the names; of the others so many as memory alone has right, meaning has wrong. */
  const choice = async (wrong: number, memorySure: number) => {
    let n = 0;
    const made = choose(1000, (_, truth) => {
      const sure = n++ % 2 === 0;
      const path = !sure && n / 2 <= wrong ? (truth + 1) % paths.length : truth;
      return {
        letters: sure ? { path: truth, sure: 0.99 } : null,
        meaning: { path, sure: 0.97 },
        memory: { path: truth, sure: sure ? 0.9 : memorySure },
      };
    });
    return made.choice;
  };

  test('lets letters and meaning answer what letters leave, where memory changes nothing', async () => {
    const { lettersShare, meaningShare, memoryLast } = await choice(0, 0.9);
    expect([lettersShare, meaningShare]).toEqual([0.5, 0.5]);
    expect(memoryLast?.from).toBe(0.5);
  });

  test('stays shut where memory knows better', async () => {
    const { lettersShare, meaningShare, memoryLast } = await choice(20, 0.9999);
    expect([lettersShare, meaningShare, memoryLast]).toEqual([0.5, 0, null]);
  });
});
