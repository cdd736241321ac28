import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { Database } from '../../src/database/connection/open.ts';
import { taxonHere } from '../support/command.ts';
import type { TestDatabase } from '../support/database.ts';
import { until } from '../support/processes.ts';
import { insert, look } from '../support/rows.ts';
import { untrainedShop } from '../support/shop.ts';
import { labelled, newNames } from '../support/shop-names.ts';
import { startSidecarHere } from '../support/sidecar.ts';

let shop: TestDatabase;
let db: Database;
let folder: string;
let environment: Record<string, string>;

beforeAll(async () => {
  shop = await untrainedShop();
  db = look(shop.url);
  folder = mkdtempSync(join(tmpdir(), 'taxon-first-'));
  // there is no encoder: whatever opens one fails
  environment = { DATABASE_URL: shop.url, TAXON_ENCODER: join(folder, 'none'), TAXON_LLM_PROVIDER: 'none' };
});
afterAll(async () => {
  await db?.close();
  await shop?.drop();
  rmSync(folder, { recursive: true, force: true });
});

const names = newNames(40, 1000, false);
const input = names.map(({ name }) => name).join('\n');
const taxon = (args: string[], text = '') => taxonHere(args, environment, text);

describe('a first model, where there is no encoder', () => {
  test('taxon train --wait first makes it the champion and asks for the full one', async () => {
    const { code, stdout } = await taxon(['train', '--wait', 'first', '--json']);
    expect(code).toBe(0);
    const { report, ...made } = JSON.parse(stdout);
    expect(made).toMatchObject({
      model_id: 1,
      labels: labelled.length,
      cleaning: { labels: labelled.length },
    });
    expect(report.names.train + report.names.test).toBe(labelled.length);
    expect(report.agreement.names).toBe(report.names.test);
    expect(report.agreement.l3).toBeGreaterThan(0.8);
    expect(
      await db.rows('select model_id, state, encoder, labels, files from taxon.models_readable'),
    ).toEqual([{ model_id: 1, state: 'champion', encoder: null, labels: labelled.length, files: 2 }]);
    expect(await db.row('select reason from taxon_internal.retrain_requests where run_id is null')).toEqual({
      reason: 'the full model follows the first one',
    });
    expect(await db.row('select count(*) as n from taxon_internal.embeddings')).toEqual({ n: 0 });
  });

  test('a second one is no first one', async () => {
    const { code, stderr } = await taxon(['train', '--wait', 'first']);
    expect([code, stderr]).toEqual([2, expect.stringContaining('there is no first model to wait for')]);
  });

  test('letters say everything, whatever their confidence', async () => {
    const { code, stdout } = await taxon(['classify', '--layers', 'local'], `${input}\nqwzx\n`);
    expect(code).toBe(0);
    const said = stdout
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line));
    expect(said).toHaveLength(names.length + 1);
    // of a word that no label has they are not sure, and say so
    expect(said.at(-1)).toMatchObject({
      layer: null,
      confidence: [expect.any(Number), expect.any(Number), expect.any(Number)],
    });
    expect(said.at(-1).confidence[2]).toBeLessThan(0.5);
    const right = said.filter(({ path }, i) => path === names[i]?.path.join(' > '));
    expect(right.length).toBeGreaterThan(names.length / 2);
  });

  test('a sidecar answers with it, by the thresholds as ever', async () => {
    const sidecar = await startSidecarHere(shop.url, { ...environment, TAXON_RETRAIN: 'false' });
    try {
      await insert(
        db,
        [...names, { name: 'qwzx' }].map(({ name }) => name),
      );
      await until(
        () => db.row<{ n: number }>(`select count(*) as n from taxon_internal.evidence`),
        ({ n }) => n === names.length + 1,
      );
    } finally {
      await sidecar.stop();
    }
    const rows = await db.rows<{ source: string | null; model_id: number; clears: boolean }>(
      `select p.source, e.model_id, e.clears from taxon.products p join taxon_internal.evidence e using (evidence_id)`,
    );
    expect(rows.every(({ source, clears }) => (source === 'local') === clears)).toBe(true);
    expect(rows.filter(({ clears }) => clears).length).toBeGreaterThan(names.length / 2);
    expect(rows.filter(({ clears }) => !clears).length).toBeGreaterThan(0);
    expect(await db.row(`select voices, nearest from taxon_internal.evidence limit 1`)).toEqual({
      voices: null,
      nearest: null,
    });
    const [{ product_id } = { product_id: 0 }] = await db.rows<{ product_id: number }>(
      `select product_id from taxon.products where source = 'local' limit 1`,
    );
    expect(await db.row('select taxon_internal.explain_json($1) is not null as said', [product_id])).toEqual({
      said: true,
    });
  });

  test('commands say that it is of letters alone', async () => {
    expect((await taxon(['model', 'list'])).stdout).toContain('none: letters alone');
    expect((await taxon(['report'])).stderr).toContain('a first model, of letters alone');
    expect((await taxon(['model', 'encoders'])).stdout).toContain('No encoder was used here yet');
  });

  test('evaluate and recalibrate ask letters', async () => {
    const gold = join(folder, 'gold.tsv');
    writeFileSync(
      gold,
      `name\tl1\tl2\tl3\n${names.map(({ name, path }) => [name, ...path].join('\t')).join('\n')}\n`,
    );
    const { code, stdout, stderr } = await taxon(['model', 'evaluate', gold, '--json']);
    expect([code, stderr]).toEqual([0, expect.any(String)]);
    expect(JSON.parse(stdout)).toMatchObject({ model_id: 1, names: names.length });
    await db.rows(
      `insert into taxon_internal.checks (name_key, layer, strategy, weight) values (taxon.normalise($1), 'local', 'uniform', 1)`,
      [names[0]?.name],
    );
    expect(JSON.parse((await taxon(['train', '--recalibrate', '--json'])).stdout)).toMatchObject({
      model_id: 1,
      scored: 1,
    });
    await db.rows('delete from taxon_internal.checks');
  });

  test('it moves to another database', async () => {
    const file = join(folder, 'first.model');
    expect((await taxon(['model', 'export', file])).code).toBe(0);
    const { code, stdout } = await taxon(['model', 'import', file, '--json']);
    expect(code).toBe(0);
    const { model_id } = JSON.parse(stdout);
    expect(
      await db.row('select encoder_id from taxon_internal.models where model_id = $1', [model_id]),
    ).toEqual({
      encoder_id: null,
    });
    await db.rows('delete from taxon_internal.models where model_id = $1', [model_id]);
  });
});
