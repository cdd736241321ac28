import { inject, type TestContext } from 'vitest';

/**
 * Skips a test whose program of the machine is not installed, and says what to install. In CI it fails instead:
 * `.ci/run` installs them all, so a test that is missing there would be missing everywhere.
 */
export function needs(context: TestContext, installed: boolean, what: string): void {
  if (installed) return;
  if (process.env.CI) throw new Error(what);
  context.skip(what);
}

/** Whether the run's PostgreSQL is the wheel's, which was built without ICU and TLS and has no package of plpgsql_check. */
export const onWheel = inject('postgres') === 'wheel';

/** Skips a test of what the wheel has not; CI runs it on the machine's own PostgreSQL. */
export function needsMachine(context: TestContext, what: string): void {
  if (onWheel) context.skip(`PostgreSQL of the wheel has no ${what}: TAXON_POSTGRES=machine runs this`);
}
