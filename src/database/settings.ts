import type { Database } from './connection/open.ts';

/** Changes a setting that all processes share, as set_setting() does, with its history. */
export async function setSetting(db: Database, key: string, value: unknown, reason: string): Promise<void> {
  await db.rows(`select ${db.at}set_setting($1, $2::jsonb, $3)`, [key, JSON.stringify(value), reason]);
}
