import type { TestContext } from 'vitest';

/**
 * Skips a test whose program of the machine is not installed, and says what to install. In CI it fails instead:
 * `.ci/run` installs them all, so a test that is missing there would be missing everywhere.
 */
export function needs(context: TestContext, installed: boolean, what: string): void {
  if (installed) return;
  if (process.env.CI) throw new Error(what);
  context.skip(what);
}
