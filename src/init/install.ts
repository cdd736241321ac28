import type { Config } from '../config.ts';
import { requestRetrain } from '../database/autopilot.ts';
import { migrationUrl } from '../database/connection/direct.ts';
import { type MigrateResult, migrate } from '../database/connection/migrate.ts';
import { type Database, openDatabase } from '../database/connection/open.ts';
import type { ImportedLabels } from '../database/imported.ts';
import { champion } from '../database/registry.ts';
import { setSetting } from '../database/settings.ts';
import { importLabels } from '../import/labels.ts';
import type { LabelSource, Row } from '../import/row.ts';
import { visible } from '../normalise.ts';
import { type TrainedFirst, trainFirst } from '../train/run.ts';
import type { Input } from '../xray/types.ts';

const reason = 'taxon init';

/** What a person has said yes to. */
export interface InstallOptions {
  /** Who gave the labels that the shop has. */
  source: LabelSource;
  signal: AbortSignal;
  /** Told before each step. */
  onStep: (step: 'migrate' | 'labels' | 'shadow' | 'train') => void;
}

export interface Installed {
  migrated: MigrateResult;
  /** Null where no row has a label. */
  labels: ImportedLabels | null;
  /** Null where there is a champion already, or too few labels. */
  model: TrainedFirst | null;
}

/** The labelled rows; the newest come last, so that they win a tie. */
async function* labelled({ rows }: Input): AsyncGenerator<Row> {
  let line = 0;
  for (const { name, path, category, at } of rows) {
    line++;
    if (path.length === 0) continue;
    const when = at === null ? {} : { labelledAt: new Date(at).toISOString() };
    yield {
      line,
      name,
      path: path.map((one) => visible(one.normalize('NFC'))),
      source: null,
      externalId: category,
      ...when,
    };
  }
}

/** Fewer names teach nothing. */
const leastLabels = 50;

async function firstModel(db: Database, config: Config, names: number, signal: AbortSignal) {
  if (names < leastLabels || (await champion(db)) !== null) return null;
  // labels are changed when a person asks for it: taxon clean
  const made = await trainFirst(db, config, { signal, clean: false });
  await requestRetrain(db, 'the full model follows the first one');
  return made;
}

/**
 * Puts pgtaxon into the shop's database: schema, labels as memory, the local layer in shadow, a first model. Each step is the same
 * as its own command, and may be repeated.
 */
export async function install(
  url: string,
  config: Config,
  input: Input,
  { source, signal, onStep }: InstallOptions,
): Promise<Installed> {
  const { schema, lockWaitSeconds } = config;
  onStep('migrate');
  const migrated = await migrate({
    url: await migrationUrl(url, config.directDatabaseUrl),
    schema,
    lockWaitSeconds,
  });
  const db = openDatabase(url, config, 'taxon init');
  try {
    signal.throwIfAborted();
    const some = input.rows.some(({ path }) => path.length > 0);
    if (some) onStep('labels');
    const labels = some ? await importLabels(db, labelled(input), { source, signal }) : null;
    // before there is a model that could answer
    onStep('shadow');
    await setSetting(db, 'local_layer', 'shadow', reason);
    onStep('train');
    return { migrated, labels, model: await firstModel(db, config, labels?.names ?? 0, signal) };
  } finally {
    await db.close();
  }
}
