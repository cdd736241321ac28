import { Command, Option } from 'commander';
import { defaultDatabase } from '../cluster/resolve.ts';
import { cliConfig, needs } from './flags.ts';
import { print } from './output.ts';

interface Flags {
  check?: true;
  sql?: true;
  extensions: string;
  json?: true;
}

export function migrateCommand(): Command {
  return new Command('migrate')
    .summary('make or update the schema')
    .description(
      'Makes or updates the schema: once-only migrations, then the repeatable SQL. Safe to call twice.',
    )
    .option(
      '--check',
      'say what would run and what is not as it was made, change nothing; exit code 1 if anything',
    )
    .addOption(
      new Option('--sql', 'print the whole extension as SQL for a DBA to run by hand (psql -1)').conflicts([
        'check',
        'json',
      ]),
    )
    .option('--extensions <schemas>', 'with --sql: where vector and pg_trgm are installed', 'public')
    .option('--json', 'print one JSON object')
    .addHelpText(
      'after',
      `
Examples:
  taxon migrate
  DATABASE_URL=postgres://owner@db.example/shop taxon migrate --check
  taxon migrate --sql --extensions extensions > pgtaxon.sql

Others are never held up for longer than a moment: while some transaction is in the way it is tried again, for 120 s
in all (TAXON_LOCK_WAIT_SECONDS).
Behind a transaction pooler give the direct address: TAXON_DIRECT_DATABASE_URL.`,
    )
    .action(async (options: Flags, command: Command) => {
      needs(command, ['extensions'], 'sql');
      const { migrate } = await import('../database/connection/migrate.ts');
      const { inWords } = await import('../database/connection/compare.ts');
      const { migrationUrl } = await import('../database/connection/direct.ts');
      const config = cliConfig();
      if (options.sql) {
        const { migrationScript } = await import('../database/connection/sql-files.ts');
        process.stdout.write(migrationScript(config.schema, options.extensions.split(',')));
        return;
      }
      const check = options.check === true;
      const { findDatabase, resolveDatabase } = await import('../cluster/resolve.ts');
      const direct = config.directDatabaseUrl;
      // a direct address alone will do
      const given = config.databaseUrl ?? direct;
      const found =
        given ??
        (check
          ? await findDatabase(config, [defaultDatabase])
          : (await resolveDatabase(config, defaultDatabase)).url);
      const url = await migrationUrl(found, direct);
      const result = await migrate({
        url,
        schema: config.schema,
        check,
        lockWaitSeconds: config.lockWaitSeconds,
      });
      const pending = result.migrations.length > 0 || result.repeatable;
      const what = [...result.migrations, ...(result.repeatable ? ['the repeatable SQL'] : [])].join(', ');
      const text = pending ? `${check ? 'would run' : 'ran'}: ${what}` : 'the schema is up to date';
      const repairs = result.repairs ?? [];
      const mended =
        repairs.length === 0 ? '' : `\n${check ? 'is' : 'was'} not as it was made: ${inWords(repairs)}`;
      print(options.json === true, { ...result, upToDate: !pending }, text + mended);
      if (check && pending) process.exitCode = 1;
    });
}
