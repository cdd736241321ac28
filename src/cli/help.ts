import { type Command, Help } from 'commander';

/** Commands that serve one purpose, under one heading of `taxon --help`. */
export interface Group {
  title: string;
  /** What to type first. */
  example: string;
  commands: readonly Command[];
}

/** Where a heading's example begins, above what is said of its commands. */
const column = 24;

/** Adds the commands under their headings, an example beside each; exit codes and the look of help are the program's everywhere. */
export function addGroups(program: Command, groups: readonly Group[]): void {
  program
    .configureHelp({ subcommandTerm: (command) => command.name() })
    .configureOutput({ writeOut: (text) => process.stdout.write(wrapped(text)) });
  for (const { title, example, commands } of groups) {
    program.commandsGroup(`${`${title}:`.padEnd(column)}e.g. ${example}`);
    for (const command of commands) program.addCommand(inheriting(command, program));
  }
  program.helpCommand('help [command]', 'the same as --help');
}

/** The command and all below it, with the settings of the one above. */
function inheriting(command: Command, parent: Command): Command {
  command.copyInheritedSettings(parent).helpCommand(false);
  for (const below of command.commands) inheriting(below, command);
  return command;
}

/** Help whose paragraphs fit the terminal: commander wraps descriptions, but no text after them. */
function wrapped(text: string): string {
  const help = new Help();
  return text.replace(/^\S.*(?:\n\S.*)*/gm, (paragraph) =>
    help.boxWrap(paragraph.replaceAll('\n', ' '), process.stdout.columns ?? 80),
  );
}
