import { createHash } from 'node:crypto';
import { TaxonError } from '../errors.ts';
import type { Database } from './connection/open.ts';
import { refusing } from './connection/refusals.ts';

/** Encoders, models, the champion. Runs are in runs.ts. */

export async function registerEncoder(db: Database, identity: string, dimension: number): Promise<number> {
  return (
    await db.row<{ id: number }>(`select ${db.internal}register_encoder($1, $2) as id`, [identity, dimension])
  ).id;
}

/** The id of an encoder that was used here before; null when it never was. */
export async function registeredEncoder(db: Database, identity: string): Promise<number | null> {
  const [row] = await db.rows<{ encoder_id: number }>(
    `select encoder_id from ${db.internal}encoders where identity = $1`,
    [identity],
  );
  return row?.encoder_id ?? null;
}

/** The length of an embedding of an encoder that was used here before; null when it never was. */
export async function registeredDimension(db: Database, identity: string): Promise<number | null> {
  const [row] = await db.rows<{ dimension: number }>(
    `select dimension from ${db.internal}encoders where identity = $1`,
    [identity],
  );
  return row?.dimension ?? null;
}

export interface Champion {
  modelId: number;
  /** The encoder whose embeddings it reads; null: letters alone. */
  encoderId: number | null;
}

/** The model in use, or null before the first is promoted. */
export async function champion(db: Database): Promise<Champion | null> {
  const [row] = await db.rows<{ model_id: number; encoder_id: number | null }>(
    `select * from ${db.at}champion()`,
  );
  return row === undefined ? null : { modelId: row.model_id, encoderId: row.encoder_id };
}

/** A model that sidecars hold. */
export interface ServingModel extends Champion {
  role: 'champion' | 'shadow' | 'canary';
  /** Share of the names that the canary answers. */
  share: number;
}

/** The champion, and the challenger that watches or answers a share beside it. */
export async function serving(db: Database): Promise<ServingModel[]> {
  const rows = await db.rows<
    { model_id: number; encoder_id: number | null } & Pick<ServingModel, 'role' | 'share'>
  >(`select * from ${db.internal}serving()`);
  return rows.map(({ model_id, encoder_id, ...rest }) => ({
    modelId: model_id,
    encoderId: encoder_id,
    ...rest,
  }));
}

/** A model of the registry (null: the champion) with its encoder; null when there is no such model. */
export async function findModel(db: Database, modelId: number | null): Promise<Champion | null> {
  if (modelId === null) return champion(db);
  const [row] = await db.rows<{ encoder_id: number | null }>(
    `select encoder_id from ${db.internal}models where model_id = $1`,
    [modelId],
  );
  return row === undefined ? null : { modelId, encoderId: row.encoder_id };
}

/** Bytes of a model's file that are read at once: read as one value, 37 MB of letters made a sidecar 35 MB larger for good. */
const piece = 2 ** 20;

/** A file of a model, read piece by piece. */
async function modelFile(
  db: Database,
  modelId: number,
  { name, bytes }: { name: string; bytes: number },
): Promise<Uint8Array> {
  const content = new Uint8Array(bytes);
  for (let at = 0; at < bytes; at += piece) {
    const row = await db.row<{ part: Buffer }>(
      `select substring(content from $3 for $4) as part from ${db.internal}model_files where model_id = $1 and name = $2`,
      [modelId, name, at + 1, piece],
    );
    content.set(row.part, at);
  }
  return content;
}

/** The files of a model, each checked against its digest. */
export async function modelFiles(db: Database, modelId: number): Promise<Map<string, Uint8Array>> {
  const rows = await db.rows<{ name: string; sha256: Buffer; bytes: number }>(
    `select name, sha256, length(content) as bytes from ${db.internal}model_files where model_id = $1`,
    [modelId],
  );
  if (rows.length === 0)
    throw new TaxonError(`model ${modelId} has no files`, {
      hint: 'Promote another: select taxon.promote_model(model_id);',
    });
  const files = new Map<string, Uint8Array>();
  for (const row of rows) {
    const content = await modelFile(db, modelId, row);
    if (!createHash('sha256').update(content).digest().equals(row.sha256)) {
      throw new TaxonError(`the file ${row.name} of model ${modelId} is damaged: its sha256 differs`, {
        hint: 'Train again, or restore the row from a back-up.',
      });
    }
    files.set(row.name, content);
  }
  return files;
}

/** What made a model; every part may be unknown. */
export interface ModelFacts {
  /** What its training measured. */
  metrics?: object | null;
  /** What it was trained on. */
  data?: object | null;
  /** The pgtaxon that trained it. */
  code_version?: string | null;
  seed?: number | null;
  /** What the training was asked for. */
  settings?: object | null;
}

const json = (value: object | null | undefined) =>
  value === null || value === undefined ? null : JSON.stringify(value);

/**
 * Stores a model, all or nothing; returns its id.
 *
 * @param model encoderId: null for one of letters alone; runId: the run that made it, null for a model from another database;
 *   promote: whether it becomes the champion, `first`: only where there is none
 * @throws TaxonError when the run lost its lease to another
 */
export function storeModel(
  db: Database,
  model: {
    encoderId: number | null;
    runId: number | null;
    manifest: object;
    files: ReadonlyMap<string, Uint8Array>;
    facts?: ModelFacts;
    promote: boolean | 'first';
  },
): Promise<number> {
  const { facts = {}, promote } = model;
  const stored = db.transaction(async (client) => {
    const saved = await client.query<{ id: number }>(
      `select ${db.internal}save_model($1, $2, $3, $4, $5, $6, $7, $8) as id`,
      [
        model.encoderId,
        model.runId,
        JSON.stringify(model.manifest),
        json(facts.metrics),
        json(facts.data),
        facts.code_version ?? null,
        facts.seed ?? null,
        json(facts.settings),
      ],
    );
    const id = saved.rows[0]?.id;
    if (id === undefined) throw new TaxonError('the database did not return the id of the new model');
    for (const [name, content] of model.files) {
      const digest = createHash('sha256').update(content).digest();
      await client.query(`select ${db.internal}save_model_file($1, $2, $3, $4)`, [
        id,
        name,
        digest,
        Buffer.from(content),
      ]);
    }
    if (promote)
      await client.query(
        `select ${promote === 'first' ? `${db.internal}promote_first` : `${db.at}promote_model`}($1)`,
        [id],
      );
    return id;
  });
  return refusing(stored);
}

/** A row of the view models_readable. */
export interface ModelRow extends Required<ModelFacts> {
  model_id: number;
  state: 'candidate' | 'champion' | 'retired';
  created_at: Date;
  promoted_at: Date | null;
  /** Null: letters alone. */
  encoder: string | null;
  labels: number | null;
  run_id: number | null;
  files: number;
  bytes: number;
}

/** Every model, newest first. */
export function listModels(db: Database): Promise<ModelRow[]> {
  return db.rows(`select * from ${db.at}models_readable`);
}

/**
 * Makes a model the champion; returns the one before, null where there was none or it was this one.
 *
 * @param force why it is promoted although the gate refused it; null: it is not then
 */
export async function promoteModel(
  db: Database,
  modelId: number,
  force: string | null = null,
): Promise<number | null> {
  const row = db.row<{ before: number | null }>(`select ${db.at}promote_model($1, $2, $3) as before`, [
    modelId,
    force !== null,
    force,
  ]);
  return (await refusing(row)).before;
}

/**
 * Makes the champion before the champion again; returns its id.
 *
 * @throws TaxonError when there is none before
 */
export async function rollBackModel(db: Database): Promise<number> {
  return (await refusing(db.row<{ id: number }>(`select ${db.at}roll_back_model() as id`))).id;
}

/** What a retraining takes over, and the model that chose it; undefined: it chooses anew. */
export async function choicesToCarry<Choices>(
  db: Database,
  encoderId: number,
): Promise<{ model_id: number; choices: Choices } | undefined> {
  const [row] = await db.rows<{ model_id: number; choices: Choices }>(
    `select * from ${db.internal}choices_to_carry($1)`,
    [encoderId],
  );
  return row;
}

/** A model's encoder as another database knows it. */
export interface NamedEncoder {
  identity: string;
  dimension: number;
}

/**
 * What a model needs to be told apart elsewhere: its encoder (null: letters alone) and what made it.
 *
 * @throws TaxonError when there is no such model
 */
export async function modelOrigin(
  db: Database,
  modelId: number,
): Promise<Required<ModelFacts> & { encoder: NamedEncoder | null }> {
  const [row] = await db.rows<Required<ModelFacts> & { encoder: NamedEncoder | null }>(
    `select case when e.encoder_id is not null then json_build_object('identity', e.identity, 'dimension', e.dimension) end as encoder,
            m.metrics, m.data, m.code_version, m.seed, m.settings
     from ${db.internal}models m left join ${db.internal}encoders e using (encoder_id) where m.model_id = $1`,
    [modelId],
  );
  if (row === undefined)
    throw new TaxonError(`there is no model ${modelId}`, { hint: 'See: taxon model list' });
  return row;
}
