import { createHash } from 'node:crypto';
import { TaxonError } from '../errors.ts';
import type { Database } from './open.ts';

/** Encoders, models, runs, the champion. */

export async function registerEncoder(db: Database, identity: string, dimension: number): Promise<number> {
  return (
    await db.row<{ id: number }>(`select ${db.at}register_encoder($1, $2) as id`, [identity, dimension])
  ).id;
}

/** The id of an encoder that was used here before; null when it never was. */
export async function registeredEncoder(db: Database, identity: string): Promise<number | null> {
  const [row] = await db.rows<{ encoder_id: number }>(
    `select encoder_id from ${db.at}encoders where identity = $1`,
    [identity],
  );
  return row?.encoder_id ?? null;
}

export interface Champion {
  modelId: number;
  encoderId: number;
}

/** The model in use, or null before the first is promoted. */
export async function champion(db: Database): Promise<Champion | null> {
  const [row] = await db.rows<{ model_id: number; encoder_id: number }>(`select * from ${db.at}champion()`);
  return row === undefined ? null : { modelId: row.model_id, encoderId: row.encoder_id };
}

/** The files of a model, each checked against its digest. */
export async function modelFiles(db: Database, modelId: number): Promise<Map<string, Uint8Array>> {
  const rows = await db.rows<{ name: string; sha256: Buffer; content: Buffer }>(
    `select name, sha256, content from ${db.at}model_files where model_id = $1`,
    [modelId],
  );
  if (rows.length === 0)
    throw new TaxonError(`model ${modelId} has no files`, {
      hint: 'Promote another: select taxon.promote(model_id);',
    });
  for (const row of rows) {
    if (!createHash('sha256').update(row.content).digest().equals(row.sha256)) {
      throw new TaxonError(`the file ${row.name} of model ${modelId} is damaged: its sha256 differs`, {
        hint: 'Train again, or restore the row from a back-up.',
      });
    }
  }
  return new Map(rows.map((row) => [row.name, row.content]));
}

export async function startRun(db: Database, options: object): Promise<number> {
  return (await db.row<{ id: number }>(`select ${db.at}start_run($1) as id`, [JSON.stringify(options)])).id;
}

export async function endRun(
  db: Database,
  runId: number,
  report: object | null,
  error: string | null,
): Promise<void> {
  await db.rows(`select ${db.at}end_run($1, $2, $3)`, [
    runId,
    report === null ? null : JSON.stringify(report),
    error,
  ]);
}

/** Stores a trained model and makes it the champion, all or nothing; returns its id. */
export function storeModel(
  db: Database,
  model: { encoderId: number; runId: number; manifest: object; files: ReadonlyMap<string, Uint8Array> },
): Promise<number> {
  return db.transaction(async (client) => {
    const saved = await client.query<{ id: number }>(`select ${db.at}save_model($1, $2, $3) as id`, [
      model.encoderId,
      model.runId,
      JSON.stringify(model.manifest),
    ]);
    const id = saved.rows[0]?.id;
    if (id === undefined) throw new TaxonError('the database did not return the id of the new model');
    for (const [name, content] of model.files) {
      const digest = createHash('sha256').update(content).digest();
      await client.query(`select ${db.at}save_model_file($1, $2, $3, $4)`, [
        id,
        name,
        digest,
        Buffer.from(content),
      ]);
    }
    await client.query(`select ${db.at}promote($1)`, [id]);
    return id;
  });
}
