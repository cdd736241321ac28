import { Argument, Command } from 'commander';
import { fishCompletion } from './fish.ts';
import { bashCompletion, zshCompletion } from './posix.ts';
import { placesOf } from './tree.ts';

const scripts = { bash: bashCompletion, zsh: zshCompletion, fish: fishCompletion };
type Shell = keyof typeof scripts;

/** `taxon completion SHELL`: a script made from the commands themselves, so that a Tab starts no program. */
export function completionCommand(): Command {
  return new Command('completion')
    .summary('what the Tab key needs, for bash, zsh and fish')
    .description('Prints a script by which the shell completes commands, options and their values.')
    .addArgument(new Argument('<shell>', 'which shell').choices(Object.keys(scripts)))
    .addHelpText(
      'after',
      `
Examples:
  source <(taxon completion bash)     in ~/.bashrc: every shell from then on
  source <(taxon completion zsh)      in ~/.zshrc, after compinit
  taxon completion fish > ~/.config/fish/completions/taxon.fish`,
    )
    .action((shell: Shell, _options: object, command: Command) => {
      let program = command;
      while (program.parent !== null) program = program.parent;
      process.stdout.write(scripts[shell](placesOf(program)));
    });
}
