import { type Command, CommanderError } from 'commander';
import { messageOf, TaxonError } from '../errors.ts';
import { log, logsJson } from '../log.ts';
import { printableLines } from '../printable.ts';
import { hideSecrets } from '../secrets.ts';
import { asCalled } from './called-as.ts';
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
    process.exitCode = report(error, program);
  }
}

/** Prints an error for people and returns the exit code. */
function report(error: unknown, program: Command): number {
  if (error instanceof CommanderError) return error.exitCode === 0 ? 0 : 2;
  const verbose = program.opts().verbose === true;
  const text = verbose && error instanceof Error ? (error.stack ?? error.message) : messageOf(error);
  const exitCode = error instanceof TaxonError ? error.exitCode : 1;
  // the database's errors have hints as well
  const given = (error as { hint?: unknown } | null)?.hint;
  const commands = program.commands.map((command) => command.name());
  const hint = typeof given === 'string' ? asCalled(given, commands) : undefined;
  if (logsJson()) log.error(text, { ...(hint === undefined ? {} : { hint }), exitCode });
  else {
    process.stderr.write(`taxon: ${printableLines(hideSecrets(text))}\n`);
    if (hint !== undefined) process.stderr.write(`  ${printableLines(hideSecrets(hint))}\n`);
  }
  return exitCode;
}
