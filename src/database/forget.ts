import type { Database } from './connection/open.ts';
import { refusing } from './connection/refusals.ts';

/** A line of what forget() did; `removed` is null where something is only said. */
export interface Forgotten {
  what: string;
  removed: number | null;
  detail: string | null;
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
  return refusing(db.rows(`select * from ${db.at}forget($1, $2, $3)`, [name, blank, dryRun]));
}
