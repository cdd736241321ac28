/** `node bench/classify.ts --help` */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdtempSync, openSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { databaseUrl } from '../src/cli/database.ts';
import { loadConfig, packageRoot } from '../src/config.ts';
import { openDatabase } from '../src/database/connection/open.ts';
import { champion, modelFiles } from '../src/database/registry.ts';
import { loadClassifier } from '../src/model/bundle.ts';
import { normalise } from '../src/normalise.ts';
import { median, show } from './measure.ts';

const help = `Names a second of \`taxon classify --layers local\`, the whole process less that of one name (its start-up): over names
that letters settle, and over some of all names, where the others are encoded and compared with memory.

  node bench/classify.ts --names FILE [--most 20000] [--all 500] [--rounds 3] [--json]

The model is the champion of the database that the settings choose (DATABASE_URL, TAXON_DATA_DIR). FILE has a name a
line, of names never encoded; further columns after a tab are not read.`;

const { values } = parseArgs({
  options: {
    names: { type: 'string' },
    most: { type: 'string', default: '20000' },
    all: { type: 'string', default: '500' },
    rounds: { type: 'string', default: '3' },
    json: { type: 'boolean', default: false },
    help: { type: 'boolean', default: false },
  },
});

interface Taken {
  seconds: number;
  /** Of the processor, all threads together. */
  cpu: number;
}

/** Seconds of one `taxon classify` over the names, and how many of them the local layer answers. */
async function run(names: readonly string[], folder: string): Promise<Taken & { local: number }> {
  const [given, said] = [join(folder, 'names'), join(folder, 'answers')];
  writeFileSync(given, `${names.join('\n')}\n`);
  const main = join(packageRoot, 'src', 'cli', 'main.ts');
  const command = `"$0" "$1" classify --layers local > "$2" || exit 1; times`;
  const started = performance.now();
  const child = spawn('sh', ['-c', command, process.execPath, main, said], {
    stdio: [openSync(given, 'r'), 'pipe', 'pipe'],
  });
  const [times, errors] = await Promise.all(
    [child.stdout, child.stderr].map(async (stream) => (await stream?.toArray())?.join('') ?? ''),
  );
  if (child.exitCode === null) await once(child, 'close');
  if (child.exitCode !== 0) throw new Error(`taxon classify failed: ${errors}`);
  const seconds = (performance.now() - started) / 1000;
  // the second line is of the children: user and system, as 0m1.234s
  const parts = [...(times?.split('\n')[1] ?? '').matchAll(/(\d+)m([\d.]+)s/g)];
  const cpu = parts.reduce((sum, [, minutes, rest]) => sum + 60 * Number(minutes) + Number(rest), 0);
  const lines = readFileSync(said, 'utf8').trimEnd().split('\n');
  if (lines.length !== names.length) throw new Error(`${lines.length} answers to ${names.length} names`);
  return { seconds, cpu, local: lines.filter((line) => JSON.parse(line).layer === 'local').length };
}

/** Those of the names that the champion's letters settle; null where there is no champion. */
async function settledOf(names: readonly string[]): Promise<string[] | null> {
  const config = loadConfig({});
  const db = openDatabase(await databaseUrl(config), config);
  try {
    const best = await champion(db);
    if (best === null) return null;
    const classifier = await loadClassifier(await modelFiles(db, best.modelId));
    const said = await classifier.readManyLetters(names.map(normalise));
    await classifier.close();
    return names.filter((_, i) => said[i]);
  } finally {
    await db.close();
  }
}

async function measure(file: string): Promise<void> {
  const lines = readFileSync(file, 'utf8').split('\n');
  const distinct = new Map(
    lines.map((line) => [normalise(line.split('\t')[0] as string), line.split('\t')[0]]),
  );
  distinct.delete('');
  const names = [...distinct.values()].slice(0, Number(values.most)) as string[];
  const settled = await settledOf(names);
  if (settled === null || settled.length === 0) {
    console.error(
      'skipped: the database has no champion whose letters settle any of the names (taxon train)',
    );
    return;
  }
  // every so many, so that they are of all kinds
  const step = Math.max(1, Math.floor(names.length / Number(values.all)));
  const some = names.filter((_, i) => i % step === 0).slice(0, Number(values.all));
  const folder = mkdtempSync(join(tmpdir(), 'taxon-bench-'));
  const rates = { settled: [] as number[], cpu: [] as number[], all: [] as number[] };
  let starts = 0;
  try {
    for (let round = 0; round < Number(values.rounds); round++) {
      const one = await run(settled.slice(0, 1), folder);
      const many = await run(settled, folder);
      if (many.local !== settled.length) throw new Error(`${many.local} of ${settled.length} were answered`);
      starts = one.seconds;
      rates.settled.push(settled.length / (many.seconds - one.seconds));
      rates.cpu.push(settled.length / (many.cpu - one.cpu));
      if (some.length > 0) rates.all.push(some.length / ((await run(some, folder)).seconds - one.seconds));
    }
  } finally {
    rmSync(folder, { recursive: true });
  }
  const rate = (numbers: number[]) => (numbers.length === 0 ? '' : Math.round(median(numbers)));
  show(values.json, [
    {
      names: names.length,
      'settled by letters': Number((settled.length / names.length).toFixed(3)),
      'settled names/s': rate(rates.settled),
      slowest: Math.round(Math.min(...rates.settled)),
      fastest: Math.round(Math.max(...rates.settled)),
      'settled names/CPU s': rate(rates.cpu),
      'all names/s': rate(rates.all),
      'start-up, s': Number(starts.toFixed(1)),
    },
  ]);
}

if (values.help) console.log(help);
else if (values.names === undefined || !existsSync(values.names)) {
  console.error(`skipped: --names FILE is needed, with a name a line\n\n${help}`);
} else await measure(values.names);
