import { execFile } from 'node:child_process';
import { createHash } from 'node:crypto';
import {
  cpSync,
  existsSync,
  globSync,
  mkdirSync,
  readFileSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { dirname, join } from 'node:path';
import { promisify } from 'node:util';
import { packageRoot } from '../../src/config.ts';
import { kept } from './kept.ts';

const run = promisify(execFile);

/** Somebody else's shell: Node first in PATH, and nothing of this project's npm and tests. */
export function cleanEnvironment(node = process.execPath): NodeJS.ProcessEnv {
  const own = Object.entries(process.env).filter(
    ([key]) => !/^(npm_|TAXON_|DATABASE_URL$|VITEST|NODE_ENV$)/.test(key),
  );
  return { ...Object.fromEntries(own), PATH: `${dirname(node)}:${process.env.PATH}` };
}

/**
 * `npm run build` in a folder of these files and folders of `root` alone, kept until one of them changes: tsc takes 6 s
 * of processor time.
 *
 * @returns the folder `dist` that came out
 */
export async function built(root: string, sources: readonly string[]): Promise<string> {
  const hash = createHash('sha256');
  const paths = globSync(
    sources.flatMap((source) => [source, `${source}/**`]),
    { cwd: root },
  );
  for (const path of paths.sort())
    if (statSync(join(root, path)).isFile()) hash.update(`${path}\n`).update(readFileSync(join(root, path)));
  const folder = await kept('built', hash.digest('hex'), async (folder) => {
    for (const source of sources) cpSync(join(root, source), join(folder, source), { recursive: true });
    symlinkSync(join(packageRoot, 'node_modules'), join(folder, 'node_modules'));
    // of a source that is no more: it must not live on
    mkdirSync(join(folder, 'dist'));
    writeFileSync(join(folder, 'dist/left.js'), '');
    await run('npm', ['run', 'build'], { cwd: folder, env: cleanEnvironment() });
  });
  return join(folder, 'dist');
}

/**
 * Puts the packages of the lock that are not of development alone into a folder, as hard links to this checkout's where its
 * disk is the same: 1 s of processor time, where npm unpacks them in 12. (With their commands: npm unpacks anew what has none.)
 */
export async function linkPackages(folder: string): Promise<void> {
  const lock = readFileSync(join(packageRoot, 'package-lock.json'), 'utf8');
  const packages = Object.entries<{ dev?: boolean }>(JSON.parse(lock).packages)
    .filter(([path, { dev }]) => !dev && /^node_modules\/(@[^/]+\/)?[^/]+$/.test(path))
    .map(([path]) => path)
    // what other systems need is not here
    .filter((path) => existsSync(join(packageRoot, path)));
  for (const [to, paths = []] of Object.entries(
    Object.groupBy(['node_modules/.bin', ...packages], (path) => dirname(path)),
  )) {
    mkdirSync(join(folder, to), { recursive: true });
    const all = [...paths, join(folder, to)];
    await run('cp', ['-al', ...all], { cwd: packageRoot }).catch(() =>
      run('cp', ['-a', ...all], { cwd: packageRoot }),
    );
  }
}
