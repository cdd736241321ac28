/** `node bench/speed/arrivals.ts --help` */
import { existsSync, mkdirSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import pg from 'pg';
import { median, show } from '../measure.ts';
import { type Checkout, checkout, here, run, start } from './checkout.ts';
import { readTitles, type Titles } from './titles.ts';

const { values } = parseArgs({
  options: {
    before: { type: 'string', default: '0365b03' },
    names: { type: 'string', default: '1000' },
    rounds: { type: 'string', default: '3' },
    data: { type: 'string', default: join(tmpdir(), 'pgtaxon-arrivals') },
    json: { type: 'boolean', default: false },
    help: { type: 'boolean', default: false },
  },
});
if (values.help) {
  console.log(`New titles that arrive in one INSERT at a memory of 57,029 labels of a noisy teacher, with a model trained on them: here and at
another commit, in turns, without an LLM. Seconds to the first local answer and until no name waits for the local layer.
Names of a round arrive once, so all of them are new.

  node bench/speed/arrivals.ts [--before ${values.before}] [--names 1000] [--rounds 3] [--data FOLDER] [--json]

The databases are made once, in half an hour, and kept in the folder.`);
  process.exit(0);
}

/** The checkout's database with the titles in memory and a champion, running. */
async function database(
  at: Checkout,
  { labels }: Titles,
): Promise<{ url: string; environment: Record<string, string> }> {
  const dataDir = join(values.data, at.name);
  mkdirSync(dataDir, { recursive: true });
  const environment = { TAXON_DATA_DIR: dataDir };
  if (!existsSync(join(dataDir, 'cluster'))) {
    await run(at, ['migrate'], environment);
    await run(at, ['import', labels, '--json'], environment);
  }
  const { url } = JSON.parse((await run(at, ['db', 'start', '--json'], environment)).stdout);
  const client = new pg.Client({ connectionString: url });
  await client.connect();
  const { rows } = await client.query('select from taxon.champion()');
  await client.end();
  if (rows.length === 0) {
    await run(at, ['train', '--no-clean', '--json'], environment);
    if (at === here) await indexed(environment);
  }
  return { url, environment };
}

/** Waits until neighbours are found by an index, as within two minutes of a sidecar's start; not at all where the server makes none. */
async function indexed(environment: Record<string, string>): Promise<void> {
  const { stdout } = await run(here, ['model', 'encoders', '--index', '--json'], environment);
  if (JSON.parse(stdout).made.length === 0) return;
  const sidecar = start(here, ['sidecar'], { ...environment, TAXON_RETRAIN: 'false' });
  await sidecar.says('neighbours are found by the index');
  await sidecar.end('SIGTERM');
}

interface Arrived {
  first: number;
  last: number;
  local: number;
}

/** One round: a sidecar of its own, as quiet as it gets, then the INSERT. */
async function arrive(at: Checkout, titles: Titles, names: readonly string[]): Promise<Arrived> {
  const { url, environment } = await database(at, titles);
  const client = new pg.Client({ connectionString: url });
  await client.connect();
  const sidecar = start(at, ['sidecar'], { ...environment, DATABASE_URL: url, TAXON_RETRAIN: 'false' });
  try {
    await sidecar.says('model loaded');
    const began = performance.now();
    const after = await client.query('select coalesce(max(product_id), 0) as id from taxon.products');
    await client.query('insert into taxon.products (name) select unnest($1::text[])', [names]);
    let first = 0;
    for (;;) {
      await new Promise((resolve) => setTimeout(resolve, 50));
      const { rows } = await client.query(
        `select (select count(*) from taxon.products where product_id > $1 and source = 'local')::integer as local,
                exists (select from taxon_internal.queue where stage = 'local')
                  or exists (select from taxon.products p where p.product_id > $1 and p.state = 'pending'
                               and not exists (select from taxon_internal.queue q where q.name_hash = taxon_internal.name_hash(p.name_key))) as waits`,
        [after.rows[0].id],
      );
      const now = (performance.now() - began) / 1000;
      if (first === 0 && rows[0].local > 0) first = now;
      if (!rows[0].waits) return { first, last: now, local: rows[0].local };
    }
  } finally {
    await client.query(`delete from taxon_internal.queue where stage = 'llm'`);
    await client.end();
    await sidecar.end('SIGTERM');
  }
}

const titles = await readTitles(values.data);
if (titles === null) process.exit(0);
const both = [await checkout(values.before), here];
const count = Number(values.names);
const rounds = new Map<Checkout, Arrived[]>(both.map((at) => [at, []]));
for (let round = 0; round < Number(values.rounds); round++)
  for (const at of both)
    rounds.get(at)?.push(await arrive(at, titles, titles.arriving.slice(round * count, (round + 1) * count)));

const of = (at: Checkout, what: keyof Arrived) => median((rounds.get(at) ?? []).map((each) => each[what]));
show(
  values.json,
  both.map((at) => ({
    commit: at.name,
    names: count,
    'first local answer, s': Math.round(of(at, 'first') * 10) / 10,
    'last answer, s': Math.round(of(at, 'last') * 10) / 10,
    'of before': Math.round((of(at, 'last') / of(both[0] as Checkout, 'last')) * 1000) / 1000,
    'answered locally': of(at, 'local'),
  })),
);
