/** `node bench/trust/predict.ts --help` */
import { mkdirSync, renameSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { parseArgs } from 'node:util';
import { loadConfig } from '../../src/config.ts';
import { misuse } from '../../src/errors.ts';
import { loadClassifier } from '../../src/model/bundle.ts';
import { marginOf } from '../../src/model/decode.ts';
import { neighboursAsked } from '../../src/model/memory.ts';
import { deepest } from '../../src/model/tree.ts';
import type { Answer, Path } from '../../src/model/types.ts';
import { trainModel } from '../../src/train/fit.ts';
import { viewsOf } from '../../src/train/join/views.ts';
import { readDemo, readTitles, sampled, titlesFile } from '../accuracy/data.ts';
import { embeddingsOf } from '../accuracy/embeddings.ts';
import { benchFolder } from '../accuracy/results.ts';
import type { Labelled, Source } from '../accuracy/types.ts';

const { values } = parseArgs({
  options: {
    set: { type: 'string', default: 'titles' },
    seed: { type: 'string', default: '1' },
    data: { type: 'string', default: titlesFile },
    sample: { type: 'string' },
    out: { type: 'string' },
    help: { type: 'boolean', default: false },
  },
});

const help = `Trains one model on the noisy labels of the train part and writes what it says of the valid and test names, with their truth.

  node bench/trust/predict.ts [--set titles|demo] [--seed N] [--sample N] [--data FILE] [--out FILE]

  --out   default: bench/trust-SET.jsonl in the data folder (TAXON_DATA_DIR); one JSON a line:
          part, key, path, truth; said and right, as it is served, letters first: of each level and all above it; margin,
          nearest, unknown, voices: as in evidence; all: path, said and right where all voices are asked of every name;
          candidates: category and probability of the likeliest paths, as served;
          teacher: whether the noisy teacher says the same, as right (valid names; null for test names)`;

/** Names that arrive in the demo: with its usual 2,000 the rest beside 2,000 checks is too small to see a bound kept. */
const arriving = 20_000;

/** Names asked at once, as the sidecar does it. */
const askAtOnce = 256;

const short = (value: number) => Number(value.toFixed(6));
const agrees = (path: Path, truth: Path) =>
  [1, 2, 3].map((levels) => Number(path.slice(0, levels).join() === truth.slice(0, levels).join()));

function said({ path, confidence }: Answer, truth: Path) {
  return { path, said: confidence.map(short), right: agrees(path, truth) };
}

async function read(): Promise<Source> {
  const seed = Number(values.seed);
  const whole = values.set === 'demo' ? readDemo({ seed, arriving }) : await readTitles(values.data);
  if (whole === null || !['titles', 'demo'].includes(values.set))
    throw misuse(`there is no set ${values.set}${whole === null ? `: no file ${values.data}` : ''}`);
  return values.sample === undefined ? whole : sampled(whole, Number(values.sample));
}

async function main(): Promise<void> {
  const config = loadConfig();
  const { train, valid, test } = await read();
  const keys = [...train.keys, ...valid.keys, ...test.keys];
  const { embeddings, dimension, encoder } = await embeddingsOf(config, keys);
  const all = {
    keys,
    paths: [...train.paths, ...valid.paths, ...test.paths],
    embeddings,
    dimension,
    encoder,
  };
  const labelled = train.keys.length;
  const training = { ...all, keys: train.keys, paths: train.paths };
  training.embeddings = embeddings.subarray(0, labelled * dimension);
  const { files } = await trainModel(training, { seed: Number(values.seed), testShare: 0 });
  const model = await loadClassifier(files);
  const among = Int32Array.from(train.keys.keys());
  const lines: string[] = [];
  const ask = async (part: string, from: number, names: Labelled, teacher: readonly Path[] | null) => {
    const rows = Int32Array.from(names.keys, (_, i) => from + i);
    const views = await viewsOf(all, rows, among, model.neighbours || neighboursAsked);
    const first = model.readLetters(names.keys);
    for (let at = 0; at < views.length; at += askAtOnce)
      for (const prediction of await model.predict(views.slice(at, at + askAtOnce))) {
        const i = lines.length - from + labelled;
        const truth = names.paths[i] as Path;
        const served = first[i] ?? prediction;
        const { nearest, unknown, voices, path } = served;
        lines.push(
          JSON.stringify({
            ...{ part, key: names.keys[i], l1: path[0], ...said(served, truth), truth },
            ...{ margin: short(marginOf(served)), nearest: nearest === null ? null : short(nearest) },
            ...{ unknown: short(unknown), voices },
            all: said(prediction, truth),
            candidates: served.candidates.map(({ path, probability }) => [deepest(path), short(probability)]),
            teacher: teacher === null ? null : agrees(path, teacher[i] as Path),
          }),
        );
      }
  };
  await ask('valid', labelled, { keys: valid.keys, paths: valid.truth }, valid.paths);
  await ask('test', labelled + valid.keys.length, test, null);
  await model.close();
  const file = values.out ?? join(benchFolder(config), `trust-${values.set}.jsonl`);
  mkdirSync(dirname(file), { recursive: true });
  writeFileSync(`${file}.new`, `${lines.join('\n')}\n`);
  renameSync(`${file}.new`, file);
  process.stderr.write(`${lines.length} names: ${file}\n`);
}

if (values.help) process.stdout.write(`${help}\n`);
else await main();
