import { execFile } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { packageRoot } from '../../src/config.ts';
import { testDatabase } from '../support/database.ts';

const { version } = JSON.parse(readFileSync(join(packageRoot, 'package.json'), 'utf8'));
let folder: string;
let shipped: string[];

/** Somebody else's shell: Node 24 first in PATH, nothing of this project's npm run, the GPU download left out. */
function environment(): NodeJS.ProcessEnv {
  const own = Object.entries(process.env).filter(
    ([key]) => !/^(npm_|TAXON_|DATABASE_URL$|VITEST|NODE_ENV$)/.test(key),
  );
  const path = `${dirname(process.execPath)}:${process.env.PATH}`;
  return { ...Object.fromEntries(own), PATH: path, ONNXRUNTIME_NODE_INSTALL: 'skip' };
}

/** Standard output; throws all that was said on failure. Never blocks: vitest gives up on a worker silent for 60 s. */
async function run(command: string, args: string[], cwd: string, more: NodeJS.ProcessEnv = {}) {
  try {
    const { stdout } = await promisify(execFile)(command, args, { cwd, env: { ...environment(), ...more } });
    return stdout;
  } catch (error) {
    const { stdout, stderr } = error as { stdout: string; stderr: string };
    throw new Error(`${command} ${args.join(' ')}: ${stdout}${stderr}`, { cause: error });
  }
}

/** `npx taxon …` in the folder where the tarball was installed. */
const taxon = (args: string[], more?: NodeJS.ProcessEnv) =>
  run('npx', ['--no-install', 'taxon', ...args], folder, more);

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'pgtaxon-pack-'));
  // Its prepack script runs the build.
  await run('npm', ['pack', '--silent', '--pack-destination', folder], packageRoot);
  const tarball = `pgtaxon-${version}.tgz`;
  const list = await run('tar', ['-tzf', tarball], folder);
  shipped = list
    .trim()
    .split('\n')
    .map((path) => path.replace(/^package\//, ''));
  writeFileSync(join(folder, 'package.json'), '{"private": true}\n');
  await run('npm', ['install', '--prefer-offline', '--no-audit', '--no-fund', `./${tarball}`], folder);
});

afterAll(() => rmSync(folder, { recursive: true, force: true }));

describe('the packed tarball, installed in an empty folder', () => {
  test('ships what it needs and nothing else', async () => {
    for (const path of [
      'README.md',
      'LICENSE',
      'dist/cli/main.js',
      'dist/config.d.ts',
      'sql/memory/exact.sql',
    ])
      expect(shipped).toContain(path);
    const folders = new Set(shipped.map((path) => path.split('/')[0]));
    expect([...folders].sort()).toEqual(
      [
        'LICENSE',
        'README.md',
        'dist',
        'docker-compose.yml',
        'migrations',
        'models',
        'package.json',
        'sql',
      ].sort(),
    );
    // A file that was deleted from src/ must not live on in dist/.
    const sources = await run('find', ['src', '-name', '*.ts'], packageRoot);
    const expected = sources
      .trim()
      .split('\n')
      .map((path) => path.replace(/^src\/(.*)\.ts$/, 'dist/$1.js'));
    expect(shipped.filter((path) => /^dist\/.*\.js$/.test(path)).sort()).toEqual(expected.sort());
  });

  test('has a command that starts', async () => {
    expect(await taxon(['--version'])).toBe(`${version}\n`);
  });

  test('migrates a database with the SQL that it ships', async () => {
    const database = await testDatabase({ template: false });
    try {
      const asked = { DATABASE_URL: database.url };
      const first = JSON.parse(await taxon(['migrate', '--json'], asked));
      expect(first).toMatchObject({ repeatable: true, upToDate: false });
      const shippedMigrations = shipped.filter((path) => /^migrations\/.*\.sql$/.test(path));
      expect(first.migrations).toHaveLength(shippedMigrations.length);
      expect(JSON.parse(await taxon(['migrate', '--check', '--json'], asked))).toMatchObject({
        upToDate: true,
      });
    } finally {
      await database.drop();
    }
  });

  test('encodes in a worker thread, with the bundled model', async () => {
    const script = `
      import { loadConfig } from 'pgtaxon/dist/config.js';
      import { openEncoder } from 'pgtaxon/dist/model/encoder.js';
      const encoder = await openEncoder({ ...loadConfig(), encoderThreads: 1 });
      const [vector] = await encoder.encode(['чайник']);
      console.log(JSON.stringify({ length: vector.length, norm: Math.hypot(...vector) }));
      await encoder.close();`;
    writeFileSync(join(folder, 'encode.mjs'), script);
    const { length, norm } = JSON.parse(await run(process.execPath, ['encode.mjs'], folder));
    expect(length).toBe(384);
    expect(norm).toBeCloseTo(1, 4);
  });
});
