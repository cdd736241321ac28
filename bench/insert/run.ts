/** `node bench/insert/run.ts --help` */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { loadConfig, packageRoot } from '../../src/config.ts';
import { median, show } from '../measure.ts';
import { cases } from './cases.ts';
import { type Measured, writeDoc } from './doc.ts';
import { findPgbench, openServer, type Rate, runPgbench, type Side } from './server.ts';

const { values } = parseArgs({
  options: {
    before: { type: 'string' },
    only: { type: 'string' },
    rounds: { type: 'string', default: '5' },
    seconds: { type: 'string', default: '4' },
    doc: { type: 'boolean', default: false },
    json: { type: 'boolean', default: false },
    help: { type: 'boolean', default: false },
  },
});
if (values.help) {
  console.log(`What our trigger costs an INSERT: rows a second with it and with the triggers of the same table off, in turn, by pgbench, on a server
of its own that keeps what it commits (TAXON_POSTGRES=machine or wheel chooses whose). No sidecar runs; memory holds 100,000 labels.

  node bench/insert/run.ts [--before CHECKOUT] [--only ID,ID] [--rounds 5] [--seconds 4] [--doc] [--json]

--before   another commit's checkout (git worktree add …), measured in the same rounds
--only     ${cases.map(({ id }) => id).join(', ')}
--doc      keeps it in bench/insert/measured.json and writes docs/measured/insert.md of all that was kept`);
  process.exit(0);
}
const wanted = values.only?.split(',') ?? cases.map(({ id }) => id);
const unknown = wanted.filter((id) => !cases.some((known) => known.id === id));
if (unknown.length > 0) throw new Error(`there is no case ${unknown.join(', ')}: see --help`);
const rounds = Number(values.rounds);
const seconds = Number(values.seconds);

const server = await openServer(loadConfig(), {
  here: packageRoot,
  ...(values.before === undefined ? {} : { before: values.before }),
});
const folder = mkdtempSync(join(tmpdir(), 'pgtaxon-insert-'));
const measured: Measured[] = [];
try {
  const pgbench = findPgbench(server.cluster);
  for (const { client } of server.sides) {
    await client.query(
      `select set_config('search_path', 'taxon, taxon_internal, extensions, public', false)`,
    );
    await client.query(`insert into labels (name_key, category_id, source)
      select 'known name ' || i, make_category('{Home}'), 'import' from generate_series(1, 100000) i`);
    await client.query('vacuum analyze');
  }
  for (const one of cases.filter(({ id }) => wanted.includes(id))) {
    const script = join(folder, `${one.id}.sql`);
    const run = { script, clients: one.clients, seconds, rows: one.rows };
    // the server, another user, is given the names by a program of its own
    const sql = one.sql.replace(
      ` from 'FILE'`,
      ` from program 'seq -f "Samsung Galaxy чохол %.0f Black 128 GB" 10000'`,
    );
    writeFileSync(script, `\\set n random(1, 1000000000)\n${sql};\n`);
    const each = async (statements: readonly string[] = []) => {
      for (const { client } of server.sides)
        for (const statement of statements) await client.query(statement);
    };
    const once = async (side: Side, triggers: 'enable' | 'disable'): Promise<Rate> => {
      if (one.before === undefined || one.id.startsWith('notify'))
        await side.client.query('truncate products, queue');
      await side.client.query(`alter table products ${triggers} trigger user`);
      return runPgbench(server.cluster, pgbench, side, run);
    };
    await each(one.before);
    const found = new Map(server.sides.map((side) => [side.name, { on: [] as Rate[], off: [] as Rate[] }]));
    for (let round = 0; round < rounds; round += 1)
      for (const side of server.sides) {
        // which comes first changes from round to round
        for (const state of round % 2 === 0 ? (['off', 'on'] as const) : (['on', 'off'] as const))
          found.get(side.name)?.[state].push(await once(side, state === 'on' ? 'enable' : 'disable'));
      }
    await each(one.after);
    for (const [side, { on, off }] of found) {
      const middle = (rates: Rate[], what: keyof Rate) => median(rates.map((rate) => rate[what]));
      measured.push({
        ...{ case: one.id, side },
        ...{ on: middle(on, 'rows'), off: middle(off, 'rows') },
        ratio: median(on.map((rate, i) => rate.rows / (off[i]?.rows ?? Number.NaN))),
        ...{ cpuOn: middle(on, 'cpu'), cpuOff: middle(off, 'cpu') },
      });
    }
  }
} finally {
  rmSync(folder, { recursive: true, force: true });
  await server.close();
}
show(
  values.json,
  measured.map(({ case: id, side, ...row }) => ({
    ...{ case: id, side, 'rows/s': Math.round(row.on), 'triggers off': Math.round(row.off) },
    ...{ ratio: Number(row.ratio.toFixed(2)), 'cpu us': Number(row.cpuOn.toFixed(1)) },
    'cpu us, off': Number(row.cpuOff.toFixed(1)),
  })),
);
if (values.doc) writeDoc(measured, { rounds, seconds, version: server.version });
