import { execFile } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { arch, platform } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { kept } from './kept.ts';

const run = promisify(execFile);

/** Where a package lies that is not of this project, or why it cannot be had. */
export type Found = { folder: string } | { missing: string };

function found(folder: Promise<string>): Promise<Found> {
  return folder.then(
    (folder) => ({ folder }),
    (error) => ({ missing: String(error.stderr || error).slice(-500) }),
  );
}

const npm = (name: string, packages: string[]) =>
  found(
    kept(name, packages.join(' '), async (folder) => {
      writeFileSync(join(folder, 'package.json'), '{"private": true, "type": "module"}\n');
      const options = ['--ignore-scripts', '--no-audit', '--no-fund', '--prefer-offline'];
      await run('npm', ['install', ...options, ...packages], { cwd: folder, timeout: 300_000 });
    }),
  );

/** What applications in TypeScript use, in the newest versions that our examples were written with. */
export const nodePackages = () =>
  npm('applications/node', [
    'drizzle-kit@0.31',
    'drizzle-orm@0.45',
    'prisma@7',
    '@prisma/client@7',
    '@prisma/adapter-pg@7',
    'pg@8',
  ]);

const ofPython = [
  'psycopg[binary]>=3.2,<4',
  'django>=5.2,<6.1',
  'dbt-core>=1.10,<1.11',
  'dbt-postgres>=1.9,<1.10',
];

/** The same of Python, a folder for PYTHONPATH: 8 s of processor time, where an environment with its own pip took 14. */
export const pythonPackages = () =>
  found(
    kept('applications/python', ofPython.join(' '), (folder) => {
      const options = ['--quiet', '--prefer-binary', '--no-compile', '--target', folder];
      return run('python3', ['-m', 'pip', 'install', ...options, ...ofPython], { timeout: 300_000 });
    }),
  );

/** The program of another major version of Node, as npm has it. */
export async function otherNode(major: number): Promise<{ program: string } | { missing: string }> {
  const name = `node-${platform()}-${arch()}`;
  const node = await npm(`node-${major}`, [`${name}@${major}`]);
  return 'missing' in node ? node : { program: join(node.folder, 'node_modules', name, 'bin', 'node') };
}
