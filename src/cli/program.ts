import { Command } from 'commander';
import { version } from '../config.ts';
import { setLog, setLogLevel } from '../log.ts';
import { classifyCommand } from './classify.ts';
import { cleanCommand } from './clean.ts';
import { completionCommand } from './completion/completion.ts';
import { dashboardCommand } from './dashboard/dashboard.ts';
import { dbCommand } from './db.ts';
import { demoCommand } from './demo.ts';
import { doctorCommand } from './doctor.ts';
import { exportCommand } from './export.ts';
import { setFlags } from './flags.ts';
import { forgetCommand } from './forget.ts';
import { addGroups } from './help.ts';
import { importCommand } from './import.ts';
import { initCommand } from './init.ts';
import { llmCommand } from './llm/group.ts';
import { migrateCommand } from './migrate.ts';
import { modelCommand } from './model/group.ts';
import { replayCommand } from './replay.ts';
import { reportCommand } from './report.ts';
import { reviewCommand } from './review.ts';
import { sidecarCommand } from './sidecar.ts';
import { statusCommand } from './status.ts';
import { trainCommand } from './train.ts';
import { uninstallCommand } from './uninstall.ts';
import { upCommand } from './up.ts';
import { xrayCommand } from './x-ray.ts';

/** The whole command line, not yet given anything to parse. */
export function makeProgram(): Command {
  const program = new Command('taxon')
    .description(
      'Files product names under a taxonomy inside PostgreSQL, by the cheapest layer that can be trusted.',
    )
    .version(version, '-V, --version', 'print the version')
    .option('--database-url <url>', 'the database; default: DATABASE_URL, else a private cluster here')
    .option('--schema <name>', 'the schema that holds everything (default: taxon)')
    .option('--data-dir <folder>', 'the private cluster and every cache (default: .taxon)')
    .option('--verbose', 'also notices for debugging, and stacks of errors')
    .option('--quiet', 'only warnings and errors')
    .option('--log <how>', 'notices as text or json, one object a line; also TAXON_LOG')
    .showHelpAfterError('(add --help for the options and examples)')
    .enablePositionalOptions()
    .addHelpText(
      'after',
      `
Each command has its own --help, with examples.

Settings: flags, then TAXON_* variables, then taxon.config.json.`,
    )
    .hook('preAction', (root) => {
      const { verbose, quiet, log, ...flags } = root.opts();
      if (log !== undefined) setLog(log);
      if (verbose) setLogLevel('debug');
      if (quiet) setLogLevel('warn');
      setFlags(flags);
    })
    .exitOverride();

  addGroups(program, [
    {
      title: 'Start',
      example: 'taxon init',
      commands: [
        initCommand(),
        doctorCommand(),
        xrayCommand(),
        upCommand(),
        demoCommand(),
        migrateCommand(),
        sidecarCommand(),
        dbCommand(),
        uninstallCommand(),
      ],
    },
    {
      title: 'Names in, answers out',
      example: 'taxon import labels.csv --as labels',
      commands: [importCommand(), exportCommand(), classifyCommand(), forgetCommand()],
    },
    {
      title: 'See how it goes',
      example: 'taxon status --watch',
      commands: [statusCommand(), dashboardCommand(), reportCommand(), replayCommand()],
    },
    {
      title: 'Learn',
      example: 'taxon train',
      commands: [trainCommand(), cleanCommand(), reviewCommand(), modelCommand()],
    },
    {
      title: 'Ask the LLM',
      example: "taxon llm prompt 'red kettle 1.7 l'",
      commands: [llmCommand()],
    },
    {
      title: 'In the shell',
      example: 'source <(taxon completion bash)',
      commands: [completionCommand()],
    },
  ]);
  return program;
}
