import { cheapLayers, type NameClassifier, openClassifier } from '../classify/classifier.ts';
import { trainingCommands } from '../cli/training-commands.ts';
import { defaultDatabase, resolveDatabase } from '../cluster/resolve.ts';
import { type Config, loadConfig } from '../config.ts';
import { migrationUrl } from '../database/connection/direct.ts';
import { type Database, openDatabase, requireMigrated } from '../database/connection/open.ts';
import { health, lookUp } from '../database/reports.ts';
import { misuse } from '../errors.ts';
import type { Row, RowKind } from '../import/row.ts';
import { setLogLevel } from '../log.ts';
import type { Sidecar } from '../sidecar/sidecar.ts';
import type {
  Classified,
  ClassifyOptions,
  ImportOptions,
  ImportSource,
  OpenOptions,
  SidecarOptions,
  Taxon,
  TrainOptions,
} from './types.ts';

/** Rows of whatever a program gives; a path has one of the endings of files. */
async function rowsOf(db: Database, source: ImportSource, kind: RowKind): Promise<AsyncIterable<Row>> {
  const { queryRows, readRows } = await import('../import/read.ts');
  if (typeof source === 'string') return readRows(source, { as: kind });
  if ('query' in source) return queryRows(db, source.query, kind);
  const { objectRows } = await import('../import/objects.ts');
  return objectRows(source, kind);
}

class OpenTaxon implements Taxon {
  readonly #db: Database;
  readonly #config: Config;
  readonly #release: () => Promise<void>;
  #classifier: NameClassifier | null = null;
  readonly #sidecars = new Set<Sidecar>();
  #closed: Promise<void> | null = null;

  constructor(db: Database, config: Config, release: () => Promise<void>) {
    this.#db = db;
    this.#config = config;
    this.#release = release;
  }

  get databaseUrl(): string {
    return this.#db.url;
  }

  async classify(names: readonly string[], options: ClassifyOptions = {}): Promise<Classified[]> {
    const answers: Classified[] = [];
    for await (const answer of this.classifyEach(names, options)) answers.push(answer);
    return answers;
  }

  async *classifyEach(
    names: Iterable<string> | AsyncIterable<string>,
    { layers = cheapLayers, llm = false }: ClassifyOptions = {},
  ): AsyncGenerator<Classified> {
    this.#classifier ??= openClassifier(this.#db, this.#config);
    for await (const batch of this.#classifier.classify(names, { layers, llm })) yield* batch;
  }

  async lookUp(name: string) {
    return (await lookUp(this.#db, [name]))[0] ?? [];
  }

  async importLabels(source: ImportSource, options: ImportOptions = {}) {
    const { importLabels } = await import('../import/labels.ts');
    return importLabels(this.#db, await rowsOf(this.#db, source, 'labels'), options);
  }

  async importProducts(source: ImportSource, options: Pick<ImportOptions, 'signal'> = {}) {
    const { importProducts } = await import('../import/products.ts');
    return importProducts(this.#db, await rowsOf(this.#db, source, 'products'), options);
  }

  async train({ promote, ...options }: TrainOptions = {}) {
    if (promote?.trim() === '')
      throw misuse('promote goes with a reason', "E.g. { promote: 'seasonal range' }");
    const { trainByHand } = await import('../autopilot/by-hand.ts');
    return trainByHand(this.#db, this.#config, options, promote ?? null);
  }

  async startSidecar({ retrain = this.#config.retrain }: SidecarOptions = {}) {
    const { startSidecar } = await import('../sidecar/sidecar.ts');
    const { openProviders } = await import('../llm/providers/open.ts');
    const config = { ...this.#config, retrain };
    const sidecar = await startSidecar(this.#db.url, config, await openProviders(config), trainingCommands);
    this.#sidecars.add(sidecar);
    return sidecar;
  }

  health() {
    return health(this.#db);
  }

  close(): Promise<void> {
    this.#closed ??= this.#end();
    return this.#closed;
  }

  async #end(): Promise<void> {
    await Promise.all([...this.#sidecars].map((sidecar) => sidecar.stop()));
    await this.#classifier?.close();
    await this.#db.close();
    await this.#release();
  }
}

/**
 * Opens pgtaxon for a program: the database of `options.databaseUrl`, `DATABASE_URL` or a private cluster, which is made where
 * there is none.
 *
 * Notices go to standard error, warnings and errors alone unless TAXON_LOG says otherwise.
 *
 * @throws TaxonError naming the setting that is wrong, or saying that `migrate: true` is needed
 */
export async function openTaxon({ migrate = false, ...settings }: OpenOptions = {}): Promise<Taxon> {
  const config = loadConfig(settings);
  if (process.env.TAXON_LOG === undefined) setLogLevel('warn');
  const { url, release } = await resolveDatabase(config, defaultDatabase);
  let db: Database | null = null;
  try {
    if (migrate) {
      const { migrate: make } = await import('../database/connection/migrate.ts');
      const { schema, lockWaitSeconds, directDatabaseUrl } = config;
      await make({ url: await migrationUrl(url, directDatabaseUrl), schema, lockWaitSeconds });
    }
    // what one process does at a time holds a connection, and works on another
    db = openDatabase(url, { ...config, poolSize: Math.max(2, config.poolSize) });
    await requireMigrated(db);
    return new OpenTaxon(db, config, release);
  } catch (error) {
    await db?.close();
    await release();
    throw error;
  }
}
