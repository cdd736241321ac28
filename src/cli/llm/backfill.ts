import { Command, Option } from 'commander';
import type { Backfilled } from '../../classify/backfill.ts';
import { TaxonError } from '../../errors.ts';
import { withDatabase } from '../database.ts';
import { wholeNumber } from '../flags.ts';
import { print } from '../output.ts';
import { interruptible } from '../signals.ts';

function text(done: Backfilled): string {
  const { batches, calls, names, answered, tokens_in, tokens_cached, tokens_out, cost, simulated, open } =
    done;
  if (batches === 0) return 'no name waits for the LLM, and no batch is open';
  const money = cost === null ? 'price not known' : `$${cost.toFixed(4)}${simulated ? ' (SIMULATED)' : ''}`;
  return [
    `${batches} batches, ${calls} calls: ${answered} of ${names} names asked about were answered`,
    `${tokens_in} tokens in (${tokens_cached} cached), ${tokens_out} out, ${money}`,
    ...(open > 0
      ? [`${open} batches have not ended: run it again, or let a sidecar with the same provider take them`]
      : []),
  ].join('\n');
}

export function backfillCommand(): Command {
  return new Command('backfill')
    .summary('what waits, by the batch API at half the price')
    .description(
      'Gives the names that wait for the LLM to the provider’s batch API: half the price, within a day.',
    )
    .option('--calls <n>', 'calls of one batch at most', '1000')
    .option('--poll <seconds>', 'how often to look for results', '30')
    .addOption(
      new Option(
        '--cancel',
        'cancel what is open; what was answered before is taken, the other names wait again',
      ).conflicts('calls'),
    )
    .option('--json', 'print one JSON object')
    .addHelpText(
      'after',
      `
Examples:
  TAXON_LLM_PROVIDER=none taxon sidecar &    decides what it can, asks nobody
  OPENAI_API_KEY=… taxon llm backfill        the rest, until all is answered
  taxon llm backfill --cancel

Ctrl-C leaves the batches with the provider; the next taxon llm backfill, or any sidecar with the same provider, takes them.
OpenAI and Anthropic have a batch API, most compatible servers have none.`,
    )
    .action(async (flags: { calls: string; poll: string; cancel?: true; json?: true }) => {
      const calls = wholeNumber('--calls', flags.calls);
      const pollMs = wholeNumber('--poll', flags.poll) * 1000;
      const { openProviders } = await import('../../llm/providers/open.ts');
      const { backfill, backfillStage, cancelBackfill } = await import('../../classify/backfill.ts');
      const interrupt = interruptible('interrupted; what was submitted goes on at the provider');
      const done = await withDatabase(async (db, config) => {
        const providers = await openProviders(config);
        if (providers.length === 0)
          throw new TaxonError('no provider is configured', {
            hint: 'Set OPENAI_API_KEY or ANTHROPIC_API_KEY.',
          });
        const stage = backfillStage(db, config, providers);
        const work = flags.cancel === true ? cancelBackfill : backfill;
        return work(stage, { calls, pollMs, signal: interrupt.signal });
      }).finally(interrupt.release);
      print(flags.json === true, done, text(done));
    });
}
