/** `node bench/serving/lone.ts --help` */
import { spawn } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { parseArgs } from 'node:util';
import pg from 'pg';
import { packageRoot } from '../../src/config.ts';
import { median, show } from '../measure.ts';
import { writeTable } from '../table-section.ts';

const { values } = parseArgs({
  options: {
    url: { type: 'string', default: process.env.DATABASE_URL },
    names: { type: 'string', default: '' },
    times: { type: 'string', default: '100' },
    json: { type: 'boolean', default: false },
    doc: { type: 'boolean', default: false },
    help: { type: 'boolean', default: false },
  },
});
const help = `One name at a time, each inserted when the sidecar sleeps again: milliseconds from INSERT until the local layers have spoken (it is
answered, or its confidences stand there and it waits for the LLM), and the memory of the sidecar.

  node bench/serving/lone.ts --url postgres://... --names FILE [--times 100] [--json] [--doc]

The database has labels and a champion, and no other sidecar. FILE has a name a line, of names that are not in it.`;

/** Megabytes that a process holds, and the most that it held. */
function memoryOf(pid: number): { now: number; most: number } {
  const status = readFileSync(`/proc/${pid}/status`, 'utf8');
  const of = (key: string) =>
    Math.round(Number(new RegExp(`${key}:\\s+(\\d+)`).exec(status)?.[1] ?? 0) / 1024);
  return { now: of('VmRSS'), most: of('VmHWM') };
}

async function measure(url: string, names: readonly string[]): Promise<void> {
  const client = new pg.Client({ connectionString: url });
  await client.connect();
  const sidecar = spawn(process.execPath, [join(packageRoot, 'src', 'cli', 'main.ts'), 'sidecar'], {
    // as bin/taxon starts it
    env: { ...process.env, DATABASE_URL: url, TAXON_RETRAIN: 'false', MALLOC_ARENA_MAX: '2' },
    stdio: ['ignore', 'ignore', 'pipe'],
  });
  try {
    await new Promise<void>((resolve) => {
      sidecar.stderr.on('data', (text) => String(text).includes('model loaded') && resolve());
    });
    const times: number[] = [];
    for (const name of names) {
      // asleep, as it says itself, and for a moment longer
      while (
        (await client.query('select from taxon_internal.sidecars where idle and listening')).rowCount !== 1
      )
        await sleep(20);
      await sleep(150);
      const started = performance.now();
      const { rows } = await client.query(
        'insert into taxon.products (name) values ($1) returning product_id',
        [name],
      );
      const spoken = `select from taxon.products where product_id = $1 and (state <> 'pending' or l1_confidence is not null)`;
      while ((await client.query(spoken, [rows[0].product_id])).rowCount === 0) await sleep(2);
      times.push(performance.now() - started);
    }
    const sorted = times.toSorted((a, b) => a - b);
    const at = (share: number) => Math.round(sorted[Math.floor(share * (sorted.length - 1))] as number);
    const memory = memoryOf(sidecar.pid as number);
    const { rows } = await client.query('select count(*)::integer as n from taxon.labels');
    const found = [
      {
        labels: rows[0].n,
        names: times.length,
        'p50, ms': Math.round(median(times)),
        'p95, ms': at(0.95),
        'most, ms': at(1),
        'sidecar, MB': memory.now,
        'at most, MB': memory.most,
      },
    ];
    show(values.json, found);
    if (values.doc) writeTable('serving', 'bench/serving/lone.ts', found);
  } finally {
    sidecar.kill('SIGTERM');
    await client.end();
  }
}

if (values.help) console.log(help);
else if (values.url === undefined || !existsSync(values.names))
  console.error(`skipped: --url and --names FILE are needed\n\n${help}`);
else {
  const lines = readFileSync(values.names, 'utf8').trimEnd().split('\n');
  await measure(values.url, lines.slice(-Number(values.times)));
}
