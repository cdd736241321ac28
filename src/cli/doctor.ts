import { Command } from 'commander';
import type { Check } from '../doctor/doctor.ts';
import { calledAs } from './called-as.ts';
import { cliConfig, wholeNumber } from './flags.ts';
import { print } from './output.ts';

const marks = { ok: 'ok  ', warn: 'warn', bad: 'BAD ' } as const;

/** The checks, each with what to type beneath. */
export function checksText(checks: readonly Check[]): string {
  const width = Math.max(...checks.map(({ item }) => item.length));
  const lines = checks.flatMap(({ item, status, value, todo }) => [
    `${marks[status]}  ${item.padEnd(width)}  ${value}`,
    ...(todo === '' ? [] : [`${' '.repeat(width + 6)}  → ${todo.replace(/^taxon /, `${calledAs()} `)}`]),
  ]);
  const count = (status: Check['status']) => checks.filter((check) => check.status === status).length;
  const sum =
    count('bad') > 0
      ? `${count('bad')} of ${checks.length} must be mended first.`
      : count('warn') > 0
        ? `It can begin; ${count('warn')} of ${checks.length} are worth a look.`
        : 'All is there.';
  return [...lines, '', sum].join('\n');
}

export function doctorCommand(): Command {
  return new Command('doctor')
    .summary('is everything there that it needs')
    .description(
      'Looks at this machine and the database: each line says whether it will do, and what to type.',
    )
    .option('--names <n>', 'how many labelled names time and memory are estimated for', '50000')
    .option('--json', 'print one JSON object: checks')
    .addHelpText(
      'after',
      `
Examples:
  taxon doctor
  DATABASE_URL=postgres://owner@db.example/shop taxon doctor --names 200000
  taxon doctor --json | jq '.checks[] | select(.status != "ok")'

Only reads. The exit code is 1 where something is bad.`,
    )
    .action(async (flags: { names: string; json?: true }) => {
      const names = wholeNumber('--names', flags.names);
      const { diagnose } = await import('../doctor/doctor.ts');
      const config = cliConfig();
      const checks = await diagnose(config.databaseUrl ?? config.directDatabaseUrl ?? null, config, names);
      print(flags.json === true, { checks }, checksText(checks));
      if (checks.some(({ status }) => status === 'bad')) process.exitCode = 1;
    });
}
