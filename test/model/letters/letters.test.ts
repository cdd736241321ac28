import fc from 'fast-check';
import { beforeAll, describe, expect, test } from 'vitest';
import { eachGram, spaced } from '../../../src/model/letters/grams.ts';
import {
  Letters,
  type LettersWeights,
  readLetters,
  writeLetters,
} from '../../../src/model/letters/letters.ts';
import { buildTree, type Tree } from '../../../src/model/tree.ts';
import type { Path } from '../../../src/model/types.ts';
import { normalise } from '../../../src/normalise.ts';
import { countVocabulary } from '../../../src/train/letters/count.ts';
import { fitLetters } from '../../../src/train/letters/fit.ts';
import { seededRandom } from '../../../src/train/random.ts';

function grams(name: string): number[] {
  const found: number[] = [];
  eachGram(name, (gram) => found.push(gram));
  return found;
}

describe('n-grams', () => {
  test('part digits from letters, so that a unit is the same whatever number stands before it', () => {
    expect(spaced('samsung s21 256gb 1.5л')).toBe(' samsung s 21 256 gb 1.5 л ');
    expect(grams('256gb')).toEqual(grams('256 gb'));
    expect(grams('чайник')).not.toEqual(grams('чайника'));
  });

  test('are 2 to 5 long and inside word bounds', () => {
    // " a ": " a", "a ", " a "
    expect(grams('a')).toHaveLength(3);
    // " ab ": 3 of length 2, 2 of length 3, 1 of length 4
    expect(grams('ab')).toHaveLength(6);
    expect(grams('abcdef')).toHaveLength(7 + 6 + 5 + 4);
    expect(grams('ab cd').sort()).toEqual([...grams('ab'), ...grams('cd')].sort());
    expect(new Set(grams('abcdef')).size).toBe(22);
    expect(grams('abcdef').every((gram) => gram > 0 && gram < 2 ** 32)).toBe(true);
  });
});

describe('n-grams of any name', () => {
  test('are those of its words one by one: none goes over a blank', () => {
    const word = fc.stringMatching(/^[a-zа-я0-9.-]{1,12}$/);
    fc.assert(
      fc.property(fc.array(word, { minLength: 1, maxLength: 6 }), (words) => {
        expect(grams(words.join(' ')).sort()).toEqual(words.flatMap(grams).sort());
      }),
    );
  });

  test('are as many as the lengths of its words say, and never 0', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary', maxLength: 60 }).map(normalise), (key) => {
        const lengths = spaced(key)
          .split(' ')
          .filter((part) => part !== '')
          .map((part) => part.length + 2);
        const expected = lengths.reduce(
          (sum, length) => sum + [2, 3, 4, 5].reduce((all, n) => all + Math.max(0, length - n + 1), 0),
          0,
        );
        const found = grams(key);
        if (key !== '') expect(found).toHaveLength(expected);
        expect(found.every((gram) => Number.isInteger(gram) && gram > 0 && gram < 2 ** 32)).toBe(true);
      }),
    );
  });

  test('are the same for every spelling that is one name key', () => {
    for (const variant of ['  Чайник   BOSCH 1,7Л ', 'чайник\tbosch\u00a01,7л', 'ЧАЙНИК bosch\n1,7л'])
      expect(grams(normalise(variant))).toEqual(grams('чайник bosch 1,7л'));
    expect(grams(normalise('SMARTPHONE 256GB'))).toEqual(grams(normalise('smartphone 256 gb')));
    // of one and of two units: neighbouring ideographs and signs outside the plane
    expect(grams('茶')).toHaveLength(3);
    expect(grams('📱')).toHaveLength(6);
  });

  test('hash apart: 60,000 of them collide as seldom as 32 bits can', () => {
    const random = seededRandom(6);
    const syllable = () => String.fromCharCode(97 + random.next() * 26, 97 + random.next() * 26);
    const texts = new Set(Array.from({ length: 60_000 }, () => `${syllable()}${syllable()}`));
    // of the word's 14 n-grams the last of length 4 that starts at its first letter is the word itself
    const hashes = new Map<number, string>();
    let collisions = 0;
    for (const text of texts) {
      // " abcd ": at 0 lengths 2, 3, 4, 5; at 1 lengths 2, 3, 4 (the word), 5
      const whole = grams(text)[6] as number;
      if (hashes.has(whole)) collisions++;
      hashes.set(whole, text);
    }
    // 60,000² / 2 / 2³² = .4 expected
    expect(collisions).toBeLessThan(5);
    // every bit is used: the low ones choose the slot of a table
    const low = new Set([...hashes.keys()].map((hash) => hash & 1023));
    expect(low.size).toBe(1024);
  });
});

describe('the vocabulary', () => {
  const keys = ['red kettle', 'blue kettle', 'old kettle', 'red lamp', 'blue lamp'];
  const vocabulary = countVocabulary(keys, Int32Array.from(keys.keys()));

  test('holds what three names have, and weighs the rarer higher', () => {
    const known = new Set(vocabulary.grams);
    expect(grams('kettle').every((gram) => known.has(gram))).toBe(true);
    // "lamp" is in two names; "red" too
    expect(grams('lamp').some((gram) => known.has(gram))).toBe(false);
    const idf = vocabulary.idf[vocabulary.grams.indexOf(grams('kettle')[0] as number)];
    expect(idf).toBeCloseTo(1 + Math.log(6 / 4), 6);
  });

  test('gives rows of norm 1 with sublinear counts, none for a name it does not know', () => {
    const { indices, values } = vocabulary.features('kettle kettle kettle lamp');
    expect([...indices]).toEqual([...indices].sort((a, b) => a - b));
    expect(values.reduce((sum, value) => sum + value * value, 0)).toBeCloseTo(1, 6);
    expect(vocabulary.features('xyz').indices).toHaveLength(0);
  });
});

describe('counts within a name', () => {
  const keys = ['banana', 'banana', 'banana'];
  const vocabulary = countVocabulary(keys, Int32Array.from(keys.keys()));
  const weightOf = (name: string, gram: string): number => {
    const { indices, values } = vocabulary.features(name);
    // the n-grams of a word of two letters: three that begin at the blank before it, then the word itself
    const place = vocabulary.grams.indexOf(grams(gram)[3] as number);
    return values[indices.indexOf(place)] as number;
  };

  test('weigh as 1 + ln of them', () => {
    expect(weightOf('banana', 'na') / weightOf('banana', 'ba')).toBeCloseTo(1 + Math.log(2), 6);
    expect(weightOf('banana banana', 'na') / weightOf('banana banana', 'ba')).toBeCloseTo(
      (1 + Math.log(4)) / (1 + Math.log(2)),
      6,
    );
    // all idf are the same here: 1 + ln(4 / 4)
    expect([...new Set(vocabulary.idf)]).toEqual([1]);
  });
});

const paths: Path[] = [
  [1, 11, 111],
  [1, 11, 112],
  [1, 12, null],
  [2, null, null],
  [3, 31, 311],
];
const words = ['kettle', 'toaster', 'lamp', 'sandal', 'bread'];
const random = seededRandom(4);
const keys = Array.from(
  { length: 600 },
  (_, i) => `${words[i % 5]} ${Math.floor(random.next() * 90)} ${'abcdef'[i % 6]}x`,
);
const right = Int32Array.from(keys, (_, i) => i % 5);
/** A fifth of the labels is drawn at random. */
const noisy = right.map((path) => (random.next() < 0.2 ? Math.floor(random.next() * 5) : path));
const rows = Int32Array.from(keys.keys());
let tree: Tree;
let weights: LettersWeights;
let letters: Letters;

beforeAll(async () => {
  tree = buildTree(paths);
  weights = await fitLetters(keys, rows, noisy, tree, { seed: 1 });
  letters = new Letters(weights, tree, 4);
});

/** The log-probability of a path: the sum of those of its steps. */
const total = (scores: Float64Array, p: number) =>
  [0, 1, 2].reduce((sum, level) => sum + (scores[tree.pathOutputs[p * 3 + level] as number] ?? 0), 0);

function best(scores: Float64Array): number {
  const totals = paths.map((_, p) => total(scores, p));
  return totals.indexOf(Math.max(...totals));
}

describe('the letters voice', () => {
  test('numbers the tree level by level, "stops here" among the children', () => {
    expect([...tree.nodeStarts]).toEqual([0, 3, 5, 6, 7, 9, 10, 11]);
    expect(tree.levelStarts).toEqual([0, 1, 4, 7]);
    expect([...tree.pathOutputs.subarray(9, 12)]).toEqual([1, 5, -1]);
    expect(tree.nodeBelow[tree.pathOutputs[0] as number]).toBe(1);
  });

  test('learns through wrong labels', () => {
    const scores = new Float64Array(tree.outputs);
    const correct = words.filter((word, i) => {
      letters.score(`${word} 95 zx`, scores);
      return best(scores) === i;
    });
    expect(correct).toEqual(words);
  });

  test('scores as the sum of weights times values says, among siblings', () => {
    const name = 'kettle toaster 17';
    const scores = new Float64Array(tree.outputs);
    letters.score(name, scores);
    const { indices, values } = weights.vocabulary.features(name);
    const dense = Array.from(weights.biases);
    for (const [i, gram] of indices.entries())
      for (let e = weights.starts[gram] as number; e < (weights.starts[gram + 1] as number); e++) {
        const output = weights.outputs[e] as number;
        dense[output] =
          (dense[output] as number) +
          (values[i] as number) * (weights.weights[e] as number) * (weights.scales[output] as number);
      }
    for (let k = 0; k + 1 < tree.nodeStarts.length; k++) {
      const node = dense
        .slice(tree.nodeStarts[k], tree.nodeStarts[k + 1])
        .map((margin) => Math.exp(4 * margin));
      const total = node.reduce((a, b) => a + b);
      node.forEach((share, i) => {
        expect(scores[(tree.nodeStarts[k] as number) + i]).toBeCloseTo(Math.log(share / total), 5);
      });
    }
  });

  test('looks only into likely nodes when it is asked alone, and agrees there', () => {
    const [full, likely] = [new Float64Array(tree.outputs), new Float64Array(tree.outputs)];
    let left = 0;
    for (const name of [...keys.slice(0, 50), 'nothing known', 'kettle bread']) {
      letters.score(name, full);
      letters.scoreLikely(name, likely);
      for (let k = 0; k + 1 < tree.nodeStarts.length; k++) {
        const [from, to] = [tree.nodeStarts[k] as number, tree.nodeStarts[k + 1] as number];
        const same = [...likely.subarray(from, to)].every(
          (x, i) => Math.abs(x - (full[from + i] as number)) < 1e-9,
        );
        if (same) continue;
        left++;
        for (const value of likely.subarray(from, to)) expect(value).toBeCloseTo(-Math.log(to - from), 9);
      }
      expect(best(likely)).toBe(best(full));
      // the paths share the whole probability, whoever is asked
      for (const scores of [full, likely])
        expect(paths.reduce((sum, _, p) => sum + Math.exp(total(scores, p)), 0)).toBeCloseTo(1, 9);
    }
    expect(left).toBeGreaterThan(10);
  });

  test('looks into every node that is a twentieth as likely as the likeliest of its level', () => {
    const [full, likely] = [new Float64Array(tree.outputs), new Float64Array(tree.outputs)];
    const [first, second] = tree.levelStarts.slice(1) as [number, number, number];
    let others = 0;
    for (const a of words)
      for (const b of words) {
        const name = `${a} ${b} 12`;
        letters.score(name, full);
        letters.scoreLikely(name, likely);
        const reached = new Map([[0, 1]]);
        for (let o = 0; o < tree.outputs; o++)
          reached.set(
            tree.nodeBelow[o] as number,
            (reached.get(tree.nodeOf[o] as number) as number) * Math.exp(full[o] as number),
          );
        for (const [from, to] of [
          [0, first],
          [first, second],
          [second, tree.nodeStarts.length - 1],
        ] as const) {
          const nodes = Array.from({ length: to - from }, (_, i) => from + i);
          const highest = Math.max(...nodes.map((node) => reached.get(node) as number));
          for (const node of nodes) {
            const share = (reached.get(node) as number) / highest;
            if (share < 0.05) continue;
            if (share < 0.9) others++;
            for (let o = tree.nodeStarts[node] as number; o < (tree.nodeStarts[node + 1] as number); o++)
              expect(likely[o]).toBeCloseTo(full[o] as number, 9);
          }
        }
      }
    expect(others).toBeGreaterThan(10);
  });

  test('is the same from the same seed, and read as it was written', async () => {
    const file = writeLetters(weights);
    expect(writeLetters(await fitLetters(keys, rows, noisy, tree, { seed: 1 }))).toEqual(file);
    const read = readLetters(file);
    expect(read.outputs).toEqual(weights.outputs);
    expect(read.weights).toEqual(weights.weights);
    expect(writeLetters(read)).toEqual(file);
    for (const bytes of [file.slice(4), file.slice(0, 40), new Uint8Array(), file.with(0, 0)])
      expect(() => readLetters(bytes)).toThrow('letters.bin of the model is damaged');
    expect(() => new Letters(read, buildTree(paths.slice(1)), 4)).toThrow('damaged');
  });

  test('stops when it is told to', async () => {
    const given = AbortSignal.abort(new Error('enough'));
    await expect(fitLetters(keys, rows, noisy, tree, { seed: 1, signal: given })).rejects.toThrow('enough');
  });
});
