import pg from 'pg';
import { TaxonError } from '../../errors.ts';

/**
 * SQLSTATEs of what our SQL functions refuse: none given, another run in the way, a wrong value, something that is not
 * there, something that has to come first.
 */
const ours = new Set(['P0001', '55006', '22023', 'P0002', '55000']);

/** What our SQL functions refuse, they say for people; every other error stays what it is. */
export function forPeople(error: unknown): unknown {
  if (!(error instanceof pg.DatabaseError) || !ours.has(error.code ?? '')) return error;
  // the server raises most of these itself too
  if (error.routine !== 'exec_stmt_raise') return error;
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
