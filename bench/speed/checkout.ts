import { spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { must } from '../../src/cluster/run.ts';
import { packageRoot } from '../../src/config.ts';
import { messageOf } from '../../src/errors.ts';

/** A folder with the program in it, whose command line can be run. */
export interface Checkout {
  /** What the tables call it: a commit's first letters, or "here". */
  readonly name: string;
  readonly folder: string;
}

/** The working tree. */
export const here: Checkout = { name: 'here', folder: packageRoot };

/**
 * A commit with its packages in a folder of its own, kept for the next bench; a worktree of this repository.
 *
 * @param commit anything that git knows
 * @throws TaxonError with git's or npm's words
 */
export async function checkout(commit: string): Promise<Checkout> {
  const name = (await must('git', ['-C', packageRoot, 'rev-parse', '--short=7', commit])).trim();
  const folder = join(tmpdir(), `pgtaxon-${name}`);
  if (!existsSync(folder))
    await must('git', ['-C', packageRoot, 'worktree', 'add', '--detach', folder, name]);
  if (!existsSync(join(folder, 'node_modules')))
    await must('npm', ['ci', '--no-audit', '--no-fund', '--prefix', folder]);
  return { name, folder };
}

/** What a process printed, and how long it took. */
export interface Ran {
  readonly stdout: string;
  readonly seconds: number;
}

/** A `taxon ARGS` of a checkout that runs. */
export interface Running {
  /** When its standard error holds the text first. */
  says(text: string): Promise<void>;
  end(signal?: NodeJS.Signals): Promise<Ran>;
}

/** Starts `taxon ARGS` of a checkout. */
export function start(
  { folder }: Checkout,
  args: readonly string[],
  environment: Record<string, string>,
): Running {
  const began = performance.now();
  const child = spawn(process.execPath, [join('src', 'cli', 'main.ts'), ...args], {
    cwd: folder,
    env: { ...process.env, ...environment },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  let stdout = '';
  let stderr = '';
  const waiting = new Map<string, () => void>();
  child.stdout.setEncoding('utf8').on('data', (part: string) => {
    stdout += part;
  });
  child.stderr.setEncoding('utf8').on('data', (part: string) => {
    stderr += part;
    for (const [text, done] of waiting) if (stderr.includes(text)) done();
  });
  const ended = new Promise<Ran>((resolve, reject) => {
    child.once('error', reject);
    child.once('close', (code) => {
      if (code === 0) resolve({ stdout, seconds: (performance.now() - began) / 1000 });
      else
        reject(new Error(`taxon ${args.join(' ')} in ${folder} ended with ${code}:\n${stderr.slice(-2000)}`));
    });
  });
  ended.catch((error) => console.error(messageOf(error)));
  return {
    says: (text) =>
      Promise.race([
        new Promise<void>((resolve) => {
          if (stderr.includes(text)) resolve();
          else waiting.set(text, resolve);
        }),
        ended.then(() => {
          throw new Error(`taxon ${args.join(' ')} ended without saying "${text}"`);
        }),
      ]),
    end(signal) {
      if (signal !== undefined) child.kill(signal);
      return ended;
    },
  };
}

/** Runs `taxon ARGS` of a checkout to its end. */
export async function run(
  at: Checkout,
  args: readonly string[],
  environment: Record<string, string>,
): Promise<Ran> {
  return await start(at, args, environment).end();
}
