import { loadConfig } from '../../src/config.ts';
import { misuse } from '../../src/errors.ts';
import { setLogLevel } from '../../src/log.ts';
import { loadClassifier } from '../../src/model/bundle.ts';
import type { Path } from '../../src/model/types.ts';
import { type Chosen, trainModel } from '../../src/train/fit.ts';
import { viewsOf } from '../../src/train/join/views.ts';
import type { TrainingSet } from '../../src/train/join/voices.ts';
import { titlesFile } from '../accuracy/data.ts';
import { embeddingsOf } from '../accuracy/embeddings.ts';
import { score } from '../accuracy/score.ts';
import type { Answer } from '../accuracy/types.ts';
import { flags, show, timed } from '../measure.ts';
import { titlesWorld } from './world.ts';

const { labels, growth, trainings, asked, seed, json } = flags(
  `Memory of the real titles grows (labels of the noisy teacher), and a model is trained each time: all anew, or with what the first
training chose (epochs of the heads, weights of the voices, when letters suffice). Titles of the last weeks are asked, against the truth.`,
  { labels: 4000, growth: 30, trainings: 4, asked: 6000, seed: 1 },
);

setLogLevel('warn');
// the year's names, so that its embeddings are used again
const world = await titlesWorld(titlesFile, { labels: 2000, weeks: 52, names: 1190, seed });
if (world === null) throw misuse(`no file ${titlesFile}: the titles are not part of the project`);
const all = [...world.start, ...world.weeks.flat()];
const ids = new Map(world.categories.map((names, i) => [names.join('\n'), i + 1]));
const pathOf = (names: readonly string[]): Path => {
  const id = (level: number) =>
    level > names.length ? null : (ids.get(names.slice(0, level).join('\n')) as number);
  return [id(1) as number, id(2), id(3)];
};
const keys = all.map(({ key }) => key);
const set: TrainingSet = {
  keys,
  paths: all.map(({ teacher }) => pathOf(teacher)),
  ...(await embeddingsOf(loadConfig(), keys)),
};
const test = Int32Array.from({ length: asked }, (_, i) => keys.length - asked + i);
const truth = Array.from(test, (row) => pathOf((all[row] as (typeof all)[number]).truth));

/** The first so many names, as memory would hold them. */
const first = (names: number): TrainingSet => ({
  ...set,
  keys: keys.slice(0, names),
  paths: set.paths.slice(0, names),
  embeddings: set.embeddings.subarray(0, names * set.dimension),
});

async function train(names: number, chosen?: Chosen) {
  let made: Awaited<ReturnType<typeof trainModel>> | undefined;
  const { seconds } = await timed(async () => {
    made = await trainModel(first(names), { seed, chosen });
  });
  const { files, report } = made as NonNullable<typeof made>;
  const classifier = await loadClassifier(files);
  try {
    const memory = Int32Array.from({ length: names }, (_, row) => row);
    const views = await viewsOf(set, test, memory, classifier.neighbours);
    const answers = (await classifier.predict(views)).map(
      ({ path, confidence }): Answer => ({ path, confidence: confidence[2] }),
    );
    const { path, coverage5, coverage10 } = score(answers, truth);
    return { report, row: { seconds, path, coverage5, coverage10 } };
  } finally {
    await classifier.close();
  }
}

/** Of the letters' work, the share in nodes that got no new name when memory grew: what keeping them would save. */
function unchanged(before: number, now: number): { nodes: number; kept: number; work: number } {
  const nodes = new Map<string, { names: number; children: Set<number | null>; grew: boolean }>();
  for (const [row, path] of set.paths.slice(0, now).entries())
    path.forEach((child, level) => {
      if (level > 0 && path[level - 1] === null) return;
      const above = path.slice(0, level).join();
      const node = nodes.get(above) ?? { names: 0, children: new Set(), grew: false };
      nodes.set(above, node);
      node.names++;
      node.children.add(child);
      node.grew ||= row >= before;
    });
  const fitted = [...nodes.values()].filter(({ children }) => children.size > 1);
  const work = (some: typeof fitted) => some.reduce((sum, node) => sum + node.names * node.children.size, 0);
  const kept = fitted.filter(({ grew }) => !grew);
  return { nodes: fitted.length, kept: kept.length, work: work(kept) / work(fitted) };
}

const rows: Record<string, unknown>[] = [];
const add = (names: number, how: string, row: Record<string, number>) => {
  const rounded = Object.entries(row).map(([name, value]) => [name, Math.round(value * 10_000) / 10_000]);
  rows.push({ labels: names, how, ...Object.fromEntries(rounded) });
};
let chosen: Chosen | undefined;
for (let i = 0, names = labels; i < trainings; i++, names = Math.round(names * (1 + growth / 100))) {
  const anew = await train(names);
  const { nodes, kept, work } = unchanged(Math.round(names / (1 + growth / 100)), names);
  add(names, 'anew', {
    ...anew.row,
    nodes,
    'of these without a new name': kept,
    'their share of the work': work,
  });
  if (chosen !== undefined) add(names, 'as the first chose', (await train(names, chosen)).row);
  chosen ??= { levels: anew.report.levels, join: anew.report.join };
}
show(json, rows);
