import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it, onTestFinished, vi } from 'vitest';
import { packageRoot } from '../../../src/config.ts';
import { normalise } from '../../../src/normalise.ts';
import { type Simulator, startSimulator } from '../../../src/simulator/simulator.ts';
import { taxonHere } from '../../support/command.ts';
import { rowsOf, spansIn } from '../../support/pages.ts';
import { simulated, startSidecarProcess, type TaxonProcess } from '../../support/processes.ts';
import { insert, ledger, settled } from '../../support/rows.ts';
import { shopOfFile } from '../../support/shop.ts';
import { labelled, newNames } from '../../support/shop-names.ts';
import { startSidecarHere } from '../../support/sidecar.ts';

const shop = shopOfFile();
const fresh = newNames(120);
let simulator: Simulator;
let sidecar: TaxonProcess;
let at: string;

/** One sample of the text format. */
interface Sample {
  name: string;
  labels: Record<string, string>;
  value: number;
}

function samplesIn(text: string): Sample[] {
  return text
    .split('\n')
    .filter((line) => line !== '' && !line.startsWith('#'))
    .map((line) => {
      const [, name = '', labels = '', value = ''] = /^(\w+)(?:\{(.*)\})? (\S+)$/.exec(line) ?? [];
      const pairs = Array.from(labels.matchAll(/(\w+)="((?:[^"\\]|\\.)*)"/g), ([, key, said]) => [key, said]);
      return { name, labels: Object.fromEntries(pairs), value: Number(value) };
    });
}

const look = async (path: string) => {
  const response = await fetch(`${at}${path}`);
  return { status: response.status, type: response.headers.get('content-type'), text: await response.text() };
};
const scrape = async () => samplesIn((await look('/metrics')).text);
const sum = (samples: readonly Sample[], name: string, labels: Record<string, string> = {}) =>
  samples
    .filter((s) => s.name === name && Object.entries(labels).every(([key, value]) => s.labels[key] === value))
    .reduce((total, { value }) => total + value, 0);

beforeAll(async () => {
  const truth = new Map(fresh.map(({ name, path }) => [normalise(name), path]));
  simulator = await startSimulator({ truth, errorRates: [0, 0, 0] });
  sidecar = await startSidecarProcess(await shop.database.urlFor('taxon_sidecar'), {
    ...simulated(simulator.url),
    TAXON_METRICS_PORT: '0',
    TAXON_LOG: 'json',
  });
  at = /"url":"(http:[^"]*)\/metrics"/.exec(sidecar.stderr())?.[1] ?? '';
  await insert(shop.db, [
    labelled[0]?.name ?? '',
    `${labelled[3]?.name} 2`,
    ...fresh.map(({ name }) => name),
  ]);
  await settled(shop.db);
});

afterAll(async () => {
  await sidecar?.kill('SIGTERM');
  await simulator?.close();
});

describe('/metrics', () => {
  it('counts each name once, by what answered it', async () => {
    const samples = await scrape();
    const by = (layer: string) => sum(samples, 'taxon_names_total', { by: layer });
    const layer = (name: string) => sum(samples, 'taxon_newest_products', { layer: name });
    // the exact one is answered by its INSERT: no sidecar saw it
    expect(by('memory')).toBe(layer('similar'));
    expect(by('local')).toBe(layer('local'));
    expect(by('passed_on')).toBe(layer('llm'));
    expect(layer('exact')).toBe(1);
    expect(layer('similar') + layer('local') + layer('llm')).toBe(fresh.length + 1);
    expect(sum(samples, 'taxon_batch_duration_seconds_count', { ended: 'done' })).toBeGreaterThan(0);
    expect(sum(samples, 'taxon_encoded_names_total')).toBeGreaterThan(0);
    expect(sum(samples, 'taxon_newest_answer_seconds', { layer: 'llm', quantile: '0.5' })).toBeGreaterThan(0);
  });

  it('agrees with the ledger and the provider to the token and the cent', async () => {
    const samples = await scrape();
    const [booked, ...rest] = await ledger(shop.db);
    expect(rest).toEqual([]);
    const { cost } = await shop.db.row<{ cost: number }>(
      'select sum(cost)::float8 as cost from taxon_internal.llm_calls',
    );
    const of = { provider: 'openai', model: 'simulated-llm', purpose: 'answer', simulated: 'true' };
    expect(sum(samples, 'taxon_llm_calls_total', { ...of, state: 'ok' })).toBe(booked?.calls);
    expect(sum(samples, 'taxon_llm_tokens_total', { ...of, kind: 'in' })).toBe(simulator.stats().tokensIn);
    expect(sum(samples, 'taxon_llm_tokens_total', { ...of, kind: 'out' })).toBe(simulator.stats().tokensOut);
    expect(sum(samples, 'taxon_llm_cost_dollars_total', of)).toBeCloseTo(cost, 8);
    expect(sum(samples, 'taxon_llm_call_duration_seconds_count')).toBe(booked?.calls);
    expect(sum(samples, 'taxon_llm_calls_in_flight')).toBe(0);
    // looked at again, nothing is counted twice
    expect(sum(await scrape(), 'taxon_llm_calls_total')).toBe(booked?.calls);
  });

  it('says which model answers, what waits and that all is there', async () => {
    const samples = await scrape();
    const { model_id } = await shop.db.row<{ model_id: number }>('select model_id from taxon.champion()');
    expect(sum(samples, 'taxon_model_id')).toBe(model_id);
    expect(sum(samples, 'taxon_champion_model_id')).toBe(model_id);
    expect(sum(samples, 'taxon_queue_names')).toBe(0);
    expect(sum(samples, 'taxon_sidecars')).toBe(1);
    expect(sum(samples, 'taxon_database_up')).toBe(1);
    expect(sum(samples, 'taxon_labels')).toBe(
      (await shop.db.row<{ n: number }>('select count(*) as n from taxon.labels')).n,
    );
    expect(samples.filter(({ name }) => name === 'nodejs_eventloop_lag_p99_seconds')).toHaveLength(1);
  });

  it('keeps the names and types that Prometheus has rules for', async () => {
    const { text, type } = await look('/metrics');
    expect(type).toBe('text/plain; version=0.0.4; charset=utf-8');
    const types = Array.from(text.matchAll(/^# TYPE (taxon_\w+) (\w+)$/gm), ([, name = '', kind = '']) => [
      name,
      kind,
    ]);
    const wrong = types.filter(([name = '', kind]) =>
      kind === 'counter'
        ? !name.endsWith('_total')
        : name.endsWith('_total') || (kind === 'histogram' && !name.endsWith('_seconds')),
    );
    expect(wrong).toEqual([]);
    const helps = Array.from(text.matchAll(/^# HELP (taxon_\w+) \S+/gm), ([, name]) => name);
    expect(helps).toEqual(types.map(([name]) => name));
  });

  it('serves what docs/guide/operations.md lists, with its labels, and nothing else', async () => {
    const { text } = await look('/metrics');
    const served = Array.from(text.matchAll(/^# TYPE (taxon_\w+)/gm), ([, name]) => name);
    const listed = rowsOf('docs/guide/operations.md').filter(({ cells }) => 'metric' in cells);
    expect(listed.flatMap(({ cells }) => spansIn(cells.metric ?? '')).sort()).toEqual(served.sort());
    for (const { name, labels } of samplesIn(text)) {
      const row = listed.find(
        ({ cells }) => cells.metric === `\`${name.replace(/_(bucket|sum|count)$/, '')}\``,
      );
      if (row === undefined) continue;
      const said = spansIn(row.cells.labels ?? '');
      if (/same|as of/.test(row.cells.labels ?? ''))
        said.push('provider', 'model', 'purpose', 'simulated', 'state');
      expect(
        Object.keys(labels).filter((label) => !said.includes(label) && label !== 'le'),
        name,
      ).toEqual([]);
    }
  });

  it('has what the dashboard and the alerts of examples/deploy ask for', async () => {
    const { text } = await look('/metrics');
    const served = new Set(Array.from(text.matchAll(/^([a-z]\w+)(?=[{ ])/gm), ([, name]) => name));
    for (const [, name, kind] of text.matchAll(/^# TYPE (\w+) (\w+)/gm)) {
      served.add(name);
      if (kind === 'histogram') served.add(`${name}_bucket`);
    }
    const deploy = (file: string) => readFileSync(join(packageRoot, 'examples/deploy', file), 'utf8');
    const dashboard = JSON.parse(deploy('grafana.json')) as { panels: { targets?: { expr: string }[] }[] };
    const asked = [
      ...dashboard.panels.flatMap(({ targets = [] }) => targets.map(({ expr }) => expr)),
      ...Array.from(deploy('alerts.yml').matchAll(/^ +expr: (.*)$/gm), ([, expr = '']) => expr),
    ];
    expect(asked.length).toBeGreaterThan(35);
    for (const expr of asked) {
      const names = expr.match(/\b(?:taxon|nodejs|process)_\w+/g) ?? [];
      expect(names.length, expr).toBeGreaterThan(0);
      expect(
        names.filter((name) => !served.has(name)),
        expr,
      ).toEqual([]);
    }
  });

  it('names the last trouble, and counts troubles', async () => {
    const before = await scrape();
    simulator.setFaults([{ kind: 'server-error' }]);
    await insert(shop.db, ['Zyxqua 4711 unheard-of']);
    await expect
      .poll(async () => sum(await scrape(), 'taxon_log_messages_total', { level: 'warn' }))
      .toBeGreaterThan(sum(before, 'taxon_log_messages_total', { level: 'warn' }));
    const trouble = (await scrape()).filter(({ name }) => name === 'taxon_last_error_timestamp_seconds');
    expect(trouble).toMatchObject([{ labels: { level: 'warn', message: 'the provider gave no answer' } }]);
    expect(Math.abs(Date.now() / 1000 - (trouble[0]?.value ?? 0))).toBeLessThan(600);
    simulator.setFaults([]);
    await settled(shop.db);
  });
});

describe('the port', () => {
  it('answers on three paths, to GET alone', async () => {
    expect(await look('/healthz')).toMatchObject({ status: 200, text: 'ok\n' });
    expect(await look('/livez')).toMatchObject({ status: 200, text: 'ok\n' });
    expect(await look('/')).toMatchObject({ status: 404, text: 'there are /metrics, /healthz and /livez\n' });
    expect((await fetch(`${at}/metrics`, { method: 'POST' })).status).toBe(405);
  });

  it('that is taken is said before anything is claimed', async () => {
    const port = new URL(at).port;
    const second = await taxonHere(['sidecar', '--metrics-port', port], { DATABASE_URL: shop.url });
    expect(second.code).toBe(2);
    expect(second.stderr).toContain(`/metrics cannot be served on 127.0.0.1 port ${port}`);
  });

  it('is open only where it is asked for', async () => {
    const written = vi.spyOn(process.stderr, 'write');
    onTestFinished(() => written.mockRestore());
    await (await startSidecarHere(shop.url)).stop();
    const said = written.mock.calls.join('\n');
    expect(said).toContain('sidecar started');
    expect(said).not.toContain('metrics');
  });
});

it('TAXON_LOG=json: each line is an object with a time, a level and a message', () => {
  const lines = sidecar
    .stderr()
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line));
  expect(lines.length).toBeGreaterThan(3);
  for (const line of lines)
    expect(line).toMatchObject({
      time: expect.stringMatching(/^\d{4}-\d\d-\d\dT[\d:.]+Z$/),
      level: expect.stringMatching(/^(debug|info|warn|error)$/),
      message: expect.any(String),
    });
  expect(lines).toContainEqual(
    expect.objectContaining({ message: 'sidecar started', worker: expect.any(String) }),
  );
});
