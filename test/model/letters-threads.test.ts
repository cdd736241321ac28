import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { loadClassifier } from '../../src/model/bundle.ts';
import type { LettersFirst } from '../../src/model/letters-alone.ts';
import { openLettersThreads } from '../../src/model/letters-threads.ts';
import { packAnswers, unpackAnswers } from '../../src/model/packed-answers.ts';
import type { Answer, Classifier, Evidence, ModelFiles, Path } from '../../src/model/types.ts';
import { trainModel } from '../../src/train/fit.ts';
import { seededRandom } from '../../src/train/random.ts';

const dimension = 4;
const kinds = ['kettle', 'toaster', 'lamp', 'sandal', 'bread'];
const paths: Path[] = [
  [1, 11, 111],
  [1, 11, 112],
  [1, 12, null],
  [2, null, null],
  [3, 31, 311],
];
const gate: LettersFirst = { from: 0.55, weight: 1.5, offsets: [0.5, 0.2, -0.3], slopes: [1.1, 0.9, 0.8] };
/** As many as make several tasks, the last one shorter; a third says nothing of its kind. */
const asked = Array.from({ length: 2500 }, (_, i) => `${i % 3 === 0 ? 'zzz' : kinds[i % 5]} ${i} qx`);
let files: ModelFiles;
let classifier: Classifier;

const withGate = (lettersFirst: typeof gate | null): ModelFiles => {
  const manifest = JSON.parse(new TextDecoder().decode(files.get('manifest.json')));
  const bytes = new TextEncoder().encode(JSON.stringify({ ...manifest, lettersFirst }));
  return new Map([...files, ['manifest.json', bytes]]);
};

beforeAll(async () => {
  const random = seededRandom(5);
  const count = 300;
  ({ files } = await trainModel(
    {
      keys: Array.from({ length: count }, (_, i) => `${kinds[i % 5]} ${i}`),
      paths: Array.from({ length: count }, (_, i) => paths[i % 5] as Path),
      embeddings: Float32Array.from({ length: count * dimension }, () => random.next() - 0.5),
      dimension,
      encoder: 'test@1 dtype=q8',
    },
    { epochs: 2 },
  ));
  classifier = await loadClassifier(withGate(gate));
});

afterAll(() => classifier?.close());

describe('letters in worker threads', () => {
  it('say of each name, in order, to the last bit what one thread says', async () => {
    const here = classifier.readLetters(asked);
    const silent = here.filter((answer) => answer === null).length;
    expect(silent).toBeGreaterThan(100);
    expect(silent).toBeLessThan(asked.length - 100);
    expect(await classifier.readManyLetters(asked)).toEqual(here);
    // again, and two calls at once, in threads that are warm
    const turned = asked.toReversed();
    const both = await Promise.all([asked, turned].map((names) => classifier.readManyLetters(names)));
    expect(both).toEqual([here, here.toReversed()]);
  });

  it('say nothing where the model never lets letters answer alone', async () => {
    const never = await loadClassifier(withGate(null));
    expect(await never.readManyLetters(asked)).toEqual(asked.map(() => null));
    await never.close();
  });

  it('few names are read without threads, none is no error', async () => {
    expect(await classifier.readManyLetters(asked.slice(0, 7))).toEqual(
      classifier.readLetters(asked.slice(0, 7)),
    );
    expect(await classifier.readManyLetters([])).toEqual([]);
  });

  it('an error in a thread is the error of the call', async () => {
    const threads = openLettersThreads({ tables: {} as never, paths, temperature: 1 });
    await expect(threads.read(['a'], gate)).rejects.toThrow();
    await threads.close();
  });
});

it('answers come out of their numbers as they went in', () => {
  const alone = { nearest: null, voices: null };
  const sure: Answer & Evidence = {
    ...{ ...alone, unknown: 0.1 },
    path: paths[2] as Path,
    confidence: [0.9, 0.8, 0.1 + 0.2],
    candidates: [
      { path: paths[2] as Path, probability: 0.1 + 0.2 },
      { path: paths[0] as Path, probability: 1e-300 },
    ],
  };
  const single: Answer & Evidence = {
    ...{ ...alone, unknown: 1 },
    path: paths[4] as Path,
    confidence: [1, 1, 1],
    candidates: [{ path: paths[4] as Path, probability: 1 }],
  };
  for (const answers of [[], [null], [null, sure, null, null, single, sure]])
    expect(unpackAnswers(packAnswers(answers, paths), paths)).toEqual(answers);
});
