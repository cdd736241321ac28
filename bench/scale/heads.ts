/** `node bench/scale/heads.ts --help` */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { readMatrix, writeMatrix } from '../../src/train/data/matrix-cache.ts';
import { fitHead, hiddenUnits } from '../../src/train/meaning/fit-head.ts';
import { seededRandom } from '../../src/train/random.ts';
import { flags, show, timed } from '../measure.ts';
import { judgePeak, peakBytes } from './peak.ts';

const { names, dimension, classes, epochs, json } = flags(
  `One head trained on a synthetic matrix of as many names, read from the cache on disk as training reads it: time, rows a
second, peak memory. Random numbers: what the head answers says nothing. Needs room in the folder for temporary files for
the matrix (names × dimension × 4 bytes). Ends with 1 when the peak is above 4 GB.`,
  { names: 743_000, dimension: 768, classes: 2000, epochs: 1 },
);

const random = seededRandom(1);
const folder = mkdtempSync(join(tmpdir(), 'taxon-bench-'));
const path = join(folder, 'matrix.f32');
const facts = { encoder: 'random', encoderId: 1, dimension, count: names, keysSha256: 'random' };
const matrix = new Float32Array(names * dimension);
let read = { seconds: 0, cpu: 0 };
try {
  for (let i = 0; i < matrix.length; i++) matrix[i] = random.next() - 0.5;
  await writeMatrix(path, facts, matrix);
  matrix.fill(0);
  read = await timed(async () => {
    if (!(await readMatrix(path, facts, matrix))) throw new Error('the cache could not be read');
  });
} finally {
  rmSync(folder, { recursive: true });
}

// as training parts them: 5% are the test part's, 8% stop the head
const part = (from: number, to: number) => {
  const rows = Int32Array.from(
    { length: Math.floor(names * (to - from)) },
    (_, i) => i + Math.floor(names * from),
  );
  return { rows, targets: rows.map((row) => row % classes) };
};
const [valid, train] = [part(0.05, 0.13), part(0.13, 1)];
const standard = { mean: new Float32Array(dimension), scale: 3.46 };
const shape = { dimension, hidden: hiddenUnits, classes };
const took = await timed(() => fitHead(shape, matrix, standard, train, valid, { seed: 1, epochs }));
const peak = peakBytes();
show(json, [
  {
    head: `${dimension}-${hiddenUnits}-${classes}`,
    names,
    trained: train.rows.length,
    epochs,
    'read, s': Number(read.seconds.toFixed(1)),
    seconds: Math.round(took.seconds),
    'CPU s': Math.round(took.cpu),
    'rows/s': Math.round((train.rows.length * epochs) / took.seconds),
    'peak, GB': Number((peak / 1e9).toFixed(2)),
  },
]);
judgePeak(peak);
