import type { Config } from '../config.ts';
import { attachTable, takeInAttached, taken, walkAttached } from '../database/attached.ts';
import { requestRetrain } from '../database/autopilot.ts';
import { migrationUrl } from '../database/connection/direct.ts';
import { migrate } from '../database/connection/migrate.ts';
import { type Database, openDatabase } from '../database/connection/open.ts';
import { champion } from '../database/registry.ts';
import { setSetting } from '../database/settings.ts';
import { named, quoted } from '../database/shop/catalogue.ts';
import type { Shape } from '../database/shop/guess.ts';
import { progress } from '../progress.ts';
import { type TrainedFirst, trainFirst } from '../train/run.ts';

const reason = 'taxon init';
/** Fewer names teach nothing. */
const leastLabels = 50;
/** What is not taken in by then is left to a sidecar. */
const longestBackfillMs = 120_000;

/** What a person has said yes to. */
export interface InstallOptions {
  signal: AbortSignal;
  /** Told before each step. */
  onStep: (step: 'migrate' | 'shadow' | 'attach' | 'train') => void;
}

export interface Installed {
  /** The view of the answers. */
  view: string;
  /** About how many rows the table has, and how many of them were taken in. */
  rows: number;
  takenIn: number;
  /** Names that memory holds, rows with an answer, rows that wait for a sidecar. */
  labels: number;
  done: number;
  pending: number;
  /** Null where there is a champion already, or too few labels. */
  model: TrainedFirst | null;
}

const columns = (names: readonly (string | null)[]) =>
  names
    .filter((name) => name !== null)
    .map(quoted)
    .join(', ');

function attach(db: Database, { table, key, name, labels, categories, at }: Shape) {
  // a list of categories without parents is no tree to follow
  const tree = categories?.parent == null ? null : categories;
  return attachTable(db, {
    table: named(table),
    key: key.length === 0 ? null : columns(key),
    name: quoted(name),
    labels: labels === null || tree === null ? null : quoted(labels),
    labelledAt: labels === null || tree === null || at === null ? null : quoted(at),
    categories: tree === null ? null : `${named(tree.table)}(${columns([tree.id, tree.parent, tree.name])})`,
    reason,
  });
}

/** Takes rows in as a sidecar would, for so long that a shop of a usual size is there at the end. */
async function backfill(db: Database, rows: number, signal: AbortSignal): Promise<number> {
  const until = Date.now() + longestBackfillMs;
  const bar = progress('taking rows in', rows, 'rows');
  let seen = 0;
  try {
    while (Date.now() < until) {
      signal.throwIfAborted();
      const page = await walkAttached(db);
      if (page === 0) break;
      seen += page;
      bar.at(Math.min(seen, rows));
    }
    await takeInAttached(db);
    return Math.min(seen, rows);
  } finally {
    bar.end();
  }
}

async function firstModel(db: Database, config: Config, labels: number, signal: AbortSignal) {
  if (labels < leastLabels || (await champion(db)) !== null) return null;
  // labels are changed when a person asks for it: taxon clean
  const made = await trainFirst(db, config, { signal, clean: false });
  await requestRetrain(db, 'the full model follows the first one');
  return made;
}

/**
 * Puts pgtaxon into the shop's database: schema, the local layer in shadow, the table attached with its labels and categories,
 * a first model. Each step is the same as its own command, and may be repeated.
 */
export async function install(
  url: string,
  config: Config,
  shape: Shape,
  { signal, onStep }: InstallOptions,
): Promise<Installed> {
  const { schema, lockWaitSeconds } = config;
  onStep('migrate');
  await migrate({ url: await migrationUrl(url, config.directDatabaseUrl), schema, lockWaitSeconds });
  const db = openDatabase(url, config, 'taxon init');
  try {
    signal.throwIfAborted();
    // before there is a model that could answer
    onStep('shadow');
    await setSetting(db, 'local_layer', 'shadow', reason);
    onStep('attach');
    const { view, rows } = await attach(db, shape);
    const takenIn = await backfill(db, rows, signal);
    const now = await taken(db);
    onStep('train');
    const model = await firstModel(db, config, now.labels, signal);
    return { view, rows, takenIn, ...now, model };
  } finally {
    await db.close();
  }
}
