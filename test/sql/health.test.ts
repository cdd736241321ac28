import { describe, expect, test } from 'vitest';
import { taxonDatabase } from '../support/sql.ts';
import { makeModel } from '../support/trust.ts';

const t = taxonDatabase();

interface Item {
  status: string;
  value: string;
  detail: string;
}
const item = (name: string) =>
  t.owner.row<Item>('select status, value, detail from health() where item = $1', name);
/** A sidecar's heartbeat. */
const beat = (
  worker: string,
  listening: boolean,
  idle = true,
  llm: string | null = null,
  notice: string | null = null,
) =>
  t.owner.rows(
    `select heartbeat($1, 'h', 1, '1', null, $2, $3, $4, $5)`,
    worker,
    llm,
    listening,
    idle,
    notice,
  );

describe('health', () => {
  test('of a database nobody works on: says what waits and what to start', async () => {
    await t.insertAll('a');
    expect(await item('sidecars')).toMatchObject({
      status: 'warn',
      value: '0',
      detail: expect.stringContaining('start one: taxon sidecar'),
    });
    expect(await item('champion')).toMatchObject({ status: 'warn', value: 'none' });
    expect(await item('llm')).toMatchObject({ status: 'warn', value: 'none' });
    expect(await item('queue local')).toMatchObject({
      status: 'ok',
      value: '1',
      detail: expect.stringContaining('; 0 leased'),
    });
    expect(await item('queue llm')).toEqual({ status: 'ok', value: '0', detail: 'nothing waits' });
    expect(await item('dead letters')).toEqual({ status: 'ok', value: '0', detail: 'none' });
  });

  test('says why the local layer only watches', async () => {
    expect(await item('local layer')).toEqual({
      ...{ status: 'ok', value: 'on', detail: 'answers what clears the thresholds' },
    });
    await makeModel(t);
    await t.owner.rows(`select set_promise(.05, .95, 'returns are dear', true)`);
    expect(await item('local layer')).toMatchObject({
      ...{
        status: 'warn',
        value: 'shadow',
        detail: expect.stringMatching(/at most 5.00% is wrong is not proved/),
      },
    });
    await t.owner.rows(`select set_setting('local_layer', '"shadow"')`);
    expect(await item('local layer')).toMatchObject({
      ...{ status: 'ok', value: 'shadow', detail: expect.stringMatching(/^as the setting/) },
    });
  });

  test('counts the sidecars of the last half minute, with their providers and notices', async () => {
    await beat('one', true, true, 'openai gpt', 'the encoder is slow');
    await beat('two', true);
    await beat('gone', true);
    await t.owner.rows(`update sidecars set seen_at = now() - interval '31 s' where worker = 'gone'`);
    expect(await item('sidecars')).toEqual({
      status: 'ok',
      value: '2',
      detail: expect.stringMatching(/^one \(seen \d+ s ago\); two \(seen \d+ s ago\)$/),
    });
    expect(await item('llm')).toMatchObject({ status: 'ok', value: 'openai gpt' });
    expect(await item('sidecar notice')).toEqual({
      status: 'warn',
      value: 'one',
      detail: 'the encoder is slow',
    });
  });

  test('says which sidecar polls and what to give it', async () => {
    await beat('one', true);
    await beat('two', false);
    const { detail } = await item('sidecars');
    expect(detail).toMatch(/^one \(seen \d+ s ago\); two \(seen \d+ s ago, polling\); polling: /);
    expect(detail).toContain('TAXON_DIRECT_DATABASE_URL');
  });

  test('warns of names that wait for an LLM that nobody has, and of names that wait long', async () => {
    await beat('one', true);
    await t.owner.rows(`insert into queue (stage, name_key) values ('llm', 'a')`);
    expect(await item('queue llm')).toMatchObject({
      status: 'warn',
      detail: expect.stringContaining('set OPENAI_API_KEY'),
    });
    await beat('one', true, true, 'openai gpt');
    expect((await item('queue llm')).status).toBe('ok');
    await t.owner.rows(`update queue set created_at = now() - interval '6 min'`);
    expect((await item('queue llm')).status).toBe('warn');
  });

  test('shows the newest dead letter and how to put it back', async () => {
    await t.owner.rows(
      `insert into dead_letters (stage, name_key, attempts, error) values ('llm', 'a', 5, 'no answer')`,
    );
    expect(await item('dead letters')).toEqual({
      status: 'warn',
      value: '1',
      detail: 'newest: no answer; select * from decide_again(failed => true) puts them back',
    });
  });
});

describe('a heartbeat asks inserts for a NOTIFY', () => {
  const asked = () => t.owner.value<boolean>('select idle from sidecars');
  test('only while the sidecar sleeps and would hear it', async () => {
    await beat('one', true, true);
    expect(await asked()).toBe(true);
    await beat('one', false, true);
    expect(await asked()).toBe(false);
    await beat('one', true, false);
    expect(await asked()).toBe(false);
  });

  test('and only while the setting notify is on', async () => {
    await t.owner.rows(`select set_setting('notify', 'false')`);
    await beat('one', true, true);
    expect(await asked()).toBe(false);
  });
});
