import fc from 'fast-check';
import { beforeAll, describe, expect, it } from 'vitest';
import { loadClassifier } from '../../src/model/bundle.ts';
import type { Answer, ModelFiles, NameViews, Path } from '../../src/model/types.ts';
import { normalise } from '../../src/normalise.ts';
import { trainModel } from '../../src/train/fit.ts';
import { seededRandom } from '../../src/train/random.ts';

const dimension = 8;
const count = 40;
let files: ModelFiles;

beforeAll(async () => {
  const random = seededRandom(5);
  ({ files } = await trainModel(
    {
      keys: Array.from({ length: count }, (_, i) => `name ${i}`),
      paths: Array.from({ length: count }, (_, i): Path => (i % 2 === 0 ? [1, 11, 111] : [2, null, null])),
      embeddings: Float32Array.from({ length: count * dimension }, () => random.next() - 0.5),
      dimension,
      encoder: 'test@1 dtype=q8',
    },
    { epochs: 2 },
  ));
});

function changed(change: (manifest: Record<string, unknown>) => void): ModelFiles {
  const manifest = JSON.parse(new TextDecoder().decode(files.get('manifest.json'))) as Record<
    string,
    unknown
  >;
  change(manifest);
  return new Map([...files, ['manifest.json', new TextEncoder().encode(JSON.stringify(manifest))]]);
}

describe('loadClassifier', () => {
  it('reads back what the training wrote', async () => {
    const classifier = await loadClassifier(files);
    expect(classifier).toMatchObject({ encoder: 'test@1 dtype=q8', dimension });
    expect([...classifier.paths].sort()).toEqual([
      [1, 11, 111],
      [2, null, null],
    ]);
    await classifier.close();
  });

  it('answers the same one by one and many at once, in order', async () => {
    const classifier = await loadClassifier(files);
    const random = seededRandom(6);
    const names = Array.from(
      { length: 1500 },
      (_, i): NameViews => ({
        nameKey: `name ${i}`,
        embedding: Float32Array.from({ length: dimension }, () => random.next() - 0.5),
        neighbours: i % 3 === 0 ? [] : [{ path: [2, null, null], cosine: 0.9 }],
      }),
    );
    const together = await classifier.predict(names);
    expect(together).toHaveLength(1500);
    for (const i of [0, 1, 1023, 1024, 1499]) {
      const [alone] = await classifier.predict([names[i] as NameViews]);
      expect(together[i]?.path).toEqual(alone?.path);
      expect(together[i]?.confidence[2]).toBeCloseTo(alone?.confidence[2] as number, 5);
    }
    expect(await classifier.predict([])).toEqual([]);
    await classifier.close();
  });

  it('answers with a path that exists and with confidences that fall, whatever it is given', async () => {
    const classifier = await loadClassifier(files);
    const existing = new Set(classifier.paths.map(String));
    const check = ({ path, confidence, candidates }: Answer) => {
      expect(existing).toContain(String(path));
      expect(confidence.every((value) => value >= 0 && value <= 1)).toBe(true);
      expect(confidence[0]).toBeGreaterThanOrEqual(confidence[1]);
      expect(confidence[1]).toBeGreaterThanOrEqual(confidence[2]);
      expect(candidates[0]).toEqual({ path, probability: confidence[2] });
      expect(candidates.every((each) => existing.has(String(each.path)))).toBe(true);
      expect(candidates.reduce((sum, each) => sum + each.probability, 0)).toBeLessThanOrEqual(1 + 1e-9);
    };
    const number = fc.double({ min: -1, max: 1, noNaN: true });
    const weight = fc.oneof(fc.constant(0), fc.double({ min: 0, max: 100, noNaN: true }));
    const weights = fc.tuple(weight, weight, weight);
    const neighbour = fc.record({
      path: fc.constantFrom<Path>([1, 11, 111], [2, null, null], [1, 11, null], [7, 8, 9]),
      cosine: number,
    });
    await fc.assert(
      fc.asyncProperty(
        fc.string({ unit: 'grapheme', maxLength: 40 }).map(normalise),
        fc.array(number, { minLength: dimension, maxLength: dimension }),
        fc.array(neighbour, { maxLength: 30 }),
        fc.record({ letters: weights, meaning: weights, memory: weights }),
        async (nameKey, vector, neighbours, how) => {
          const views = [{ nameKey, embedding: Float32Array.from(vector), neighbours }];
          for (const said of await classifier.predict(views)) {
            check(said);
            expect(said.ranked[0][0]).toBe(said.path[0]);
          }
          for (const said of await classifier.predict(views, how)) check(said);
          for (const said of classifier.readLetters([nameKey], 1 + how.letters[0])) check(said as Answer);
        },
      ),
    );
    await classifier.close();
  });

  it('asks memory and the heads only where they count', async () => {
    const classifier = await loadClassifier(files);
    const none = [0, 0, 0] as const;
    const embedding = new Float32Array(dimension).fill(0.3);
    const view = (votes: Path[]): NameViews => ({
      nameKey: 'name 3',
      embedding,
      neighbours: votes.map((path) => ({ path, cosine: 0.9 })),
    });
    const [first, second] = [view([[2, null, null]]), view([[1, 11, 111]])];
    const memory = { letters: none, meaning: none, memory: [1, 1, 1] } as const;
    expect((await classifier.predict([first, second], memory)).map(({ path }) => path[0])).toEqual([2, 1]);
    const without = { ...classifier.weights, memory: none };
    expect((await classifier.predict([first], without))[0]).toEqual(
      (await classifier.predict([second], without))[0],
    );
    expect((await classifier.predict([first]))[0]).not.toEqual((await classifier.predict([second]))[0]);
    const [near] = await classifier.predict([
      { ...first, neighbours: [{ path: [1, 11, 111], cosine: 0.7 }] },
    ]);
    expect([near?.nearest, (await classifier.predict([view([])]))[0]?.nearest]).toEqual([0.7, null]);
    expect((await classifier.predict([first], without))[0]).toMatchObject({
      nearest: null,
      unknown: near?.unknown,
    });
    expect(classifier.readLetters(['name 3'], 1)[0]).toMatchObject({
      voices: null,
      nearest: null,
      unknown: near?.unknown,
    });
    // neighbours whose path the model does not know are no voice
    const strange = { ...first, neighbours: [{ path: [7, 8, 9], cosine: 0.7 }] as const };
    expect((await classifier.predict([strange], memory))[0]?.voices).toBe(0);
    const letters = { letters: [1, 1, 1], meaning: none, memory: none } as const;
    expect((await classifier.predict([first], letters))[0]?.confidence[2]).toBeCloseTo(
      classifier.readLetters(['name 3'], 1)[0]?.confidence[2] as number,
      9,
    );
    await classifier.close();
    const mute = await loadClassifier(
      changed((m) => Object.assign(m, { weights: { ...(m.weights as object), memory: none } })),
    );
    expect([classifier.neighbours, mute.neighbours]).toEqual([30, 0]);
    await mute.close();
  });

  it('reads the letters of a name from any place in memory', async () => {
    const shifted = new Uint8Array((files.get('letters.bin') as Uint8Array).length + 1);
    shifted.set(files.get('letters.bin') as Uint8Array, 1);
    const classifier = await loadClassifier(files);
    const other = await loadClassifier(new Map([...files, ['letters.bin', shifted.subarray(1)]]));
    expect(other.readLetters(['name 3'], 1)).toEqual(classifier.readLetters(['name 3'], 1));
    await classifier.close();
    await other.close();
  });

  it('lets letters answer only from the confidence that the manifest says', async () => {
    const asked = ['name 1', 'name 2', 'something else'];
    const never = await loadClassifier(changed((m) => Object.assign(m, { lettersFirst: null })));
    expect(never.readLetters(asked)).toEqual([null, null, null]);
    const all = never.readLetters(asked, 1.5);
    const confidences = all.map((said) => said?.confidence[2] as number);
    const from = Math.max(...confidences);
    const some = await loadClassifier(
      changed((m) =>
        Object.assign(m, { lettersFirst: { from, weight: 1.5, offsets: [0, 0, 0], slopes: [1, 1, 1] } }),
      ),
    );
    const said = some.readLetters(asked);
    expect(said.map((answer) => answer?.path)).toEqual(
      all.map((answer, i) => (confidences[i] === from ? answer?.path : undefined)),
    );
    const sure = said.find((answer) => answer !== null);
    for (const level of [0, 1, 2] as const)
      expect(sure?.confidence[level]).toBeCloseTo(all[confidences.indexOf(from)]?.confidence[level] ?? 0, 5);
    await never.close();
    await some.close();
  });

  it('states what letters are sure of along the line of each level, never surer below than above', async () => {
    const gate = { from: 0, weight: 1, offsets: [-30, 1, 0.5], slopes: [1, 0.5, 2] };
    const classifier = await loadClassifier(changed((m) => Object.assign(m, { lettersFirst: gate })));
    const [said] = classifier.readLetters(['name 1']);
    const [, l2, l3] = classifier.readLetters(['name 1'], 1)[0]?.confidence ?? [0, 0, 0];
    const line = (offset: number, slope: number, p: number) =>
      1 / (1 + Math.exp(-offset) * ((1 - p) / p) ** slope);
    const third = line(0.5, 2, l3);
    const second = Math.max(line(1, 0.5, l2), third);
    // l1's own line says next to nothing, so it is as sure as l2
    expect(said?.confidence[0]).toBeCloseTo(second, 6);
    expect(said?.confidence[1]).toBeCloseTo(second, 6);
    expect(said?.confidence[2]).toBeCloseTo(third, 6);
    await classifier.close();
  });

  it('lets letters and meaning answer without memory only from the confidence that the manifest says', async () => {
    const asked = ['name 1', 'name 2', 'something else'].map((nameKey, i) => ({
      nameKey,
      embedding: Float32Array.from({ length: 8 }, (_, j) => Math.sin(i + j)),
    }));
    const lines = { offsets: [0, 0, 0], slopes: [1, 1, 1] };
    const neighbours = [{ path: [1, 2, null] as Path, cosine: 0.9 }];
    const at = async (memoryLast: object | null) => {
      const model = await loadClassifier(changed((m) => Object.assign(m, { memoryLast })));
      let left: readonly number[] = [];
      const said = await model.answer(asked, async (places) => {
        left = places;
        return places.map(() => neighbours);
      });
      await model.close();
      return { said, left };
    };
    const model = await loadClassifier(files);
    const views = asked.map((view) => ({ ...view, neighbours }));
    const joined = await model.predict(views);
    const without = await model.predict(views, { ...model.weights, memory: [0, 0, 0] });
    await model.close();
    // never: what all voices say, to the last bit
    const never = await at(null);
    expect(never.left).toEqual([0, 1, 2]);
    expect(never.said).toEqual(joined);
    const always = await at({ from: 0, ...lines });
    expect(always.left).toEqual([]);
    for (const [i, { path, confidence, unknown }] of without.entries()) {
      expect(always.said[i]).toMatchObject({ path, unknown, nearest: null, voices: null });
      for (const level of [0, 1, 2] as const)
        expect(always.said[i]?.confidence[level]).toBeCloseTo(confidence[level], 5);
    }
    const sure = always.said.map(({ confidence }) => confidence[2]);
    const some = await at({ from: Math.max(...sure), ...lines });
    const first = sure.indexOf(Math.max(...sure));
    expect(some.left).not.toContain(first);
    expect(some.left).toEqual([0, 1, 2].filter((i) => sure[i] !== sure[first]));
    expect(some.said).toEqual(asked.map((_, i) => (some.left.includes(i) ? joined[i] : always.said[i])));
  });

  it("refuses another encoder's dimension", async () => {
    const classifier = await loadClassifier(files);
    await expect(
      classifier.predict([{ nameKey: 'name', embedding: new Float32Array(384), neighbours: [] }]),
    ).rejects.toThrow('384 dimensions');
    await classifier.close();
  });

  it('says what is wrong with a damaged model', async () => {
    const without = (name: string) => new Map([...files].filter(([file]) => file !== name));
    await expect(loadClassifier(without('heads.onnx'))).rejects.toThrow('no file heads.onnx');
    await expect(loadClassifier(without('letters.bin'))).rejects.toThrow('no file letters.bin');
    await expect(loadClassifier(without('manifest.json'))).rejects.toThrow('no file manifest.json');
    await expect(loadClassifier(changed((m) => Object.assign(m, { format: 99 })))).rejects.toThrow('format');
    await expect(loadClassifier(changed((m) => Object.assign(m, { paths: [[1, 11, 999]] })))).rejects.toThrow(
      '1, 11, 999',
    );
    const shapes: [object, string][] = [
      [{ paths: [[1, 11, 111, 1111]] }, 'at paths.0.3'],
      [{ paths: [[2 ** 53, null, null]] }, 'at paths.0.0'],
      [{ temperature: 0 }, 'at temperature'],
      [{ encoder: null }, 'at dimension'],
      [{ encoder: [] }, 'at encoder'],
    ];
    for (const [change, where] of shapes)
      await expect(loadClassifier(changed((m) => Object.assign(m, change)))).rejects.toThrow(where);
    const endless = new TextDecoder()
      .decode(files.get('manifest.json'))
      .replace(/"temperature":\s*[\d.e-]+/, '"temperature":1e400');
    await expect(
      loadClassifier(new Map([...files, ['manifest.json', new TextEncoder().encode(endless)]])),
    ).rejects.toThrow('expected finite, received Infinity\n  → at temperature');
    for (const bytes of [new Uint8Array(100), files.get('letters.bin')?.slice(0, -8) as Uint8Array])
      await expect(loadClassifier(new Map([...files, ['letters.bin', bytes]]))).rejects.toThrow(
        'letters.bin',
      );
    const broken = new Map([...files, ['heads.onnx', new Uint8Array(100)]]);
    await expect(loadClassifier(broken)).rejects.toMatchObject({
      name: 'TaxonError',
      message: expect.stringContaining('heads.onnx'),
      hint: expect.stringContaining('taxon train'),
    });
  });
});
