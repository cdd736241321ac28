import { execFile } from 'node:child_process';
import {
  cpSync,
  existsSync,
  globSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { parseAllDocuments, parse as parseYaml } from 'yaml';
import { loadConfig, packageRoot, unknownVariables } from '../../src/config.ts';
import { testDatabase } from '../support/database.ts';
import { until } from '../support/processes.ts';
import { built, cleanEnvironment, linkPackages } from '../support/shipped.ts';

/** One instruction of the Dockerfile: continued lines are one, comments none. */
interface Step {
  word: string;
  rest: string;
}

const text = readFileSync(join(packageRoot, 'Dockerfile'), 'utf8');
const steps: Step[] = text
  .replaceAll(/^#.*\n/gm, '')
  .replaceAll(/\s*\\\n\s*/g, ' ')
  .split('\n')
  .filter((line) => line.trim() !== '')
  .map((line) => {
    const [, word = '', rest = ''] = /^([A-Z]+) +(.*)$/.exec(line.trim()) ?? [];
    return { word, rest: rest.trim() };
  });
const last = steps.slice(steps.findLastIndex(({ word }) => word === 'FROM'));
const restOf = (word: string) => last.findLast((step) => step.word === word)?.rest ?? '';
const variables = Object.fromEntries(
  last
    .filter(({ word }) => word === 'ENV')
    .flatMap(({ rest }) => Array.from(rest.matchAll(/(\w+)=(\S+)/g), ([, k, v]) => [k, v])),
) as Record<string, string>;

/** The build context as .dockerignore leaves it. */
const context = new Set(
  readFileSync(join(packageRoot, '.dockerignore'), 'utf8')
    .split('\n')
    .filter((line) => line.startsWith('!'))
    .map((line) => line.slice(1)),
);

describe('the Dockerfile', () => {
  const root = mkdtempSync(join(tmpdir(), 'pgtaxon-image-'));
  afterAll(() => rmSync(root, { recursive: true, force: true }));
  /** A path of the image in the folder that stands for it. */
  const inside = (stage: string, path: string) => join(root, stage, path);

  /** Does what an engine would, in a folder a stage; nothing is isolated. */
  beforeAll(async () => {
    let stage = '';
    let folder = '/';
    for (const { word, rest } of steps) {
      if (word === 'FROM') {
        stage = / AS (\w+)$/.exec(rest)?.[1] ?? 'image';
        folder = '/';
      } else if (word === 'WORKDIR') {
        folder = rest;
        mkdirSync(inside(stage, folder), { recursive: true });
      } else if (word === 'COPY') {
        const [, from, paths = ''] = /^(?:--from=(\w+) )?(.*)$/.exec(rest) ?? [];
        const sources = paths.split(' ');
        const to = sources.pop() as string;
        for (const source of sources) {
          if (from === undefined && !context.has(source))
            throw new Error(`.dockerignore leaves out ${source}`);
          const path = from === undefined ? join(packageRoot, source) : inside(from, source);
          const target = join(inside(stage, folder), to);
          // a directory's contents go into the target, a file into the directory of that name
          cpSync(
            path,
            statSync(path).isDirectory() || !to.endsWith('/') ? target : join(target, basename(path)),
            { recursive: true },
          );
        }
      } else if (word === 'RUN' && stage === 'build' && rest.startsWith('npm ci ')) {
        // the packages of the lock, development's too, are what this checkout has
        symlinkSync(join(packageRoot, 'node_modules'), join(inside(stage, folder), 'node_modules'));
      } else if (word === 'RUN' && rest === 'npm run build') {
        const root = inside(stage, folder);
        const sources = readdirSync(root).filter((name) => name !== 'node_modules');
        cpSync(await built(root, sources), join(root, 'dist'), { recursive: true });
      } else if (word === 'RUN') {
        const [install = ''] = /^npm ci [^&]*/.exec(rest) ?? [];
        if (install !== '') await linkPackages(inside(stage, folder), install);
        // there is no user node here, and the cache is this machine's
        const command = rest
          .replace(install, install && 'true ')
          .replace('chown node:node', 'true')
          .replace('npm cache clean --force', 'true');
        const options = { cwd: inside(stage, folder), env: cleanEnvironment() };
        await promisify(execFile)('sh', ['-ec', command], options);
      }
    }
  }, 600_000);

  test('is of two stages of a slim Node 24, and its last user is none that may do everything', () => {
    expect(steps.filter(({ word }) => word === 'FROM').map(({ rest }) => rest.split(' ')[0])).toEqual([
      'node:24-bookworm-slim',
      'node:24-bookworm-slim',
    ]);
    expect(restOf('USER')).toBe('node');
    expect(last.findIndex(({ word }) => word === 'USER')).toBeGreaterThan(
      last.findLastIndex(({ word }) => word === 'RUN'),
    );
  });

  test('sets variables that are read, to values that are allowed', () => {
    const own = Object.fromEntries(Object.entries(variables).filter(([name]) => name.startsWith('TAXON_')));
    expect(Object.keys(own).length).toBeGreaterThan(3);
    expect(unknownVariables(own)).toEqual([]);
    expect(loadConfig({}, own, '/nonexistent').metricsPort).toBe(Number(restOf('EXPOSE')));
  });

  test('leaves a folder without what other systems need, below 400 MB', async () => {
    const app = inside('image', '/app');
    expect(
      globSync('node_modules/onnxruntime-node/bin/*/*', { cwd: app }).map((path) => basename(path)),
    ).toEqual(['linux']);
    expect(existsSync(join(app, 'node_modules/typescript'))).toBe(false);
    const { stdout } = await promisify(execFile)('du', ['-sm', app]);
    expect(Number.parseInt(stdout, 10)).toBeLessThan(400);
  });

  test('what comes out migrates, encodes, serves its health check and ends at SIGTERM', async () => {
    const app = inside('image', '/app');
    const entry = (JSON.parse(restOf('ENTRYPOINT')) as string[]).slice(1);
    const command = JSON.parse(restOf('CMD')) as string[];
    const database = await testDatabase({ template: false });
    const port = String(20_000 + (process.pid % 20_000));
    const env = {
      ...process.env,
      ...variables,
      TAXON_DATA_DIR: join(app, 'data'),
      TAXON_METRICS_PORT: port,
      DATABASE_URL: database.url,
    };
    const start = (args: string[]) => execFile(process.execPath, [...entry, ...args], { cwd: app, env });
    const endOf = (child: ReturnType<typeof start>) =>
      new Promise((resolve) => child.on('exit', (code) => resolve(code)));
    expect(await endOf(start(['migrate']))).toBe(0);
    const sidecar = start(command);
    const ended = endOf(sidecar);
    const check = JSON.parse(/CMD (\[.*\])$/.exec(restOf('HEALTHCHECK'))?.[1] ?? '[]') as string[];
    const healthy = async () => {
      const probe = execFile(process.execPath, check.slice(1), { env });
      return (await endOf(probe)) === 0;
    };
    await until(healthy, (is) => is);
    const encode = `const { openEncoder } = await import('./dist/model/encoder.js'); const { loadConfig } = await import('./dist/config.js');
      const encoder = await openEncoder({ ...loadConfig(), encoderThreads: 1 }); console.log((await encoder.encode(['x']))[0].length); await encoder.close();`;
    const { stdout } = await promisify(execFile)(process.execPath, ['--input-type=module', '-e', encode], {
      cwd: app,
      env,
    });
    expect(stdout.trim()).toBe('384');
    sidecar.kill('SIGTERM');
    expect(await ended).toBe(0);
    expect(await healthy()).toBe(false);
    await database.drop();
  });
});

interface Service {
  profiles: string[];
  command: string[];
  environment: { DATABASE_URL: string };
  depends_on: object;
  ports?: string[];
  volumes?: string[];
}

describe('what stands beside it', () => {
  const deploy = (file: string) => readFileSync(join(packageRoot, 'examples/deploy', file), 'utf8');
  const commands = ['migrate', 'sidecar', 'dashboard'];
  const port = Number(variables.TAXON_METRICS_PORT);

  test('docker-compose.yml: alone it is the database, with the profile all that waits for what is before it', () => {
    const { services, volumes } = parseYaml(readFileSync(join(packageRoot, 'docker-compose.yml'), 'utf8'), {
      merge: true,
    });
    const { database, ...others } = services;
    expect(database.profiles).toBeUndefined();
    for (const [name, service] of Object.entries<Service>(others)) {
      expect(service.profiles, name).toEqual(['all']);
      expect(commands, name).toContain(service.command[0]);
      expect(new URL(service.environment.DATABASE_URL).password, name).toBe(
        database.environment.POSTGRES_PASSWORD,
      );
      expect(Object.keys(services), name).toEqual(expect.arrayContaining(Object.keys(service.depends_on)));
      for (const opened of service.ports ?? []) expect(opened, name).toMatch(/^127\.0\.0\.1:/);
      for (const volume of service.volumes ?? [])
        expect(Object.keys(volumes), name).toContain(volume.split(':')[0]);
    }
    expect(others.sidecar.ports).toEqual([`127.0.0.1:${port}:${port}`]);
    expect(others.sidecar.volumes[0].split(':')[1]).toBe(variables.TAXON_DATA_DIR);
  });

  test('kubernetes.yaml: a job that migrates, two sidecars, probes on paths that are served', () => {
    const documents = parseAllDocuments(deploy('kubernetes.yaml')).map((document) => document.toJS());
    expect(documents.map(({ kind }) => kind)).toEqual(['Job', 'Deployment', 'PodDisruptionBudget']);
    const [job, deployment, budget] = documents;
    expect(deployment.spec.replicas).toBe(2);
    expect(deployment.spec.selector.matchLabels).toEqual(deployment.spec.template.metadata.labels);
    expect(budget.spec.selector.matchLabels).toEqual(deployment.spec.template.metadata.labels);
    for (const { spec } of [job.spec.template, deployment.spec.template]) {
      expect(spec.securityContext.runAsNonRoot).toBe(true);
      const [container] = spec.containers;
      expect(commands).toContain(container.args[0]);
      expect(container.securityContext).toMatchObject({
        allowPrivilegeEscalation: false,
        readOnlyRootFilesystem: true,
      });
      expect(container.volumeMounts.map(({ mountPath }: { mountPath: string }) => mountPath)).toContain(
        variables.TAXON_DATA_DIR,
      );
      expect(spec.volumes.map(({ name }: { name: string }) => name)).toEqual(
        container.volumeMounts.map(({ name }: { name: string }) => name),
      );
    }
    const [sidecar] = deployment.spec.template.spec.containers;
    expect(sidecar.ports).toEqual([{ name: 'metrics', containerPort: port }]);
    expect(sidecar.readinessProbe.httpGet.path).toBe('/healthz');
    // what restarts it must not ask for the database: it may hold answers that were paid for
    expect([sidecar.livenessProbe.httpGet.path, sidecar.startupProbe.httpGet.path]).toEqual([
      '/livez',
      '/livez',
    ]);
    expect(deployment.spec.template.spec.terminationGracePeriodSeconds).toBeGreaterThan(
      loadConfig({}, {}, '/nonexistent').shutdownSeconds,
    );
  });

  test('taxon-sidecar@.service: every variable is read, and systemd finds nothing wrong', async () => {
    const unit = deploy('taxon-sidecar@.service');
    const set = Object.fromEntries(
      Array.from(unit.matchAll(/^Environment=(TAXON_\w+)=(.*)$/gm), ([, name, value = '']) => [
        name,
        value.replace('%i', '1'),
      ]),
    );
    expect(unknownVariables(set)).toEqual([]);
    expect(loadConfig({}, set as Record<string, string>, '/nonexistent').metricsPort).toBe(9461);
    expect(unit).toMatch(/^ExecStart=\/usr\/bin\/node \S+\/pgtaxon\/dist\/cli\/main\.js sidecar$/m);
    if (!existsSync('/usr/bin/systemd-analyze')) return;
    const folder = mkdtempSync(join(tmpdir(), 'pgtaxon-unit-'));
    const file = join(folder, 'taxon-sidecar@1.service');
    // the program stands where the package is installed
    writeFileSync(file, unit.replace('/usr/bin/node', process.execPath));
    const { stdout, stderr } = await promisify(execFile)(
      'systemd-analyze',
      ['verify', '--man=no', '--recursive-errors=no', file],
      { env: { ...process.env, SYSTEMD_LOG_LEVEL: 'warning' } },
    ).catch((error) => error);
    expect(`${stdout}${stderr}`.split('\n').filter((line) => line.includes('taxon-sidecar'))).toEqual([]);
    rmSync(folder, { recursive: true });
  });

  test('prometheus.yml asks the ports of the units, and alerts.yml is a list of rules', () => {
    const { scrape_configs, rule_files } = parseYaml(deploy('prometheus.yml'));
    expect(scrape_configs[0].job_name).toBe('pgtaxon');
    expect(scrape_configs[0].static_configs[0].targets).toEqual(['127.0.0.1:9461', '127.0.0.1:9462']);
    expect(rule_files).toEqual(['alerts.yml']);
    const [{ rules }] = parseYaml(deploy('alerts.yml')).groups;
    expect(rules).toHaveLength(9);
    for (const rule of rules)
      expect(rule).toMatchObject({
        alert: expect.any(String),
        expr: expect.any(String),
        annotations: { summary: expect.any(String) },
      });
  });
});
