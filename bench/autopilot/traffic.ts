import { type ChildProcess, spawn } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { type Config, environmentOf, packageRoot } from '../../src/config.ts';
import type { Database } from '../../src/database/connection/open.ts';
import type { Arrival } from './world.ts';

/** Names a second, in steps of a tenth; resolves when the time is over and all are answered. */
export async function arrivals(db: Database, names: readonly Arrival[], rate: number, seconds: number) {
  const { from } = await db.row<{ from: number }>(
    'select coalesce(max(product_id), 0) as from from taxon.products',
  );
  const began = performance.now();
  const insert = 'insert into taxon.products (name) select unnest($1::text[])';
  const size = Math.round(rate / 10);
  let late = 0;
  for (let step = 0; step < seconds * 10; step++) {
    const wait = began + step * 100 - performance.now();
    if (wait > 0) await sleep(wait);
    else late = Math.max(late, -wait);
    const some = names.slice(step * size, (step + 1) * size);
    await db.rows(insert, [some.map(({ key }) => key)]);
  }
  const open = () =>
    db.row<{ n: number }>(
      `select count(*) as n from taxon.products where product_id > $1 and state = 'pending'`,
      [from],
    );
  while ((await open()).n > 0) await sleep(50);
  return { from, late: Math.round(late) };
}

interface Latency {
  names: number;
  p50: number;
  p95: number;
  p99: number;
  most: number;
  models: number;
}

/** Milliseconds from INSERT to answer of the local layer's rows. */
export const latency = (db: Database, from: number) =>
  db.row<Latency>(
    `select count(*) as names, round(percentile_disc(.5) within group (order by ms)) as p50, round(percentile_disc(.95) within group (order by ms)) as p95,
            round(percentile_disc(.99) within group (order by ms)) as p99, round(max(ms)) as most, count(distinct model_id) as models
     from (select extract(epoch from classified_at - created_at) * 1000 as ms, model_id
             from taxon.products where product_id > $1 and source = 'local') x`,
    [from],
  );

/** Rows that carry anything else than the one model that decided them, and rows that failed. */
export const wrong = (db: Database) =>
  db.row<{ mixed: number; foreign_thresholds: number; failed: number; unanswered: number }>(
    `select count(*) filter (where e.model_id <> p.model_id) as mixed,
            count(*) filter (where t.model_id <> e.model_id) as foreign_thresholds,
            count(*) filter (where p.state = 'failed') as failed, count(*) filter (where p.state = 'pending') as unanswered
     from taxon.products p left join taxon_internal.evidence e using (evidence_id) left join taxon_internal.thresholds t using (threshold_id)`,
  );

/** Sidecars without an LLM, in processes of their own. */
export function startSidecars(config: Config, count: number): ChildProcess[] {
  const environment = { ...process.env, ...environmentOf({ ...config, llmProvider: 'none' }) };
  const main = join(packageRoot, 'src', 'cli', 'main.ts');
  return Array.from({ length: count }, () =>
    spawn(process.execPath, [main, '--quiet', 'sidecar'], {
      env: environment,
      stdio: ['ignore', 'ignore', 'inherit'],
    }),
  );
}

/** Resident memory of a process in MB. */
export function memoryOf({ pid }: ChildProcess): number {
  const kb = /VmRSS:\s+(\d+)/.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1];
  return Math.round(Number(kb) / 1024);
}

/** Ends processes and waits for their end. */
export async function stopAll(sidecars: readonly ChildProcess[]): Promise<void> {
  for (const sidecar of sidecars) sidecar.kill('SIGTERM');
  await Promise.all(
    sidecars.map((sidecar) => sidecar.exitCode !== null || new Promise((end) => sidecar.once('exit', end))),
  );
}
