import { beforeAll, describe, expect, it } from 'vitest';
import { loadClassifier } from '../../src/model/bundle.ts';
import type { ModelFiles, NameViews, Path } from '../../src/model/types.ts';
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
      changed((m) => Object.assign(m, { lettersFirst: { from, weight: 1.5 } })),
    );
    expect(some.readLetters(asked)).toEqual(all.map((said, i) => (confidences[i] === from ? said : null)));
    await never.close();
    await some.close();
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
