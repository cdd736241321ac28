import { CommanderError } from 'commander';
import { messageOf, TaxonError } from '../errors.ts';
import { printableLines } from '../printable.ts';
import { hideSecrets } from '../secrets.ts';
import { makeProgram } from './program.ts';

/**
 * Runs one command line. What fails is said on standard error and in process.exitCode: 1 failed, 2 misuse.
 *
 * @param args what stands behind `taxon`
 */
export async function runCommandLine(args: readonly string[]): Promise<void> {
  const program = makeProgram();
  try {
    await program.parseAsync(args, { from: 'user' });
  } catch (error) {
    process.exitCode = report(error, program.opts().verbose === true);
  }
}

/** Prints an error for people and returns the exit code. */
function report(error: unknown, verbose: boolean): number {
  if (error instanceof CommanderError) return error.exitCode === 0 ? 0 : 2;
  const text = verbose && error instanceof Error ? (error.stack ?? error.message) : messageOf(error);
  process.stderr.write(`taxon: ${printableLines(hideSecrets(text))}\n`);
  // the database's errors have hints as well
  const hint = (error as { hint?: unknown } | null)?.hint;
  if (typeof hint === 'string') process.stderr.write(`  ${printableLines(hideSecrets(hint))}\n`);
  return error instanceof TaxonError ? error.exitCode : 1;
}
