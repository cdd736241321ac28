import { Command, Option } from 'commander';
import { misuse } from '../errors.ts';
import { givenOptions } from './flags.ts';
import { interruptible } from './signals.ts';
import { fromFile } from './train/file.ts';
import { type Flags, optionsOf, type Training } from './train/flags.ts';
import { gated, requested } from './train/gated.ts';
import { measure } from './train/measure.ts';
import { firstOnly, fromMemory, look } from './train/memory.ts';
import { recalibration } from './train/recalibrate.ts';

/** One of the things that `taxon train` does. */
interface Mode {
  /** How it is asked for, in words. */
  called: string;
  chosen(flags: Flags): boolean;
  /** The options that mean something to it, by their names in code; --json does to all. */
  reads: readonly (keyof Flags)[];
  run(flags: Flags): Promise<void>;
}

const training =
  (work: (flags: Flags, options: Training) => Promise<void>, says: string) => async (flags: Flags) => {
    const interrupt = interruptible(says);
    try {
      await work(flags, optionsOf(flags, interrupt.signal));
    } finally {
      interrupt.release();
    }
  };
const goesOn = 'interrupted; embeddings so far are stored, run taxon train again to go on';
const learning = ['epochs', 'seed', 'levels', 'testShare', 'clean'] as const;

/** The first that is chosen is done; the last one always is. */
const modes: readonly Mode[] = [
  {
    called: '--gated --request',
    chosen: (flags) => flags.gated === true && flags.request === true,
    reads: ['gated', 'request', 'reason'],
    run: requested,
  },
  {
    called: '--gated',
    chosen: (flags) => flags.gated === true,
    reads: ['gated', 'reason', 'epochs', 'seed', 'clean'],
    run: gated,
  },
  {
    called: '--recalibrate',
    chosen: ({ recalibrate }) => recalibrate === true,
    reads: ['recalibrate', 'model'],
    run: recalibration,
  },
  {
    called: '--measure',
    chosen: (flags) => flags.measure !== undefined,
    reads: ['measure'],
    run: measure,
  },
  {
    called: '--from',
    chosen: ({ from, out }) => from !== undefined || out !== undefined,
    reads: ['from', 'out', ...learning],
    run: training(fromFile, 'interrupted; nothing was written'),
  },
  {
    called: '--dry-run',
    chosen: ({ dryRun }) => dryRun === true,
    reads: ['dryRun', ...learning],
    run: training(look, goesOn),
  },
  {
    called: '--wait first',
    chosen: ({ wait }) => wait === 'first',
    reads: ['wait', 'seed', 'levels', 'testShare', 'clean'],
    run: training(firstOnly, goesOn),
  },
  {
    called: 'a training from memory',
    chosen: () => true,
    reads: ['wait', 'promote', ...learning],
    run: training(fromMemory, goesOn),
  },
];

/** Which mode the options choose; refuses those that mean nothing to it. */
function modeOf(flags: Flags, command: Command): Mode {
  const mode = modes.find(({ chosen }) => chosen(flags)) as Mode;
  for (const [name, flag] of givenOptions(command)) {
    const isRead = (by: Mode) => name === 'json' || by.reads.some((read) => read === name);
    if (isRead(mode)) continue;
    const others = modes.filter(isRead).map(({ called }) => called);
    throw misuse(
      `${flag} does not go with ${mode.called}`,
      others.includes(flag) ? 'Run one, then the other.' : `It goes with ${others.join(', ')}.`,
    );
  }
  return mode;
}

export function trainCommand(): Command {
  return new Command('train')
    .summary('a local model from memory')
    .description(
      'Learns a local model from memory; where it is no worse than the champion it takes over, without a restart.',
    )
    .option('--epochs <n>', 'at most so many passes over the names; early stopping usually ends sooner')
    .option('--seed <n>', 'the same seed and memory give the same model')
    .option('--levels <n>', 'learn the first 1, 2 or 3 levels only')
    .option('--no-clean', 'leave the labels as they are')
    .option('--test-share <share>', 'the part of the names that never trains, 0 to .5 (default: .05)')
    .option('--promote <reason>', 'make it the champion although the gate refuses it, and why')
    .addOption(
      new Option(
        '--wait <model>',
        'first: end when a first model, of letters alone, answers, and leave the full one to a sidecar',
      )
        .choices(['first', 'full'])
        .default('full'),
    )
    .option('--dry-run', 'only print what would be used; encodes and writes nothing')
    .option('--json', 'print one JSON object')
    .optionsGroup('From a file, without a database:')
    .option('--from <file>', 'learn from a labelled file instead of memory')
    .option('--out <folder>', 'where the model is written')
    .optionsGroup('Gated, as a sidecar does it:')
    .option(
      '--gated',
      'train a challenger in steps that survive a kill; the gate decides whether it is rolled out',
    )
    .option('--reason <text>', 'why, for the history')
    .option('--request', 'only ask for it: a running sidecar does it')
    .optionsGroup('Without training:')
    .option(
      '--recalibrate',
      'fit anew how what a model says becomes a confidence, on the names that people checked',
    )
    .option('--model <id>', 'the model to recalibrate; default: the champion')
    .option('--measure <model>', 'measure a model anew, on memory as it is, for taxon report')
    .addHelpText(
      'after',
      `
Examples:
  taxon train
  taxon train --dry-run
  taxon train --no-clean --epochs 10 --json
  taxon train --promote 'seasonal range'
  taxon train --from labels.parquet --out model
  taxon model evaluate gold.tsv --model model       what that one is worth
  taxon train --gated
  taxon train --gated --request --reason "new range of garden tools"
  taxon train --measure 3                           after labels were corrected
  taxon train --recalibrate --model 7 --json | jq .after
  psql -c 'select * from taxon.autopilot()'         what runs, why, what is next
  psql -c 'select * from taxon.gate_report()'       what the gate said

The gate asks the new model and the champion about the same names; the last line says which won and why. The first model is the
champion without it.
Names are encoded once, ever, into the database; an interrupted run goes on where it stopped. Labels that models which never saw
them are sure to be wrong are changed first, never a person's; select * from taxon.undo_run(run_id) brings them back, and taxon.runs lists the run.
A file is what import reads, or what taxon export --embeddings wrote: then nothing is encoded.

--gated: killed or interrupted, the next call goes on with the step that was cut short. A challenger that passes watches live
traffic first, then answers a share of the names, then all; audits that disprove the promise take it back.

--recalibrate: a model that was trained since is asked about all checked names first. Thresholds are rewritten, so that the same
names pass. With fewer than 50 checked names the LLM's answers to names passed on stand in; they certify nothing.`,
    )
    .action(async (flags: Flags, command: Command) => {
      const mode = modeOf(flags, command);
      if (flags.promote?.trim() === '')
        throw misuse('--promote goes with a reason', 'E.g. taxon train --promote "seasonal range"');
      await mode.run(flags);
    });
}
