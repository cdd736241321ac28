import { once } from 'node:events';
import { startTaxon } from '../support/processes.ts';

/** Runs `taxon ARGS` against a database, as a process of its own, to its end. */
export async function runTaxon(
  url: string,
  ...args: string[]
): Promise<{ code: number; stdout: string; stderr: string }> {
  const taxon = startTaxon(args, { DATABASE_URL: url });
  let stdout = '';
  taxon.child.stdout?.setEncoding('utf8').on('data', (part: string) => {
    stdout += part;
  });
  const [code] = await once(taxon.child, 'close');
  return { code: code as number, stdout, stderr: taxon.stderr() };
}
