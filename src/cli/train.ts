import { Command } from 'commander';
import type { TrainedByHand } from '../autopilot/by-hand.ts';
import { misuse } from '../errors.ts';
import type { CleaningReport } from '../train/cleaning/clean.ts';
import type { FirstModel } from '../train/first.ts';
import type { TrainingReport } from '../train/fit.ts';
import type { TrainOptions } from '../train/run.ts';
import { cliConfig, withDatabase } from './database.ts';
import { factsText } from './facts.ts';
import { print } from './output.ts';

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
  from?: string;
  out?: string;
  promote?: string;
  wait: string;
  json?: true;
}

function optionsOf(flags: Flags, signal: AbortSignal): TrainOptions {
  const { epochs, seed, levels, testShare } = flags;
  const depth = ([1, 2, 3] as const).find((n) => String(n) === levels);
  if (levels !== undefined && depth === undefined) throw misuse(`--levels ${levels}`, 'Give 1, 2 or 3.');
  const share = Number(testShare ?? 0);
  if (!(share >= 0 && share <= 0.5)) throw misuse(`--test-share ${testShare}`, 'Give a share from 0 to .5.');
  return {
    ...(epochs === undefined ? {} : { epochs: wholeNumber('--epochs', epochs) }),
    ...(seed === undefined ? {} : { seed: wholeNumber('--seed', seed, 0) }),
    ...(depth === undefined ? {} : { depth }),
    ...(testShare === undefined ? {} : { testShare: share }),
    clean: flags.clean,
    signal,
  };
}

/** What a cleaning did or would do, a line a level. */
export function cleaningText({ labels, levels, proposed, applied }: CleaningReport): string {
  const percent = (value: number) => `${(value * 100).toFixed(1)} %`;
  const lines = Object.entries(levels).map(([level, row]) => {
    const { threshold, changed, share, capped, wrongBefore, wrongAfter } = row;
    const sure = threshold === null ? 'nothing is sure enough' : `from confidence ${threshold.toFixed(3)}`;
    const rest = capped === 0 ? '' : `, ${capped} more were left out by the caps`;
    const wrong = `wrong labels, estimated: ${percent(wrongBefore)}, then ${percent(wrongAfter)}`;
    return `  ${level}: ${changed} (${percent(share)}), ${sure}${rest}; ${wrong}`;
  });
  const done = applied === null ? `${proposed} would change` : `${applied.changed} changed`;
  return [`labels: ${done} of ${labels}`, ...lines].join('\n');
}

function agreement(report: TrainingReport): string {
  const levels = Object.entries(report.levels).map(
    ([level, r]) => `${level} ${(r.validAccuracy * 100).toFixed(1)} %`,
  );
  return `agreement with the labels of its own ${report.names.valid} held-out names (the teacher's, not the truth; other models have others): ${levels.join(', ')}`;
}

async function look(flags: Flags, options: TrainOptions & { signal: AbortSignal }): Promise<void> {
  const { dryRun } = await import('../train/data/facts.ts');
  const facts = await withDatabase((db, config) => dryRun(db, config, options));
  print(flags.json === true, facts, factsText(facts));
}

async function fromFile(from: string, out: string, flags: Flags, options: TrainOptions): Promise<void> {
  const { readEmbedded } = await import('../import/embeddings.ts');
  const { readRows } = await import('../import/read.ts');
  const { trainFromFile } = await import('../train/from-file.ts');
  const encoded = await readEmbedded(from);
  const file = { name: from, rows: encoded?.rows ?? readRows(from), encoded };
  const result = await trainFromFile(cliConfig(), file, out, options);
  print(
    flags.json === true,
    result,
    `a model of ${result.labels} labels is in ${out}: ${result.encoded} names encoded, ${result.seconds} s\n${agreement(result.report)}`,
  );
}

/** What came of it: the last line says what won, and why. */
function outcome({ model_id, gate }: TrainedByHand): string {
  const { promoted, passed, before, reasons } = gate;
  const why = reasons.join('; ');
  if (before === null) return `model ${model_id} is the champion: ${why}`;
  if (passed)
    return `model ${model_id} won, it is the champion; on the names that both were asked, beside model ${before}: ${why}`;
  return promoted
    ? `model ${model_id} is the champion by --promote, although model ${before} won: ${why}`
    : `model ${before} won, it stays the champion; model ${model_id} is kept: ${why}; all the same: taxon promote ${model_id} --force "reason"`;
}

/** What the first model is, for people. */
export function firstText({ model_id, labels, seconds, report: { agreement: said } }: FirstModel): string {
  const percent = (value: number) => `${(value * 100).toFixed(1)} %`;
  const held =
    said === null
      ? ''
      : `; agreement with the labels of ${said.names} names that it has not seen: l1 ${percent(said.l1)}, l2 ${percent(said.l2)}, l3 ${percent(said.l3)}`;
  return `model ${model_id}, of letters alone, answers meanwhile: ${labels} labels, ${seconds} s${held}`;
}

/** The first model alone; the full one is a sidecar's work then. */
async function firstOnly(flags: Flags, options: TrainOptions): Promise<void> {
  const { trainFirst } = await import('../train/run.ts');
  const { champion } = await import('../database/registry.ts');
  const { requestRetrain } = await import('../database/autopilot.ts');
  const first = await withDatabase(async (db, config) => {
    const before = await champion(db);
    if (before !== null)
      throw misuse(
        `there is no first model to wait for: model ${before.modelId} answers`,
        'Leave out --wait.',
      );
    const { epochs: _, ...asked } = options;
    const made = await trainFirst(db, config, asked);
    await requestRetrain(db, 'the full model follows the first one');
    return made;
  });
  const follows = 'the full model is asked for: a sidecar makes it, or run taxon retrain';
  const cleaned = first.cleaning === null ? [] : [cleaningText(first.cleaning)];
  print(flags.json === true, first, [firstText(first), ...cleaned, follows].join('\n'));
}

async function fromMemory(flags: Flags, options: TrainOptions): Promise<void> {
  const { trainByHand } = await import('../autopilot/by-hand.ts');
  const onFirst = (first: FirstModel) => {
    const out = flags.json === true ? process.stderr : process.stdout;
    out.write(`${firstText(first)}\n`);
  };
  const result = await withDatabase((db, config) =>
    trainByHand(db, config, options, flags.promote ?? null, onFirst),
  );
  const lines = [
    ...(result.cleaning === null ? [] : [cleaningText(result.cleaning)]),
    `model ${result.model_id}: ${result.labels} labels, ${result.encoded} newly encoded, ${result.seconds} s`,
    agreement(result.report),
    outcome(result),
  ];
  print(flags.json === true, result, lines.join('\n'));
}

export function trainCommand(): Command {
  return new Command('train')
    .description(
      'Learns a local model from memory; where it is no worse than the champion it takes over, without a restart.',
    )
    .option('--epochs <n>', 'at most so many passes over the names; early stopping usually ends sooner')
    .option('--seed <n>', 'the same seed and memory give the same model')
    .option('--levels <n>', 'learn the first 1, 2 or 3 levels only')
    .option('--no-clean', 'leave the labels as they are')
    .option('--test-share <share>', 'the part of the names that never trains, 0 to .5 (default: .05)')
    .option('--promote <reason>', 'make it the champion although the gate refuses it, and why')
    .option(
      '--wait <model>',
      'first: end when a first model, of letters alone, answers, and leave the full one to a sidecar',
      'full',
    )
    .option('--dry-run', 'only print what would be used; encodes and writes nothing')
    .option(
      '--from <file>',
      'learn from a labelled file instead of memory, without a database; goes with --out',
    )
    .option('--out <folder>', 'where the model learnt from a file is written')
    .option('--json', 'print one JSON object')
    .addHelpText(
      'after',
      `
Examples:
  taxon train
  taxon train --dry-run
  taxon train --no-clean --epochs 10 --json
  taxon train --promote 'seasonal range'
  taxon train --from labels.parquet --out model     then: taxon evaluate gold.tsv --model model

The gate asks the new model and the champion about the same names, as it does after taxon retrain; the last line says which won
and why. The first model is the champion without it.
Names are encoded once, ever, into the database; an interrupted run goes on where it stopped. Labels that models which never saw
them are sure to be wrong are changed first, never a person's; select taxon.revert_cleaning(run_id) brings them back.
A file is what import reads, or what taxon export --embeddings wrote: then nothing is encoded.`,
    )
    .action(async (flags: Flags) => {
      const { from, out } = flags;
      if ((from === undefined) !== (out === undefined))
        throw misuse('--from and --out go together', 'E.g. taxon train --from labels.parquet --out model');
      if (flags.dryRun === true && from !== undefined)
        throw misuse('--dry-run looks at memory, not at a file');
      if (
        flags.promote !== undefined &&
        (from !== undefined || flags.dryRun === true || flags.promote.trim() === '')
      )
        throw misuse(
          '--promote goes with a training from memory, and with a reason',
          'E.g. taxon train --promote "seasonal range"',
        );
      if (flags.wait !== 'first' && flags.wait !== 'full')
        throw misuse(`--wait ${flags.wait}`, 'Give first or full.');
      if (
        flags.wait === 'first' &&
        (from !== undefined || flags.dryRun === true || flags.promote !== undefined)
      )
        throw misuse('--wait first goes with a training from memory, and without --promote');
      const interrupt = interruptible(
        from === undefined
          ? 'interrupted; embeddings so far are stored, run taxon train again to go on'
          : 'interrupted; nothing was written',
      );
      const options = { ...optionsOf(flags, interrupt.signal), signal: interrupt.signal };
      const work =
        from !== undefined && out !== undefined
          ? fromFile(from, out, flags, options)
          : flags.dryRun === true
            ? look(flags, options)
            : flags.wait === 'first'
              ? firstOnly(flags, options)
              : fromMemory(flags, options);
      await work.finally(interrupt.release);
    });
}
