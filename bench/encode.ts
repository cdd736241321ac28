/** `node bench/encode.ts --help` */
import { availableParallelism } from 'node:os';
import { loadConfig } from '../src/config.ts';
import { generateCatalogue } from '../src/demo/catalogue/generate.ts';
import { openEncoder } from '../src/model/encoder.ts';
import { normalise } from '../src/normalise.ts';
import { flags, median, show, timed } from './measure.ts';

const { names, rounds, json } = flags(
  'Names a second of the encoder that the settings choose, by threads, on names of the demo catalogue: medians over rounds.',
  { names: 1000, rounds: 5 },
);
const keys = generateCatalogue({ labelled: names, arriving: 0 }).labelled.map(({ name }) => normalise(name));
const letters = Math.round(keys.reduce((sum, key) => sum + key.length, 0) / keys.length);

const rows: Record<string, unknown>[] = [];
let one = 0;
for (const threads of new Set([1, availableParallelism()])) {
  const encoder = await openEncoder(loadConfig({ encoderThreads: threads }));
  const wall: number[] = [];
  const cpu: number[] = [];
  for (let round = 0; round < rounds; round++) {
    const took = await timed(() => encoder.encode(keys));
    wall.push(keys.length / took.seconds);
    cpu.push(keys.length / took.cpu);
  }
  await encoder.close();
  one ||= median(wall);
  rows.push({
    threads,
    names: keys.length,
    'letters each': letters,
    'names/s': Math.round(median(wall)),
    'names/CPU s': Math.round(median(cpu)),
    'of one thread': Number((median(wall) / one).toFixed(2)),
    'memory, MB': Math.round(process.memoryUsage().rss / 1e6),
  });
}
show(json, rows);
