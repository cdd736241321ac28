import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { packageRoot } from '../../src/config.ts';
import { taxonDatabase } from '../support/sql.ts';

const t = taxonDatabase();

test('what claims, settles and buries names no purpose', async () => {
  const names = (await t.owner.rows<{ purpose: string }>('select purpose from purposes')).map(
    (p) => p.purpose,
  );
  // an answer is also what the LLM gives
  const words = names.filter((name) => name !== 'answer').join('|');
  const named = new RegExp(`'(${names.join('|')})'|\\b(${words})s?\\b`, 'g');
  const found = ['dispatch', 'route'].flatMap((topic) =>
    readdirSync(join(packageRoot, 'sql', topic)).flatMap((file) =>
      (readFileSync(join(packageRoot, 'sql', topic, file), 'utf8').match(named) ?? []).map(
        (name) => `${topic}/${file}: ${name}`,
      ),
    ),
  );
  expect(found).toEqual([]);
  expect(`a call's purpose 'answer', of audits`.match(named)).toEqual([`'answer'`, 'audits']);
});

test('each purpose that is queued has all five functions, one that is not has the one that settles', async () => {
  const hooks = {
    may_claim: '',
    drop: 'entries bigint[], name_keys text[]',
    settle: 'llm_call_id bigint, answers jsonb, refused jsonb',
    bury: 'entries bigint[], error text',
    hold: 'name_key text',
  };
  const found = await t.owner.rows<{ purpose: string; queued: boolean; made: string[] }>(
    `select p.purpose, p.place is not null as queued,
            array(select h.name from unnest($1::text[], $2::text[]) h(name, arguments)
                    join pg_proc f on f.proname = p.hooks || '_' || h.name and pg_get_function_identity_arguments(f.oid) = h.arguments) as made
       from purposes p order by p.place`,
    Object.keys(hooks),
    Object.values(hooks),
  );
  const all = Object.keys(hooks);
  expect(found).toEqual([
    ...['answer', 'escalate', 'audit', 'split', 'teach'].map((purpose) => ({
      purpose,
      queued: true,
      made: all,
    })),
    { purpose: 'compare', queued: false, made: ['settle'] },
  ]);
});

test('the ledger refuses one that is not there', async () => {
  await expect(
    t.owner.rows(`select start_call('w', 'nosuch', 'shortlist', 'p', 'm', true, 1, 1, 1)`),
  ).rejects.toMatchObject({ code: '23503' });
});

describe('a seventh purpose', () => {
  /** What its one file would hold: it asks what language a name is in, and keeps what became of each name. */
  const file = `
    create table seen (name_hash bytea, what text);
    create function language_may_claim() returns boolean language sql as 'select count(*) < 3 from seen';
    create function language_drop(entries bigint[], name_keys text[]) returns integer language sql as $$
      with gone as (delete from queue q using seen s where q.queue_id = any (entries) and s.name_hash = q.name_hash returning 1)
      select count(*)::integer from gone $$;
    create function language_settle(llm_call_id bigint, answers jsonb, refused jsonb) returns integer language sql as $$
      with told as (insert into seen select name_hash(a ->> 'name_key'), 'settled' from jsonb_array_elements(answers) a returning name_hash),
           gone as (delete from queue q using told where q.name_hash = told.name_hash and q.purpose = 'language')
      select count(*)::integer from told $$;
    create function language_bury(entries bigint[], error text) returns void language sql as $$
      with gone as (delete from queue q where q.queue_id = any (entries) returning q.name_hash)
      insert into seen select g.name_hash, error from gone g $$;
    create function language_hold(name_key text) returns boolean language sql as $$
      insert into seen values (name_hash(name_key), 'held') returning false $$;
    select keep_purpose('language', place => 35)`;

  beforeEach(async () => {
    await t.owner.rows('begin');
    await t.owner.client.query(file);
  });
  afterEach(() => t.owner.rows('rollback'));

  const queue = (purpose: string, ...names: string[]) =>
    t.owner.rows(
      `insert into queue (stage, name_key, purpose) select 'llm', n, $1 from unnest($2::text[]) n`,
      purpose,
      names,
    );
  const claim = () =>
    t.owner.rows<{ name_key: string; purpose: string }>(
      `select name_key, purpose from claim_llm('w', 10, '0 s') order by 1`,
    );
  const seen = () =>
    t.owner.rows(
      `select q.name_key, s.what from seen s join unnest('{a,b,c}'::text[]) q(name_key) on name_hash(q.name_key) = s.name_hash order by 1`,
    );
  const queued = () => t.queued('llm');

  test('is claimed in its place', async () => {
    await t.owner.rows(
      `insert into checks (name_key, layer, strategy, weight, auditor) values ('audited', 'local', 'audit', 1, 'llm')`,
    );
    await queue('split', 'split');
    await queue('language', 'a', 'b');
    await queue('audit', 'audited');
    expect(await claim()).toEqual([{ name_key: 'audited', purpose: 'audit' }]);
    expect(await claim()).toEqual([
      { name_key: 'a', purpose: 'language' },
      { name_key: 'b', purpose: 'language' },
    ]);
  });

  test('is not claimed while it may not be', async () => {
    await t.owner.rows(`insert into seen select name_hash(n), 'before' from unnest('{x,y,z}'::text[]) n`);
    await queue('language', 'a');
    expect(await claim()).toEqual([]);
    await t.owner.rows('delete from seen');
    expect(await claim()).toHaveLength(1);
  });

  test('drops what need not be asked any more', async () => {
    await queue('language', 'a', 'b');
    await t.owner.rows(`insert into seen values (name_hash('a'), 'before')`);
    expect(await claim()).toEqual([{ name_key: 'b', purpose: 'language' }]);
    expect(await queued()).toEqual(['b']);
  });

  test('settles its answers, those too that were kept', async () => {
    const category = await t.category('Home');
    await queue('language', 'a', 'b');
    await claim();
    const call = await t.owner.value<number>(
      `select start_call('w', 'language', 'shortlist', 'p', 'm', true, 2, 1, 1, name_keys => '{a,b,c}')`,
    );
    const said = JSON.stringify(['a', 'b'].map((name_key) => ({ name_key, category_id: category })));
    expect(
      await t.owner.value(`select settle_llm('w', $1, $2, '[]', 1, 0, 1, null, 'm', 'r')`, call, said),
    ).toBe(2);
    await t.owner.rows(
      `insert into kept_answers (llm_call_id, name_key, category_id) values ($1, 'c', $2)`,
      call,
      category,
    );
    await t.owner.rows('select settle_kept()');
    expect(await seen()).toEqual(['a', 'b', 'c'].map((name_key) => ({ name_key, what: 'settled' })));
    expect(await queued()).toEqual([]);
    expect(await t.owner.value('select count(*) from labels')).toBe(0);
  });

  test('buries what was tried too often, by its error or without one, and makes no dead letter of it', async () => {
    await queue('language', 'b');
    await t.owner.rows('update queue set attempts = 5');
    expect(await claim()).toEqual([]);
    await queue('language', 'a');
    expect(await claim()).toEqual([{ name_key: 'a', purpose: 'language' }]);
    await t.owner.rows('update queue set attempts = 5');
    await t.owner.rows(`select give_back('w', '{a}', 'llm', 'HTTP 400')`);
    expect(await seen()).toEqual([
      { name_key: 'a', what: 'HTTP 400' },
      { name_key: 'b', what: null },
    ]);
    expect(await queued()).toEqual([]);
    expect(await t.owner.value('select count(*) from dead_letters')).toBe(0);
  });

  test('holds what may not be sent in its own way', async () => {
    await t.owner.rows(`select never_send(pattern => '^a$')`);
    await queue('language', 'a', 'b');
    expect(await seen()).toEqual([{ name_key: 'a', what: 'held' }]);
    expect(await queued()).toEqual(['b']);
  });
});
