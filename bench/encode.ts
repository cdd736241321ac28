/** `node bench/encode.ts --help` */
import { writeFileSync } from 'node:fs';
import { cpus } from 'node:os';
import { join, resolve } from 'node:path';
import { parseArgs } from 'node:util';
import { loadConfig, packageRoot } from '../src/config.ts';
import { generateCatalogue } from '../src/demo/catalogue/generate.ts';
import { tokensAtOnce } from '../src/model/encode-worker.ts';
import { normalise } from '../src/normalise.ts';
import { readTitles, titlesFile } from './accuracy/data.ts';
import { page, type Row } from './encoding/page.ts';
import { openPeer, type Peer } from './encoding/peer.ts';
import {
  type Asked,
  asShipped,
  byLetters,
  modelAlone,
  openPipeline,
  tokenising,
  type Way,
} from './encoding/ways.ts';
import { median, show, timed } from './measure.ts';

const { values } = parseArgs({
  options: {
    names: { type: 'string', default: '192' },
    rounds: { type: 'string', default: '5' },
    data: { type: 'string', default: titlesFile },
    doc: { type: 'boolean', default: false },
    json: { type: 'boolean', default: false },
    help: { type: 'boolean', default: false },
  },
});

const help = `Names a CPU second of the encoder, beside onnxruntime in Python on the same weights, and of what was tried to make it faster.
Ways in turn, round by round; medians. Real titles, or names of the demo catalogue where the file is not there.

  node bench/encode.ts [--names 192] [--rounds 5] [--data FILE] [--doc] [--json]

  --doc  writes docs/measured/encode.md

The peer is installed into bench/encoding/.venv (or set TAXON_BENCH_PYTHON). Only the bundled encoder is measured.`;

type Spent = Map<string, { cpu: number[]; seconds: number[]; cosine: number }>;

/** All ways in turn, round by round, and the peer's where there is one; returns the peer's version. */
async function turns(ways: readonly Way[], peer: Peer | null, spent: Spent): Promise<string> {
  let version = '';
  const note = (what: string, cpu: number, seconds: number, cosine = 1) => {
    const found = spent.get(what) ?? { cpu: [], seconds: [], cosine: 1 };
    found.cpu.push(cpu);
    found.seconds.push(seconds);
    found.cosine = Math.min(found.cosine, cosine);
    spent.set(what, found);
  };
  // the first round warms up and is not counted
  for (let round = 0; round <= Number(values.rounds); round++) {
    if (round === 1) for (const { what } of ways) spent.delete(what);
    for (const { what, run } of ways) {
      const { cpu, seconds } = await timed(run);
      note(what, cpu, seconds);
    }
    const answer = await peer?.round();
    version = answer?.version ?? '';
    if (round > 0)
      for (const [what, { cpu, cosine }] of Object.entries(answer?.ways ?? {}))
        note(`Python: ${what}`, cpu, Number.NaN, cosine);
  }
  return version;
}

async function main(): Promise<void> {
  const config = loadConfig();
  const count = Number(values.names);
  const titles = await readTitles(values.data);
  const keys =
    titles === null
      ? generateCatalogue({ labelled: count, arriving: 0 }).labelled.map(({ name }) => normalise(name))
      : titles.test.keys.slice(0, count);
  const texts = keys.map((key) => config.encoderPrefix + key);
  const folder = resolve(config.encoder);
  const extractor = await openPipeline(folder);
  const { input_ids: tokens } = extractor.tokenizer(texts, { truncation: true, return_tensor: false });
  const asked: Asked = { folder, keys, texts, tokens, batch: config.encoderBatch };
  const peer = await openPeer(folder, texts, config.encoderBatch, tokensAtOnce);
  const shipped = await asShipped(config, asked);
  const spent: Spent = new Map();
  const version = await turns(
    [...shipped, byLetters(extractor, asked), tokenising(extractor, asked)],
    peer,
    spent,
  );
  peer.close();
  // apart: in one process with so many sessions the worker threads lose two fifths of their speed
  for (const { close } of shipped) await close();
  const alone = await modelAlone(asked);
  await turns(alone, null, spent);
  const cpuOf = (what: string | undefined) => median(spent.get(what ?? '')?.cpu ?? []);
  const [base, model] = [cpuOf(shipped[0]?.what), cpuOf(alone[0]?.what)];
  const rows: Row[] = [...spent].map(([way, { cpu, seconds, cosine }]) => ({
    way,
    'names/CPU s': Math.round(keys.length / median(cpu)),
    'names/s': Math.round(keys.length / median(seconds)) || null,
    ratio: Number(((alone.some(({ what }) => what === way) ? model : base) / median(cpu)).toFixed(2)),
    cosine: Number(cosine.toFixed(5)),
  }));
  if (values.doc) {
    const mean = tokens.reduce((sum: number, ids: number[]) => sum + ids.length, 0) / tokens.length;
    const machine = `${cpus().length} × ${cpus()[0]?.model ?? 'unknown'}, Node ${process.versions.node}`;
    const facts = { names: keys.length, titles: titles !== null, tokens: mean, machine, version };
    writeFileSync(join(packageRoot, 'docs/measured/encode.md'), page(rows, facts));
  }
  show(values.json, rows as unknown as Record<string, unknown>[]);
  process.exit(0);
}

if (values.help) process.stdout.write(`${help}\n`);
else await main();
