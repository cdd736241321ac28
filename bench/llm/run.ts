/** `node bench/llm/run.ts --help` */
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { loadConfig, packageRoot } from '../../src/config.ts';
import { misuse } from '../../src/errors.ts';
import { simulatedModel } from '../../src/llm/pricing.ts';
import { openaiProvider } from '../../src/llm/providers/openai.ts';
import type { Provider, Taxonomy } from '../../src/llm/types.ts';
import { deepest } from '../../src/model/tree.ts';
import type { Path } from '../../src/model/types.ts';
import { startSimulator } from '../../src/simulator/simulator.ts';
import { seededRandom, shuffle } from '../../src/train/random.ts';
import { readDemo, readTitles, titlesFile } from '../accuracy/data.ts';
import type { Source } from '../accuracy/types.ts';
import { openBoundDatabase } from '../trust/bound-database.ts';
import { writeSection } from '../trust/sections.ts';
import { askAll, type Open } from './ask.ts';
import { type Figures, reportOf } from './doc.ts';
import { askLocal, type Said } from './local.ts';
import { askMemory } from './memory.ts';
import { eachAlone, inTwoStages, wholeTree } from './steps.ts';
import { type Arriving, trafficOf } from './traffic.ts';

const { values } = parseArgs({
  options: {
    set: { type: 'string', default: 'titles' },
    data: { type: 'string', default: titlesFile },
    names: { type: 'string', default: '5000' },
    batch: { type: 'string', default: '20' },
    seed: { type: 'string', default: '1' },
    doc: { type: 'boolean', default: false },
    json: { type: 'boolean', default: false },
    help: { type: 'boolean', default: false },
  },
});

const help = `Tokens and accuracy of the whole route: traffic of 17% known names, 18% near repeats and 65% new ones goes through the exact and
similar layers of a throw-away PostgreSQL, a local model trained on the noisy teacher's labels with thresholds from
suggest_thresholds(.10), and the SIMULATED LLM, which counts every token.

  node bench/llm/run.ts [--set titles|demo] [--names 5000] [--batch 20] [--seed N] [--doc] [--json]

  --doc  also writes the section into docs/measured/llm.md`;

const checks = 2000;
const maxError = 0.1;
const errorRates = [0.05, 0.14, 0.21] as const;

async function readSet(seed: number): Promise<Source> {
  const source = values.set === 'demo' ? readDemo({ seed, arriving: 10_000 }) : await readTitles(values.data);
  if (source === null || !['titles', 'demo'].includes(values.set))
    throw misuse(`there is no set ${values.set}${source === null ? `: no file ${values.data}` : ''}`);
  return source;
}

function taxonomyOf({ categories }: Source): Taxonomy {
  const ids = new Map(categories.map((names, i) => [names.join('\n'), i + 1]));
  const nodes = categories.map((names, i) => ({
    id: i + 1,
    parent: ids.get(names.slice(0, -1).join('\n')) ?? null,
    name: names.at(-1) as string,
  }));
  return { nodes: new Map(nodes.map((node) => [node.id, node])) };
}

/** Thresholds that 2,000 checks of names beside the traffic certify. */
async function thresholdsFrom(said: readonly Said[], truth: readonly Path[], seed: number) {
  const judged = said.map(({ path, confidence }, i) => {
    const right = [1, 2, 3].map((levels) =>
      Number(path.slice(0, levels).join() === truth[i]?.slice(0, levels).join()),
    );
    return { said: confidence as [number, number, number], right: right as [number, number, number] };
  });
  const db = await openBoundDatabase(loadConfig(), judged);
  try {
    const order = Int32Array.from(said.keys());
    shuffle(order, seededRandom(seed));
    await db.check(Array.from(order).slice(0, checks), 0);
    const found = await db.suggest(maxError);
    if (!found.feasible) throw misuse(`${checks} checks certify no thresholds for ${maxError} here`);
    return [found.l1, found.l2, found.l3].map(Math.fround);
  } finally {
    await db.close();
  }
}

async function measure(source: Source, provider: Provider, traffic: readonly Arriving[]): Promise<Figures> {
  const config = loadConfig();
  const seed = Number(values.seed);
  const batch = Number(values.batch);
  const taxonomy = taxonomyOf(source);
  const keys = traffic.map(({ key }) => key);
  const fromMemory = await askMemory(config, source, keys);
  const misses = traffic.filter((_, i) => fromMemory[i] === null);
  const local = await askLocal(
    config,
    source,
    misses.map(({ key }) => key),
    seed,
  );
  const cuts = await thresholdsFrom(local.valid, source.valid.truth, seed);
  const saidOf = new Map(misses.map(({ key }, i) => [key, local.more[i] as Said]));

  const openOf = (name: Arriving, at: number): Open => {
    const said = saidOf.get(name.key);
    return {
      at,
      name: name.key,
      truth: deepest(name.truth),
      // as settle_local has it
      branch: coveredOf(said) < 0.85 ? null : (said?.path[0] ?? null),
      shortlist: said?.candidates.map(({ path }) => deepest(path)) ?? [],
      probabilities: said?.candidates.map(({ probability }) => probability) ?? [],
    };
  };
  const coveredOf = (said: Said | undefined) =>
    said?.candidates.reduce((sum, { probability }) => sum + probability, 0) ?? 0;
  const clears = ({ confidence }: Said) =>
    confidence.every((value, level) => Math.fround(value) >= (cuts[level] as number));
  const layerOf = traffic.map(({ key }, i) => {
    const memory = fromMemory[i];
    if (memory) return memory.layer;
    return clears(saidOf.get(key) as Said) ? 'local' : 'llm';
  });
  const categoryOf = traffic.map(({ key }, i) => {
    const path = fromMemory[i]?.path ?? (layerOf[i] === 'local' ? saidOf.get(key)?.path : undefined);
    return path === undefined ? null : deepest(path);
  });
  const places = (which: (layer: string) => boolean) =>
    [...traffic.keys()].filter((i) => which(layerOf[i] as string));
  const open = (at: readonly number[]) => at.map((i) => openOf(traffic[i] as Arriving, i));
  const truth = (i: number) => deepest((traffic[i] as Arriving).truth);
  const all = places(() => true);

  const everyRow = await askAll(open(all), taxonomy, provider, batch, wholeTree(taxonomy));
  const twoStage = async (at: readonly number[]) =>
    askAll(
      open(at).map((each) => ({ ...each, shortlist: [], probabilities: [] })),
      taxonomy,
      provider,
      batch,
      inTwoStages(taxonomy),
    );
  const llm = places((layer) => layer === 'llm');
  const asked = await askAll(open(llm), taxonomy, provider, batch);
  return {
    set: source.set,
    names: traffic.length,
    categories: taxonomy.nodes.size,
    batch,
    errorRates,
    layers: ['exact', 'similar', 'local', 'llm'].map((layer) => {
      const at = places((each) => each === layer);
      const right = at.filter((i) => (layer === 'llm' ? asked.answers.get(i) : categoryOf[i]) === truth(i));
      return { layer, names: at.length, right: right.length };
    }),
    everyRow: all.filter((i) => everyRow.answers.get(i) === truth(i)).length,
    steps: await stepsOf(),
    asked,
    sizes: [5, 8, 12, 20, 40].map((size) => ({
      size,
      reached: open(llm).filter(({ shortlist, truth: right }) => shortlist.slice(0, size).includes(right))
        .length,
    })),
    open: llm.length,
  };

  async function stepsOf(): Promise<Figures['steps']> {
    const missed = places((layer) => layer === 'local' || layer === 'llm');
    const notExact = places((layer) => layer !== 'exact');
    const single = eachAlone(open(all), taxonomy);
    const mean = (at: readonly number[]) => at.reduce((sum, i) => sum + (single.twoStage[i] as number), 0);
    const spent = (uses: typeof asked.uses) => uses.reduce((sum, { tokens }) => sum + tokens, 0);
    return [
      ['naive', single.naive, 25_000],
      ['compact', single.compact, 12_000],
      ['two-stage', mean(all), 1200],
      ['exact', mean(notExact), 900],
      ['similar', mean(missed), 540],
      ['batched', spent((await twoStage(missed)).uses), null],
      ['local', spent((await twoStage(llm)).uses), 110],
      ['shortlist', spent(asked.uses), null],
    ].map(([step, tokens, seed]) => ({
      step: step as string,
      tokens: (tokens as number) / traffic.length,
      seed: seed as number | null,
    }));
  }
}

async function main(): Promise<void> {
  const seed = Number(values.seed);
  const source = await readSet(seed);
  const traffic = trafficOf(source, Number(values.names), seed);
  const names = (path: Path) =>
    path.flatMap((id) => (id === null ? [] : [source.categories[id - 1]?.at(-1) as string]));
  const simulator = await startSimulator({
    truth: new Map(traffic.map(({ key, truth }) => [key, names(truth)])),
    errorRates,
    seed,
  });
  try {
    const provider = openaiProvider({
      key: undefined,
      baseUrl: simulator.url,
      model: simulatedModel,
      timeoutMs: 60_000,
    });
    const figures = await measure(source, provider, traffic);
    const report = reportOf(figures);
    process.stdout.write(values.json ? `${JSON.stringify(figures)}\n` : `${report}\n`);
    if (values.doc)
      writeSection(join(packageRoot, 'docs', 'measured', 'llm.md'), `route on ${values.set}`, report);
  } finally {
    await simulator.close();
  }
}

if (values.help) process.stdout.write(`${help}\n`);
else await main();
