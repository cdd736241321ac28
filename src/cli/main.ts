#!/usr/bin/env node
import { Command, CommanderError } from 'commander';
import { version } from '../config.ts';
import { messageOf, TaxonError } from '../errors.ts';
import { setLogLevel } from '../log.ts';
import { printableLines } from '../printable.ts';
import { hideSecrets } from '../secrets.ts';
import { backfillCommand } from './backfill.ts';
import { classifyCommand } from './classify.ts';
import { cleanCommand } from './clean.ts';
import { compareLlmCommand } from './compare-llm.ts';
import { setFlags } from './database.ts';
import { dbCommand } from './db.ts';
import { demoCommand } from './demo.ts';
import { encodersCommand } from './encoders.ts';
import { evaluateCommand } from './evaluate.ts';
import { exportCommand } from './export.ts';
import { forgetCommand } from './forget.ts';
import { importCommand } from './import.ts';
import { learningCurveCommand } from './learning-curve.ts';
import { migrateCommand } from './migrate.ts';
import { modelsCommand, promoteCommand, rollBackCommand } from './models.ts';
import { exportModelCommand, importModelCommand } from './move-model.ts';
import { promptCommand } from './prompt.ts';
import { recalibrateCommand } from './recalibrate.ts';
import { replayCommand } from './replay.ts';
import { reportCommand } from './report.ts';
import { retrainCommand } from './retrain.ts';
import { reviewCommand } from './review.ts';
import { sidecarCommand } from './sidecar.ts';
import { simulateLlmCommand } from './simulate-llm.ts';
import { statusCommand, watchCommand } from './status.ts';
import { trainCommand } from './train.ts';
import { upCommand } from './up.ts';

const program = new Command('taxon')
  .description(
    'Files product names under a taxonomy inside PostgreSQL, by the cheapest layer that can be trusted.',
  )
  .version(version)
  .option(
    '--database-url <url>',
    'the database; default: DATABASE_URL, else a private cluster of this folder',
  )
  .option('--schema <name>', 'the schema that holds everything (default: taxon)')
  .option('--data-dir <folder>', 'the private cluster and every cache (default: .taxon)')
  .option('--verbose', 'also notices for debugging, and stacks of errors')
  .option('--quiet', 'only warnings and errors')
  .showHelpAfterError('(add --help for the options and examples)')
  .enablePositionalOptions()
  .addHelpText(
    'after',
    `
Examples:
  taxon demo --once                         see it work on an invented catalogue
  taxon up                                  database, schema and worker in one go
  taxon import labels.csv --as labels       names that are already classified
  taxon train                               a local model from them
  taxon status                              queue, sidecars, model, routing

Each command has its own --help. Settings: flags, then TAXON_* variables, then taxon.config.json.`,
  )
  .hook('preAction', (root) => {
    const { verbose, quiet, ...flags } = root.opts();
    if (verbose) setLogLevel('debug');
    if (quiet) setLogLevel('warn');
    setFlags(flags);
  })
  .exitOverride();

const commands = [
  upCommand(),
  demoCommand(),
  migrateCommand(),
  sidecarCommand(),
  backfillCommand(),
  importCommand(),
  exportCommand(),
  forgetCommand(),
  trainCommand(),
  retrainCommand(),
  cleanCommand(),
  recalibrateCommand(),
  evaluateCommand(),
  learningCurveCommand(),
  compareLlmCommand(),
  modelsCommand(),
  encodersCommand(),
  promoteCommand(),
  rollBackCommand(),
  exportModelCommand(),
  importModelCommand(),
  replayCommand(),
  reportCommand(),
  reviewCommand(),
  classifyCommand(),
  promptCommand(),
  statusCommand(),
  watchCommand(),
  dbCommand(),
  simulateLlmCommand(),
];
for (const command of commands) program.addCommand(command.copyInheritedSettings(program));

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
  process.stderr.write(`taxon: ${printableLines(hideSecrets(text))}\n`);
  // the database's errors have hints as well
  const hint = (error as { hint?: unknown } | null)?.hint;
  if (typeof hint === 'string') process.stderr.write(`  ${printableLines(hideSecrets(hint))}\n`);
  return error instanceof TaxonError ? error.exitCode : 1;
}
