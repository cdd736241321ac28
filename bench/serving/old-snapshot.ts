/** `node bench/serving/old-snapshot.ts --help` */
import pg from 'pg';
import { loadConfig } from '../../src/config.ts';
import { flags, median, show } from '../measure.ts';
import { writeTable } from '../table-section.ts';
import { throwAwayServer } from '../trust/throw-away.ts';

const { names, before, doc, json } = flags(
  `What a claim of 64 names costs, and how large the queue's table is: after names have gone through, while a transaction keeps a snapshot
from before all of them (so that nothing that is dead can be removed), and in the minute after it has ended. Names are queued 4,096 at a
time, claimed and settled by the functions that sidecars call. --before 1 claims as before there was a floor (from the first entry on); --doc 1 writes docs/measured/serving.md.`,
  { names: 300_000, before: 0, doc: 0 },
);

const size = 64;
const atOnce = 4096;

const { url, close } = await throwAwayServer(loadConfig(), true);
const connect = async () => {
  const client = new pg.Client({ connectionString: url });
  await client.connect();
  return client;
};
const client = await connect();
let made = 0;

/** So many names through the queue; milliseconds of each claim. */
async function through(count: number): Promise<number[]> {
  const times: number[] = [];
  for (let done = 0; done < count; ) {
    await client.query(
      `insert into taxon_internal.queue (name_key) select 'name ' || i from generate_series($1::bigint, $2) i`,
      [made + 1, made + atOnce],
    );
    made += atOnce;
    for (;;) {
      if (before)
        await client.query(
          `select setval('taxon_internal.queue_floor', 0), setval('taxon_internal.queue_safe', 0)`,
        );
      const started = performance.now();
      const { rows } = await client.query(
        `select name_key from taxon_internal.claim('bench', $1, claim_id => gen_random_uuid())`,
        [size],
      );
      if (rows.length > 0) times.push(performance.now() - started);
      else break;
      done += rows.length;
      await client.query(`select taxon_internal.settle_from_memory('bench', $1)`, [
        rows.map((row) => row.name_key),
      ]);
    }
  }
  return times;
}

const bytes = async () =>
  Number((await client.query(`select pg_total_relation_size('taxon_internal.queue') as n`)).rows[0].n);
const rounded = (value: number) => Math.round(value * 100) / 100;
const rows: Record<string, unknown>[] = [];
async function note(when: string, times: readonly number[]): Promise<void> {
  const sorted = times.toSorted((a, b) => a - b);
  const usual = (rows[0]?.['claim p50, ms'] as number | undefined) ?? median(sorted);
  rows.push({
    when,
    'names so far': made,
    'claim p50, ms': rounded(median(sorted)),
    'p95, ms': rounded(sorted[Math.floor(0.95 * (sorted.length - 1))] as number),
    'of usual': rounded(median(sorted) / usual),
    'table and indexes, MB': Math.round((await bytes()) / 1e6),
  });
}

try {
  await through(2 * atOnce);
  await note('fresh', await through(4 * atOnce));
  await through(names);
  await note('after names went through', (await through(4 * atOnce)).slice(-64));
  const old = await connect();
  await old.query('begin isolation level repeatable read');
  await old.query('select from taxon_internal.queue limit 1');
  await through(names);
  await note('beside an old snapshot', (await through(4 * atOnce)).slice(-256));
  await old.query('commit');
  await old.end();
  await note('at once after its end', await through(atOnce));
  await new Promise((resolve) => setTimeout(resolve, 60_000));
  await note('a minute after its end', await through(4 * atOnce));
  show(json, rows);
  if (doc) writeTable('serving', `bench/serving/old-snapshot.ts --names ${names} --before ${before}`, rows);
} finally {
  await client.end();
  await close();
}
