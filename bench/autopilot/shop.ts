import { spawn } from 'node:child_process';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { openModel } from '../../src/classify/open-model.ts';
import { trainingCommands } from '../../src/cli/training-commands.ts';
import { type Config, environmentOf, packageRoot } from '../../src/config.ts';
import { calibrationDue } from '../../src/database/calibration.ts';
import { type Database, openDatabase } from '../../src/database/connection/open.ts';
import { saveEmbeddings } from '../../src/database/queue.ts';
import { registerEncoder } from '../../src/database/registry.ts';
import { importLabels } from '../../src/import/labels.ts';
import type { Row } from '../../src/import/read.ts';
import { openProviders } from '../../src/llm/providers/open.ts';
import { recalibrate } from '../../src/sidecar/jobs/recalibrate.ts';
import { type Sidecar, startSidecar } from '../../src/sidecar/sidecar.ts';
import { startSimulator } from '../../src/simulator/simulator.ts';
import { embeddingsOf } from '../accuracy/embeddings.ts';
import { throwAwayServer } from '../trust/throw-away.ts';
import type { Arrival, World } from './world.ts';

/** A shop with a real database, a real sidecar and the SIMULATED LLM, which says what the noisy teacher said. */
export interface Shop {
  db: Database;
  config: Config;
  /** Ids of categories by their names from the top, joined by line feeds. */
  ids: ReadonlyMap<string, number>;
  /** From now on the LLM says this of names. */
  teach(answers: ReadonlyMap<string, readonly string[]>): Promise<void>;
  /** Inserts names and waits until all are answered; returns the first and the last id. */
  arrive(names: readonly Arrival[]): Promise<{ from: number; to: number }>;
  /** A command of taxon in a process of its own; its JSON. */
  taxon(...args: string[]): Promise<Record<string, unknown>>;
  /** Fits the champion's calibration when it is due, as a sidecar does each night. */
  recalibrate(): Promise<void>;
  close(): Promise<void>;
}

const page = 2000;

async function* labelRows(names: readonly Arrival[]): AsyncGenerator<Row> {
  let line = 1;
  for (const { key, teacher } of names) yield { line: ++line, name: key, path: teacher, source: null };
}

/** Embeddings of all names are stored first: a name is encoded once, ever, and a bench with several years need not do it again. */
async function storeEmbeddings(db: Database, config: Config, world: World): Promise<void> {
  const keys = [...world.start, ...world.weeks.flat()].map(({ key }) => key);
  const { embeddings, dimension, encoder } = await embeddingsOf(config, keys);
  const id = await registerEncoder(db, encoder, dimension);
  for (let at = 0; at < keys.length; at += page) {
    const names = keys.slice(at, at + page);
    const vectors = names.map((_, i) => embeddings.subarray((at + i) * dimension, (at + i + 1) * dimension));
    await saveEmbeddings(db, id, names, vectors);
  }
}

/** Opens a shop whose memory holds what the world starts with. */
export async function openShop(base: Config, world: World): Promise<Shop> {
  const server = await throwAwayServer(base);
  const db = openDatabase(server.url, { schema: 'taxon', poolSize: 2 }, 'bench shop');
  const ids = new Map<string, number>();
  for (const names of world.categories) {
    const { id } = await db.row<{ id: number }>('select taxon_internal.make_category($1) as id', [names]);
    ids.set(names.join('\n'), id);
  }
  await storeEmbeddings(db, base, world);
  const signal = new AbortController().signal;
  await importLabels(db, labelRows(world.start), { source: 'import', signal });

  const config: Config = {
    ...base,
    databaseUrl: server.url,
    schema: 'taxon',
    retrain: false,
    llmWaitMs: 200,
  };
  let sidecar: Sidecar | null = null;
  let simulator: Awaited<ReturnType<typeof startSimulator>> | null = null;
  const hush = async () => {
    await sidecar?.stop();
    await simulator?.close();
  };
  async function pending(from: number): Promise<number> {
    const { n } = await db.row<{ n: number }>(
      `select count(*) as n from taxon.products where product_id > $1 and state = 'pending'`,
      [from],
    );
    return n;
  }
  return {
    db,
    config,
    ids,
    async teach(answers) {
      await hush();
      simulator = await startSimulator({ truth: answers, errorRates: [0, 0, 0] });
      const providers = await openProviders(
        { ...config, llmProvider: 'openai', llmBaseUrl: simulator.url, llmModel: 'simulated-llm' },
        {},
      );
      sidecar = await startSidecar(server.url, config, providers, trainingCommands);
    },
    async arrive(names) {
      const { from } = await db.row<{ from: number }>(
        'select coalesce(max(product_id), 0) as from from taxon.products',
      );
      await db.rows('insert into taxon.products (name) select unnest($1::text[])', [
        names.map(({ key }) => key),
      ]);
      while ((await pending(from)) > 0) await sleep(100);
      return { from, to: from + names.length };
    },
    async taxon(...args) {
      const child = spawn(process.execPath, [join(packageRoot, 'src', 'cli', 'main.ts'), ...args, '--json'], {
        env: { ...process.env, ...environmentOf(config) },
        stdio: ['ignore', 'pipe', 'inherit'],
      });
      let out = '';
      for await (const chunk of child.stdout) out += chunk;
      if (out === '') throw new Error(`taxon ${args.join(' ')} failed`);
      return JSON.parse(out) as Record<string, unknown>;
    },
    async recalibrate() {
      const model = await openModel(db, config, null);
      if (model === null) return;
      try {
        if (await calibrationDue(db, model.modelId)) await recalibrate(db, model, signal);
      } finally {
        await model.close();
      }
    },
    async close() {
      await hush();
      await db.close();
      await server.close();
    },
  };
}
