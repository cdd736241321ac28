import { expect, test } from 'vitest';
import { taxonDatabase } from '../support/sql.ts';
import { makeModel } from '../support/trust.ts';

const t = taxonDatabase();

test('says on how many levels the LLM agrees with what the local layer would have answered', async () => {
  const model = await makeModel(t);
  const [knives, pans, sofas, rakes] = [
    await t.category('Home > Kitchen > Knives'),
    await t.category('Home > Kitchen > Pans'),
    await t.category('Home > Living > Sofas'),
    await t.category('Garden > Tools > Rakes'),
  ];
  const names = ['a', 'b', 'c', 'd', 'e'];
  await t.owner.rows('insert into products (name) select unnest($1::text[])', names);
  const id = await t.owner.value<number>(
    `select start_call('one', 'answer', 'shortlist', 'openai', 'gpt', true, 5, 900, 100, 0.5, '{}', name_keys => $1)`,
    names,
  );
  await t.owner.rows(
    `with e as (
       insert into evidence (product_id, model_id, category_id, l3_said, clears, answered)
         select product_id, $1, case name when 'e' then null else $2::bigint end, .5, false, false from products returning evidence_id, product_id)
     update products p set evidence_id = e.evidence_id from e where e.product_id = p.product_id`,
    model,
    knives,
  );
  const answers = [knives, pans, sofas, rakes, knives].map((category_id, i) => ({
    name_key: names[i],
    category_id,
  }));
  await t.owner.rows(
    `select settle_llm('one', $1, $2, '[]', 700, 600, 30, 0.25, 'gpt-1', 'req-1')`,
    id,
    JSON.stringify(answers),
  );
  expect(
    await t.owner.rows(
      'select name, levels from opinions join evidence using (evidence_id) join products using (product_id) order by name',
    ),
  ).toEqual([
    { name: 'a', levels: 3 },
    { name: 'b', levels: 2 },
    { name: 'c', levels: 1 },
    { name: 'd', levels: 0 },
  ]);
  await t.owner.rows('delete from evidence');
  expect(await t.owner.value('select count(*) from opinions')).toBe(0);
});

test('are read up to the oldest name that the LLM has not answered, unless that has waited for an hour', async () => {
  const until = () => t.owner.value<string>('select answered_until()::text');
  expect(await until()).toBe('infinity');
  await t.owner.rows(
    `insert into queue (stage, name_key, created_at) values ('llm', 'newer', '2026-01-01 12:00+00'), ('llm', 'older', now() - interval '10 minutes')`,
  );
  expect(
    await t.owner.value(`select answered_until() = (select created_at from queue where name_key = 'older')`),
  ).toBe(true);
  await t.owner.rows(`update queue set available_at = 'infinity' where name_key = 'older'`);
  expect(await until()).toBe('infinity');
});
