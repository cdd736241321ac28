import { spawn } from 'node:child_process';
import { packageRoot } from '../../src/config.ts';
import type { Printed } from './types.ts';

/** What a bench prints as JSON; null where it says that it has nothing to read. */
export async function printed(command: readonly string[]): Promise<Printed[] | null> {
  const child = spawn(process.execPath, [...command, '--json'], {
    cwd: packageRoot,
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  let text = '';
  child.stdout.setEncoding('utf8').on('data', (part: string) => {
    text += part;
  });
  const code = await new Promise((resolve) => child.once('close', resolve));
  if (code !== 0) throw new Error(`node ${command.join(' ')} ended with ${code}`);
  return text.trim() === '' ? null : JSON.parse(text);
}
