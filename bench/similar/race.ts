import { existsSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import pg from 'pg';

/** What one look-up of one name said and cost. */
interface Look {
  match: string | null;
  similarity: number | null;
  /** Milliseconds of wall time. */
  wall: number;
  /** Milliseconds of processor time of the server's process; NaN where Linux does not tell. */
  cpu: number;
}

/** A connection whose look-ups are timed. */
interface Runner {
  look(name: string): Promise<Look>;
  /** Many names in one statement; each one's share of it. */
  lookAll(names: readonly string[]): Promise<{ wall: number; cpu: number }>;
  close(): Promise<void>;
}

const statement = 'select name_key, matched_key, similarity from taxon_internal.similar_labels($1)';

async function runner(url: string, byTrigrams: boolean): Promise<Runner> {
  const client = new pg.Client({ connectionString: url, application_name: 'taxon bench' });
  await client.connect();
  const { rows } = await client.query('select pg_backend_pid() as pid');
  const schedule = `/proc/${rows[0].pid}/schedstat`;
  // exact while the process waits for its next statement, however busy the machine is
  const cpuNow = async () =>
    existsSync(schedule) ? Number((await readFile(schedule, 'utf8')).split(' ')[0]) / 1e6 : Number.NaN;
  if (byTrigrams) await client.query('begin; update taxon_internal.signature_state set complete = false');
  async function timed(names: readonly string[]) {
    const cpuBefore = await cpuNow();
    const began = performance.now();
    const found = await client.query({ name: 'look', text: statement, values: [names] });
    const wall = performance.now() - began;
    // the server says that it is ready a moment before it sleeps
    await new Promise((resolve) => setTimeout(resolve, 1));
    return { found: found.rows, wall, cpu: (await cpuNow()) - cpuBefore };
  }
  return {
    async look(name) {
      const { found, ...cost } = await timed([name]);
      return { match: found[0]?.matched_key ?? null, similarity: found[0]?.similarity ?? null, ...cost };
    },
    async lookAll(names) {
      const { wall, cpu } = await timed(names);
      return { wall: wall / names.length, cpu: cpu / names.length };
    },
    async close() {
      await client.query('rollback');
      await client.end();
    },
  };
}

/** Percentiles of the look-ups of all names, one name a statement. */
export interface Costs {
  p50: number;
  p95: number;
  p99: number;
  mean: number;
}

/** One set of names, looked up in both ways. */
export interface Raced {
  names: number;
  wall: { trigrams: Costs; signatures: Costs };
  cpu: { trigrams: Costs; signatures: Costs };
  /** Milliseconds of processor time a name when 64 are asked in one statement. */
  batch: { trigrams: number; signatures: number };
  /** Names that the index of trigrams finds an allowed match for. */
  matched: number;
  /** Of those: signatures found the same one. */
  same: number;
  /** Of those: signatures found another one, which is less similar or stands behind it among equals. */
  other: number;
  /** Names of which signatures found a match and trigrams none: more than 0 is a fault. */
  more: number;
}

function costs(values: readonly number[]): Costs {
  const sorted = values.toSorted((a, b) => a - b);
  const at = (share: number) => sorted[Math.round(share * (sorted.length - 1))] ?? Number.NaN;
  const mean = values.reduce((sum, value) => sum + value, 0) / values.length;
  return { p50: at(0.5), p95: at(0.95), p99: at(0.99), mean };
}

/**
 * Looks all names up in both ways, in turns, so that both see the same machine.
 *
 * @param before other names, looked up first in both ways: a server that has just started has no page in memory
 */
export async function race(
  url: string,
  names: readonly string[],
  before: readonly string[],
  onName: (done: number) => void,
): Promise<Raced> {
  const [trigrams, signatures] = [await runner(url, true), await runner(url, false)];
  const looks: { trigrams: Look; signatures: Look }[] = [];
  const batches: { trigrams: number[]; signatures: number[] } = { trigrams: [], signatures: [] };
  try {
    for (const name of before) for (const one of [trigrams, signatures]) await one.look(name);
    for (const [i, name] of names.entries()) {
      const first = i % 2 === 0 ? await trigrams.look(name) : null;
      const bySignatures = await signatures.look(name);
      looks.push({ trigrams: first ?? (await trigrams.look(name)), signatures: bySignatures });
      onName(i + 1);
    }
    // a sixth of the names is enough for a mean
    for (let at = 0; at + 64 <= Math.max(128, names.length / 3); at += 64) {
      const some = names.slice(at, at + 64);
      batches.trigrams.push((await trigrams.lookAll(some)).cpu);
      batches.signatures.push((await signatures.lookAll(some)).cpu);
    }
  } finally {
    await trigrams.close();
    await signatures.close();
  }
  const matched = looks.filter((look) => look.trigrams.match !== null);
  const same = matched.filter((look) => look.signatures.match === look.trigrams.match);
  const of = (what: 'wall' | 'cpu') => ({
    trigrams: costs(looks.map((look) => look.trigrams[what])),
    signatures: costs(looks.map((look) => look.signatures[what])),
  });
  return {
    names: looks.length,
    wall: of('wall'),
    cpu: of('cpu'),
    batch: { trigrams: costs(batches.trigrams).mean, signatures: costs(batches.signatures).mean },
    matched: matched.length,
    same: same.length,
    other: matched.filter((look) => look.signatures.match !== null).length - same.length,
    more: looks.filter((look) => look.trigrams.match === null && look.signatures.match !== null).length,
  };
}
