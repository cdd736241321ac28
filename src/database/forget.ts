import type { Database } from './open.ts';
import { refusing } from './refusals.ts';

/** A line of what forget() did; `removed` is null where something is only said. */
export interface Forgotten {
  what: string;
  removed: number | null;
  detail: string | null;
}

/** Carries the lines of a dry run out of its transaction, which is rolled back. */
class DryRun extends Error {
  readonly rows: Forgotten[];
  constructor(rows: Forgotten[]) {
    super('dry run');
    this.rows = rows;
  }
}

/**
 * Forgets a name wherever it stands, and says what may still hold it.
 *
 * @param options blank: products keep their rows, without name and answer; dryRun: nothing is changed
 * @throws TaxonError when the name is empty
 */
export async function forgetName(
  db: Database,
  name: string,
  options: { blank?: boolean; dryRun?: boolean } = {},
): Promise<Forgotten[]> {
  const { blank = false, dryRun = false } = options;
  const work = db.transaction(async (client) => {
    const { rows } = await client.query<Forgotten>(`select * from ${db.at}forget($1, $2)`, [name, blank]);
    if (dryRun) throw new DryRun(rows);
    return rows;
  });
  return refusing(work).catch((error: unknown) => {
    if (error instanceof DryRun) return error.rows;
    throw error;
  });
}
