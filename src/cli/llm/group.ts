import { Command } from 'commander';
import { backfillCommand } from './backfill.ts';
import { compareCommand } from './compare.ts';
import { promptCommand } from './prompt.ts';
import { simulateCommand } from './simulate.ts';

/** `taxon llm`: the last layer, which costs money. */
export function llmCommand(): Command {
  return new Command('llm')
    .summary('its prompts, prices and batches; a simulated one')
    .description('The LLM, the last layer: what it is asked, which model to ask, what waits for it.')
    .addCommand(promptCommand())
    .addCommand(compareCommand())
    .addCommand(backfillCommand())
    .addCommand(simulateCommand())
    .addHelpText(
      'after',
      `
Examples:
  taxon llm prompt 'red kettle 1.7 l'      sends nothing
  taxon llm compare --models gpt-6-luna,gpt-6-sol --dry-run
  OPENAI_API_KEY=… taxon llm backfill      at half the price, within a day
  taxon llm simulate labels.csv            to try things without a key

Each command has its own --help.`,
    );
}
