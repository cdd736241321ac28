import { once } from 'node:events';
import { createInterface } from 'node:readline';
import { Command } from 'commander';
import { misuse } from '../errors.ts';
import { withAnyDatabase } from './database.ts';

/** The lines of standard input; opened when the first is asked for, as lines that nobody waits for yet are lost. */
async function* linesOfInput(): AsyncGenerator<string> {
  yield* createInterface({ input: process.stdin });
}

export function classifyCommand(): Command {
  return new Command('classify')
    .summary('names on standard input, answers out')
    .description('Names on standard input → one JSON line each, without inserting them.')
    .option('--layers <list>', 'which layers to ask, of exact,similar,local', 'exact,similar,local')
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
      const { openClassifier, cheapLayers } = await import('../classify/classifier.ts');
      const named = options.layers.split(',');
      const unknown = named.find((name) => !cheapLayers.some((layer) => layer === name));
      if (unknown !== undefined)
        throw misuse(
          `--layers ${options.layers}: there is no layer "${unknown}"`,
          `Choose from ${cheapLayers.join(', ')}.`,
        );
      const layers = cheapLayers.filter((layer) => named.includes(layer));
      await withAnyDatabase(async (db, config) => {
        const classifier = openClassifier(db, config);
        try {
          for await (const results of classifier.classify(linesOfInput(), {
            layers,
            llm: options.llm === true,
          })) {
            const lines = results.map((result) => `${JSON.stringify(result)}\n`).join('');
            // a slow reader is waited for, or all answers would pile up here
            if (!process.stdout.write(lines)) await once(process.stdout, 'drain');
          }
        } finally {
          await classifier.close();
        }
      });
    });
}
