import { beforeEach, describe, expect, test } from 'vitest';
import { decide } from '../support/decided.ts';
import { taxonDatabase } from '../support/sql.ts';
import { makeModel } from '../support/trust.ts';

const t = taxonDatabase();
let kettles: number;
let lamps: number;

beforeEach(async () => {
  kettles = await t.category('Home > Kitchen > Kettles');
  lamps = await t.category('Home > Light > Lamps');
});

interface Said {
  model?: string;
  prompt?: string | null;
  purpose?: string;
  confidence?: number;
}

/** The LLM calls these names kettles. */
async function kettlesBy(names: readonly string[], said: Said = {}): Promise<number> {
  const { model = 'gpt-1', prompt = '1', purpose = 'answer', confidence = 0.9 } = said;
  const call = await t.owner.value<number>(
    `select start_call('w', $1, 'tree', 'openai', 'gpt', false, $2, 100, 10, .01, null, prompt_version => $3, name_keys => $4)`,
    purpose,
    Math.max(names.length, 1),
    prompt,
    names,
  );
  const answers = names.map((name_key) => ({ name_key, category_id: kettles, confidence }));
  await t.owner.rows(
    `select settle_llm('w', $1, $2, '[]', 90, 0, 9, .009, $3, 'r')`,
    call,
    JSON.stringify(answers),
    model,
  );
  return call;
}
const named = (count: number, prefix = 'n') => Array.from({ length: count }, (_, i) => `${prefix} ${i}`);
async function person(name: string, category: number): Promise<void> {
  const { product_id } = await t.insert(name);
  await t.owner.rows('select confirm($1, $2)', product_id, category);
}
/** As draw_checks() draws alike, and a person judges. */
async function drawn(name: string, category: number, strategy = 'uniform'): Promise<void> {
  const check = await t.owner.value<number>(
    `insert into checks (name_key, layer, strategy, weight, category_id) values ($1, 'local', $2, 1, $3) returning check_id`,
    name,
    strategy,
    kettles,
  );
  await t.owner.rows(
    'select judge($1, $2, $3)',
    check,
    category === kettles,
    category === kettles ? null : category,
  );
}
const quality = () =>
  t.owner.rows(
    `select model, prompt_version as prompt, answers, checked, wrong, drawn, drawn_wrong, round(lower::numeric, 3) as lower,
       round(upper::numeric, 3) as upper, error from teacher_quality() order by 1, 2`,
  );
const nobody = { checked: 0, wrong: 0, drawn: 0, drawn_wrong: 0, error: null, lower: null, upper: null };

describe('teacher_quality', () => {
  test('counts answers by model version and prompt version', async () => {
    await kettlesBy(named(3, 'a'));
    await kettlesBy(named(2, 'b'), { prompt: '2' });
    await kettlesBy(named(1, 'c'), { model: 'gpt-2', prompt: null });
    expect(await quality()).toEqual([
      { model: 'gpt-1', prompt: '1', answers: 3, ...nobody },
      { model: 'gpt-1', prompt: '2', answers: 2, ...nobody },
      { model: 'gpt-2', prompt: null, answers: 1, ...nobody },
    ]);
  });

  test('an answer that a person replaced still counts as given, and as wrong', async () => {
    await kettlesBy(named(5));
    await person('n 0', lamps);
    await person('n 1', kettles);
    expect(await quality()).toMatchObject([{ answers: 5, checked: 2, wrong: 1, drawn: 0, error: null }]);
  });

  test('a rejection without a truth makes it wrong; who says later what it is, is heard instead', async () => {
    await kettlesBy(named(2));
    const { product_id } = await t.insert('n 0');
    await t.owner.rows('select reject($1)', product_id);
    expect(await quality()).toMatchObject([{ answers: 2, checked: 1, wrong: 1 }]);
    await person('n 0', kettles);
    expect(await quality()).toMatchObject([{ answers: 2, checked: 1, wrong: 0 }]);
  });

  test('only names that were drawn alike give an error, with its exact interval', async () => {
    await kettlesBy(named(60));
    for (let i = 0; i < 30; i++) await drawn(`n ${i}`, i < 3 ? lamps : kettles);
    // looked at because they seemed wrong
    for (let i = 30; i < 40; i++) await drawn(`n ${i}`, lamps, 'disagreement');
    expect(await quality()).toMatchObject([
      {
        answers: 60,
        checked: 40,
        wrong: 13,
        drawn: 30,
        drawn_wrong: 3,
        error: 0.1,
        lower: 0.021,
        upper: 0.265,
      },
    ]);
  });

  test("cleaning's word is not the LLM's, and a label that was taken back is one answer", async () => {
    const call = await kettlesBy(['a', 'b']);
    await t.owner.rows('update labels set category_id = $1, llm_call_id = null', lamps);
    await t.owner.rows(
      `update labels set category_id = $1, llm_call_id = $2 where name_key = 'b'`,
      kettles,
      call,
    );
    await person('a', lamps);
    await person('b', kettles);
    expect(await quality()).toMatchObject([{ answers: 2, checked: 2, wrong: 1 }]);
  });

  test('what the LLM said in audits counts where a person gave a second opinion', async () => {
    const call = await kettlesBy([], { model: 'auditor' });
    const check = await t.owner.value<number>(
      `insert into checks (name_key, layer, strategy, weight, category_id, auditor, verdict, truth_category_id, checked_by, checked_at, llm_call_id)
         values ('x', 'local', 'audit', 1, $1, 'llm', false, $2, 'openai gpt', now(), $3) returning check_id`,
      lamps,
      kettles,
      call,
    );
    await t.owner.rows('select judge($1, true)', check);
    expect(await quality()).toMatchObject([{ model: 'auditor', answers: 1, checked: 1, wrong: 1, drawn: 0 }]);
  });

  test('since leaves older calls out', async () => {
    await kettlesBy(named(2));
    await t.owner.rows(`update llm_calls set started_at = now() - interval '2 days'`);
    await kettlesBy(named(1, 'b'), { model: 'gpt-2' });
    expect(await t.owner.rows(`select model, answers from teacher_quality('1 day')`)).toEqual([
      { model: 'gpt-2', answers: 1 },
    ]);
  });
});

describe('llm_confidence', () => {
  test('is NULL until 50 answers were drawn and checked; then it is what came true, not what was said', async () => {
    await kettlesBy(named(100), { confidence: 0.9 });
    await kettlesBy(named(100, 'm'), { confidence: 0.6 });
    for (let i = 0; i < 49; i++) await drawn(`n ${i}`, i % 4 === 0 ? lamps : kettles);
    expect(await t.owner.value(`select llm_confidence(.9, 'gpt-1')`)).toBeNull();
    for (let i = 49; i < 100; i++) await drawn(`n ${i}`, i % 4 === 0 ? lamps : kettles);
    for (let i = 0; i < 100; i++) await drawn(`m ${i}`, i % 2 === 0 ? lamps : kettles);
    const [sure, unsure] = await Promise.all(
      [0.9, 0.6].map((said) => t.owner.value<number>(`select llm_confidence($1, 'gpt-1')`, said)),
    );
    expect(sure).toBeGreaterThan(0.68);
    expect(sure).toBeLessThan(0.82);
    expect(unsure).toBeGreaterThan(0.43);
    expect(unsure).toBeLessThan(0.57);
    expect(await t.owner.value(`select llm_confidence(.9, 'gpt-2')`)).toBeNull();
    // what was said stays in memory as it was
    await kettlesBy(['new'], { confidence: 0.9 });
    expect(await t.owner.value(`select confidence from labels where name_key = 'new'`)).toBeCloseTo(0.9);
  });
});

describe('checked_truths', () => {
  const truths = () =>
    t.owner.rows<{ name_key: string; category_id: number; never_trained: boolean }>(
      'select * from checked_truths()',
    );

  test("are people's words alone, first those that trained nothing, none of a retired category", async () => {
    await kettlesBy(['of the llm']);
    await t.label('of an import', 'Home > Light > Lamps', 'import');
    await t.label('said', 'Home > Light > Lamps', 'human');
    await t.label('gone', 'Old', 'human');
    await t.owner.rows(`update categories set retired_at = now() where name = 'Old'`);
    const model = await makeModel(t);
    await decide(t, model, [{ name: 'drawn', category_id: kettles }]);
    await t.owner.rows('select draw_checks(1)');
    await t.owner.rows('select judge(1, true)');
    expect(await truths()).toEqual([
      { name_key: 'drawn', category_id: kettles, never_trained: true },
      { name_key: 'said', category_id: lamps, never_trained: false },
    ]);
    expect(await t.owner.rows('select name_key from checked_truths(1)')).toEqual([{ name_key: 'drawn' }]);
    // a label that was removed leaves the check
    await t.owner.rows(`delete from labels where name_key = 'drawn'`);
    expect(await truths()).toHaveLength(2);
  });
});

describe('a call that compares', () => {
  test('is in the ledger with what it cost, and touches neither memory nor rows nor the queue', async () => {
    const { product_id } = await t.insert('kettle');
    const queued = await t.queued();
    await kettlesBy(['kettle', 'another'], { purpose: 'compare' });
    expect(
      await t.owner.rows(
        'select purpose, state, names, answered, tokens_in, tokens_out, prompt_version from llm_calls',
      ),
    ).toEqual([
      {
        purpose: 'compare',
        state: 'ok',
        names: 2,
        answered: 2,
        tokens_in: 90,
        tokens_out: 9,
        prompt_version: '1',
      },
    ]);
    expect(await t.owner.value('select count(*) from labels')).toBe(0);
    expect(await t.product(product_id)).toMatchObject({ state: 'pending', category_id: null });
    expect(await t.queued()).toEqual(queued);
    expect(await t.owner.rows('select * from teacher_quality()')).toEqual([]);
  });
});
