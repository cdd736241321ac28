#!/usr/bin/env node
import { CommanderError } from 'commander';
import { messageOf, TaxonError } from '../errors.ts';
import { log, logsJson } from '../log.ts';
import { printableLines } from '../printable.ts';
import { hideSecrets } from '../secrets.ts';
import { makeProgram } from './program.ts';

const program = makeProgram();

/** A reader that went away (`taxon status | head`) is no error. */
process.stdout.on('error', (error: NodeJS.ErrnoException) => {
  if (error.code === 'EPIPE') process.exit(0);
  throw error;
});

try {
  await program.parseAsync();
} catch (error) {
  process.exitCode = report(error);
}

/** Prints an error for people and returns the exit code: 1 failed, 2 misuse. */
function report(error: unknown): number {
  if (error instanceof CommanderError) return error.exitCode === 0 ? 0 : 2;
  const verbose = program.opts().verbose === true;
  const text = verbose && error instanceof Error ? (error.stack ?? error.message) : messageOf(error);
  const exitCode = error instanceof TaxonError ? error.exitCode : 1;
  // the database's errors have hints as well
  const hint = (error as { hint?: unknown } | null)?.hint;
  if (logsJson()) log.error(text, { ...(typeof hint === 'string' ? { hint } : {}), exitCode });
  else {
    process.stderr.write(`taxon: ${printableLines(hideSecrets(text))}\n`);
    if (typeof hint === 'string') process.stderr.write(`  ${printableLines(hideSecrets(hint))}\n`);
  }
  return exitCode;
}
