import { Command } from 'commander';
import type { Removal, UninstallPlan } from '../database/connection/uninstall.ts';
import { misuse } from '../errors.ts';
import { databaseUrl } from './database.ts';
import { cliConfig } from './flags.ts';
import { print } from './output.ts';

interface Flags {
  yes?: boolean;
  dryRun?: boolean;
  json?: boolean;
}

const kinds: Record<Removal['what'], string> = {
  triggers: 'triggers on',
  dependent: 'your',
  schema: 'schema',
  role: 'role',
};

const line = ({ what, name, detail }: Removal) => `  ${kinds[what]} ${name}: ${detail}`;

/** What goes and what stays, with a head for each. */
function text({ removals }: UninstallPlan, done: boolean): string {
  const goes = removals.filter(({ stays }) => !stays);
  const stays = removals.filter((removal) => removal.stays);
  return [
    done ? 'Removed:' : 'uninstall removes:',
    ...goes.map(line),
    'What stays:',
    ...stays.map(line),
    '  the extensions vector and pg_trgm, as others may use them',
    '  your own tables, and what was written into columns of them',
  ].join('\n');
}

export function uninstallCommand(): Command {
  return new Command('uninstall')
    .summary('remove everything from a database')
    .description(
      'Removes pgtaxon from a database: triggers on attached tables, both schemas, roles that nothing else needs. Says first what goes.',
    )
    .option('--yes', 'do not ask')
    .option('--dry-run', 'say what would go, and change nothing')
    .option('--json', 'print one JSON object; needs --yes or --dry-run')
    .addHelpText(
      'after',
      `
Examples:
  taxon uninstall --dry-run
  taxon uninstall
  taxon uninstall --yes --json | jq '.removals[].name'

Export what you want to keep first, as with taxon export labels.csv.
A private cluster goes with taxon db destroy.`,
    )
    .action(async ({ yes = false, dryRun = false, json = false }: Flags) => {
      const asks = !yes && !dryRun;
      if (asks && (json || !process.stdin.isTTY))
        throw misuse(
          'nobody is here to say yes',
          'taxon uninstall --dry-run shows what would go; --yes does it.',
        );
      const { uninstall } = await import('../database/connection/uninstall.ts');
      const { migrationUrl } = await import('../database/connection/direct.ts');
      const config = cliConfig();
      const url = await migrationUrl(await databaseUrl(config), config.directDatabaseUrl);
      const wanted = async (plan: UninstallPlan) => {
        if (!asks) return yes && !dryRun;
        print(false, plan, text(plan, false));
        const { confirm, isCancel } = await import('@clack/prompts');
        const answer = await confirm({ message: 'Remove all of it?', initialValue: false });
        return !isCancel(answer) && answer;
      };
      const result = await uninstall(url, config.schema, wanted, config.lockWaitSeconds);
      if (result === null) {
        print(
          json,
          { done: false, removals: [] },
          `pgtaxon is not in this database (schema ${config.schema}).`,
        );
        return;
      }
      if (asks && !result.done) return;
      print(json, { done: result.done, ...result.plan }, text(result.plan, result.done));
    });
}
