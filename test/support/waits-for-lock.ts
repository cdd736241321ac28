import { until } from './processes.ts';
import type { Session } from './sql.ts';

/**
 * Resolves when the statement that a session runs waits for a lock. Asked over another session, which may be the one it
 * waits for: pg_locks is read as it is at the moment, in a transaction too.
 */
export async function waitsForLock(waiting: Session, asking: Session): Promise<void> {
  const { processID } = waiting.client as unknown as { processID: number };
  await until(
    () => asking.rows('select from pg_locks where pid = $1 and not granted', processID),
    (locks) => locks.length > 0,
  );
}
