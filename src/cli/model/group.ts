import { Command } from 'commander';
import { encodersCommand } from './encoders.ts';
import { evaluateCommand } from './evaluate.ts';
import { exportCommand } from './export.ts';
import { importCommand } from './import.ts';
import { learningCurveCommand } from './learning-curve.ts';
import { listCommand } from './list.ts';
import { promoteCommand } from './promote.ts';
import { rollBackCommand } from './roll-back.ts';

/** `taxon model`: the trained models and their encoders. */
export function modelCommand(): Command {
  const group = new Command('model')
    .summary('list, promote, move and measure models')
    .description('The trained models: which answers, how good each is, and how one takes over from another.')
    .addHelpText(
      'after',
      `
Examples:
  taxon model list                       which is the champion
  taxon model promote 4 --force 'seasonal range'
  taxon model roll-back                  the one before answers again
  taxon model evaluate gold.tsv          how good it is on names that are known
  taxon model export champion.taxon      and in the other database:
  taxon model import champion.taxon

taxon train makes a model. Each command has its own --help.`,
    );
  group.commandsGroup('Which answers:').addCommand(listCommand());
  group.addCommand(promoteCommand()).addCommand(rollBackCommand());
  group.commandsGroup('How good it is:').addCommand(evaluateCommand()).addCommand(learningCurveCommand());
  group.commandsGroup('Between databases:').addCommand(exportCommand()).addCommand(importCommand());
  group.commandsGroup('What it reads:').addCommand(encodersCommand());
  return group;
}
