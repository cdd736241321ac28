import type { Config } from '../../src/config.ts';
import { loadClassifier } from '../../src/model/bundle.ts';
import { neighboursAsked } from '../../src/model/memory.ts';
import type { Answer, Evidence, Path } from '../../src/model/types.ts';
import { trainModel } from '../../src/train/fit.ts';
import { viewsOf } from '../../src/train/join/views.ts';
import { embeddingsOf } from '../accuracy/embeddings.ts';
import type { Source } from '../accuracy/types.ts';

/** What the local model says of a name, as it is served. */
export type Said = Answer & Evidence;

/** Names asked at once, as the sidecar does it. */
const askAtOnce = 256;

/**
 * Trains one model on the noisy labels of the training part and asks it of the valid part and of other names.
 *
 * @param more keys that are not of the set, or of its test part
 */
export async function askLocal(
  config: Config,
  { train, valid, test }: Source,
  more: readonly string[],
  seed: number,
): Promise<{ valid: Said[]; more: Said[] }> {
  // the set's own keys first and in the order of the other benches: their embeddings are kept
  const own = await embeddingsOf(config, [...train.keys, ...valid.keys, ...test.keys]);
  const place = new Map([...train.keys, ...valid.keys, ...test.keys].map((key, i) => [key, i]));
  const strange = more.filter((key) => !place.has(key));
  const others = await embeddingsOf(config, strange);
  const { dimension, encoder } = own;
  const rowOf = (i: number) => own.embeddings.subarray(i * dimension, (i + 1) * dimension);
  const keys = [...train.keys, ...valid.keys, ...more];
  const embeddings = new Float32Array(keys.length * dimension);
  let next = 0;
  for (const [at, key] of keys.entries()) {
    const known = place.get(key);
    const row =
      known === undefined ? others.embeddings.subarray(next * dimension, ++next * dimension) : rowOf(known);
    embeddings.set(row, at * dimension);
  }
  const labelled = train.keys.length;
  const unlabelled = Array<Path>(keys.length - labelled).fill([1, null, null]);
  const all = { keys, paths: [...train.paths, ...unlabelled], embeddings, dimension, encoder };
  const training = {
    ...all,
    keys: train.keys,
    paths: train.paths,
    embeddings: embeddings.subarray(0, labelled * dimension),
  };
  const { files } = await trainModel(training, { seed, testShare: 0 });
  const model = await loadClassifier(files);
  const among = Int32Array.from(train.keys.keys());
  const asked = keys.slice(labelled);
  const views = await viewsOf(
    all,
    Int32Array.from(asked, (_, i) => labelled + i),
    among,
    model.neighbours || neighboursAsked,
  );
  const first = model.readLetters(asked);
  const said: Said[] = [];
  for (let at = 0; at < views.length; at += askAtOnce)
    for (const prediction of await model.predict(views.slice(at, at + askAtOnce)))
      said.push(first[said.length] ?? prediction);
  await model.close();
  return { valid: said.slice(0, valid.keys.length), more: said.slice(valid.keys.length) };
}
