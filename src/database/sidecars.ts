import type { Database } from './connection/open.ts';

/** What a sidecar says of itself. */
export interface SidecarState {
  worker: string;
  host: string;
  pid: number;
  version: string;
  modelId: number | null;
  llm: string | null;
  listening: boolean;
  idle: boolean;
  notice: string | null;
  /** Under which name it makes paid calls; null: it makes none. */
  deployment: string | null;
}

export async function heartbeat(db: Database, s: SidecarState): Promise<void> {
  await db.rows(`select ${db.internal}heartbeat($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)`, [
    s.worker,
    s.host,
    s.pid,
    s.version,
    s.modelId,
    s.llm,
    s.listening,
    s.idle,
    s.notice,
    s.deployment,
  ]);
}

/** Good-bye: leases still held are given back. */
export async function leave(db: Database, worker: string): Promise<void> {
  await db.rows(`select ${db.internal}end_sidecar($1)`, [worker]);
}

export async function forgetDeadSidecars(db: Database): Promise<void> {
  await db.rows(`select ${db.internal}forget_dead_sidecars()`);
}
