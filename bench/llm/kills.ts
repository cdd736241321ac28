/** `node bench/llm/kills.ts --help` */
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { loadConfig, packageRoot } from '../../src/config.ts';
import { type Database, openDatabase } from '../../src/database/connection/open.ts';
import { generateCatalogue } from '../../src/demo/catalogue/generate.ts';
import { normalise } from '../../src/normalise.ts';
import type { SimulatedCall } from '../../src/simulator/call-log.ts';
import { type Fault, faultKinds } from '../../src/simulator/faults.ts';
import { startSimulator } from '../../src/simulator/simulator.ts';
import { seededRandom } from '../../src/train/random.ts';
import { flags } from '../measure.ts';
import { throwAwayServer } from '../trust/throw-away.ts';

const options = flags(
  `Names of the demo catalogue through a real sidecar and the SIMULATED LLM with every fault it has, while the sidecar is killed again and
again; then the ledger is compared with the simulator's own count, call by call.`,
  { names: 5000, kills: 20, seed: 1 },
);

/** Each fault hits so many calls; refusals of the key among them pause the provider for seconds. */
const share = 0.015;
const slowly: Partial<Record<Fault['kind'], Partial<Fault>>> = {
  'rate-limited': { ms: 200 },
  slow: { ms: 1000 },
  unauthorised: { share: 0.003 },
  forbidden: { share: 0.003 },
};
const faults: Fault[] = faultKinds.map((kind) => ({ kind, share, ...slowly[kind] }));

function startSidecar(url: string, llm: string): ChildProcess {
  return spawn(process.execPath, [join(packageRoot, 'src', 'cli', 'main.ts'), 'sidecar'], {
    env: {
      PATH: process.env.PATH ?? '',
      DATABASE_URL: url,
      TAXON_LLM_BASE_URL: llm,
      TAXON_LLM_MODEL: 'simulated-llm',
      TAXON_LLM_TIMEOUT_SECONDS: '3',
      TAXON_LLM_WAIT_MS: '200',
      TAXON_LEASE_SECONDS: '4',
      TAXON_POLL_MS: '200',
    },
    stdio: 'ignore',
  });
}

interface Row {
  id: number;
  state: string;
  request_id: string | null;
  tokens_in: number;
  tokens_cached: number;
  tokens_out: number;
}

/** What the ledger says beside what the simulator counted. */
function compare(calls: readonly SimulatedCall[], ledger: readonly Row[]) {
  const rows = new Map(ledger.map((row) => [`taxon-${row.id}`, row]));
  const worked = calls.filter(({ outcome }) => outcome !== 'refused');
  const arrived = worked.filter(({ clientId }) => rows.get(clientId ?? '')?.state === 'ok');
  const differing = arrived.filter((call) => {
    const row = rows.get(call.clientId ?? '') as Row;
    const counted = call.said ?? call;
    return (
      row.request_id !== call.requestId ||
      row.tokens_in !== counted.tokensIn ||
      // a reply without counts: the ledger counts itself, and cannot know what was cached
      (call.said !== null && row.tokens_cached !== counted.tokensCached) ||
      row.tokens_out !== counted.tokensOut
    );
  });
  const other = worked.filter(({ clientId }) => rows.get(clientId ?? '')?.state === 'unknown');
  const sent = new Set(calls.map(({ clientId }) => clientId));
  return {
    'calls the simulator worked on': worked.length,
    'in the ledger as answered': arrived.length,
    'of these with other tokens or id': differing.length,
    'in the ledger as unknown': other.length,
    'not in the ledger, or as something else': worked.length - arrived.length - other.length,
    'refused by the simulator': calls.length - worked.length,
    'unknown rows of calls that never left': ledger.filter(
      ({ id, state }) => state === 'unknown' && !sent.has(`taxon-${id}`),
    ).length,
    'rows still open': ledger.filter(({ state }) => state === 'started').length,
    differing: differing.map(({ fault, said, tokensIn, clientId }) => ({
      ...{ fault, said, tokensIn },
      row: JSON.stringify(rows.get(clientId ?? '')),
    })),
  };
}

const states = (db: Database) =>
  db.row<{ done: number; pending: number; failed: number }>(
    `select count(*) filter (where state = 'done')::integer as done, count(*) filter (where state = 'pending')::integer as pending,
            count(*) filter (where state = 'failed')::integer as failed from taxon.products`,
  );

async function main(): Promise<void> {
  const random = seededRandom(options.seed);
  const { paths, labelled } = generateCatalogue({
    seed: options.seed,
    labelled: options.names + 500,
    arriving: 10,
  });
  const names = [...new Map(labelled.map((each) => [normalise(each.name), each])).values()].slice(
    0,
    options.names,
  );
  const server = await throwAwayServer(loadConfig());
  const db = openDatabase(server.url, { schema: 'taxon', poolSize: 2 }, 'bench');
  const simulator = await startSimulator({
    truth: new Map(names.map(({ name, truth }) => [normalise(name), truth])),
    faults,
    seed: options.seed,
  });
  let sidecar: ChildProcess | undefined;
  try {
    await db.rows(
      `select taxon_internal.make_category(array(select jsonb_array_elements_text(p))) from jsonb_array_elements($1::jsonb) p`,
      [JSON.stringify(paths)],
    );
    await db.rows('insert into taxon.products (name) select unnest($1::text[])', [
      names.map(({ name }) => name),
    ]);
    for (let kill = 0; kill < options.kills; kill++) {
      sidecar = startSidecar(server.url, simulator.url);
      const before = simulator.calls().length;
      // first let it work, then kill it at a random moment
      while (simulator.calls().length < before + 4 && sidecar.exitCode === null) await sleep(50);
      await sleep(random.next() * 1500);
      sidecar.kill('SIGKILL');
      await once(sidecar, 'exit');
      const { done, pending } = await states(db);
      process.stderr.write(`kill ${kill + 1}: ${done} done, ${pending} pending\n`);
    }
    sidecar = startSidecar(server.url, simulator.url);
    for (let left = 1; left > 0; await sleep(500)) {
      const { pending } = await states(db);
      const [{ open }] = (await db.rows<{ open: number }>(
        `select count(*)::integer as open from taxon_internal.llm_calls where state = 'started'`,
      )) as [{ open: number }];
      left = pending + open;
    }
    sidecar.kill('SIGTERM');
    await once(sidecar, 'exit');
    const ledger = await db.rows<Row>(
      'select llm_call_id as id, state, request_id, tokens_in, tokens_cached, tokens_out from taxon_internal.llm_calls',
    );
    const twice = await db.rows<{ why: string; names: number }>(
      'select why, count(*)::integer as names from taxon_internal.paid_twice group by 1 order by 2 desc',
    );
    const inFlight = await db.row<{ names: number }>(
      `select coalesce(sum(names), 0)::integer as names from taxon_internal.llm_calls where state = 'unknown' and error = 'its sidecar died'`,
    );
    const found = {
      ...(await states(db)),
      ...compare(simulator.calls(), ledger),
      'names in flight at a kill': inFlight.names,
      'names paid for twice': twice,
      faults: simulator.stats().faults,
    };
    console.log(options.json ? JSON.stringify(found) : found);
  } finally {
    sidecar?.kill('SIGKILL');
    await simulator.close();
    await db.close();
    await server.close();
  }
}

await main();
