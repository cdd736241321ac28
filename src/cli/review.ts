import { Command, Option } from 'commander';
import { misuse } from '../errors.ts';
import { withDatabase } from './database.ts';
import { wholeNumber } from './flags.ts';
import { print } from './output.ts';
import { listKindsOf, reviewKindsOf } from './review-kinds.ts';

interface ReviewFlags {
  strategy: string;
  category?: string;
  names?: string;
  list?: boolean;
  kinds?: boolean;
  word?: string;
  again?: boolean;
}

export function reviewCommand(): Command {
  return new Command('review')
    .summary('judge answers: what thresholds are certified by')
    .description(
      'Shows answers of the local layer one by one for you to judge: what thresholds are certified by.',
    )
    .option('--strategy <name>', 'uniform, surer, answered, threshold, category or disagreement', 'uniform')
    .option('--category <id>', 'the branch, for --strategy category')
    .option(
      '-n, --names <n>',
      'how many names (default: 50): checks that wait come first, new ones are drawn for the rest',
    )
    .addOption(
      new Option('--list', 'print the checks that wait as JSON; draw and ask nothing').conflicts([
        'strategy',
        'category',
      ]),
    )
    .addOption(
      new Option('--kinds', 'decide whole kinds of names instead, hundreds with one key').conflicts([
        'strategy',
        'category',
      ]),
    )
    .option('--word <word>', 'with --kinds: only kinds that have this word')
    .option('--again', 'with --kinds: group the names anew, also when that was done in the last day')
    .addHelpText(
      'after',
      `
Examples:
  taxon review                       50 names, keys without Enter
  taxon review --strategy surer -n 200
  taxon review --list
  printf 'y\\nc\\nkettles\\n1\\nq\\n' | taxon review -n 2      a line for each key
  taxon review --kinds               one decision for a whole kind

Keys: y right, n wrong, c choose what it is (a number of the list, or a part of a path), s skip, u undo, q quit. Each verdict
counts at once; a label that you give beats all others and corrects the rows that say otherwise. Skipped names stay open.

Keys with --kinds: a all of these are the first category, 1 to 8 they are that one, c another, x unmark names that do not
belong (their numbers), m show more names, s split further, n not sure, k skip, u undo, q quit. A kind with unmarked names is
split: what you saw and left marked is decided, the rest is shown again. Each decision is a run: undo_run() takes it back.`,
    )
    .action(async (options: ReviewFlags) => {
      const most = options.names === undefined ? undefined : wholeNumber('-n', options.names);
      if (options.kinds !== true && (options.word !== undefined || options.again === true))
        throw misuse('--word and --again go with --kinds');
      if (options.kinds === true) {
        const of = { word: options.word ?? null, again: options.again === true };
        if (options.list === true) await listKindsOf(of, most ?? 20);
        else await reviewKindsOf(of);
        return;
      }
      const categoryId = options.category === undefined ? null : wholeNumber('--category', options.category);
      const { openChecks } = await import('../database/checks.ts');
      if (options.list === true) {
        const open = await withDatabase((db) => openChecks(db, most ?? null));
        print(true, open, '');
        return;
      }
      const { checksToReview, review } = await import('../review/review.ts');
      const { standardKeys } = await import('../review/keys.ts');
      const keys = standardKeys();
      const done = await withDatabase(async (db) => {
        const checks = await checksToReview(db, { most: most ?? 50, strategy: options.strategy, categoryId });
        return review(db, checks, keys, (text) => process.stdout.write(text));
      }).finally(() => keys.close());
      print(
        false,
        done,
        done.right + done.wrong + done.skipped + done.left === 0
          ? '\nthere is nothing to judge: no evidence of the champion yet, or all of it was drawn'
          : `\n${done.right} right, ${done.wrong} wrong, ${done.left} left open`,
      );
    });
}
