import { Command, Option } from 'commander';
import type { Comparison, DryRun, Model } from '../../compare/compare.ts';
import type { Share } from '../../database/teacher.ts';
import { misuse } from '../../errors.ts';
import { withDatabase } from '../database.ts';
import { wholeNumber } from '../flags.ts';
import { print, table } from '../output.ts';
import { interruptible } from '../signals.ts';

interface Flags {
  models: string;
  names: string;
  provider?: 'openai' | 'anthropic';
  repeat?: true;
  dryRun?: true;
  json?: true;
}

/** `a,openai:b,anthropic:c`; a prefix says by whom one model is reached. */
function modelsOf(list: string, provider: Flags['provider']): Model[] {
  const models = list.split(',').map((text): Model => {
    const [, prefix, model] = /^(?:(openai|anthropic):)?(.+)$/.exec(text.trim()) ?? [];
    if (model === undefined) throw misuse(`--models ${list}`, 'Give names such as gpt-6-luna,gpt-6-sol.');
    return { model, provider: (prefix as Model['provider']) ?? provider };
  });
  if (new Set(models.map(({ model }) => model)).size < models.length)
    throw misuse(`--models ${list}`, 'Name each model once; --repeat asks it twice.');
  return models;
}

const percent = (value: number) => (value * 100).toFixed(1);
const withInterval = ({ n, count, share, lower, upper }: Share) =>
  share === null || lower === null || upper === null
    ? `${count} of ${n}: too few for a share`
    : `${percent(share)} % (${percent(lower)} to ${percent(upper)})`;
const money = (value: number | null) => (value === null ? 'price not known' : `$${value.toFixed(4)}`);
const ms = (value: number | null) => (value === null ? '' : `${Math.round(value)} ms`);

function basis({ names, offered, shortlistsBy, promptVersion, calls }: Comparison | DryRun): string {
  const what =
    shortlistsBy === null
      ? 'the whole tree is offered'
      : `the truth is among what model ${shortlistsBy} offers for ${offered}`;
  return `${names} checked names in ${calls} calls a turn; ${what}; prompt version ${promptVersion}`;
}

/** A column for each model, a row for each figure. */
function comparisonText(comparison: Comparison): string {
  const { models, agreement } = comparison;
  const rows: [string, (of: Comparison['models'][number]) => string][] = [
    ['version', (of) => of.versions.join(', ') + (of.simulated ? ' (simulated)' : '')],
    ['whole path right', (of) => withInterval(of.path)],
    ['l1 right', (of) => withInterval(of.l1)],
    ['l2 right', (of) => withInterval(of.l2)],
    ['l3 right', (of) => withInterval(of.l3)],
    ['none of these', (of) => String(of.none)],
    ['no valid answer', (of) => String(of.missing)],
    ['the same when asked again', (of) => (of.repeat === null ? 'asked once' : withInterval(of.repeat))],
    ['tokens in a name', (of) => of.tokensPerName.in.toFixed(1)],
    ['of them cached', (of) => of.tokensPerName.cached.toFixed(1)],
    ['tokens out a name', (of) => of.tokensPerName.out.toFixed(1)],
    ['price of 1,000 names', (of) => money(of.pricePer1000)],
    ['calls, failed ones', (of) => `${of.calls}, ${of.failedCalls}`],
    ['latency, median', (of) => ms(of.latencyMs.median)],
    ['latency, 95 of 100', (of) => ms(of.latencyMs.p95)],
  ];
  const shown = rows.map(([figure, show]) => ({
    '': figure,
    ...Object.fromEntries(models.map((of) => [of.model, show(of)])),
  }));
  const pairs = agreement.map(
    ({ models: [a, b], same, onlyFirstRight, onlySecondRight, p }) =>
      `${a} and ${b} agree on ${withInterval(same)}; right alone: ${onlyFirstRight} and ${onlySecondRight} (p ${p.toFixed(3)})`,
  );
  return [basis(comparison), '', table(shown), ...(pairs.length === 0 ? [] : ['', ...pairs])].join('\n');
}

function dryRunText(run: DryRun): string {
  const rows = run.models.map(({ model, tokensIn, tokensOut, cost }) => ({
    model,
    'tokens in': tokensIn,
    'tokens out, about': tokensOut,
    'cost, about': money(cost),
  }));
  return `${basis(run)}\n\n${table(rows)}\n\nNothing was sent. Tokens are those of o200k_base, and nothing is taken to be cached.`;
}

export function compareCommand(): Command {
  return new Command('compare')
    .summary('models side by side on names that people checked')
    .description(
      'Asks LLMs about names that people checked: accuracy, tokens, price and latency side by side.',
    )
    .requiredOption(
      '--models <list>',
      'models to ask, a,b,c; anthropic:NAME or openai:NAME for another provider',
    )
    .option('--names <n>', 'checked names at most', '200')
    .addOption(
      new Option('--provider <name>', 'how the models are reached; default: as configured').choices([
        'openai',
        'anthropic',
      ]),
    )
    .option('--repeat', 'ask each model twice, in other batches, and show how often it agrees with itself')
    .option('--dry-run', 'only say what it would cost; sends nothing, needs no key')
    .option('--json', 'print one JSON object')
    .addHelpText(
      'after',
      `
Examples:
  taxon llm compare --models gpt-6-luna,gpt-6-sol --dry-run
  taxon llm compare --models gpt-6-luna,anthropic:claude-haiku-5-5 --names 500
  taxon llm compare --models qwen3:8b --repeat --json | jq '.models[0].repeat'

Names are those of which people said what they are (taxon review, or imported with --source human), first the ones that no model
learnt from. Every model gets the same prompts: the local model's shortlists, or the whole tree where there is none. A name
without a valid answer counts as wrong. Each call costs money and is in the ledger, with purpose compare; answers become no
label and touch no row. Intervals are exact (95 %). Ctrl-C ends it; calls in flight are in the ledger as unknown.`,
    )
    .action(async (flags: Flags) => {
      const models = modelsOf(flags.models, flags.provider);
      const names = wholeNumber('--names', flags.names);
      const { compareModels, dryRun } = await import('../../compare/compare.ts');
      const interrupt = interruptible('interrupted; every call that was made is in the ledger');
      const options = { models, names, repeat: flags.repeat === true, signal: interrupt.signal };
      const json = flags.json === true;
      await withDatabase(async (db, config) => {
        if (flags.dryRun === true) {
          const run = await dryRun(db, config, options);
          print(json, run, dryRunText(run));
        } else {
          const comparison = await compareModels(db, config, options);
          print(json, comparison, comparisonText(comparison));
        }
      }).finally(interrupt.release);
    });
}
