import { Command, Option } from 'commander';
import { withDatabase } from './database.ts';
import { wholeNumber } from './flags.ts';
import { print } from './output.ts';

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
    .addHelpText(
      'after',
      `
Examples:
  taxon review                       50 names, keys without Enter
  taxon review --strategy surer -n 200
  taxon review --list
  printf 'y\\nc\\nkettles\\n1\\nq\\n' | taxon review -n 2      a line for each key

Keys: y right, n wrong, c choose what it is (a number of the list, or a part of a path), s skip, u undo, q quit. Each verdict
counts at once; a label that you give beats all others and corrects the rows that say otherwise. Skipped names stay open.`,
    )
    .action(async (options: { strategy: string; category?: string; names?: string; list?: boolean }) => {
      const most = options.names === undefined ? undefined : wholeNumber('-n', options.names);
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
