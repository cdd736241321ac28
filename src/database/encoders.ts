import { TaxonError } from '../errors.ts';
import type { Database } from './connection/open.ts';
import { refusing } from './connection/refusals.ts';
import { ownsEmbeddings } from './neighbour-index.ts';

/** An encoder that was used here; see the view encoder_progress. */
export interface EncoderProgress {
  encoder_id: number;
  identity: string;
  dimension: number;
  /** What models that read it do now. */
  roles: string[];
  /** Labelled names that it has encoded, and has not. */
  labels: number;
  missing: number;
  embeddings: number;
  bytes: number;
  models: number[];
  indexed: boolean;
}

export function encoderProgress(db: Database): Promise<EncoderProgress[]> {
  return db.rows(`select * from ${db.at}encoder_progress order by encoder_id`);
}

/** Whether memory may be encoded in the background now. */
export async function fillsEmbeddings(db: Database): Promise<boolean> {
  return (await db.row<{ fills: boolean }>(`select ${db.internal}fills_embeddings() as fills`)).fills;
}

/**
 * Removes some of an encoder's embeddings; 0: there are none left.
 *
 * @throws TaxonError when a model that answers or watches reads it, or there is no such encoder
 */
export async function removeEncoder(db: Database, encoderId: number): Promise<number> {
  const removing = db.row<{ n: number }>(`select ${db.at}remove_encoder($1) as n`, [encoderId]);
  return (await refusing(removing)).n;
}

/**
 * Drops the index of an encoder whose embeddings are gone, and has their space used again. Blocks nobody.
 *
 * @throws TaxonError when that is not for this role to do, with the statements for the owner
 */
export async function freeEncoder(db: Database, encoderId: number): Promise<void> {
  const statements = [
    `drop index concurrently if exists ${db.internal}embeddings_near_${Number(encoderId)}`,
    `vacuum ${db.internal}embeddings`,
  ];
  if (!(await ownsEmbeddings(db)))
    throw new TaxonError(
      'the embeddings are removed, but only the owner of the tables can free their space',
      {
        hint: `As the owner: ${statements.join('; ')};`,
      },
    );
  for (const statement of statements) await db.rows(statement);
}
