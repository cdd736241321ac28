import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { withSection } from '../../bench/trust/sections.ts';
import { packageRoot } from '../../src/config.ts';
import { psqlScreen } from '../support/schema.ts';
import { taxonDatabase } from '../support/sql.ts';

const t = taxonDatabase();
const page = join(packageRoot, 'docs', 'guide', 'costs.md');

const names = Array.from({ length: 40 }, (_, i) => `name ${i + 1}`);

/** A call about some names; answers (left out: the last `missing`) come unless the sidecar died. */
async function call(asked: string[], category: number, options: { died?: true; missing?: number } = {}) {
  await t.owner.rows(`select claim_llm('sidecar', 100, '0 s')`);
  const id = await t.owner.value<number>(
    `select start_call('sidecar', 'answer', 'tree', 'openai', 'gpt-6-luna', true, $2, 6000, 400, lease => $3, name_keys => $1)`,
    asked,
    asked.length,
    options.died ? '-1 s' : '60 s',
  );
  const answered = asked.slice(0, asked.length - (options.missing ?? 0));
  if (options.died) await t.owner.rows('select close_lost_calls()');
  else
    await t.owner.rows(
      `select settle_llm('sidecar', $1, $2, '[]', 2400, 1800, $3, null, 'gpt-6-luna', 'r')`,
      id,
      JSON.stringify(answered.map((name_key) => ({ name_key, category_id: category }))),
      answered.length * 16,
    );
}

test('the transcript in docs/guide/costs.md is what psql shows; vitest --update writes it anew', async () => {
  const kettles = await t.category('Home > Kitchen > Kettles');
  const lamps = await t.category('Home > Lamps');
  await t.label('known', 'Home > Lamps', 'import');
  await t.insertAll(...names, ...Array.from({ length: 60 }, () => 'known'));
  await t.owner.rows(`delete from queue where stage = 'local'`);
  await t.owner.rows(`insert into queue (stage, name_key) select 'llm', n from unnest($1::text[]) n`, names);
  await call(names.slice(0, 15), kettles);
  await call(names.slice(15, 30), lamps, { died: true });
  await call(names.slice(15, 30), lamps, { missing: 1 });
  await call(names.slice(29, 40), kettles);

  const shown: string[] = [];
  const show = async (why: string, ...statements: string[]) => {
    shown.push(`-- ${why}`);
    for (const statement of statements) shown.push(await psqlScreen(t.database.url, statement));
  };
  await show(
    '100 rows came in, 40 names of them new. One call was in flight when its sidecar died, one answer left a name out.',
    "select what, calls, names, answered, tokens_in, tokens_cached, tokens_out, cost, unknown_calls, unknown_tokens, tokens_a_product from taxon.spend(by => 'model')",
    "select what, calls, names, tokens_in, products, tokens_a_product from taxon.spend(by => 'branch')",
  );
  await show(
    'Was a name paid for twice?',
    'select why, count(*) as names, sum(tokens_more) as tokens_more, sum(cost_more) as cost_more from taxon_internal.paid_twice group by 1 order by 2 desc',
  );
  await show('What did one product cost?', 'select * from taxon_internal.product_cost(30)');
  await show(
    'What did the local layer save? Here it has answered nothing: the LLM was asked in batches that were not full.',
    'select local_names, llm_names, tokens_a_name, tokens_then, tokens_spent, share_saved from taxon_internal.savings()',
    'select assumption from taxon_internal.savings()',
  );
  await show(
    'A budget, a price agreed on, a name that nobody else may see.',
    `select taxon.set_setting('llm_tokens_a_day', '18000')`,
    `select taxon.set_llm_price('openai', 'gpt-6-luna', .08, .008, .4, '2026-10-01') ->> 'out' as dollars`,
    `select taxon.never_send(pattern => '\\mprototype\\M', reason => 'not announced yet')`,
  );
  await t.insertAll('Prototype kettle', 'red kettle');
  await t.owner.rows(
    `insert into queue (stage, name_key) select 'llm', name_key from products where state = 'pending'`,
  );
  await show(
    'Two more names came in.',
    'select name_key, rows, reason from taxon.waiting_for_people',
    `select item, status, value from taxon.health() where item like 'budget%' or item = 'waiting for people'`,
    `select name, label_after from taxon.confirm((select product_id from taxon.waiting_for_people), ${kettles})`,
  );
  const text = shown.join('\n').replaceAll(/ +$/gm, '');
  expect(text).toContain('in flight when its sidecar died');
  const before = readFileSync(page, 'utf8');
  await expect(withSection(before, 'transcript', `\`\`\`\n${text.trimEnd()}\n\`\`\``)).toMatchFileSnapshot(
    page,
  );
});
