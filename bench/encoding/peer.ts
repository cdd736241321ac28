import { spawn } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { TaxonError } from '../../src/errors.ts';
import { benchPython } from '../python.ts';

interface Round {
  version: string;
  /** CPU seconds of each way, and the least cosine to the plain graph's vectors. */
  ways: Record<string, { cpu: number; cosine: number }>;
}

/** Python onnxruntime in a process of its own, which encodes all texts in each of its ways when it is asked to. */
export interface Peer {
  round(): Promise<Round>;
  close(): void;
}

/** Starts peer.py, which explains itself. */
export async function openPeer(
  folder: string,
  texts: readonly string[],
  batch: number,
  tokens: number,
): Promise<Peer> {
  const needs = 'It needs python3 with venv, and pip.';
  const python = await benchPython(import.meta.dirname, needs);
  const scratch = mkdtempSync(join(tmpdir(), 'taxon-bench-'));
  const command = [join(import.meta.dirname, 'peer.py'), folder, String(batch), String(tokens), scratch];
  const env = { ...process.env, PYTHONDONTWRITEBYTECODE: '1' };
  const child = spawn(python, command, { env, stdio: ['pipe', 'pipe', 'inherit'] });
  const failed = new Promise<never>((_, reject) => {
    child.once('error', reject);
    child.once('exit', (code) => {
      rmSync(scratch, { recursive: true, force: true });
      reject(new TaxonError(`Python ended with ${code}`));
    });
  });
  // who awaits it hears of it; an end that nobody awaits is the one that close() asked for
  failed.catch(() => undefined);
  const answers = createInterface({ input: child.stdout })[Symbol.asyncIterator]();
  child.stdin.write(`${JSON.stringify(texts)}\n`);
  return {
    async round() {
      child.stdin.write('\n');
      const { value } = await Promise.race([failed, answers.next()]);
      return JSON.parse(value as string) as Round;
    },
    close: () => child.stdin.end(),
  };
}
