import { expect, test } from 'vitest';
import { Letters } from '../../../src/model/letters/letters.ts';
import { layOut } from '../../../src/model/letters/tables.ts';
import type { LettersWeights } from '../../../src/model/letters/weights.ts';
import { buildTree, type Tree } from '../../../src/model/tree.ts';
import type { Path } from '../../../src/model/types.ts';
import { countNames, vocabularyOf } from '../../../src/train/letters/count.ts';
import { seededRandom } from '../../../src/train/random.ts';

const keys = Array.from({ length: 60 }, (_, i) => `${['kettle', 'lamp', 'bread'][i % 3]} ${i % 10}`);

/** A third of all entries that there could be, with weights drawn at random. */
function randomWeights(tree: Tree): LettersWeights {
  const random = seededRandom(8);
  const { vocabulary } = vocabularyOf(countNames(keys), Int32Array.from(keys.keys()));
  const starts = new Uint32Array(vocabulary.size + 1);
  const outputs: number[] = [];
  for (let g = 0; g < vocabulary.size; g++) {
    for (let o = 0; o < tree.outputs; o++) if (random.next() < 1 / 3) outputs.push(o);
    starts[g + 1] = outputs.length;
  }
  const some = () => Float32Array.from({ length: tree.outputs }, () => random.next() / 50);
  return {
    vocabulary,
    starts,
    outputs: Uint16Array.from(outputs),
    weights: Int8Array.from(outputs, () => Math.round(random.next() * 254) - 127),
    scales: some(),
    biases: some(),
  };
}

/** Every output's log-probability given its node, straight from the definition. */
function byDefinition(weights: LettersWeights, tree: Tree, key: string): number[] {
  const sums = new Array<number>(tree.outputs).fill(0);
  const { indices, values } = weights.vocabulary.features(key);
  for (const [i, gram] of indices.entries())
    for (let e = weights.starts[gram] as number; e < (weights.starts[gram + 1] as number); e++) {
      const output = weights.outputs[e] as number;
      sums[output] = (sums[output] as number) + (values[i] as number) * (weights.weights[e] as number);
    }
  const margins = sums.map(
    (sum, o) => 4 * (sum * (weights.scales[o] as number) + (weights.biases[o] as number)),
  );
  return margins.map((margin, o) => {
    const siblings = margins.filter((_, other) => tree.nodeOf[other] === tree.nodeOf[o]);
    return margin - Math.log(siblings.reduce((sum, each) => sum + Math.exp(each), 0));
  });
}

for (const [children, bytes] of [
  [256, 2],
  [257, 4],
] as const)
  test(`a node with ${children} children is read as it was fitted, entries of ${bytes} bytes`, () => {
    const paths = Array.from({ length: children + 20 }, (_, i): Path => {
      const l1 = i < children ? 1 : 2;
      return i % 7 === 0 && i > 0 ? [l1, 1000 + i, 5000 + i] : [l1, 1000 + i, null];
    });
    const tree = buildTree(paths);
    const weights = randomWeights(tree);
    const tables = layOut(weights, tree);
    expect(tables.entries.BYTES_PER_ELEMENT).toBe(bytes);
    const letters = new Letters(tables, tree, 4);
    const scores = new Float64Array(tree.outputs);
    for (const key of ['kettle 3', 'bread lamp', 'nothing of it', '']) {
      letters.score(key, scores);
      const expected = byDefinition(weights, tree, key);
      for (let o = 0; o < tree.outputs; o++) expect(scores[o]).toBeCloseTo(expected[o] as number, 9);
    }
  });

test('all that is read of a name lies in memory that threads share', () => {
  const tree = buildTree([
    [1, 2, 3],
    [1, 2, 4],
  ]);
  const { vocabulary, ...rest } = layOut(randomWeights(tree), tree);
  for (const array of [...Object.values(vocabulary), ...Object.values(rest)])
    expect(array.buffer).toBeInstanceOf(SharedArrayBuffer);
});
