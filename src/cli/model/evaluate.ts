import { Command } from 'commander';
import { misuse } from '../../errors.ts';
import type { LevelScore } from '../../train/judge/evaluate.ts';
import type { LabelledName } from '../../train/judge/evaluate-names.ts';
import { withAnyDatabase } from '../database.ts';
import { cliConfig } from '../flags.ts';
import { print, table } from '../output.ts';
import { pageFile, writePage } from '../page.ts';
import { interruptible } from '../signals.ts';
import { addBound, type Bound, checkBounds } from './bounds.ts';

const percent = (value: number | null) => (value === null ? '' : `${(value * 100).toFixed(1)} %`);

function levelRow(level: string, score: LevelScore, ece: number) {
  return {
    level,
    names: score.n,
    majority: percent(score.majority),
    'top 1': percent(score.top1),
    'top 3': percent(score.top3),
    'top 5': percent(score.top5),
    'calibration error': ece.toFixed(3),
  };
}

export function evaluateCommand(): Command {
  return new Command('evaluate')
    .summary('how good the champion is on names known for certain')
    .description('How good the champion is on names whose category is known for certain. Writes nothing.')
    .argument(
      '<file>',
      'names with known-good categories: .csv, .tsv, .gz, .parquet; header name,l1,l2,l3 or name,path',
    )
    .option(
      '--min <figure=share>',
      'exit with 1 when l1, l2, l3, path or coverage is below; may be repeated',
      addBound,
    )
    .option('--report <file>', 'also write all that can be said of the answers as one page, FILE.html')
    .option('--model <folder>', 'a model that train --from wrote, instead of the champion; needs no database')
    .option('--json', 'print one JSON object')
    .addHelpText(
      'after',
      `
Examples:
  taxon model evaluate checked-by-people.csv
  taxon model evaluate gold.tsv --json | jq .levels.l3.top1
  taxon model evaluate gold.tsv --min l3=.70 --min path=.6     # in your own CI
  taxon model evaluate gold.tsv --report evaluation.html
  taxon model evaluate gold.tsv --model model-folder

Every name goes to the local model, whatever exact and similar would say. A level that is empty in the file is not scored.`,
    )
    .action(
      async (file: string, options: { min?: Bound[]; report?: string; model?: string; json?: boolean }) => {
        const page = options.report === undefined ? undefined : pageFile(options.report);
        const { readRows } = await import('../../import/read.ts');
        const { evaluateNames } = await import('../../train/judge/evaluate-names.ts');
        const { evaluateFolder } = await import('../../train/judge/evaluate-folder.ts');
        const labelled: LabelledName[] = [];
        for await (const row of readRows(file)) labelled.push(row);
        if (options.model !== undefined && page !== undefined)
          throw misuse(
            '--report is written of the champion, not of a folder',
            'Leave out --model or --report.',
          );
        const interrupt = interruptible('interrupted');
        const evaluated =
          options.model === undefined
            ? withAnyDatabase((db, config) =>
                evaluateNames(db, config, labelled, interrupt.signal, { diagnostics: page !== undefined }),
              )
            : evaluateFolder(cliConfig(), options.model, labelled, interrupt.signal);
        const { diagnostics, ...report } = {
          diagnostics: undefined,
          ...(await evaluated.finally(interrupt.release)),
        };
        if (page !== undefined && diagnostics !== undefined)
          writePage(page, { model: null, report: diagnostics, routing: null });
        const { levels, ece, thresholds } = report;
        const text = [
          table([
            levelRow('l1', levels.l1, ece.l1),
            levelRow('l2', levels.l2, ece.l2),
            levelRow('l3', levels.l3, ece.l3),
          ]),
          '',
          `model ${'model' in report ? report.model : report.model_id}: whole path right ${percent(report.path)} of ${report.names} names`,
          `at the thresholds ${thresholds.l1} / ${thresholds.l2} / ${thresholds.l3} (not certified) it would answer ${percent(report.coverage)}, of which wrong ${percent(report.selectiveError)}`,
        ].join('\n');
        print(options.json === true, report, text);
        checkBounds(report, options.min ?? []);
      },
    );
}
