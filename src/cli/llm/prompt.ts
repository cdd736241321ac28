import { Command } from 'commander';
import type { Preview } from '../../classify/preview.ts';
import { misuse } from '../../errors.ts';
import type { Usage } from '../../llm/types.ts';
import { withAnyDatabase } from '../database.ts';
import { print } from '../output.ts';

interface Cost {
  tokensIn: number;
  /** Of a typical answer. */
  tokensOut: number;
  /** US dollars; null where the price is not known. */
  dollars: number | null;
  /** The same once what all calls of this kind have first is in the provider's cache; null where none of it will be. */
  dollarsCached: number | null;
}

function text(
  { layers, prompt, reason }: Preview,
  { tokensIn, tokensOut, dollars, dollarsCached }: Cost,
  model: string,
): string {
  const answered = layers.map(({ name, layer, path }) =>
    layer === null ? `${name}: goes to the LLM` : `${name}: ${layer} answers ${path}; the LLM is not asked`,
  );
  const money = dollars === null ? 'price not known' : `$${dollars.toFixed(6)}`;
  const later = dollarsCached === null ? '' : `, from the second such call on $${dollarsCached.toFixed(6)}`;
  return [
    ...answered,
    `route ${prompt.route}${reason === null ? '' : `: ${reason}`}`,
    `${tokensIn} tokens in (o200k_base), about ${tokensOut} out; ${model}: ${money}${later}`,
    `--- system\n${prompt.system}\n--- user\n${prompt.user}`,
  ].join('\n');
}

export function promptCommand(): Command {
  return new Command('prompt')
    .summary('the exact prompt for some names, and its price')
    .description(
      'The exact prompt that the LLM would get for some names as one batch, and what it costs. Nothing is sent.',
    )
    .argument('<name...>', 'product names')
    .option('--json', 'JSON on standard output')
    .addHelpText(
      'after',
      `
Examples:
  taxon llm prompt 'Чайник електричний Bosch 1,7 л'
  taxon llm prompt --json 'red kettle 1.7 l' 'wok 28 cm' | jq -r .user`,
    )
    .action(async (names: string[], { json = false }: { json?: boolean }) => {
      const { normalise } = await import('../../normalise.ts');
      const empty = names.find((name) => normalise(name) === '');
      if (empty !== undefined) throw misuse(`"${empty}" is no name`, 'Give names with letters or digits.');
      const { holdChampion } = await import('../../sidecar/local/champion.ts');
      const { previewPrompt } = await import('../../classify/preview.ts');
      const { openProvider } = await import('../../llm/providers/open.ts');
      const { costOf } = await import('../../llm/pricing.ts');
      const { expectedCached } = await import('../../llm/cacheable.ts');
      const { llmPrice } = await import('../../database/prices.ts');
      const { countPrompt, countSystem } = await import('../../llm/tokens.ts');
      const { answerTokens } = await import('../../llm/without-layers.ts');
      await withAnyDatabase(async (db, config) => {
        const provider = await openProvider(config);
        const champion = holdChampion(db, config);
        try {
          await champion.refresh();
          const preview = await previewPrompt(
            db,
            config,
            await champion.current(),
            names,
            provider?.model ?? null,
          );
          const { prompt } = preview;
          const price = provider && (await llmPrice(db, provider.name, provider.model));
          const usage = {
            tokensIn: countPrompt(prompt),
            tokensCached: 0,
            tokensWritten: 0,
            tokensOut: answerTokens(names.length, [...prompt.offered]),
          };
          const { tokensIn, tokensOut } = usage;
          const prefix = prompt.route === 'shortlist' ? 0 : countSystem(prompt.system);
          const tokensCached = provider === null ? 0 : expectedCached(provider.model, prefix);
          const dollarsOf = (used: Usage) => (price === null ? null : costOf(used, price));
          const dollarsCached = tokensCached > 0 ? dollarsOf({ ...usage, tokensCached }) : null;
          const cost = { tokensIn, tokensOut, dollars: dollarsOf(usage), dollarsCached };
          const { route, system, user, jsonSchema } = prompt;
          print(
            json,
            { layers: preview.layers, route, reason: preview.reason, ...cost, system, user, jsonSchema },
            text(preview, cost, provider?.model ?? 'no provider'),
          );
        } finally {
          await champion.close();
        }
      });
    });
}
