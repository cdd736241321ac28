/**
 * Rows a second of the training step (forward, backward, AdamW) at 768-512-N, batch 1,024.
 *
 *   node bench/train.ts [--json] [--seconds 5]
 */
import { parseArgs } from 'node:util';
import { HeadTrainer } from '../src/train/head-trainer.ts';
import { seededRandom } from '../src/train/random.ts';

const { values } = parseArgs({
  options: { json: { type: 'boolean', default: false }, seconds: { type: 'string', default: '5' } },
});
const [dimension, hidden, batch, names] = [768, 512, 1024, 20_000];
const random = seededRandom(1);
const embeddings = Float32Array.from({ length: names * dimension }, () => random.next() - 0.5);
const standard = { mean: new Float32Array(dimension), scale: 3.46 };

/** Rows a second of wall time and of processor time. */
async function measure(classes: number) {
  const trainer = await HeadTrainer.open({ dimension, hidden, classes }, embeddings, standard, batch, 1);
  const rows = Int32Array.from({ length: batch }, () => Math.floor(random.next() * names));
  const step = { rows, targets: rows.map((row) => row % classes) };
  for (let i = 0; i < 3; i++) await trainer.step(step, 1e-3, 0.01);
  const cpu = process.cpuUsage();
  const started = performance.now();
  let steps = 0;
  while (performance.now() - started < Number(values.seconds) * 1000) {
    await trainer.step(step, 1e-3, 0.01);
    steps++;
  }
  const seconds = (performance.now() - started) / 1000;
  const { user, system } = process.cpuUsage(cpu);
  await trainer.close();
  return {
    classes,
    rowsPerSecond: Math.round((steps * batch) / seconds),
    rowsPerCpuSecond: Math.round((steps * batch * 1e6) / (user + system)),
  };
}

const results = [];
for (const classes of [12, 400, 2000]) {
  const result = await measure(classes);
  results.push(result);
  if (!values.json)
    console.log(
      `${dimension}-${hidden}-${classes}: ${result.rowsPerSecond} rows/s, ${result.rowsPerCpuSecond} rows a CPU second`,
    );
}
if (values.json) console.log(JSON.stringify({ dimension, hidden, batch, results }));
