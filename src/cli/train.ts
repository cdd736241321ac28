import { Command } from 'commander';
import { misuse } from '../errors.ts';
import type { CleaningReport } from '../train/clean.ts';
import type { DatasetFacts } from '../train/facts.ts';
import { withDatabase } from './database.ts';
import { print, table } from './output.ts';

/** A whole number of at least `least` from a flag. */
export function wholeNumber(flag: string, text: string, least = 1): number {
  const value = Number(text);
  if (!Number.isInteger(value) || value < least)
    throw misuse(`${flag} ${text}`, `Give a whole number from ${least}.`);
  return value;
}

/** An abort signal that the first Ctrl-C or SIGTERM sets; `release` gives the signals back. */
export function interruptible(says: string): { signal: AbortSignal; release(): void } {
  const controller = new AbortController();
  const onSignal = () => controller.abort(new Error(says));
  process.once('SIGINT', onSignal).once('SIGTERM', onSignal);
  return {
    signal: controller.signal,
    release: () => process.off('SIGINT', onSignal).off('SIGTERM', onSignal),
  };
}

interface Flags {
  epochs?: string;
  seed?: string;
  levels?: string;
  testShare?: string;
  clean: boolean;
  dryRun?: true;
  json?: boolean;
}

function levelsOf(text: string): 1 | 2 | 3 {
  const levels = Number(text);
  if (levels === 1 || levels === 2 || levels === 3) return levels;
  throw misuse(`--levels ${text}`, 'Give 1, 2 or 3.');
}

function shareOf(text: string): number {
  const share = Number(text);
  if (text.trim() !== '' && share >= 0 && share <= 0.5) return share;
  throw misuse(`--test-share ${text}`, 'Give a share from 0 to .5.');
}

async function sayWhatWouldBeUsed(options: Flags): Promise<void> {
  const { dryRun } = await import('../train/facts.ts');
  const interrupt = interruptible('interrupted');
  const facts = await withDatabase((db, config) =>
    dryRun(db, config, {
      signal: interrupt.signal,
      ...(options.testShare === undefined ? {} : { testShare: shareOf(options.testShare) }),
    }),
  ).finally(interrupt.release);
  print(options.json === true, facts, factsText(facts));
}

/** What training would use, for people. */
function factsText(facts: DatasetFacts & { encoder: string }): string {
  const list = (counts: Record<string, number>) =>
    Object.entries(counts)
      .map(([key, count]) => `${key} ${count}`)
      .join(', ');
  const classes = Object.entries(facts.levels).map(([level, sizes]) => ({
    level,
    classes: sizes.classes,
    largest: sizes.largest?.rows ?? 0,
    median: sizes.median,
    [`under ${facts.small_below} rows`]: sizes.small,
  }));
  const conflicts = facts.conflicts.latest.map(
    ({ name_key, before_path, after_path }) =>
      `  ${name_key}: ${before_path ?? 'none'}, now ${after_path ?? 'none'}`,
  );
  return [
    `labels: ${facts.labels}, usable ${facts.usable}, of retired categories ${facts.retired}; to be encoded ${facts.unencoded} by ${facts.encoder}`,
    `by source: ${list(facts.sources)}`,
    `paths that stop at: ${list(facts.depths)}`,
    `script: ${list(facts.scripts)}`,
    `parts: ${list(facts.parts)}`,
    '',
    table(classes),
    '',
    `labels that changed their category: ${facts.conflicts.count}`,
    ...conflicts,
  ].join('\n');
}

/** What a cleaning did or would do, a line a level. */
export function cleaningText({ labels, levels, proposed, applied }: CleaningReport): string {
  const lines = Object.entries(levels).map(([level, { threshold, changed, share, capped }]) => {
    const sure = threshold === null ? 'nothing is sure enough' : `from confidence ${threshold.toFixed(3)}`;
    const rest = capped === 0 ? '' : `, ${capped} more were left out by the caps`;
    return `  ${level}: ${changed} (${(share * 100).toFixed(1)} %), ${sure}${rest}`;
  });
  const done = applied === null ? `${proposed} would change` : `${applied.changed} changed`;
  return [`labels: ${done} of ${labels}`, ...lines].join('\n');
}

export function trainCommand(): Command {
  return new Command('train')
    .description(
      'Learns a local model from memory and makes it the champion; sidecars load it without a restart.',
    )
    .option('--epochs <n>', 'at most so many passes over the names; early stopping usually ends sooner')
    .option('--seed <n>', 'the same seed and memory give the same model')
    .option('--levels <n>', 'learn the first 1, 2 or 3 levels only')
    .option('--test-share <share>', 'names that never train anything, 0 to .5 (default .05)')
    .option('--no-clean', 'leave the labels as they are')
    .option('--dry-run', 'say what would be used; encodes, trains and writes nothing')
    .option('--json', 'print one JSON object')
    .addHelpText(
      'after',
      `
Examples:
  taxon train
  taxon train --dry-run
  taxon train --no-clean --epochs 10 --json

Names are encoded once, ever, into the database; an interrupted run goes on where it stopped. Labels that models which never saw
them are sure to be wrong are changed first, never a person's; select taxon.revert_cleaning(run_id) brings them back.`,
    )
    .action(async (options: Flags) => {
      if (options.dryRun === true) return await sayWhatWouldBeUsed(options);
      const { train } = await import('../train/run.ts');
      const interrupt = interruptible(
        'interrupted; embeddings so far are stored, run taxon train again to go on',
      );
      const result = await withDatabase((db, config) =>
        train(db, config, {
          ...(options.epochs === undefined ? {} : { epochs: wholeNumber('--epochs', options.epochs) }),
          ...(options.seed === undefined ? {} : { seed: wholeNumber('--seed', options.seed, 0) }),
          ...(options.levels === undefined ? {} : { depth: levelsOf(options.levels) }),
          ...(options.testShare === undefined ? {} : { testShare: shareOf(options.testShare) }),
          clean: options.clean,
          signal: interrupt.signal,
        }),
      ).finally(interrupt.release);
      const levels = Object.entries(result.report.levels)
        .map(([level, r]) => `${level} ${(r.validAccuracy * 100).toFixed(1)} %`)
        .join(', ');
      print(
        options.json === true,
        result,
        `${result.cleaning === null ? '' : `${cleaningText(result.cleaning)}\n`}model ${result.model_id} is the champion: ${result.labels} labels, ${result.encoded} newly encoded, ${result.seconds} s
agreement with held-out labels (the teacher's, not the truth): ${levels}`,
      );
    });
}
