import { parseArgs } from 'node:util';
import { table } from '../src/cli/output.ts';

/** The middle of some measurements; other work on the machine spoils a mean. */
export function median(values: readonly number[]): number {
  const sorted = values.toSorted((a, b) => a - b);
  const [low, high] = [sorted[(sorted.length - 1) >> 1], sorted[sorted.length >> 1]];
  return ((low as number) + (high as number)) / 2;
}

/** A run of `work`: seconds of wall time and of processor time, all threads together. */
export async function timed(work: () => Promise<unknown>): Promise<{ seconds: number; cpu: number }> {
  const before = process.cpuUsage();
  const started = performance.now();
  await work();
  const seconds = (performance.now() - started) / 1000;
  const { user, system } = process.cpuUsage(before);
  return { seconds, cpu: (user + system) / 1e6 };
}

/** Flags with a whole number each, --json and --help; prints the help and ends when that is asked for. */
export function flags<T extends Record<string, number>>(what: string, defaults: T): T & { json: boolean } {
  const number = (value: number) => ({ type: 'string' as const, default: String(value) });
  const { values } = parseArgs({
    options: {
      json: { type: 'boolean', default: false },
      help: { type: 'boolean', default: false },
      ...Object.fromEntries(Object.entries(defaults).map(([name, value]) => [name, number(value)])),
    },
  });
  if (values.help) {
    const list = Object.entries(defaults).map(([name, value]) => `[--${name} ${value}]`);
    console.log(
      `${what}\n\n  node ${process.argv[1]?.replace(/.*(?=bench\/)/, '')} [--json] ${list.join(' ')}`,
    );
    process.exit(0);
  }
  const chosen = Object.keys(defaults).map((name) => [name, Number(values[name as keyof typeof values])]);
  return { ...(Object.fromEntries(chosen) as T), json: values.json === true };
}

/** The rows as one line of JSON, or as a table for people. */
export function show(json: boolean, rows: Record<string, unknown>[]): void {
  console.log(json ? JSON.stringify(rows) : table(rows));
}
