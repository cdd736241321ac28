import { afterAll, beforeAll } from 'vitest';
import { loadConfig } from '../../src/config.ts';
import { type Database, openDatabase } from '../../src/database/connection/open.ts';
import { registerEncoder } from '../../src/database/registry.ts';
import { openEncoder } from '../../src/model/encoder.ts';
import { encodeLabels } from '../../src/train/data/dataset.ts';
import { diagnoseModel } from '../../src/train/diagnose-model.ts';
import { type FirstModel, makeFirst, readLettersMemory } from '../../src/train/first.ts';
import { asRun } from '../../src/train/lease.ts';
import { train } from '../../src/train/run.ts';
import { type TestDatabase, testDatabaseFrom } from './database.ts';
import { look } from './rows.ts';

/** A small shop that the bundled encoder learns in seconds: 8 categories, one type word in three languages each. */
const kinds: { path: string[]; words: string[] }[] = [
  { path: ['Electronics', 'Phones', 'Smartphones'], words: ['smartphone', 'смартфон', 'smartfon'] },
  {
    path: ['Electronics', 'Phones', 'Phone cases'],
    words: ['phone case', 'чехол для телефона', 'etui na telefon'],
  },
  { path: ['Electronics', 'Computers', 'Laptops'], words: ['laptop', 'ноутбук', 'laptop gamingowy'] },
  {
    path: ['Home', 'Kitchen', 'Kettles'],
    words: ['electric kettle', 'чайник электрический', 'czajnik elektryczny'],
  },
  { path: ['Home', 'Kitchen', 'Knives'], words: ['kitchen knife', 'нож кухонный', 'nóż kuchenny'] },
  { path: ['Food', 'Drinks', 'Tea'], words: ['black tea', 'чай чёрный', 'herbata czarna'] },
  {
    path: ['Food', 'Sweets', 'Chocolate'],
    words: ['milk chocolate', 'шоколад молочный', 'czekolada mleczna'],
  },
  { path: ['Beauty', 'Hair', 'Shampoo'], words: ['shampoo', 'шампунь', 'szampon do włosów'] },
];

const makers = [
  'Norvel',
  'Kasta',
  'Bravix',
  'Olmeko',
  'Tarvo',
  'Lumisa',
  'Ferrin',
  'Zubra',
  'Quint',
  'Marvo',
];

export interface ShopName {
  name: string;
  path: string[];
}

/** Name number `i` of a kind of product: the same every time, another for each `i`. */
function nameOf(kind: number, i: number): ShopName {
  const { path, words } = kinds[kind % kinds.length] as (typeof kinds)[number];
  const word = words[i % words.length];
  const maker = makers[(i * 7 + kind) % makers.length];
  return { name: `${word} ${maker} ${String.fromCharCode(65 + (i % 26))}${100 + ((i * 37) % 900)}`, path };
}

/** Names that memory holds: 45 of each kind. */
export const labelled: ShopName[] = kinds.flatMap((_, kind) =>
  Array.from({ length: 45 }, (_, i) => nameOf(kind, i)),
);

/**
 * Names of the same kinds that memory does not hold, with their true path. Every fifth says nothing of what it is, so that
 * only the LLM can know, unless `riddles` is false.
 */
export function newNames(count: number, from = 1000, riddles = true): ShopName[] {
  return Array.from({ length: count }, (_, i) => {
    const { name: whole, path } = nameOf(from + i, from + i);
    const name = riddles && i % 5 === 4 ? whole.split(' ').slice(-2).join(' ') : whole;
    // enough letters of its own that no labelled name is .6 similar
    return { name: `${name} ${words(from + i)} ${words((from + i) * 31 + 7)}`, path };
  });
}

/** Two made-up words for a number. */
function words(i: number): string {
  const syllables = ['ka', 'ro', 'mi', 'tu', 'sel', 'dan', 'vex', 'pol', 'zar', 'lin', 'gus', 'hem'];
  const at = (n: number) => syllables[Math.abs(n) % syllables.length];
  return `${at(i)}${at(i >> 2)}${at(i * 5 + 3)} ${at(i * 7 + 1)}${at(i >> 3)}${at(i + 11)}`;
}

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
  const db = openDatabase(url, loadConfig({}, {}));
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
      const encoder = await openEncoder(loadConfig({ encoderThreads: 1 }, {}));
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
  return testDatabaseFrom('template_shop', (url) =>
    using(url, async (db) => {
      await remember(db);
      const config = loadConfig({ encoderThreads: 1 }, {});
      const { made, inHand } = await train(db, config, { seed: 1, clean: false });
      await diagnoseModel(db, config, made.model_id, new AbortController().signal, inHand);
    }),
  );
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
