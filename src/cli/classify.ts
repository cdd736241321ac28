import { once } from 'node:events';
import { createInterface } from 'node:readline';
import { Command } from 'commander';
import type { Layer } from '../classify/classify.ts';
import { misuse, TaxonError } from '../errors.ts';
import { withAnyDatabase } from './database.ts';

const known: readonly Layer[] = ['exact', 'similar', 'local'];

/** The lines of standard input; opened when the first is asked for, as lines that nobody waits for yet are lost. */
async function* linesOfInput(): AsyncGenerator<string> {
  yield* createInterface({ input: process.stdin });
}

export function classifyCommand(): Command {
  return new Command('classify')
    .summary('names on standard input, answers out')
    .description('Names on standard input → one JSON line each, without inserting them.')
    .option('--layers <list>', 'which layers to ask, of exact,similar,local', known.join(','))
    .option('--llm', 'ask the LLM for what is left: costs money, has a ledger row, becomes memory')
    .addHelpText(
      'after',
      `
Examples:
  echo 'Чайник електричний Bosch 1,7 л' | taxon classify
  taxon classify --layers local < names.txt > answers.jsonl

Each line: {"name","layer","category_id","path","similarity","matched_key","confidence"}; layer is null where none answers.`,
    )
    .action(async (options: { layers: string; llm?: boolean }) => {
      const layers = options.layers.split(',') as Layer[];
      const unknown = layers.find((layer) => !known.includes(layer));
      if (unknown !== undefined)
        throw misuse(
          `--layers ${options.layers}: there is no layer "${unknown}"`,
          `Choose from ${known.join(', ')}.`,
        );
      const { classify } = await import('../classify/classify.ts');
      const { holdChampion } = await import('../sidecar/local/champion.ts');
      const { openProviders } = await import('../llm/providers/open.ts');
      await withAnyDatabase(async (db, config) => {
        const providers = options.llm === true ? await openProviders(config) : [];
        if (options.llm === true && providers.length === 0) {
          throw new TaxonError('--llm: no provider is configured', {
            hint: 'Set OPENAI_API_KEY or ANTHROPIC_API_KEY, or TAXON_LLM_BASE_URL.',
          });
        }
        const champion = holdChampion(db, config);
        try {
          if (layers.includes('local') || options.llm === true) await champion.refresh();
          const model = await champion.current();
          const asked = { layers: new Set(layers), model, providers };
          for await (const results of classify(db, config, linesOfInput(), asked)) {
            const lines = results.map((result) => `${JSON.stringify(result)}\n`).join('');
            // a slow reader is waited for, or all answers would pile up here
            if (!process.stdout.write(lines)) await once(process.stdout, 'drain');
          }
        } finally {
          await champion.close();
        }
      });
    });
}
