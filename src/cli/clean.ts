import { Command, Option } from 'commander';
import { deepest } from '../model/tree.ts';
import type { Path } from '../model/types.ts';
import { number, percent, points } from '../report/words.ts';
import type { Cleaning } from '../train/cleaning/clean.ts';
import type { CleaningGain } from '../train/cleaning/gain.ts';
import type { Dataset } from '../train/data/dataset.ts';
import { withDatabase } from './database.ts';
import { needs, wholeNumber } from './flags.ts';
import { print, table } from './output.ts';
import { interruptible } from './signals.ts';
import { cleaningText } from './train/text.ts';

/** Evenly over all changes, from the surest to the least sure: what a person should look at. */
function sample(
  set: Dataset,
  { changes }: Cleaning,
  most: number,
  names: ReadonlyMap<number, string>,
): { name: string; label: string; becomes: string; confidence: number }[] {
  const step = Math.max(1, changes.length / most);
  return Array.from({ length: Math.min(most, changes.length) }, (_, i) => {
    const { row, after, confidence } = changes[Math.floor(i * step)] as (typeof changes)[number];
    const before = set.paths[row] as Path;
    return {
      name: set.keys[row] as string,
      label: names.get(deepest(before)) ?? '',
      becomes: names.get(deepest(after)) ?? '',
      confidence: Number(confidence.toFixed(3)),
    };
  });
}

interface Flags {
  dryRun?: boolean;
  gain?: boolean;
  sample: string;
  epochs?: string;
  seed?: string;
  json?: boolean;
}

function gainText({ names, learnt, changed, l1, l2, l3, path }: CleaningGain): string {
  const rows = Object.entries({ l1, l2, l3, 'all three': path }).map(([level, row]) => ({
    level,
    'as given': percent(row.before),
    'as cleaned': percent(row.after),
    points: points(row.after - row.before),
    won: row.won,
    lost: row.lost,
    p: row.p.toPrecision(2),
  }));
  return `Trained on ${number(learnt)} labels as given, and with ${number(changed)} of them changed; agreement with the labels of ${number(names)} held-out names.
Won and lost: names that only the one or only the other has right; p: McNemar's exact test.

${table(rows)}`;
}

export function cleanCommand(): Command {
  return new Command('clean')
    .summary('labels that are surely wrong')
    .description(
      'Changes labels that models which never saw them are sure to be wrong; never those of people. Can be taken back.',
    )
    .option('--dry-run', 'say what would change and show a sample; write nothing')
    .addOption(
      new Option('--gain', 'train with and without cleaning and compare the two; write no label').conflicts(
        'dryRun',
      ),
    )
    .option('--sample <n>', 'changes shown by --dry-run', '50')
    .option('--epochs <n>', 'at most so many passes over the names for each head')
    .option('--seed <n>', 'the same seed and memory give the same changes')
    .option('--json', 'print one JSON object')
    .addHelpText(
      'after',
      `
Examples:
  taxon clean --dry-run
  taxon clean --gain
  taxon clean
  psql -c 'select * from taxon.confident_mistakes(most => 20)'
  psql -c 'select * from taxon.undo_run(run_id => 7)'     brings all of it back

Five models, each trained on four fifths of memory, judge the other fifth. How sure they must be follows from how often the
surest agree with the labels. A teacher that errs alike on whole groups of names is not seen by this: check a sample.
--gain judges without the test part's names, trains on the labels as given and as cleaned, and pairs the two on those names.`,
    )
    .action(async (options: Flags, command: Command) => {
      needs(command, ['sample'], 'dryRun');
      const most = wholeNumber('--sample', options.sample);
      const { clean, gain } = await import('../train/run.ts');
      const { loadPaths } = await import('../database/taxonomy.ts');
      const asked = {
        ...(options.epochs === undefined ? {} : { epochs: wholeNumber('--epochs', options.epochs) }),
        ...(options.seed === undefined ? {} : { seed: wholeNumber('--seed', options.seed, 0) }),
      };
      const interrupt = interruptible('interrupted; no label was changed');
      const how = { ...asked, signal: interrupt.signal };
      if (options.gain === true) {
        const found = await withDatabase((db, config) => gain(db, config, how)).finally(interrupt.release);
        return print(options.json === true, found, gainText(found));
      }
      const { result, rows } = await withDatabase(async (db, config) => {
        const { set, cleaning, ...result } = await clean(db, config, {
          ...how,
          dryRun: options.dryRun === true,
        });
        const paths = await loadPaths(db);
        const names = new Map(paths.map((row) => [row.category_id, row.names.join(' > ')]));
        return { result, rows: options.dryRun === true ? sample(set, cleaning, most, names) : [] };
      }).finally(interrupt.release);
      const changes = result.applied?.run_id ?? null;
      const back = changes === null ? '' : `\nback again: select * from taxon.undo_run(${changes});`;
      print(
        options.json === true,
        { ...result, ...(options.dryRun === true ? { sample: rows } : {}) },
        [...(rows.length === 0 ? [] : [table(rows), '']), cleaningText(result) + back].join('\n'),
      );
    });
}
