import { createHash } from 'node:crypto';
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { must } from '../src/cluster/run.ts';

/**
 * The Python that has a bench's libraries: TAXON_BENCH_PYTHON, else FOLDER/.venv, which is made and filled from
 * FOLDER/requirements.txt when it is not there or was filled from other requirements.
 *
 * @param needs what the installation needs, for the message when it fails
 */
export async function benchPython(folder: string, needs: string): Promise<string> {
  const given = process.env.TAXON_BENCH_PYTHON;
  if (given) return given;
  const venv = join(folder, '.venv');
  const python = join(venv, 'bin', 'python');
  const stamp = join(venv, 'filled-from');
  const requirements = join(folder, 'requirements.txt');
  const wanted = createHash('sha256').update(readFileSync(requirements)).digest('hex');
  if (existsSync(stamp) && readFileSync(stamp, 'utf8') === wanted) return python;
  // whoever installs from a mirror has said so to pip
  const pip = Object.entries(process.env).filter(([name]) => name.startsWith('PIP_'));
  const env = Object.fromEntries(pip) as Record<string, string>;
  process.stderr.write(`installing what ${requirements} lists into ${venv}\n`);
  const hint = `${needs} Or set TAXON_BENCH_PYTHON.`;
  await must('python3', ['-m', 'venv', venv], { hint });
  await must(python, ['-m', 'pip', 'install', '--quiet', '--requirement', requirements], { hint, env });
  writeFileSync(stamp, wanted);
  return python;
}
