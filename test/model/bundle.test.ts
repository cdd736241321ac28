import { beforeAll, describe, expect, it } from 'vitest';
import { loadClassifier } from '../../src/model/bundle.ts';
import type { ModelFiles, Path } from '../../src/model/types.ts';
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
    const embeddings = Array.from({ length: 1500 }, () =>
      Float32Array.from({ length: dimension }, () => random.next() - 0.5),
    );
    const together = await classifier.predict(embeddings);
    expect(together).toHaveLength(1500);
    for (const i of [0, 1, 1023, 1024, 1499]) {
      const [alone] = await classifier.predict([embeddings[i] as Float32Array]);
      expect(together[i]?.path).toEqual(alone?.path);
      expect(together[i]?.confidence[2]).toBeCloseTo(alone?.confidence[2] as number, 5);
    }
    expect(await classifier.predict([])).toEqual([]);
    await classifier.close();
  });

  it("refuses another encoder's dimension", async () => {
    const classifier = await loadClassifier(files);
    await expect(classifier.predict([new Float32Array(384)])).rejects.toThrow('384 dimensions');
    await classifier.close();
  });

  it('says what is wrong with a damaged model', async () => {
    const without = (name: string) => new Map([...files].filter(([file]) => file !== name));
    await expect(loadClassifier(without('heads.onnx'))).rejects.toThrow('no file heads.onnx');
    await expect(loadClassifier(without('manifest.json'))).rejects.toThrow('no file manifest.json');
    await expect(loadClassifier(changed((m) => Object.assign(m, { format: 99 })))).rejects.toThrow('format');
    await expect(loadClassifier(changed((m) => Object.assign(m, { paths: [[1, 11, 999]] })))).rejects.toThrow(
      '1, 11, 999',
    );
    const broken = new Map([...files, ['heads.onnx', new Uint8Array(100)]]);
    await expect(loadClassifier(broken)).rejects.toMatchObject({
      name: 'TaxonError',
      message: expect.stringContaining('heads.onnx'),
      hint: expect.stringContaining('taxon train'),
    });
  });
});
