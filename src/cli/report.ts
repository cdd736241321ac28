import { Command } from 'commander';
import { gateReport } from '../database/autopilot.ts';
import type { Database } from '../database/connection/open.ts';
import { routing, storedReport } from '../database/reports.ts';
import { TaxonError } from '../errors.ts';
import { readModelReport } from '../model/report.ts';
import { type Shown, sectionsOf } from '../report/tables.ts';
import { headline, number } from '../report/words.ts';
import { withAnyDatabase } from './database.ts';
import { wholeNumber } from './flags.ts';
import { print, table } from './output.ts';
import { pageFile, writePage } from './page.ts';

async function shownOf(db: Database, modelId: number | null): Promise<Shown> {
  const stored = await storedReport(db, modelId);
  const train = { hint: 'Train one: taxon train' };
  if (stored === null)
    throw modelId === null
      ? new TaxonError('there is no champion to report on', train)
      : new TaxonError(`there is no model ${modelId}`, { hint: 'Without --model the champion is shown.' });
  const report = readModelReport(stored.diagnostics);
  if (report === null)
    throw new TaxonError(
      `model ${stored.model_id} has no report: it is a first model, of letters alone, it was made elsewhere, or its training was cut short`,
      { hint: `Trained here, it can be measured: taxon train --measure ${stored.model_id}` },
    );
  const { model_id, state, created_at } = stored;
  return {
    model: { model_id, state, created_at: created_at.toISOString() },
    report,
    routing: await routing(db, '1 day'),
    gate: (await gateReport(db, model_id))[0] ?? null,
  };
}

/** The report as tables; what a page folds, a terminal cuts. */
function text(shown: Shown): string {
  const most = 15;
  return sectionsOf(shown)
    .map(({ title, says, rows }) => {
      const more =
        rows.length > most ? [`… and ${number(rows.length - most)} more: --json, or FILE.html`] : [];
      const shownRows = rows.length === 0 ? [] : [table(rows.slice(0, most)), ...more];
      return [title.toUpperCase(), ...says, ...shownRows].join('\n');
    })
    .join('\n\n');
}

export function reportCommand(): Command {
  return new Command('report')
    .summary('a model and the routing on one page')
    .description(
      'What is known of a model and of the routing: on one HTML page, or as tables in the terminal.',
    )
    .argument('[file]', 'the page to write, FILE.html; needs nothing but a browser, no network')
    .option('--model <id>', 'another model than the champion')
    .option('--json', 'print one JSON object: model, report, routing, gate')
    .addHelpText(
      'after',
      `
Examples:
  taxon report
  taxon report report.html
  taxon report --model 3 --json | jq .report.verdicts

The model's part is as its training measured it, or taxon train --measure since; the routing is of the last day.`,
    )
    .action(async (file: string | undefined, options: { model?: string; json?: boolean }) => {
      if (file !== undefined) pageFile(file);
      const id = options.model === undefined ? null : wholeNumber('--model', options.model);
      const shown = await withAnyDatabase((db) => shownOf(db, id));
      if (file !== undefined) writePage(file, shown);
      const written = [...headline(shown.report), '', `written: ${file}`].join('\n');
      print(options.json === true, shown, file === undefined ? text(shown) : written);
    });
}
