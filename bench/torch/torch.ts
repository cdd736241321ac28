import { spawn } from 'node:child_process';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { TaxonError } from '../../src/errors.ts';

interface Answer {
  seconds: number;
  cpu: number;
  version: string;
}

/** PyTorch in a process of its own that runs steps when it is asked to. */
export interface Torch {
  /** So many steps of a head; the first call for a head also makes it. */
  steps(head: { dimension: number; classes: number }, count: number): Promise<Answer>;
  /** Known after the first steps. */
  version(): string;
  close(): void;
}

/** Starts steps.py, which explains itself. */
export function openTorch(python: string, folder: string, threads: number): Torch {
  const env = { ...process.env, OMP_NUM_THREADS: String(threads), PYTHONDONTWRITEBYTECODE: '1' };
  const script = join(import.meta.dirname, 'steps.py');
  const child = spawn(python, [script, folder, String(threads)], { env, stdio: ['pipe', 'pipe', 'inherit'] });
  const failed = new Promise<never>((_, reject) => {
    child.once('error', reject);
    child.once('exit', (code) => reject(new TaxonError(`PyTorch ended with ${code}`)));
  });
  // who awaits it hears of it; an end that nobody awaits is the one that close() asked for
  failed.catch(() => undefined);
  const answers = createInterface({ input: child.stdout })[Symbol.asyncIterator]();
  let version = '';
  return {
    async steps({ dimension, classes }, count) {
      child.stdin.write(`${dimension} ${classes} ${count}\n`);
      const { value } = await Promise.race([failed, answers.next()]);
      const answer = JSON.parse(value as string) as Answer;
      version = answer.version;
      return answer;
    },
    version: () => version,
    close: () => child.stdin.end(),
  };
}
