import type { Database } from '../database/connection/open.ts';
import { withDatabase } from './database.ts';
import { print } from './output.ts';

/** Which kinds `taxon review --kinds` is about. */
export interface KindFlags {
  word: string | null;
  /** Group the names anew, however lately that was done. */
  again: boolean;
}

/** Kinds that are older than this are found anew; sidecars do it each night. */
const freshMs = 24 * 3600 * 1000;

async function prepare(db: Database, again: boolean): Promise<void> {
  const { findKinds, kindsAge } = await import('../database/kinds.ts');
  const { duration } = await import('../progress.ts');
  const { found_at, names } = await kindsAge(db);
  if (!again && found_at !== null && Date.now() - found_at.getTime() < freshMs) return;
  process.stderr.write(`grouping ${names} labelled names into kinds …\n`);
  const started = Date.now();
  const kinds = await findKinds(db);
  process.stderr.write(`${kinds} kinds in ${duration((Date.now() - started) / 1000)}\n`);
}

/** Prints open kinds as JSON. */
export async function listKindsOf({ word, again }: KindFlags, most: number): Promise<void> {
  const { listKinds } = await import('../database/kinds.ts');
  const open = await withDatabase(async (db) => {
    await prepare(db, again);
    return listKinds(db, most, word);
  });
  print(true, open, '');
}

/** Shows kinds one after the other until there are no more, or the person ends it. */
export async function reviewKindsOf({ word, again }: KindFlags): Promise<void> {
  const { reviewKinds } = await import('../review/kinds.ts');
  const { standardKeys } = await import('../review/keys.ts');
  const keys = standardKeys();
  const width = Math.min(120, Math.max(60, process.stdout.columns ?? 80));
  const done = await withDatabase(async (db) => {
    await prepare(db, again);
    return reviewKinds(db, { word, width }, keys, (text) => process.stdout.write(text));
  }).finally(() => keys.close());
  const { decided, labels, corrected, split, unsure } = done;
  const others = [
    ...(split === 0 ? [] : [`${split} split`]),
    ...(unsure === 0 ? [] : [`${unsure} put aside`]),
  ];
  print(
    false,
    done,
    `\n${[`${decided} decided: ${labels} labels, of which ${corrected} said something else`, ...others].join(', ')}`,
  );
}
