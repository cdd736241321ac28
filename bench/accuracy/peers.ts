import { mkdirSync, mkdtempSync, readFileSync, writeFileSync } from 'node:fs';
import { availableParallelism } from 'node:os';
import { join } from 'node:path';
import * as v from 'valibot';
import { must } from '../../src/cluster/run.ts';
import { TaxonError } from '../../src/errors.ts';
import type { Path } from '../../src/model/types.ts';
import { number, share } from '../../src/shapes.ts';
import { benchPython } from '../python.ts';
import { type Score, score } from './score.ts';
import type { Answer, BenchSet, MethodResult } from './types.ts';

/** The methods of peers.py. */
export const peerNames = ['svm', 'fasttext', 'logreg'] as const;
export type PeerName = (typeof peerNames)[number];

const here = import.meta.dirname;
/** The files that decide what a peer does. */
export const peerFiles = ['peers.py', 'score.py', 'requirements.txt'].map((file) => join(here, file));

const facts = v.strictObject({
  trainSeconds: number,
  trainCpuSeconds: number,
  peakBytes: number,
  namesPerSecond: number,
  embeds: v.boolean(),
  settings: v.string(),
  score: v.strictObject({
    l1: v.nullable(share),
    l2: v.nullable(share),
    l3: v.nullable(share),
    path: share,
    coverage5: share,
    coverage10: share,
  }),
});

/** The Python that has the peers' libraries: see `benchPython`. */
export function peerPython(): Promise<string> {
  return benchPython(here, 'The peers need Python 3.11 or newer with venv, pip and a C++ compiler.');
}

const bytesOf = (numbers: Int32Array | Float32Array) =>
  new Uint8Array(numbers.buffer, numbers.byteOffset, numbers.byteLength);

/** A new folder that holds a set as peers.py reads it. The caller deletes it. */
export function writeSet(set: BenchSet, under: string): string {
  mkdirSync(under, { recursive: true });
  const folder = mkdtempSync(join(under, 'peers-'));
  for (const part of ['train', 'valid', 'test'] as const) {
    const { keys, paths } = set[part];
    writeFileSync(join(folder, `${part}.txt`), keys.join('\n'));
    const ids = Int32Array.from(paths.flatMap((path) => path.map((id) => id ?? -1)));
    writeFileSync(join(folder, `${part}.paths`), bytesOf(ids));
  }
  writeFileSync(join(folder, 'embeddings.f32'), bytesOf(set.embeddings));
  return folder;
}

function readAnswers(file: string): Answer[] {
  const bytes = readFileSync(file);
  const numbers = new Float64Array(bytes.buffer.slice(bytes.byteOffset, bytes.byteOffset + bytes.length));
  const id = (at: number) => (numbers[at] === -1 ? null : (numbers[at] as number));
  return Array.from({ length: numbers.length / 4 }, (_, i) => ({
    path: [id(4 * i), id(4 * i + 1), id(4 * i + 2)] as unknown as Path,
    confidence: numbers[4 * i + 3] as number,
  }));
}

/** The two implementations of the scores must not differ by more than the last digits of a sum. */
export function checkAgreement(ours: Score, theirs: Score): void {
  for (const key of Object.keys(ours) as (keyof Score)[]) {
    const [a, b] = [ours[key], theirs[key]];
    if (a === b || (a !== null && b !== null && Math.abs(a - b) < 1e-9)) continue;
    throw new TaxonError(`TypeScript and Python do not agree on ${key}: ${a} and ${b}`);
  }
}

/**
 * Trains a peer and asks it, in a process of its own that may use both cores.
 *
 * @param folder what `writeSet` made of the set
 */
export async function runPeer(
  python: string,
  method: PeerName,
  folder: string,
  set: BenchSet,
): Promise<MethodResult> {
  const threads = String(availableParallelism());
  const env = {
    OMP_NUM_THREADS: threads,
    PYTHONDONTWRITEBYTECODE: '1',
    OPENBLAS_NUM_THREADS: threads,
    PYTHONWARNINGS: 'ignore',
  };
  const printed = await must(python, [join(here, 'peers.py'), method, folder, String(set.seed)], { env });
  const { score: theirs, ...rest } = v.parse(facts, JSON.parse(printed));
  const answers = readAnswers(join(folder, `${method}.answers`));
  checkAgreement(score(answers, set.test.paths), theirs);
  return { answers, ...rest };
}
