import { Readable } from 'node:stream';
import { runCommandLine } from '../../src/cli/run.ts';
import { setLogLevel } from '../../src/log.ts';
import { type Ended, environmentOf } from './processes.ts';

/** Until `end` what is written to a stream goes, as into a pipe, nowhere else. */
function capture(stream: NodeJS.WriteStream): { text(): string; end(): void } {
  const { write, isTTY } = stream;
  let text = '';
  stream.isTTY = false;
  stream.write = (part: string | Uint8Array, ...rest: unknown[]) => {
    text += typeof part === 'string' ? part : Buffer.from(part).toString('utf8');
    const done = rest.at(-1);
    if (typeof done === 'function') process.nextTick(done);
    return true;
  };
  return {
    text: () => text,
    end() {
      Object.assign(stream, { write, isTTY });
    },
  };
}

let running = false;

/**
 * `taxon ARGS` in the test's own process, one at a time: as `runTaxon` for commands to which their process is nothing, and
 * its start is most of the work.
 */
export async function taxonHere(
  args: readonly string[],
  environment: Record<string, string>,
  input = '',
): Promise<Ended> {
  if (running) throw new Error('one command at a time: they share the environment of the process');
  running = true;
  const { env } = process;
  const stdin = Object.getOwnPropertyDescriptor(process, 'stdin') as PropertyDescriptor;
  const out = capture(process.stdout);
  const err = capture(process.stderr);
  process.env = environmentOf(environment);
  Object.defineProperty(process, 'stdin', { value: Readable.from([Buffer.from(input)]), configurable: true });
  try {
    await runCommandLine(args);
    return { code: Number(process.exitCode ?? 0), stdout: out.text(), stderr: err.text() };
  } finally {
    out.end();
    err.end();
    process.exitCode = undefined;
    process.env = env;
    Object.defineProperty(process, 'stdin', stdin);
    setLogLevel('info');
    running = false;
  }
}
