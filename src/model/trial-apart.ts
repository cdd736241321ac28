import { spawn } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { TaxonError } from '../errors.ts';
import type { Classifier, ModelFiles } from './types.ts';

/** What a trial in a process of its own says. */
export type TrialResult = Pick<Classifier, 'encoder' | 'dimension'> | { error: string };

/** Memory beside the model's own: the program with onnxruntime, and some batches of answers. */
const roomMb = 1500;
/** Tables are laid out anew when they are loaded. */
const timesItsSize = 6;
/** A model answers forty names at once; this ends only one that does not end. */
const limitMs = 300_000;

const worker = fileURLToPath(
  new URL(import.meta.url.endsWith('.ts') ? './trial-worker.ts' : './trial-worker.js', import.meta.url),
);

/**
 * Loads a model from elsewhere and lets it answer, in a process of its own: without this one's environment, with a limit on
 * its memory where the system has one (`ulimit -d`), and on its time.
 *
 * @throws TaxonError when it cannot be loaded, does not answer as a model should, or goes over a limit
 */
export async function tryApart(files: ModelFiles): Promise<Pick<Classifier, 'encoder' | 'dimension'>> {
  const bytes = [...files.values()].reduce((sum, content) => sum + content.length, 0);
  const mostMb = roomMb + Math.ceil((bytes * timesItsSize) / 1e6);
  const [command, args] =
    process.platform === 'win32'
      ? [process.execPath, [worker]]
      : // a system that cannot limit it tries it all the same
        [
          '/bin/sh',
          ['-c', `ulimit -d ${mostMb * 1024} 2>/dev/null; exec "$0" "$1"`, process.execPath, worker],
        ];
  const child = spawn(command, args, {
    stdio: ['ignore', 'ignore', 'ignore', 'ipc'],
    serialization: 'advanced',
    env: {},
    timeout: limitMs,
    killSignal: 'SIGKILL',
  });
  const result = await new Promise<TrialResult>((resolve) => {
    child.once('message', (said) => resolve(said as TrialResult));
    child.once('error', (error) => resolve({ error: error.message }));
    child.once('close', (code, signal) =>
      resolve({
        error: `its trial ended without an answer (${signal ?? `exit code ${code}`}); it may use ${mostMb} MB and ${limitMs / 1000} s`,
      }),
    );
    // plain copies: what is a view of a large file would be sent with all of it
    child.send(new Map([...files].map(([name, content]) => [name, Uint8Array.from(content)])), () => {});
  });
  child.kill('SIGKILL');
  if (!('error' in result)) return result;
  throw new TaxonError(`the model does not run: ${result.error}`, {
    hint: 'Nothing was stored. Export it again where it answers, or train a model here: taxon train',
  });
}
