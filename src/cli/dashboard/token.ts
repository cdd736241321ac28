import { Command } from 'commander';
import { TaxonError } from '../../errors.ts';
import { withAnyDatabase } from '../database.ts';
import { print, table } from '../output.ts';

/** `taxon dashboard token`: who may open the page from elsewhere, and what each may do. */
export function tokenCommand(): Command {
  const add = new Command('add')
    .summary('make one for a person; it is shown once')
    .description('Makes a token for a person and prints it, once: the database keeps its digest alone.')
    .argument('<name>', 'whose it is; stands in the reason of what the person changes')
    .option('--role <role>', 'taxon_reader (looks) or taxon_admin (changes)', 'taxon_reader')
    .addHelpText(
      'after',
      `
Examples:
  taxon dashboard token add Ann --role taxon_admin
  taxon dashboard token add 'The shop floor'`,
    )
    .action(async (name: string, { role }: { role: string }) => {
      const { addToken } = await import('../../database/dashboard/tokens.ts');
      print(false, null, await withAnyDatabase((db) => addToken(db, name, role)));
    });
  const list = new Command('list')
    .summary('whose there are')
    .description('Lists whose tokens there are, and what each may do.')
    .option('--json', 'print one JSON object')
    .addHelpText('after', '\nExamples:\n  taxon dashboard token list')
    .action(async ({ json }: { json?: true }) => {
      const { listTokens } = await import('../../database/dashboard/tokens.ts');
      const tokens = await withAnyDatabase(listTokens);
      const none = 'no token yet; make one: taxon dashboard token add NAME';
      print(
        json === true,
        { tokens },
        tokens.length === 0 ? none : table(tokens as unknown as Record<string, unknown>[]),
      );
    });
  const remove = new Command('remove')
    .summary('take one back, from the next request on')
    .description('Takes a token back: from the next request on it opens nothing.')
    .argument('<name>', 'whose it is')
    .addHelpText('after', '\nExamples:\n  taxon dashboard token remove Ann')
    .action(async (name: string) => {
      const { removeToken } = await import('../../database/dashboard/tokens.ts');
      if (!(await withAnyDatabase((db) => removeToken(db, name))))
        throw new TaxonError(`there is no token for ${name}`, {
          hint: 'taxon dashboard token list shows them.',
        });
      print(false, null, `the token of ${name} opens nothing any more`);
    });
  return new Command('token')
    .summary('who may open it from elsewhere')
    .description(
      'Who may open the page from elsewhere: a token for each person, with a role of the database.',
    )
    .addCommand(add)
    .addCommand(list)
    .addCommand(remove)
    .helpCommand(false);
}
