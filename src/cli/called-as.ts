/** What a person types to call this program again: npx tells what it runs, and puts nothing into the PATH of a shell. */
export const calledAs = (): string => (process.env.npm_command === 'exec' ? 'npx pgtaxon' : 'taxon');
