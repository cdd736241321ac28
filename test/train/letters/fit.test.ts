import { describe, expect, test } from 'vitest';
import { Letters } from '../../../src/model/letters/letters.ts';
import { layOut } from '../../../src/model/letters/tables.ts';
import { readLetters, writeLetters } from '../../../src/model/letters/weights.ts';
import { buildTree } from '../../../src/model/tree.ts';
import type { Path } from '../../../src/model/types.ts';
import { fitLetters } from '../../../src/train/letters/fit.ts';
import { seededRandom } from '../../../src/train/random.ts';

const paths: Path[] = Array.from({ length: 24 }, (_, i): Path => {
  const [l1, l2] = [1 + (i % 2), 10 + (i % 8)];
  return i < 22 ? [l1, l2, 100 + i] : [3, 30, i === 22 ? 300 : null];
});
const random = seededRandom(8);
const syllables = ['ka', 'ro', 'mi', 'tu', 'sel', 'dan', 'vex', 'pol'];
const word = () => Array.from({ length: 3 }, () => syllables[Math.floor(random.next() * 8)]).join('');
const kinds = paths.map(() => [word(), word()]);
const targets = Int32Array.from({ length: 1200 }, () => Math.floor(random.next() * paths.length));
const keys = Array.from(
  targets,
  (path) => `${word()} ${kinds[path]?.[random.next() < 0.5 ? 0 : 1]} ${word()}`,
);
const rows = Int32Array.from(keys.keys());

function best(letters: Letters, name: string, tree: ReturnType<typeof buildTree>, count: number): number {
  const scores = new Float64Array(tree.outputs);
  letters.score(name, scores);
  const sums = Array.from({ length: count }, (_, p) =>
    [0, 1, 2].reduce((sum, level) => sum + (scores[tree.pathOutputs[p * 3 + level] as number] ?? 0), 0),
  );
  return sums.indexOf(Math.max(...sums));
}

describe('fitLetters', () => {
  test('gives the same bytes on one, two and five threads, and without one', async () => {
    const files: Uint8Array[] = [];
    for (const threads of [1, 2, 5, undefined])
      files.push(writeLetters(await fitLetters(keys, rows, targets, buildTree(paths), { seed: 3, threads })));
    expect(files[1]).toEqual(files[0]);
    expect(files[2]).toEqual(files[0]);
    expect(files[3]).toEqual(files[0]);
  });

  test('reports progress that rises to 1, and trains on the rows that it was given alone', async () => {
    const shares: number[] = [];
    const some = rows.filter((row) => row % 3 > 0);
    const fitted = await fitLetters(
      keys,
      some,
      targets.filter((_, row) => row % 3 > 0),
      buildTree(paths),
      { seed: 3, threads: 2, onProgress: (share) => shares.push(share) },
    );
    expect(shares).toEqual([...shares].sort((a, b) => a - b));
    expect(shares.at(-1)).toBe(1);
    const letters = new Letters(layOut(fitted, buildTree(paths)), buildTree(paths), 4);
    const held = rows.filter((row) => row % 3 === 0);
    const right = held.filter(
      (row) => best(letters, keys[row] as string, buildTree(paths), 24) === targets[row],
    );
    // .82 measured; all words are made of the same syllables, and one path in 24 is right by chance
    expect(right.length / held.length).toBeGreaterThan(0.7);
    const only = await fitLetters(
      keys.filter((_, row) => row % 3 > 0),
      some.map((_, i) => i),
      targets.filter((_, row) => row % 3 > 0),
      buildTree(paths),
      { seed: 3 },
    );
    expect(writeLetters(only)).toEqual(writeLetters(fitted));
  });

  test('takes other rows of the same names after, and at the same time, as if they were alone', async () => {
    const tree = buildTree(paths);
    const fitPart = async (of: readonly string[], part: Int32Array) =>
      writeLetters(
        await fitLetters(
          of,
          part,
          part.map((row) => targets[row] as number),
          tree,
          // without a thread nothing is done at the same time
          { seed: 3, threads: 1 },
        ),
      );
    const parts = [0, 1].map((half) => rows.filter((row) => row % 2 === half)) as [Int32Array, Int32Array];
    const alone = [await fitPart([...keys], parts[0]), await fitPart([...keys], parts[1])];
    const same = [...keys];
    expect(await Promise.all(parts.map((part) => fitPart(same, part)))).toEqual(alone);
    expect([await fitPart(same, parts[1]), await fitPart(same, parts[0])]).toEqual(alone.reverse());
  });

  test('has nothing to learn in a node with one child', async () => {
    const chain: Path[] = [
      [1, 11, 111],
      [2, 21, null],
    ];
    const tree = buildTree(chain);
    const names = ['red kettle', 'old kettle', 'kettle', 'red lamp', 'old lamp', 'lamp'];
    const fitted = await fitLetters(
      names,
      Int32Array.from(names.keys()),
      Int32Array.of(0, 0, 0, 1, 1, 1),
      tree,
      {
        seed: 1,
      },
    );
    // entries of the root's two children alone
    expect(new Set(fitted.outputs)).toEqual(new Set([0, 1]));
    const scores = new Float64Array(tree.outputs);
    const letters = new Letters(layOut(fitted, tree), tree, 4);
    letters.score('blue kettle', scores);
    expect([...scores.subarray(2)]).toEqual([0, 0, 0, 0]);
    expect(scores[0]).toBeGreaterThan(scores[1] as number);
    // one path: nothing to learn at all
    const single = await fitLetters(
      names,
      Int32Array.from(names.keys()),
      new Int32Array(6),
      buildTree([[1, 11, 111]]),
      {
        seed: 1,
      },
    );
    expect(single.weights).toHaveLength(0);
    expect(readLetters(writeLetters(single)).weights).toHaveLength(0);
  });

  test('holds more outputs than 16 bits can number', async () => {
    // two children of the root, 200 of each of these, 170 of each of those
    const many = Array.from({ length: 68_000 }, (_, i): Path => [1 + (i % 2), 10 + (i % 400), 1000 + i]);
    const tree = buildTree(many);
    expect(tree.outputs).toBeGreaterThan(65_535);
    const [one, other] = [many.length - 1, many.length - 401];
    const names = ['green sandal', 'sandal 38', 'old sandal', 'blue boot', 'boot 40', 'old boot'];
    const fitted = await fitLetters(
      names,
      Int32Array.from(names.keys()),
      Int32Array.of(one, one, one, other, other, other),
      tree,
      { seed: 1 },
    );
    expect(fitted.outputs).toBeInstanceOf(Uint32Array);
    expect(Math.max(...fitted.outputs)).toBeGreaterThan(65_535);
    const letters = new Letters(layOut(readLetters(writeLetters(fitted)), tree), tree, 4);
    expect(best(letters, 'red sandal', tree, many.length)).toBe(one);
    expect(best(letters, 'red boot', tree, many.length)).toBe(other);
  });
});
