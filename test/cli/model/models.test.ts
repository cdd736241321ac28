import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { version } from '../../../src/config.ts';
import { taxonHere } from '../../support/command.ts';
import { type TestDatabase, testDatabase } from '../../support/database.ts';
import { shopDatabase } from '../../support/shop.ts';
import { labelled } from '../../support/shop-names.ts';

let shop: TestDatabase;
const folder = mkdtempSync(join(tmpdir(), 'models-'));
const file = join(folder, 'm.taxon');

beforeAll(async () => {
  shop = await shopDatabase();
});
afterAll(async () => {
  await shop?.drop();
  rmSync(folder, { recursive: true });
});

const taxon = (...args: string[]) => taxonHere(args, { DATABASE_URL: shop.url });
const json = async (...args: string[]) => {
  const { code, stdout, stderr } = await taxon(...args, '--json');
  expect([code, stderr]).toEqual([0, '']);
  return JSON.parse(stdout);
};

test('a model is listed, exported, imported, promoted and rolled back', async () => {
  const { models } = await json('model', 'list');
  expect(models).toMatchObject([
    { model_id: 1, state: 'champion', labels: labelled.length, code_version: version, seed: 1 },
  ]);
  const people = (await taxon('model', 'list')).stdout;
  expect(people).toMatch(
    /^ *1 +champion +20\S+ \S+ +360 +heads alone, each level by itself: \d+\.\d \/ \d+\.\d \/ \d+\.\d of \d+ +\d+\.\d/m,
  );

  expect(await taxon('model', 'roll-back')).toMatchObject({
    code: 1,
    stdout: '',
    stderr: expect.stringContaining('there is no champion before model 1'),
  });
  expect(await json('model', 'export', file)).toEqual({ model_id: 1, file, bytes: expect.any(Number) });
  expect(await json('model', 'import', file)).toEqual({ model_id: 2, imported_from: 1, promoted: false });
  expect(await json('model', 'promote', '2')).toEqual({ model_id: 2, before: 1 });
  expect(await json('model', 'promote', '2')).toEqual({ model_id: 2, before: null });
  expect(await json('model', 'roll-back')).toEqual({ model_id: 1 });
  expect(await json('model', 'import', file, '--promote')).toMatchObject({ model_id: 3, promoted: true });
  expect((await json('model', 'list')).models.map((m: { state: string }) => m.state)).toEqual([
    'champion',
    'retired',
    'retired',
  ]);
});

test('what is refused says what to do', async () => {
  expect(await taxon('model', 'promote', '4711')).toMatchObject({
    code: 1,
    stderr: expect.stringContaining('there is no model 4711'),
  });
  expect(await taxon('model', 'promote', 'newest')).toMatchObject({ code: 2, stdout: '' });
  expect(await taxon('model', 'export', file, '--model', '0')).toMatchObject({ code: 2, stdout: '' });
  writeFileSync(join(folder, 'text'), 'hello\n');
  for (const [path, says] of [
    ['text', 'is no model of pgtaxon'],
    ['nosuch', 'cannot be read'],
  ] as const)
    expect(await taxon('model', 'import', join(folder, path))).toMatchObject({
      code: 2,
      stdout: '',
      stderr: expect.stringContaining(says),
    });
});

test('a database without a model says so', async () => {
  const empty = await testDatabase();
  const { code, stdout } = await taxonHere(['model', 'list'], { DATABASE_URL: empty.url });
  expect([code, stdout]).toEqual([0, 'no model yet; train one: taxon train\n']);
  await empty.drop();
});
