import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { packageRoot } from '../../src/config.ts';

/** The real command line in a process of its own. */
export interface TaxonProcess {
  readonly child: ChildProcess;
  /** Everything it wrote to standard error so far. */
  stderr(): string;
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

/** Starts `taxon ARGS` with a clean environment plus what is given. */
export function startTaxon(args: readonly string[], environment: Record<string, string>): TaxonProcess {
  const child = spawn(process.execPath, [join(packageRoot, 'src', 'cli', 'main.ts'), ...args], {
    env: { PATH: process.env.PATH ?? '', HOME: process.env.HOME ?? '', ...environment },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  running.add(child);
  let text = '';
  child.stderr.setEncoding('utf8').on('data', (part: string) => {
    text += part;
  });
  const ended = once(child, 'exit').then(([code, signal]) => {
    running.delete(child);
    return (code ?? signal) as number | string;
  });
  return {
    child,
    stderr: () => text,
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

/** Starts a sidecar against a database and waits until it works. */
export async function startSidecarProcess(
  url: string,
  environment: Record<string, string> = {},
): Promise<TaxonProcess> {
  const sidecar = startTaxon(['sidecar'], {
    DATABASE_URL: url,
    TAXON_POLL_MS: '300',
    TAXON_LLM_WAIT_MS: '200',
    TAXON_ENCODER_THREADS: '1',
    ...environment,
  });
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
  seconds = 30,
): Promise<T> {
  const deadline = Date.now() + seconds * 1000;
  for (;;) {
    const answer = await ask();
    if (wanted(answer)) return answer;
    if (Date.now() > deadline)
      throw new Error(`not within ${seconds} s; the last answer was ${JSON.stringify(answer)}`);
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
}
