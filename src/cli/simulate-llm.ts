import { Command, InvalidArgumentError, Option } from 'commander';
import { misuse } from '../errors.ts';
import type { SimulatorStats } from '../llm/simulator/call-log.ts';
import { type Fault, faultKinds, faultSchema } from '../llm/simulator/faults.ts';
import { normalise } from '../normalise.ts';
import { print } from './output.ts';
import { untilSignal } from './sidecar.ts';

/** Name key → true path, from a labelled file; the last line of a name counts. */
async function readTruth(file: string): Promise<Map<string, string[]>> {
  const { readLabelled } = await import('../import/read.ts');
  const truth = new Map((await readLabelled(file)).map(({ name, path }) => [normalise(name), path]));
  if (truth.size === 0) throw misuse(`${file} holds no labelled names`);
  return truth;
}

function errorRates(text: string): [number, number, number] {
  const [l1, l2, l3, ...more] = text.split(',').map(Number);
  if (l1 === undefined || l2 === undefined || l3 === undefined || more.length > 0)
    throw new InvalidArgumentError('Give three numbers, e.g. .05,.14,.21');
  if (!(l1 >= 0 && l1 <= l2 && l2 <= l3 && l3 <= 1))
    throw new InvalidArgumentError('Each includes the one before: 0 <= l1 <= l2 <= l3 <= 1.');
  return [l1, l2, l3];
}

function number(text: string): number {
  const value = Number(text);
  if (text.trim() === '' || !Number.isInteger(value) || value < 0)
    throw new InvalidArgumentError('Give a whole number, 0 or more.');
  return value;
}

function fault(text: string, before: Fault[] = []): Fault[] {
  const [kind, share] = text.split(':');
  const parsed = faultSchema.safeParse(share === undefined ? { kind } : { kind, share: Number(share) });
  if (!parsed.success)
    throw new InvalidArgumentError(`Give KIND or KIND:SHARE, share 0 to 1; kinds: ${faultKinds.join(', ')}.`);
  return [...before, parsed.data];
}

function summary(stats: SimulatorStats): string {
  const { calls, answered, unanswered, refused, names, tokensIn, tokensCached, tokensOut } = stats;
  return [
    `simulated: ${calls} calls, ${answered} answered, ${unanswered} cut off, ${refused} refused`,
    `simulated: ${names} names, ${tokensIn} tokens in (${tokensCached} cached), ${tokensOut} out`,
  ].join('\n');
}

interface Flags {
  port: number;
  errorRates: [number, number, number];
  delay: number;
  fault?: Fault[];
  seed: number;
  json?: true;
}

export function simulateLlmCommand(): Command {
  return new Command('simulate-llm')
    .description(
      'A SIMULATED LLM on this machine: the OpenAI protocol, answers from a labelled file, errors on purpose.',
    )
    .argument(
      '<file>',
      'labelled names, header name,l1,l2,l3 or name,path; .csv or .tsv (also .gz) or .parquet',
    )
    .addOption(new Option('--port <number>', 'port on 127.0.0.1').argParser(number).default(8085))
    .addOption(
      new Option('--error-rates <l1,l2,l3>', 'share of names wrong at l1, by l2, by l3')
        .argParser(errorRates)
        .default([0.05, 0.14, 0.21], '.05,.14,.21'),
    )
    .addOption(new Option('--delay <ms>', 'how long each answer takes').argParser(number).default(0))
    .addOption(new Option('--fault <kind[:share]>', `repeatable: ${faultKinds.join(', ')}`).argParser(fault))
    .addOption(new Option('--seed <number>', 'which names it gets wrong').argParser(number).default(1))
    .option('--json', 'JSON lines on standard output: the address at the start, the counts at the end')
    .addHelpText(
      'after',
      `
Examples:
  taxon simulate-llm labels.csv
  taxon simulate-llm truth.tsv --error-rates 0,0,0 --delay 300
  taxon simulate-llm labels.csv --fault rate-limited:.1 --fault hang:.01
  TAXON_LLM_BASE_URL=http://127.0.0.1:8085/v1 TAXON_LLM_MODEL=simulated-llm taxon sidecar
  curl http://127.0.0.1:8085/stats
  curl http://127.0.0.1:8085/faults -d '[{"kind":"unavailable","calls":20}]'    (-d '[]' ends all faults)

Ctrl-C ends it and prints what it counted.`,
    )
    .action(async (file: string, flags: Flags) => {
      const { simulatorBanner, startSimulator } = await import('../llm/simulator.ts');
      const simulator = await startSimulator({
        truth: await readTruth(file),
        port: flags.port,
        errorRates: flags.errorRates,
        delayMs: flags.delay,
        seed: flags.seed,
        faults: flags.fault ?? [],
      }).catch((error: NodeJS.ErrnoException) => {
        if (error.code !== 'EADDRINUSE') throw error;
        throw misuse(
          `port ${flags.port} is taken`,
          'Give another with --port, or --port 0 for any free one.',
        );
      });
      const ended = untilSignal(() => simulator.close());
      print(
        flags.json === true,
        { simulated: true, url: simulator.url, model: 'simulated-llm' },
        `${simulatorBanner}\nTAXON_LLM_BASE_URL=${simulator.url} TAXON_LLM_MODEL=simulated-llm`,
      );
      await ended;
      print(flags.json === true, simulator.stats(), summary(simulator.stats()));
    });
}
