/** `node bench/scale/letters.ts --help` */
import { writeLetters } from '../../src/model/letters/weights.ts';
import { buildTree } from '../../src/model/tree.ts';
import type { Path } from '../../src/model/types.ts';
import { fitLetters } from '../../src/train/letters/fit.ts';
import { flags, show, timed } from '../measure.ts';
import { readScaleNames, titlesFile } from './names.ts';
import { judgePeak, peakBytes } from './peak.ts';

const { names, json } = flags(
  `The letters trained on as many real titles: time, peak memory of the process with its threads, size. The labels are
those of the file ../shared/data/scale.tsv.xz, a program's: what the model answers says nothing here. Ends with 1 when
the peak is above 4 GB.`,
  { names: 743_000 },
);

const set = await readScaleNames(names);
if (set === null) {
  console.error(`skipped: ${titlesFile} is not here`);
} else {
  // as training makes them: the distinct paths in order
  const distinct = new Map(set.paths.map((path) => [String(path), path]));
  const order = [...distinct.keys()].sort();
  const tree = buildTree(order.map((text) => distinct.get(text) as Path));
  const place = new Map(order.map((text, i) => [text, i]));
  const targets = Int32Array.from(set.paths, (path) => place.get(String(path)) as number);
  const rows = Int32Array.from(set.keys.keys());
  const before = peakBytes();

  let letters: Awaited<ReturnType<typeof fitLetters>> | undefined;
  let told = 0;
  const onProgress = (share: number) => {
    const tenth = Math.floor(share * 10);
    if (tenth === told) return;
    told = tenth;
    console.error(`${tenth * 10} % trained, peak ${(peakBytes() / 1e9).toFixed(2)} GB`);
  };
  const took = await timed(async () => {
    letters = await fitLetters(set.keys, rows, targets, tree, { seed: 1, onProgress });
  });
  const fitted = letters as NonNullable<typeof letters>;
  const size = writeLetters(fitted).length;
  const peak = peakBytes();
  show(json, [
    {
      names,
      paths: order.length,
      'n-grams': fitted.vocabulary.size,
      weights: fitted.weights.length,
      seconds: Math.round(took.seconds),
      'CPU s': Math.round(took.cpu),
      'artefact, MB': Math.round(size / 1e6),
      'peak before, GB': Number((before / 1e9).toFixed(2)),
      'peak, GB': Number((peak / 1e9).toFixed(2)),
    },
  ]);
  judgePeak(peak);
}
