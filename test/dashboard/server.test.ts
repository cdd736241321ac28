import { createHash } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { loadConfig } from '../../src/config.ts';
import { startDashboard } from '../../src/dashboard/server.ts';
import { openDatabase } from '../../src/database/connection/open.ts';
import { actions } from '../../src/database/dashboard/actions.ts';
import { makeShop } from '../support/made-shop.ts';
import { asPage, cookieOf, send, signedIn, startPage, type TestPage } from '../support/page.ts';
import { taxonDatabase } from '../support/sql.ts';

const t = taxonDatabase();
let page: TestPage;
let cookie: string;

const screens = [
  'me',
  'overview',
  'health',
  'thresholds',
  'simulate?l1=.9&l2=.8&l3=.7',
  'review?kind=checks',
  'review?kind=audits',
  'candidates?check_id=501',
  'choices',
  'mistakes',
  'kinds',
  'models',
  'taxonomy',
  'ledger?by=model',
  'products?text=lamp',
  'story?product_id=501',
];

/** All that can be changed, in one text. */
const everything = async () => {
  const tables = await t.owner.rows<{ name: string }>(
    `select c.oid::regclass::text as name from pg_class c
       where c.relnamespace in ('taxon'::regnamespace, 'taxon_internal'::regnamespace) and c.relkind = 'r' order by 1`,
  );
  const digests: string[] = [];
  for (const { name } of tables)
    digests.push(await t.owner.value(`select md5(string_agg(x::text, '|' order by x::text)) from ${name} x`));
  return tables.map(({ name }, i) => `${name} ${digests[i]}`);
};

/** A call of each action that would change something. */
const calls: Record<keyof typeof actions, Record<string, unknown>> = {
  confirm: { product_id: 501, category_id: 3 },
  reject: { product_id: 501 },
  undo_check: { check_id: 1 },
  draw_checks: { n: 5, strategy: 'uniform' },
  decide_kind: { kind_id: 1, mode: 'not_sure', reason: 'cannot tell' },
  set_thresholds: { l1: 0.9, l2: 0.9, l3: 0.9, reason: 'fewer mistakes', force: true },
  undo_thresholds: {},
  set_promise: { max_error: 0.2, confidence: 0.9, reason: 'returns', force: true },
  end_promise: { reason: 'over' },
  promote_model: { model_id: 2, reason: 'seasonal', force: true },
  roll_back_model: { reason: 'returns doubled' },
  request_retrain: { reason: 'new range' },
  add_category: { name: "O'Neill's \\ boats", reason: 'new' },
  rename_category: { category_id: 7, name: 'Kettle', reason: 'short' },
  move_category: { category_id: 7, parent_id: 3, reason: 'belongs there' },
  merge_categories: { category_ids: [9], successor: 6, reason: 'the same' },
  split_category: { category_id: 7, names: ['Stove', 'Electric'], max_tokens: 0, reason: 'too large' },
  retire_category: { category_id: 7, reason: 'left the range' },
  undo_taxonomy_change: { taxonomy_change_id: 1, reason: 'wrong' },
  set_setting: { key: 'llm_tokens_a_day', value: 1000, reason: 'cheaper' },
  mark_urgent: { product_id: 1, reason: 'front page' },
  end_alarm: { alarm_id: 1, reason: 'over' },
  decide_again: { product_id: 1, reason: 'asked' },
};

beforeAll(async () => {
  page = await startPage(t.database);
  cookie = cookieOf(await send(page.link as string));
});
afterAll(() => page?.stop());

describe('who comes in', () => {
  test('a link opens the page once, and the next is made known', async () => {
    const link = page.link as string;
    expect(page.links.at(-1)).toBe(link);
    const first = await send(link);
    expect(first.headers['set-cookie']).toEqual([
      expect.stringMatching(/^taxon_\d+=[\w-]{43}; Path=\/; HttpOnly; SameSite=Strict$/),
    ]);
    expect(first.text).not.toContain(new URL(link).searchParams.get('key'));
    const second = await send(link);
    expect(second.headers['set-cookie']).toBeUndefined();
    expect(page.links.at(-1)).not.toBe(link);
    expect((await asPage(page.url, cookieOf(first)).get('me')).status).toBe(200);
  });

  test('without a cookie nothing is told and nothing done, on any path', async () => {
    const stranger = asPage(page.url, 'taxon_1=guessed');
    for (const screen of screens) expect((await stranger.get(screen)).status, screen).toBe(401);
    expect((await stranger.act('request_retrain', {})).status).toBe(401);
  });

  test('a name of somebody else’s that leads here is refused, and so is a made-up token', async () => {
    const { port } = new URL(page.url);
    const rebound = await send(`${page.url}/api/me`, {
      headers: { host: `evil.example:${port}`, cookie, 'x-taxon': '1' },
    });
    expect(rebound).toMatchObject({ status: 403, json: { error: expect.stringContaining('evil.example') } });
    expect((await send(`${page.url}/`, { headers: { host: 'evil.example' } })).status).toBe(403);
    expect(
      (await send(`${page.url}/api/me`, { headers: { host: `localhost:${port}`, cookie, 'x-taxon': '1' } }))
        .status,
    ).toBe(200);
    expect((await signedIn(page.url, 'taxon_guessed')).answer.status).toBe(401);
  });
});

describe('another origin', () => {
  const body = JSON.stringify({ action: 'request_retrain', arguments: {} });
  const post = (headers: Record<string, string>, of = body) =>
    send(`${page.url}/api/act`, { method: 'POST', headers: { cookie, ...headers }, body: of });
  const good = { 'content-type': 'application/json', 'x-taxon': '1', 'sec-fetch-site': 'same-origin' };

  test('changes nothing, whatever it sends along', async () => {
    await makeShop(t);
    const before = await everything();
    const refused: Record<string, string>[] = [
      { ...good, 'sec-fetch-site': 'cross-site' },
      { ...good, 'sec-fetch-site': 'same-site' },
      { ...good, 'sec-fetch-site': 'none' },
      { ...good, origin: 'http://evil.example' },
      { ...good, origin: 'null' },
      { ...good, origin: 'http://127.0.0.1:1' },
      { 'content-type': 'application/json', 'sec-fetch-site': 'same-origin' },
      { 'content-type': 'application/json', 'x-taxon': '1' },
    ];
    for (const headers of refused) expect((await post(headers)).status, JSON.stringify(headers)).toBe(403);
    for (const type of ['text/plain', 'application/x-www-form-urlencoded', 'multipart/form-data'])
      expect((await post({ ...good, 'content-type': type })).status, type).toBe(415);
    expect(
      (
        await send(`${page.url}/api/overview`, {
          headers: { cookie, 'x-taxon': '1', 'sec-fetch-site': 'cross-site' },
        })
      ).status,
    ).toBe(403);
    expect(await everything()).toEqual(before);
    expect((await post({ ...good, origin: page.url })).status).toBe(200);
    expect(await everything()).not.toEqual(before);
  });

  test('may neither frame nor read the page, and no script but its own runs on it', async () => {
    const { headers, text } = await send(page.url);
    const policy = String(headers['content-security-policy']);
    expect(policy).toContain("default-src 'none'");
    expect(policy).toContain("frame-ancestors 'none'");
    expect(policy).not.toMatch(/unsafe|\*|https?:/);
    const inline = [...text.matchAll(/<script(?![^>]* src=)[^>]*>(.*?)<\/script>/gs)].map(
      ([, script]) => script ?? '',
    );
    expect(
      inline.map((script) => `'sha256-${createHash('sha256').update(script).digest('base64')}'`),
    ).toEqual([...(policy.match(/'sha256-[^']+'/g) ?? [])]);
    expect(text).not.toMatch(/ on\w+=|javascript:/i);
    expect(headers['access-control-allow-origin']).toBeUndefined();
  });

  test('everything that the page loads is here', async () => {
    const { text } = await send(page.url);
    const paths = [...text.matchAll(/(?:href|src)="(\/[^"]*)"/g)].map(([, path]) => path ?? '');
    expect(paths.length).toBeGreaterThan(10);
    for (const path of paths) {
      const { status, headers, text: file } = await send(`${page.url}${path}`);
      expect([path, status, headers['x-content-type-options']]).toEqual([path, 200, 'nosniff']);
      expect(file).not.toMatch(/(?:from|import\()\s*['"]https?:/);
    }
    for (const path of [
      '/src/config.ts',
      '/src/dashboard/server.ts',
      '/src/dashboard/client/../server.ts',
      '/package.json',
    ])
      expect((await send(`${page.url}${path}`)).status, path).toBe(404);
  });
});

describe('roles', () => {
  test('a reader sees every screen; whatever he sends, the database refuses, and nothing is changed', async () => {
    await makeShop(t);
    const reader = await signedIn(page.url, await page.token('Rita', 'taxon_reader'));
    for (const screen of screens.filter((one) => !one.startsWith('candidates')))
      expect((await reader.get(screen)).text.slice(0, 200), screen).not.toContain('"error"');
    expect((await reader.get('me')).json).toMatchObject({ name: 'Rita', role: 'taxon_reader', allowed: [] });
    const before = await everything();
    for (const [action, values] of Object.entries(calls)) {
      const answer = await reader.act(action, values);
      expect([action, answer.status]).toEqual([action, 403]);
      expect(answer.json.error).toContain('the database refuses');
    }
    expect(await everything()).toEqual(before);
    await t.owner.rows(`delete from dashboard_tokens where name = 'Rita'`);
    expect((await reader.get('me')).status).toBe(401);
  });

  test('an admin may call each, and stands in the reason', async () => {
    await makeShop(t);
    const admin = await signedIn(page.url, await page.token('Ann', 'taxon_admin'));
    expect((await admin.get('me')).json.allowed).toEqual(Object.keys(actions).sort());
    const done = await admin.act('set_thresholds', calls.set_thresholds);
    expect(done.json.sql).toBe(
      `select * from taxon.set_thresholds(l1 => 0.9, l2 => 0.9, l3 => 0.9, reason => 'fewer mistakes (Ann)', force => true);`,
    );
    expect(await t.owner.row('select reason, l1 from threshold_history limit 1')).toEqual({
      reason: 'fewer mistakes (Ann)',
      l1: 0.9,
    });
    expect((await admin.act('undo_thresholds')).json.rows).toMatchObject([{ reason: expect.any(String) }]);
    expect((await admin.act('set_thresholds', { ...calls.set_thresholds, l1: 7 })).status).toBe(409);
  });

  test('nothing runs but what is on the list, with its own parameters', async () => {
    await makeShop(t);
    const before = await everything();
    const local = asPage(page.url, cookie);
    for (const action of [
      'forget',
      'constructor',
      '__proto__',
      'confirm(1); drop schema taxon cascade; --',
      '',
    ])
      expect((await local.act(action, { name: 'x' })).status, action).toBe(400);
    expect((await local.act('confirm', { product_id: 501, sneaky: 1 })).status).toBe(400);
    expect((await local.act('confirm', { product_id: '501; drop table x' })).status).toBe(400);
    expect((await local.act('confirm', [])).status).toBe(400);
    expect(await everything()).toEqual(before);
  });

  test('reading screens cannot change anything, whoever looks', async () => {
    await makeShop(t);
    const before = await everything();
    const local = asPage(page.url, cookie);
    for (const screen of screens) expect((await local.get(screen)).status, screen).toBe(200);
    expect(await everything()).toEqual(before);
  });

  test('a login that may not act as a role is told what to type, and no token is made', async () => {
    const db = openDatabase(await t.database.urlFor('taxon_reader'), loadConfig({}, {}));
    try {
      await expect(
        startDashboard(db, { host: '127.0.0.1', port: 0, role: 'taxon_admin' }),
      ).rejects.toMatchObject({
        hint: expect.stringContaining('grant taxon_admin to login_taxon_reader;'),
      });
    } finally {
      await db.close();
    }
  });

  test('behind a proxy, or listening elsewhere, only tokens open it', async () => {
    const proxied = await startPage(t.database, { publicUrl: 'https://taxon.shop.example' });
    try {
      expect([proxied.link, proxied.url]).toEqual([null, 'https://taxon.shop.example']);
    } finally {
      await proxied.stop();
    }
    const elsewhere = await startPage(t.database, { host: '0.0.0.0' });
    try {
      expect(elsewhere.link).toBeNull();
      const base = elsewhere.url.replace('0.0.0.0', '127.0.0.1');
      expect((await asPage(base, cookie).get('me')).status).toBe(401);
      const admin = await signedIn(base, await page.token('Ada', 'taxon_admin'));
      expect((await admin.get('me')).json.name).toBe('Ada');
    } finally {
      await elsewhere.stop();
    }
  });
});
