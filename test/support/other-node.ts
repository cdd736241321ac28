import { execFile } from 'node:child_process';
import { existsSync, mkdirSync, writeFileSync } from 'node:fs';
import { arch, platform } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { cacheDir } from './cluster.ts';

/**
 * The program of another major version of Node, as npm has it; kept from one run of the tests to the next.
 *
 * @returns the path of the program, or why it cannot be had
 */
export async function otherNode(major: number): Promise<{ program: string } | { missing: string }> {
  const name = `node-${platform()}-${arch()}`;
  const folder = join(cacheDir, `node-${major}`);
  const program = join(folder, 'node_modules', name, 'bin', 'node');
  if (existsSync(program)) return { program };
  mkdirSync(folder, { recursive: true });
  writeFileSync(join(folder, 'package.json'), '{"private": true}\n');
  try {
    const options = ['--ignore-scripts', '--no-audit', '--no-fund', '--prefer-offline', '--no-save'];
    await promisify(execFile)('npm', ['install', ...options, `${name}@${major}`], {
      cwd: folder,
      timeout: 300_000,
    });
    return { program };
  } catch (error) {
    return {
      missing: `npm has no ${name} of Node ${major} here: ${(error as { stderr?: string }).stderr ?? error}`,
    };
  }
}
