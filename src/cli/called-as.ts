/** What a person types to call this program again: npx tells what it runs, and puts nothing into the PATH of a shell. */
export const calledAs = (): string => (process.env.npm_command === 'exec' ? 'npx pgtaxon' : 'taxon');

/** A hint that names commands of this program, as they are typed here. */
export function asCalled(hint: string, commands: readonly string[]): string {
  return hint.replace(/\btaxon (?=([a-z-]+))/g, (words, command) =>
    commands.includes(command) ? `${calledAs()} ` : words,
  );
}
