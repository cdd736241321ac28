import { availableParallelism } from 'node:os';
import { Piscina } from 'piscina';
import type { LettersFirst, LettersSource } from './letters-alone.ts';
import type { LettersTask } from './letters-worker.ts';
import { unpackAnswers } from './packed-answers.ts';
import type { Answer, Evidence } from './types.ts';

/** More threads than that wait for the same memory. */
const mostThreads = 4;
/** Names of one task: some 50 ms of work, so that threads end together and a task's way costs nothing. */
const taskNames = 256;
/** After so long without a name the threads end; they are started again when they are needed. */
const idleMs = 10_000;

/** Letters asked alone, in worker threads. */
export interface LettersThreads {
  /** In the order of the names; null where letters are not sure enough. */
  read(nameKeys: readonly string[], first: LettersFirst): Promise<((Answer & Evidence) | null)[]>;
  /** Ends the threads. */
  close(): Promise<void>;
}

/** One thread a core, at most four, over tables that they share; none is started before the first names. */
export function openLettersThreads(source: LettersSource): LettersThreads {
  const pool = new Piscina<LettersTask, Float64Array>({
    filename: new URL(
      import.meta.url.endsWith('.ts') ? './letters-worker.ts' : './letters-worker.js',
      import.meta.url,
    ).href,
    minThreads: 0,
    maxThreads: Math.min(mostThreads, availableParallelism()),
    idleTimeout: idleMs,
    workerData: source,
  });
  return {
    async read(nameKeys, first) {
      const tasks: Promise<Float64Array>[] = [];
      for (let at = 0; at < nameKeys.length; at += taskNames)
        tasks.push(pool.run({ nameKeys: nameKeys.slice(at, at + taskNames), first }));
      return (await Promise.all(tasks)).flatMap((packed) => unpackAnswers(packed, source.paths));
    },
    close: () => pool.destroy(),
  };
}
