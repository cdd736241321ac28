import { appendFileSync, existsSync, readFileSync, writeFileSync } from 'node:fs';
import { makeFolderOf } from '../../src/atomic-file.ts';
import { timed } from '../measure.ts';
import { peakBytes } from '../scale/peak.ts';

/** One step, measured: a line of the results file. */
export interface Measured {
  step: string;
  /** Whose code: this one is "here". */
  code: string;
  names: number;
  seconds: number;
  /** Processor seconds, all threads together. */
  cpu: number;
  /** Most memory of the process and its threads during the step, bytes. */
  peak: number;
  /** What the step found: shares of names right, labels wrong, and so on. */
  found?: Record<string, number>;
  /** Which test names are right, a bit each in base64. */
  right?: string;
  machine: string;
  at: string;
}

export type Step = Omit<Measured, 'code' | 'machine' | 'at'>;

/** Runs `work`; the peak begins anew where the system can do that (Linux). */
export async function step(
  name: string,
  names: number,
  work: () => Promise<Pick<Measured, 'found' | 'right'> | undefined>,
): Promise<Step> {
  if (process.platform === 'linux') writeFileSync('/proc/self/clear_refs', '5');
  let said: Pick<Measured, 'found' | 'right'> | undefined;
  const { seconds, cpu } = await timed(async () => {
    said = await work();
  });
  return { step: name, names, seconds: round(seconds), cpu: round(cpu), peak: peakBytes(), ...said };
}

const round = (seconds: number) => Math.round(seconds * 10) / 10;

/** Adds a line to the results. */
export function note(file: string, row: Measured): void {
  makeFolderOf(file);
  appendFileSync(file, `${JSON.stringify(row)}\n`);
  process.stderr.write(
    `${row.step}, ${row.code}: ${row.seconds} s, ${row.cpu} CPU s, ${gigabytes(row.peak)} GB\n`,
  );
}

export const gigabytes = (bytes: number) => (bytes / 1e9).toFixed(2);

/** All lines of the results, of each step, code and number of names the last. */
export function readMeasured(file: string): Measured[] {
  if (!existsSync(file)) return [];
  const found = new Map<string, Measured>();
  for (const line of readFileSync(file, 'utf8').trimEnd().split('\n')) {
    const row = JSON.parse(line) as Measured;
    found.set(JSON.stringify([row.step, row.code, row.names]), row);
  }
  return [...found.values()];
}
