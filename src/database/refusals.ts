import pg from 'pg';
import { TaxonError } from '../errors.ts';

/** SQLSTATEs of what our SQL functions refuse: raised without one, and another run in the way. */
const ours = new Set(['P0001', '55006']);

/** What our SQL functions refuse, they say for people; every other error stays what it is. */
export function forPeople(error: unknown): unknown {
  if (!(error instanceof pg.DatabaseError) || !ours.has(error.code ?? '')) return error;
  const options = error.hint === undefined ? { cause: error } : { cause: error, hint: error.hint };
  return new TaxonError(error.message, options);
}

/** Runs `work`; what our SQL functions refuse comes out as a TaxonError. */
export async function refusing<T>(work: Promise<T>): Promise<T> {
  try {
    return await work;
  } catch (error) {
    throw forPeople(error);
  }
}
