import { afterAll, beforeAll } from 'vitest';
import { type Database, openDatabase } from '../../src/database/connection/open.ts';
import { registerEncoder } from '../../src/database/registry.ts';
import { openEncoder } from '../../src/model/encoder.ts';
import { encodeLabels } from '../../src/train/data/dataset.ts';
import { diagnoseModel } from '../../src/train/diagnose-model.ts';
import { type FirstModel, makeFirst, readLettersMemory } from '../../src/train/first.ts';
import { asRun } from '../../src/train/lease.ts';
import { train } from '../../src/train/run.ts';
import { testConfig } from './config.ts';
import { type TestDatabase, testDatabaseFrom } from './database.ts';
import { look } from './rows.ts';
import { labelled } from './shop-names.ts';

/** The shop's labels become memory. */
async function remember(db: Database): Promise<void> {
  for (const { name, path } of labelled)
    await db.rows(
      `insert into taxon.labels (name_key, category_id, source) values (taxon.normalise($1), taxon_internal.make_category($2), 'import')`,
      [name, path],
    );
  // tests count the LLM's calls; those of audits come at their own time
  await db.rows(`select taxon.set_setting('audit_share', '0')`);
}

async function using(url: string, work: (db: Database) => Promise<unknown>): Promise<void> {
  const db = openDatabase(url, testConfig());
  await work(db).finally(() => db.close());
}

/** A database whose memory holds the shop's labels, without a model. */
export function untrainedShop(): Promise<TestDatabase> {
  return testDatabaseFrom('template_untrained_shop', (url) => using(url, remember));
}

/** The same, each label encoded: to train on it no encoder is opened. */
export function encodedShop(): Promise<TestDatabase> {
  return testDatabaseFrom('template_encoded_shop', (url) =>
    using(url, async (db) => {
      await remember(db);
      const encoder = await openEncoder(testConfig());
      try {
        const id = await registerEncoder(db, encoder.identity, encoder.dimension);
        await encodeLabels(db, encoder, id, new AbortController().signal);
      } finally {
        await encoder.close();
      }
    }),
  );
}

/** A database whose memory holds the shop's labels and whose champion was trained on them; made once a run. */
export function shopDatabase(): Promise<TestDatabase> {
  return testDatabaseFrom('template_shop', fillShop);
}

/** Makes a migrated database one. */
export function fillShop(url: string): Promise<void> {
  return using(url, async (db) => {
    await remember(db);
    const config = testConfig();
    const { made, inHand } = await train(db, config, { seed: 1, clean: false });
    await diagnoseModel(db, config, made.model_id, new AbortController().signal, inHand);
  });
}

/** Trains a model of letters alone, in a run of its own: the champion where there is none. */
export function makeLetters(db: Database): Promise<FirstModel> {
  return asRun(db, {}, 60, undefined, async (run) =>
    makeFirst(db, await readLettersMemory(db, run.signal), {}, run),
  );
}

/** The same with a champion of letters alone, of which no full one follows: no process loads an encoder for it. */
export function lettersShop(): Promise<TestDatabase> {
  return testDatabaseFrom('template_letters_shop', (url) =>
    using(url, async (db) => {
      await remember(db);
      await db.rows(`select taxon.set_setting('autopilot_request', 'false')`);
      await makeLetters(db);
    }),
  );
}

/** A shop's database for all tests of a file, and a connection that looks at it; made and dropped by its hooks. */
export function shopOfFile(make = shopDatabase): {
  readonly url: string;
  readonly database: TestDatabase;
  readonly db: Database;
} {
  let database: TestDatabase;
  let db: Database;
  beforeAll(async () => {
    database = await make();
    db = look(database.url);
  });
  afterAll(async () => {
    await db?.close();
    await database?.drop();
  });
  return {
    get url() {
      return database.url;
    },
    get database() {
      return database;
    },
    get db() {
      return db;
    },
  };
}
