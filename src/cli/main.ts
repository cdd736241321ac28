#!/usr/bin/env node
import { isOneCommand } from './priority.ts';
import { runCommandLine } from './run.ts';

/** A reader that went away (`taxon status | head`) is no error. */
process.stdout.on('error', (error: NodeJS.ErrnoException) => {
  if (error.code === 'EPIPE') process.exit(0);
  throw error;
});

isOneCommand();
await runCommandLine(process.argv.slice(2));
