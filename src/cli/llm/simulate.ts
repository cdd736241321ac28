import { Command, InvalidArgumentError, Option } from 'commander';
import * as v from 'valibot';
import { misuse } from '../../errors.ts';
import { normalise } from '../../normalise.ts';
import type { SimulatorStats } from '../../simulator/call-log.ts';
import { type Fault, faultKinds, faultSchema } from '../../simulator/faults.ts';
import { defaultErrorRates, strongModel } from '../../simulator/models.ts';
import { print } from '../output.ts';
import { untilSignal } from '../signals.ts';

/** Name key → true path, from a labelled file; the last line of a name counts. */
async function readTruth(file: string): Promise<Map<string, string[]>> {
  const { readLabelled } = await import('../../import/read.ts');
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

function positive(text: string): number {
  const value = number(text);
  if (value === 0) throw new InvalidArgumentError('Give a whole number, 1 or more.');
  return value;
}

function share(text: string): number {
  const value = Number(text);
  if (text.trim() === '' || !(value >= 0 && value <= 1))
    throw new InvalidArgumentError('Give a share, 0 to 1.');
  return value;
}

/** KIND[:SHARE][,NAME=VALUE]… → a fault, as POST /faults takes it. */
function fault(text: string, before: Fault[] = []): Fault[] {
  const [head = '', ...settings] = text.split(',');
  const [kind, part] = head.split(':');
  const values = settings.map((setting): [string, unknown] => {
    const [name = '', value = ''] = setting.split('=');
    return [name, name === 'on' ? value : Number(value || Number.NaN)];
  });
  const parsed = v.safeParse(faultSchema, {
    kind,
    ...(part === undefined ? {} : { share: Number(part || Number.NaN) }),
    ...Object.fromEntries(values),
  });
  if (!parsed.success)
    throw new InvalidArgumentError(
      `Give KIND[:SHARE][,NAME=VALUE]..., share 0 to 1, names calls, ms, from, to, fromMs, toMs, on; kinds: ${faultKinds.join(', ')}.`,
    );
  return [...before, parsed.output];
}

function summary(stats: SimulatorStats): string {
  const { calls, batched, answered, unanswered, refused, names, tokensIn, tokensCached, tokensOut } = stats;
  return [
    `simulated: ${calls} calls (${batched} in batches), ${answered} answered, ${unanswered} cut off, ${refused} refused`,
    `simulated: ${names} names, ${tokensIn} tokens in (${tokensCached} cached), ${tokensOut} out`,
  ].join('\n');
}

interface Flags {
  port: number;
  errorRates: [number, number, number];
  strongErrorRates: [number, number, number];
  unsteady: number;
  delay: number;
  rpm?: number;
  tpm?: number;
  batchTime: number;
  fault?: Fault[];
  seed: number;
  json?: true;
}

export function simulateCommand(): Command {
  return new Command('simulate')
    .summary('a SIMULATED LLM on this machine')
    .description(
      'A SIMULATED LLM on this machine: the protocols and batch APIs of OpenAI and Anthropic, answers from a labelled file, errors on purpose.',
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
    .addOption(
      new Option('--strong-error-rates <l1,l2,l3>', `the same of the model ${strongModel}`)
        .argParser(errorRates)
        .default([...defaultErrorRates[strongModel]], '.02,.06,.10'),
    )
    .addOption(
      new Option('--unsteady <share>', 'names that the next call may answer otherwise')
        .argParser(share)
        .default(0),
    )
    .addOption(new Option('--delay <ms>', 'how long each answer takes').argParser(number).default(0))
    .addOption(new Option('--rpm <number>', 'requests a minute and model, more get 429').argParser(positive))
    .addOption(new Option('--tpm <number>', 'tokens a minute and model, more get 429').argParser(positive))
    .addOption(
      new Option('--batch-time <ms>', 'how long a batch of the batch APIs takes')
        .argParser(number)
        .default(2000),
    )
    .addOption(
      new Option(
        '--fault <fault>',
        `KIND[:SHARE][,NAME=VALUE]..., repeatable; kinds: ${faultKinds.join(', ')}`,
      ).argParser(fault),
    )
    .addOption(new Option('--seed <number>', 'which names it gets wrong').argParser(number).default(1))
    .option('--json', 'JSON lines on standard output: the address at the start, the counts at the end')
    .addHelpText(
      'after',
      `
Examples:
  taxon llm simulate labels.csv
  taxon llm simulate truth.tsv --error-rates 0,0,0 --delay 300
  taxon llm simulate labels.csv --fault rate-limited:.1 --fault hang:.01
  taxon llm simulate labels.csv --fault unauthorised,from=500,on=everything
  taxon llm simulate labels.csv --rpm 60 --tpm 40000 --batch-time 30000
  TAXON_LLM_BASE_URL=http://127.0.0.1:8085/v1 \\
    TAXON_LLM_MODEL=simulated-llm taxon sidecar
  ANTHROPIC_API_KEY=any ANTHROPIC_BASE_URL=http://127.0.0.1:8085 \\
    TAXON_LLM_PROVIDER=anthropic TAXON_LLM_MODEL=simulated-llm taxon sidecar
  curl http://127.0.0.1:8085/stats    (each call by itself: /calls)
  curl http://127.0.0.1:8085/faults -d '[{"kind":"unavailable","calls":20}]'
  curl http://127.0.0.1:8085/faults -d '[]'      ends all faults

Faults: share is of the calls, by seed; calls=N ends it after N hits; from=N,to=N are calls, fromMs=N,toMs=N milliseconds
since the faults were set; ms=N how late (slow) or the retry-after (rate-limited); on=calls|batch-api|everything.

Ctrl-C ends it and prints what it counted.`,
    )
    .action(async (file: string, flags: Flags) => {
      const { simulatorBanner, startSimulator } = await import('../../simulator/simulator.ts');
      const simulator = await startSimulator({
        truth: await readTruth(file),
        port: flags.port,
        errorRates: flags.errorRates,
        strongErrorRates: flags.strongErrorRates,
        unsteady: flags.unsteady,
        delayMs: flags.delay,
        requestsPerMinute: flags.rpm,
        tokensPerMinute: flags.tpm,
        batchMs: flags.batchTime,
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
        {
          simulated: true,
          url: simulator.url,
          anthropicUrl: simulator.anthropicUrl,
          model: 'simulated-llm',
          strongModel,
        },
        `${simulatorBanner}\nTAXON_LLM_BASE_URL=${simulator.url} TAXON_LLM_MODEL=simulated-llm`,
      );
      await ended;
      print(flags.json === true, simulator.stats(), summary(simulator.stats()));
    });
}
