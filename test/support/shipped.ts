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
 * What `npm ci …` puts into a folder that has package.json and a lock, as hard links to this checkout's packages where its
 * disk is the same: 1.5 s of processor time, where unpacking took 12. npm says which they are, or why it would refuse.
 */
export async function linkPackages(folder: string, command = 'npm ci --omit=dev'): Promise<void> {
  const asked = `${command} --ignore-scripts --prefer-offline --dry-run`;
  const { stdout } = await run('sh', ['-c', asked], { cwd: folder, env: cleanEnvironment() });
  const paths = Array.from(stdout.matchAll(/^add (\S+) /gm), ([, name]) => `node_modules/${name}`)
    // one inside another comes with it
    .filter((path) => existsSync(join(packageRoot, path)));
  // npm unpacks anew what has no command
  const byFolder = Object.groupBy(['node_modules/.bin', ...new Set(paths)], (path) => dirname(path));
  for (const [to, from = []] of Object.entries(byFolder)) {
    mkdirSync(join(folder, to), { recursive: true });
    const all = [...from, join(folder, to)];
    const copy = (how: string) => run('cp', [how, ...all], { cwd: packageRoot });
    await copy('-al').catch(() => copy('-a'));
  }
}
