import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { inject } from 'vitest';
import { packageRoot } from '../../src/config.ts';
import { postgres } from './cluster.ts';

/** The real command line in a process of its own. */
export interface TaxonProcess {
  readonly child: ChildProcess;
  /** Everything it wrote to standard error, and to standard output, so far. */
  stderr(): string;
  stdout(): string;
  /** Resolves with the exit code (or the signal's name) when it ends. */
  readonly ended: Promise<number | string>;
  /** Resolves when its standard error holds the text; rejects when it ends before. */
  says(text: string): Promise<void>;
  /** Sends a signal and waits for the end. */
  kill(signal: NodeJS.Signals): Promise<number | string>;
}

const running = new Set<ChildProcess>();
process.on('exit', () => {
  for (const child of running) child.kill('SIGKILL');
});

/** How a command ended. */
export interface Ended {
  /** The exit code, or the signal's name. */
  code: number | string;
  stdout: string;
  stderr: string;
}

/** A start loads 60 MB of modules: with this much room for them at once it takes a tenth less of the processor. */
const roomy = '--min-semi-space-size=32';

/** A clean environment plus what is given. */
export function environmentOf(given: Record<string, string>): Record<string, string> {
  return {
    PATH: process.env.PATH ?? '',
    HOME: process.env.HOME ?? '',
    NODE_COMPILE_CACHE: process.env.NODE_COMPILE_CACHE ?? '',
    // A second thread that loads the encoder took .4 s of 4.1 of a training, and nothing here is long enough to be worth it.
    TAXON_ENCODER_THREADS: '1',
    TAXON_ENCODER: inject('encoder'),
    TAXON_POSTGRES: postgres,
    ...given,
  };
}

/** Starts `taxon ARGS` with a clean environment plus what is given, and `input` on its standard input; null: that stays open. */
export function startTaxon(
  args: readonly string[],
  environment: Record<string, string>,
  input: string | null = '',
): TaxonProcess {
  const child = spawn(process.execPath, [roomy, join(packageRoot, 'src', 'cli', 'main.ts'), ...args], {
    env: environmentOf(environment),
    stdio: ['pipe', 'pipe', 'pipe'],
  });
  running.add(child);
  let text = '';
  let output = '';
  child.stderr.setEncoding('utf8').on('data', (part: string) => {
    text += part;
  });
  child.stdout.setEncoding('utf8').on('data', (part: string) => {
    output += part;
  });
  child.stdin.on('error', () => {}); // it may end without reading
  if (input !== null) child.stdin.end(input);
  const ended = once(child, 'close').then(([code, signal]) => {
    running.delete(child);
    return (code ?? signal) as number | string;
  });
  return {
    child,
    stderr: () => text,
    stdout: () => output,
    ended,
    async says(wanted) {
      let over = false;
      void ended.then(() => {
        over = true;
      });
      while (!text.includes(wanted)) {
        if (over) throw new Error(`taxon ${args.join(' ')} ended without saying "${wanted}":\n${text}`);
        await new Promise((resolve) => setTimeout(resolve, 20));
      }
    },
    async kill(signal) {
      child.kill(signal);
      return await ended;
    },
  };
}

/** Runs `taxon ARGS` to its end. */
export async function runTaxon(
  args: readonly string[],
  environment: Record<string, string>,
  input = '',
): Promise<Ended> {
  const taxon = startTaxon(args, environment, input);
  const code = await taxon.ended;
  return { code, stdout: taxon.stdout(), stderr: taxon.stderr() };
}

/** A sidecar that has little to wait for. */
export const quick = { TAXON_POLL_MS: '300', TAXON_LLM_WAIT_MS: '200', TAXON_LLM_PAUSE_MS: '100' };

/** Starts a sidecar against a database and waits until it works. */
export async function startSidecarProcess(
  url: string,
  environment: Record<string, string> = {},
): Promise<TaxonProcess> {
  const sidecar = startTaxon(['sidecar'], { DATABASE_URL: url, ...quick, ...environment });
  await sidecar.says('sidecar started');
  return sidecar;
}

/** The settings that make a sidecar use a simulated LLM. */
export function simulated(url: string): Record<string, string> {
  return { TAXON_LLM_BASE_URL: url, TAXON_LLM_MODEL: 'simulated-llm' };
}

/** Asks again and again until the answer is wanted; fails with the last answer when time is up. */
export async function until<T>(
  ask: () => Promise<T>,
  wanted: (answer: T) => boolean,
  seconds = 540,
): Promise<T> {
  const deadline = Date.now() + seconds * 1000;
  for (;;) {
    const asked = performance.now();
    const answer = await ask();
    if (wanted(answer)) return answer;
    if (Date.now() > deadline)
      throw new Error(`not within ${seconds} s; the last answer was ${JSON.stringify(answer)}`);
    // what takes long is asked less often: health(), of 30 ms, kept a third of a core busy
    const pause = Math.min(1000, Math.max(50, 9 * (performance.now() - asked)));
    await new Promise((resolve) => setTimeout(resolve, pause));
  }
}
