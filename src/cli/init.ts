import { Command } from 'commander';
import { writeParts } from '../atomic-file.ts';
import type { Config } from '../config.ts';
import { named, quoted } from '../database/shop/catalogue.ts';
import type { Shape } from '../database/shop/guess.ts';
import { misuse, TaxonError } from '../errors.ts';
import type { Installed, InstallOptions } from '../init/install.ts';
import { duration } from '../progress.ts';
import { number } from '../report/words.ts';
import type { XrayReport } from '../xray/types.ts';
import { calledAs } from './called-as.ts';
import { databaseUrl } from './database.ts';
import { checksText } from './doctor.ts';
import { cliConfig } from './flags.ts';
import { type Asker, askNobody } from './init/ask.ts';
import { chooseShape, shapeFlags } from './init/shape.ts';
import { pageFile } from './page.ts';
import { interruptible } from './signals.ts';
import { type LookFlags, moneyFlags, withShop, xrayOptions } from './x-ray.ts';

interface Flags extends LookFlags {
  table?: string;
  html: string;
  look?: true;
  yes?: true;
}

const defaultPage = 'pgtaxon-x-ray.html';

/** What is told before each step that writes. */
const steps: Record<Parameters<InstallOptions['onStep']>[0], string> = {
  migrate: 'making the schemas taxon and taxon_internal',
  shadow: 'the local layer is set to shadow: it decides and records, and does not answer',
  attach: 'attaching your table, with its labels and categories',
  train: 'learning a first model of letters',
};

/** Doctor, whose bad news end it. */
async function examine(asker: Asker, url: string, config: Config): Promise<void> {
  const { diagnose } = await import('../doctor/doctor.ts');
  const checks = await diagnose(url, config, 50_000);
  asker.show('Doctor', checksText(checks));
  if (checks.some(({ status }) => status === 'bad'))
    throw new TaxonError('something must be mended first', { hint: `Then again: ${calledAs()} init` });
}

/** What was done, and what to type next. */
function done(made: Installed, schema: string, shape: Shape): string {
  const { view, rows, takenIn, labels, done, pending, model } = made;
  const left = takenIn < rows ? `, a sidecar takes in the other ${number(rows - takenIn)}` : '';
  const learnt =
    model === null
      ? 'No model was made: there are too few labels, or one answers already.'
      : `A first model of letters was learnt in ${duration(model.seconds)}; a sidecar makes the full one.`;
  return [
    `${number(takenIn)} rows were taken in${left}: ${number(done)} have an answer, ${number(pending)} wait for a sidecar.`,
    `Memory holds ${number(labels)} names. ${learnt}`,
    'The local layer is in shadow: it answers nothing until you say so.',
    '',
    'Next, in a terminal:',
    `  ${calledAs()} sidecar`,
    'In psql:',
    `  select * from ${schema}.${quoted(view)} limit 10;`,
    `  select * from ${schema}.attached_tables;`,
    `  select * from ${schema}.shadow_report();`,
    `  select ${schema}.set_setting('local_layer', '"on"');      -- lets it answer`,
    `  select * from ${schema}.detach('${named(shape.table)}');  -- lets the table go`,
    '',
    `The same again: ${calledAs()} init ${shapeFlags(shape)} --yes`,
  ].join('\n');
}

/** attach() keeps every category of the shop's tree with its id, so two that read alike cannot both be made: said before anything is. */
function refuseTwins({ taxonomy }: XrayReport, { labels, categories }: Shape): void {
  const twins = taxonomy?.twins;
  if (labels === null || categories === null || twins === undefined || twins.count === 0) return;
  throw new TaxonError(
    `${number(twins.count)} categories of ${named(categories.table)} have a twin below the same parent, so your tree cannot be taken over: ${twins.examples.join('; ')}`,
    {
      hint: `Nothing was written. Give one of each another name, or move its rows to the other; then again: ${calledAs()} init`,
    },
  );
}

async function run(flags: Flags, asker: Asker, signal: AbortSignal): Promise<void> {
  const options = xrayOptions(flags);
  const config = cliConfig();
  const url = await databaseUrl(config);
  asker.begin('pgtaxon: first a look at your data; nothing is written before you say so');
  await examine(asker, url, config);
  const { table, yes, look, html, ...said } = flags;
  const { readTable } = await import('../xray/rows.ts');
  const { shape, input } = await withShop(config, async (db) => {
    const shape = await chooseShape(db, asker, table, said);
    return { shape, input: await readTable(db, shape) };
  });
  signal.throwIfAborted();
  const { xray } = await import('../xray/xray.ts');
  const { screen } = await import('../xray/screen.ts');
  const { xrayPage } = await import('../xray/page.ts');
  const report = await xray(input, config, { ...options, signal });
  asker.plain(`\n${screen(report)}\n`);
  writeParts(html, [xrayPage(report)]);
  asker.show('The same as a page', html);
  if (look !== true) refuseTwins(report, shape);
  const goOn =
    look !== true &&
    (await asker.confirm(
      `Go on? This makes the schemas "${config.schema}" and "${config.schema}_internal" in your database, and triggers on ${named(shape.table)} that note what changes. No column, index or constraint is added.`,
      '--yes',
    ));
  if (!goOn) return asker.end(`Nothing was written. Go on later: ${calledAs()} init ${shapeFlags(shape)}`);
  const { install } = await import('../init/install.ts');
  const onStep = (step: keyof typeof steps) => void process.stderr.write(`${steps[step]}\n`);
  const installed = await install(url, config, shape, { signal, onStep });
  asker.show('Done', done(installed, config.schema, shape));
  asker.end(`All of it can be removed again: ${calledAs()} uninstall`);
}

export function initCommand(): Command {
  const command = new Command('init')
    .summary('your own table, guided: look, see what you would save, begin')
    .description(
      'Guides from a table of yours to pgtaxon in shadow: doctor, x-ray, and only after your yes schema, attach and a first model.',
    )
    .option(
      '--table <table>',
      'the table with the names, such as shop.order_products; default: asked, or the likeliest',
    )
    .option('--key <columns>', 'what tells its rows apart; default: the primary key')
    .option('--name <column>', 'the column of names')
    .option('--labels <column>', 'the column with the id of the category')
    .option('--categories <table>', 'the tree that the labels point into (id, parent, name)')
    .option('--at <column>', 'when a row came')
    .option('--html <file>', 'where the page is written', defaultPage)
    .option('--look', 'end after the picture; nothing is written to the database')
    .option('--yes', 'ask nothing: what is not said by a flag is guessed, and everything is done');
  for (const [flag, says] of moneyFlags) command.option(flag, says);
  return command
    .addHelpText(
      'after',
      `
Examples:
  taxon init
  taxon init --look
  taxon init --table shop.order_products --name title --yes

Before your yes everything is only read. After it the schemas of pgtaxon are made and your table is attached: triggers note what
changes, and no column, index or constraint is added. The local layer begins in shadow: it answers nothing until you say so.`,
    )
    .action(async (flags: Flags) => {
      pageFile(flags.html);
      const person = process.stdin.isTTY === true && process.stderr.isTTY === true;
      if (!person && flags.yes !== true && !(flags.look === true && flags.table !== undefined))
        throw misuse(
          'nobody is here to answer: this is no terminal',
          'Say --yes, with --table, --name, --labels and --categories where the guess may be wrong; or --look --table TABLE for the picture alone.',
        );
      const interrupt = interruptible('interrupted; run it again to go on: taxon init');
      const asker =
        person && flags.yes !== true ? (await import('./init/ask-person.ts')).askPerson() : askNobody();
      await run(flags, asker, interrupt.signal).finally(interrupt.release);
    });
}
