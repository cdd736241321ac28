/** `node bench/letters-first.ts --help` */
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { loadConfig, packageRoot } from '../src/config.ts';
import { misuse } from '../src/errors.ts';
import { loadClassifier } from '../src/model/bundle.ts';
import { type Gate, throughGate } from '../src/model/gate.ts';
import type { LettersFirst } from '../src/model/letters-alone.ts';
import { lettersServed } from '../src/model/letters-alone.ts';
import { neighboursAsked } from '../src/model/memory.ts';
import type { Answer, Path, VoiceWeights } from '../src/model/types.ts';
import { partsBy } from '../src/train/data/split.ts';
import { chooseJoin, mostNames } from '../src/train/join/choose.ts';
import { viewsOf } from '../src/train/join/views.ts';
import { allVoices, fitVoices, usualWeights } from '../src/train/join/voices.ts';
import { pair } from '../src/train/judge/paired.ts';
import { readDemo, readTitles, sampled, titlesFile } from './accuracy/data.ts';
import { embeddingsOf } from './accuracy/embeddings.ts';
import { farFrom } from './accuracy/near.ts';
import { coverageAt, score } from './accuracy/score.ts';
import { show } from './measure.ts';

const { values } = parseArgs({
  options: {
    set: { type: 'string', default: 'titles' },
    sample: { type: 'string' },
    data: { type: 'string', default: titlesFile },
    doc: { type: 'boolean', default: false },
    json: { type: 'boolean', default: false },
    help: { type: 'boolean', default: false },
  },
});

const help = `What it costs that letters alone answer, and letters and meaning what they leave: a model trained on noisy labels chooses on its
held-out cache misses from where on they do, and is asked names with a known truth, at these limits and at others, beside all voices
asked of every name.

  node bench/letters-first.ts [--set titles|demo] [--sample N] [--data FILE] [--doc] [--json]

  --sample  about so many training names, for a quick look
  --doc     writes docs/measured/letters-first.md`;

const gates = [0.98, 0.97, 0.96, 0.95, 0.9, 0.8, 0.7];
const meaningGates = [0.9, 0.8, 0.7, 0.5];

/** The model, what it chose, and the ways to ask it: of each name what all voices say, letters from a limit on, and then meaning. */
async function train() {
  const config = loadConfig();
  const whole = values.set === 'demo' ? readDemo({ seed: 1 }) : await readTitles(values.data);
  if (whole === null) throw misuse(`no file ${values.data}`);
  const { train, test } = values.sample === undefined ? whole : sampled(whole, Number(values.sample));
  const keys = [...train.keys, ...test.keys];
  const { embeddings, dimension, encoder } = await embeddingsOf(config, keys);
  const set = { keys, paths: [...train.paths, ...test.paths], embeddings, dimension, encoder };
  const part = train.keys.map(partsBy(0));
  const rows = (wanted: string) => Int32Array.from(part.keys()).filter((row) => part[row] === wanted);
  const [learnt, held] = [rows('train'), rows('valid')];
  const keysOf = (some: Int32Array) => Array.from(some, (row) => keys[row] as string);
  const far = farFrom(keysOf(learnt), keysOf(held));
  const misses = held.filter((_, i) => far[i]).slice(0, mostNames);
  const { files } = await fitVoices(set, learnt, misses, { seed: 1 });
  const model = await loadClassifier(files(allVoices));
  const views = (asked: Int32Array) => viewsOf(set, asked, learnt, neighboursAsked);
  const labels = Array.from(misses, (row) => set.paths[row] as Path);
  const choice = await chooseJoin(model, { views: await views(misses), labels }, usualWeights);
  const asked = await views(Int32Array.from(test.keys, (_, i) => train.keys.length + i));
  const ask = async (weights: VoiceWeights) => {
    const said: Answer[] = [];
    for (let at = 0; at < asked.length; at += 256)
      said.push(...(await model.predict(asked.slice(at, at + 256), weights)));
    return said;
  };
  const all = await ask(choice.weights);
  const without = await ask({ ...choice.weights, memory: [0, 0, 0] });
  const alone = (first: LettersFirst) =>
    test.keys.map(lettersServed((key, even) => model.readLetters([key], even)[0] as Answer & never, first));
  return {
    choice,
    all,
    without: (gate: Gate) => without.map((said) => throughGate(gate, said)),
    alone,
    truth: test.paths,
    misses: misses.length,
    learnt: learnt.length,
    close: model.close,
  };
}

async function main(): Promise<void> {
  const { choice, all, alone, without, truth, misses, learnt, close } = await train();
  const { lettersFirst, lettersShare, lettersCost, memoryLast, meaningShare, meaningCost } = choice;
  const sure = (answers: readonly Answer[]) =>
    answers.map(({ path, confidence }) => ({ path, confidence: confidence[2] }));
  const right = (answers: readonly Answer[]) =>
    answers.map(({ path }, i) => path.join() === truth[i]?.join());
  const percent = (share: number | null) => Number(((share ?? 0) * 100).toFixed(2));
  const row = (what: string, said: (Answer | null)[]) => {
    const answers = said.map((answer, i) => answer ?? (all[i] as Answer));
    const { l1, l2, l3, path, coverage5, coverage10 } = score(sure(answers), truth);
    const { won, lost, p } = pair(right(all), right(answers));
    return {
      'letters answer from': what,
      settled: Number((said.filter(Boolean).length / said.length).toFixed(3)),
      ...{ l1: percent(l1), l2: percent(l2), l3: percent(l3), 'all three': percent(path) },
      ...{ 'coverage at 5 %': percent(coverage5), 'at 10 %': percent(coverage10) },
      'at 15 %': percent(coverageAt(sure(answers), truth, 0.15)),
      'won / lost (p)': `${won} / ${lost} (${p.toFixed(2)})`,
    };
  };
  const rows = [
    row(
      'never: all voices of every name',
      all.map(() => null),
    ),
  ];
  if (lettersFirst !== null) {
    rows.push(row(`**${lettersFirst.from}, as chosen**`, alone(lettersFirst)));
    for (const from of gates) rows.push(row(String(from), alone({ ...lettersFirst, from })));
  }
  if (lettersFirst !== null && memoryLast !== null) {
    const first = alone(lettersFirst);
    const then = (gate: Gate) => {
      const next = without(gate);
      return first.map((said, i) => said ?? (next[i] as Answer | null));
    };
    rows.push(row(`**then letters and meaning from ${memoryLast.from}, as chosen**`, then(memoryLast)));
    for (const from of meaningGates)
      rows.push(row(`then letters and meaning from ${from}`, then({ ...memoryLast, from })));
  }
  await close();
  show(values.json, rows);
  const tell = ({ coverage }: typeof lettersCost) => coverage.map((share) => share.toFixed(4)).join(' / ');
  const facts = `${learnt.toLocaleString('en')} names learnt, ${misses.toLocaleString('en')} held-out cache misses to choose on, ${truth.length.toLocaleString('en')} asked. There letters would settle ${lettersShare.toFixed(3)} of the names; coverage that this costs, expected, at errors of 2.5 / 5 / 10 % as labels tell: ${tell(lettersCost)}; letters and meaning ${meaningShare.toFixed(3)} more, for ${tell(meaningCost)}.`;
  process.stderr.write(`${facts}\n`);
  if (!values.doc) return;
  const columns = Object.keys(rows[0] as object);
  const line = (cells: readonly unknown[]) => `| ${cells.join(' | ')} |`;
  const table = [
    line(columns),
    `|---|${'--:|'.repeat(columns.length - 1)}`,
    ...rows.map((each) => line(Object.values(each))),
  ];
  const folder = join(packageRoot, 'docs/measured');
  mkdirSync(folder, { recursive: true });
  writeFileSync(
    join(folder, 'letters-first.md'),
    `# What it costs that some voices are not asked

<!-- made by: node bench/letters-first.ts --doc -->

${values.set === 'demo' ? 'The demo catalogue' : "Real titles with a noisy teacher's labels"}, measured ${new Date().toISOString().slice(0, 10)}. ${facts}

Shares in percent, against the truth, on the same names; *won / lost*: names whose whole path only this way, or only all voices have right.

${table.join('\n')}
`,
  );
}

if (values.help) console.log(help);
else await main();
