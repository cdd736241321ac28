/** `node bench/train.ts --help` */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { availableParallelism, tmpdir } from 'node:os';
import { join } from 'node:path';
import { HeadTrainer } from '../src/train/meaning/head-trainer.ts';
import { seededRandom } from '../src/train/random.ts';
import { flags, median, show, timed } from './measure.ts';
import { benchPython } from './python.ts';
import { openTorch, type Torch } from './torch/torch.ts';

const { rounds, steps, torch, json } = flags(
  `Rows a second of a training step (forward, backward, AdamW), batch 1,024, beside PyTorch's on the same numbers with as
many threads: medians over rounds, the sizes and the two sides in turn. --torch 0 leaves PyTorch out.`,
  { rounds: 7, steps: 10, torch: 1 },
);
const [hidden, batch, names] = [512, 1024, 20_000];
const threads = availableParallelism();
const random = seededRandom(1);
const folder = mkdtempSync(join(tmpdir(), 'taxon-bench-'));
const rows = Int32Array.from({ length: batch }, () => Math.floor(random.next() * names));

interface Case {
  dimension: number;
  classes: number;
  steps(count: number): Promise<void>;
  close(): Promise<void>;
  wall: number[];
  cpu: number[];
  theirs: number[];
  theirCpu: number[];
}

async function open(dimension: number, classes: number, embeddings: Float32Array): Promise<Case> {
  const standard = { mean: new Float32Array(dimension), scale: 3.46 };
  const trainer = await HeadTrainer.open({ dimension, hidden, classes }, embeddings, standard, batch, 1);
  const targets = rows.map((row) => row % classes);
  return {
    dimension,
    classes,
    async steps(count) {
      for (let i = 0; i < count; i++) await trainer.step({ rows, targets }, 1e-3, 0.01);
    },
    close: () => trainer.close(),
    wall: [],
    cpu: [],
    theirs: [],
    theirCpu: [],
  };
}

async function measure(cases: readonly Case[], peer: Torch | null): Promise<void> {
  for (const each of cases) {
    await each.steps(3);
    await peer?.steps(each, 3);
  }
  for (let round = 0; round < rounds; round++) {
    for (const each of cases) {
      const { seconds, cpu } = await timed(() => each.steps(steps));
      each.wall.push((steps * batch) / seconds);
      each.cpu.push((steps * batch) / cpu);
      if (peer === null) continue;
      const their = await peer.steps(each, steps);
      each.theirs.push((steps * batch) / their.seconds);
      each.theirCpu.push((steps * batch) / their.cpu);
    }
  }
}

let peer: Torch | null = null;
const cases: Case[] = [];
try {
  writeFileSync(join(folder, 'rows.i32'), rows);
  for (const dimension of [768, 384]) {
    const embeddings = Float32Array.from({ length: names * dimension }, () => random.next() - 0.5);
    writeFileSync(join(folder, `embeddings-${dimension}.f32`), embeddings);
    for (const classes of [12, 400, 2000]) cases.push(await open(dimension, classes, embeddings));
  }
  if (torch > 0) {
    const python = await benchPython(
      join(import.meta.dirname, 'torch'),
      'PyTorch needs Python 3.11 or newer with venv and pip; --torch 0 does without.',
    );
    peer = openTorch(python, folder, threads);
  }
  await measure(cases, peer);
} finally {
  for (const { close } of cases) await close();
  peer?.close();
  rmSync(folder, { recursive: true });
}

/** The median of the rounds' ratios: the two sides of a round ran one after the other. */
const ratio = (ours: readonly number[], theirs: readonly number[]) =>
  Number(median(ours.map((rate, i) => rate / (theirs[i] as number))).toFixed(2));

show(
  json,
  cases.map(({ dimension, classes, wall, cpu, theirs, theirCpu }) => ({
    head: `${dimension}-${hidden}-${classes}`,
    threads,
    'rows/s': Math.round(median(wall)),
    slowest: Math.round(Math.min(...wall)),
    fastest: Math.round(Math.max(...wall)),
    'rows/CPU s': Math.round(median(cpu)),
    ...(peer === null
      ? {}
      : {
          [`PyTorch ${peer.version()}`]: Math.round(median(theirs)),
          ratio: ratio(wall, theirs),
          'its rows/CPU s': Math.round(median(theirCpu)),
          'CPU ratio': ratio(cpu, theirCpu),
        }),
  })),
);
