/** `node bench/train.ts --help` */
import { HeadTrainer } from '../src/train/meaning/head-trainer.ts';
import { seededRandom } from '../src/train/random.ts';
import { flags, median, show, timed } from './measure.ts';

const { rounds, steps, json } = flags(
  'Rows a second of a training step (forward, backward, AdamW), batch 1,024: medians over rounds, the sizes in turn.',
  { rounds: 7, steps: 10 },
);
const [hidden, batch, names] = [512, 1024, 20_000];
const random = seededRandom(1);

interface Case {
  head: string;
  steps(count: number): Promise<void>;
  close(): Promise<void>;
  wall: number[];
  cpu: number[];
}

async function open(dimension: number, classes: number, embeddings: Float32Array): Promise<Case> {
  const standard = { mean: new Float32Array(dimension), scale: 3.46 };
  const trainer = await HeadTrainer.open({ dimension, hidden, classes }, embeddings, standard, batch, 1);
  const rows = Int32Array.from({ length: batch }, () => Math.floor(random.next() * names));
  const targets = rows.map((row) => row % classes);
  return {
    head: `${dimension}-${hidden}-${classes}`,
    async steps(count) {
      for (let i = 0; i < count; i++) await trainer.step({ rows, targets }, 1e-3, 0.01);
    },
    close: () => trainer.close(),
    wall: [],
    cpu: [],
  };
}

const cases: Case[] = [];
for (const dimension of [768, 384]) {
  const embeddings = Float32Array.from({ length: names * dimension }, () => random.next() - 0.5);
  for (const classes of [12, 400, 2000]) cases.push(await open(dimension, classes, embeddings));
}
for (const each of cases) await each.steps(3);
for (let round = 0; round < rounds; round++) {
  for (const each of cases) {
    const { seconds, cpu } = await timed(() => each.steps(steps));
    each.wall.push((steps * batch) / seconds);
    each.cpu.push((steps * batch) / cpu);
  }
}
for (const { close } of cases) await close();

const first = median(cases[0]?.wall ?? []);
show(
  json,
  cases.map(({ head, wall, cpu }) => ({
    head,
    'rows/s': Math.round(median(wall)),
    slowest: Math.round(Math.min(...wall)),
    fastest: Math.round(Math.max(...wall)),
    'rows/CPU s': Math.round(median(cpu)),
    'of the first': Number((median(wall) / first).toFixed(2)),
  })),
);
