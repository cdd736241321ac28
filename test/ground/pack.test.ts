import { execFile } from 'node:child_process';
import {
  cpSync,
  globSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, inject, type TestContext, test } from 'vitest';
import { packageRoot } from '../../src/config.ts';
import { testDatabase } from '../support/database.ts';
import { needs } from '../support/needs.ts';
import { otherNode } from '../support/other-packages.ts';
import { built, cleanEnvironment, linkPackages } from '../support/shipped.ts';
import { labelled } from '../support/shop-names.ts';

const { version } = JSON.parse(readFileSync(join(packageRoot, 'package.json'), 'utf8'));
let folder: string;
let shipped: string[];

/** Somebody else's shell, the GPU download left out; one thread, as each loads the encoder anew. */
const environment = (node: string): NodeJS.ProcessEnv => ({
  ...cleanEnvironment(node),
  ONNXRUNTIME_NODE_INSTALL: 'skip',
  TAXON_ENCODER_THREADS: '1',
});

/** Standard output; throws all that was said on failure. Never blocks: vitest gives up on a worker silent for 60 s. */
async function run(
  command: string,
  args: string[],
  cwd: string,
  more: NodeJS.ProcessEnv = {},
  node = process.execPath,
) {
  try {
    const env = { ...environment(node), ...more };
    const { stdout } = await promisify(execFile)(command, args, { cwd, env });
    return stdout;
  } catch (error) {
    const { stdout, stderr } = error as { stdout: string; stderr: string };
    throw new Error(`${command} ${args.join(' ')}: ${stdout}${stderr}`, { cause: error });
  }
}

/** The installed command. */
const taxon = (args: string[], more?: NodeJS.ProcessEnv, node?: string) =>
  run(join(folder, 'node_modules/.bin/pgtaxon'), args, folder, more, node);

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'pgtaxon-pack-'));
  const sources = [
    'package.json',
    'package-lock.json',
    '.npmrc',
    'src',
    ...globSync('tsconfig*.json', { cwd: packageRoot }),
  ];
  rmSync(join(packageRoot, 'dist'), { recursive: true, force: true });
  cpSync(await built(packageRoot, sources), join(packageRoot, 'dist'), { recursive: true });
  await run('npm', ['pack', '--silent', '--ignore-scripts', '--pack-destination', folder], packageRoot);
  const tarball = `pgtaxon-${version}.tgz`;
  const list = await run('tar', ['-tzf', tarball], folder);
  shipped = list
    .trim()
    .split('\n')
    .map((path) => path.replace(/^package\//, ''));
  for (const file of ['package.json', 'package-lock.json'])
    cpSync(join(packageRoot, file), join(folder, file));
  await linkPackages(folder);
  rmSync(join(folder, 'package-lock.json'));
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
        'CHANGELOG.md',
        'docs',
        'examples',
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

  test('weighs what the model and the SQL weigh', () => {
    const mb = (path: string) => statSync(path).size / 2 ** 20;
    // 33 of them are the bundled encoder
    expect(mb(join(folder, `pgtaxon-${version}.tgz`))).toBeLessThan(40);
    expect(shipped.length).toBeLessThan(1300);
  });

  test('says which Node it runs on, what it exports and where its types are', () => {
    const manifest = JSON.parse(readFileSync(join(folder, 'node_modules/pgtaxon/package.json'), 'utf8'));
    expect(manifest.engines.node).toBe('>=22.13');
    // who packs builds first
    expect(manifest.scripts).toMatchObject({ prepack: 'npm run --silent build' });
    for (const path of [
      manifest.types,
      manifest.exports['.'].types,
      manifest.exports['.'].default,
      ...Object.values(manifest.bin),
    ])
      expect(shipped).toContain(String(path).replace(/^\.\//, ''));
  });

  test('the examples compile against its types alone, without those of other packages', async () => {
    // in strict mode, with its declarations checked as well
    const options =
      '{"compilerOptions": {"module": "nodenext", "target": "es2024", "strict": true, "types": ["node"]}, "include": ["*.ts"]}';
    writeFileSync(join(folder, 'tsconfig.json'), options);
    for (const file of ['classify.ts', 'worker.ts'])
      cpSync(join(packageRoot, 'examples', file), join(folder, file));
    writeFileSync(join(folder, 'package.json'), '{"private": true, "type": "module"}\n');
    const types = join(folder, 'node_modules/@types');
    if (statSync(types, { throwIfNoEntry: false }) === undefined)
      symlinkSync(join(packageRoot, 'node_modules/@types'), types);
    writeFileSync(
      join(folder, 'wrong.ts'),
      `import { openTaxon } from 'pgtaxon';\n(await openTaxon({ llmBatch: 'x' })).classify(7);\n`,
    );
    const tsc = run(join(packageRoot, 'node_modules/.bin/tsc'), ['-p', '.', '--pretty', 'false'], folder);
    const said = await tsc.catch((error: Error) => error.message);
    expect(said.match(/\w+\.ts\(.*error TS\d+/g)).toEqual([
      'wrong.ts(2,20): error TS2322',
      'wrong.ts(2,47): error TS2345',
    ]);
    rmSync(join(folder, 'wrong.ts'));
  });

  describe.each([22, 24])('with Node %i', (major) => {
    const node = major === 24 ? Promise.resolve({ program: process.execPath }) : otherNode(major);
    async function program(context: TestContext): Promise<string> {
      const found = await node;
      needs(context, 'program' in found, 'missing' in found ? found.missing : '');
      return 'program' in found ? found.program : '';
    }

    test('has a command that starts', async (context) => {
      const own = await program(context);
      expect(await run(own, ['--version'], folder)).toMatch(new RegExp(`^v${major}\\.`));
      expect(await run('npx', ['--no-install', 'pgtaxon', '--version'], folder, {}, own)).toBe(
        `${version}\n`,
      );
      expect(await taxon(['--help'], {}, own)).toContain('taxon init');
    });

    test('says nothing but what it has to say', async (context) => {
      const own = await program(context);
      const script = join('node_modules', 'pgtaxon', 'dist', 'cli', 'main.js');
      const asked = [script, '--data-dir', join(folder, 'empty'), 'status'];
      const env = { ...environment(own), TAXON_POSTGRES: 'machine' };
      const { code, stderr } = await promisify(execFile)(own, asked, { cwd: folder, env }).catch(
        (error) => error,
      );
      expect({ code, stderr }).toEqual({
        code: 1,
        stderr:
          'taxon: there is no database yet\n  Run: taxon migrate (it makes one here), or give DATABASE_URL.\n',
      });
    });

    test('migrates a database with the SQL that it ships', async (context) => {
      const own = await program(context);
      const database = await testDatabase({ template: false });
      try {
        const asked = { DATABASE_URL: database.url };
        const first = JSON.parse(await taxon(['migrate', '--json'], asked, own));
        expect(first).toMatchObject({ repeatable: true, upToDate: false });
        const shippedMigrations = shipped.filter((path) => /^migrations\/.*\.sql$/.test(path));
        expect(first.migrations).toHaveLength(shippedMigrations.length);
        expect(JSON.parse(await taxon(['migrate', '--check', '--json'], asked, own))).toMatchObject({
          upToDate: true,
        });
      } finally {
        await database.drop();
      }
    });

    test('runs the examples: labels, look-ups, a training, a sidecar', async (context) => {
      const own = await program(context);
      const database = await testDatabase({ template: false });
      try {
        const asked = { DATABASE_URL: database.url };
        expect(await run(own, ['classify.js'], folder, asked)).toBe(
          [
            '2 labels',
            'RED  KETTLE 1.7 L: Home > Kitchen > Kettles (exact)',
            'Garden hose: no layer answers',
            'red kettle 1.7 l: Home > Kitchen > Kettles, 0.88 similar',
            '',
          ].join('\n'),
        );
        const rows = labelled.map(({ name, path }) => [name, ...path].join(','));
        writeFileSync(join(folder, 'labels.csv'), `name,l1,l2,l3\n${rows.join('\n')}\n`);
        // the bundled encoder with one of them, as it takes 3 s of the processor
        const encoder: NodeJS.ProcessEnv = major === 24 ? {} : { TAXON_ENCODER: inject('encoder') };
        expect(await run(own, ['worker.js', 'labels.csv'], folder, { ...asked, ...encoder })).toMatch(
          /^360 names, model \d+: it answers\n\d products wait\nnothing waits for the model any more\n$/,
        );
      } finally {
        await database.drop();
      }
    });
  });
});
