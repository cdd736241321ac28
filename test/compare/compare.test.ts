import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import type { Comparison, DryRun } from '../../src/compare/compare.ts';
import type { Database } from '../../src/database/connection/open.ts';
import { promptVersion } from '../../src/llm/prompt.ts';
import { normalise } from '../../src/normalise.ts';
import { readPrompt } from '../../src/simulator/read-prompt.ts';
import { taxonHere } from '../support/command.ts';
import type { TestDatabase } from '../support/database.ts';
import { startTaxon, until } from '../support/processes.ts';
import { ledger, look } from '../support/rows.ts';
import { type Answer, type Call, type ScriptedLlm, startScriptedLlm } from '../support/scripted-llm.ts';
import { lettersShop } from '../support/shop.ts';
import { newNames } from '../support/shop-names.ts';

let database: TestDatabase;
let db: Database;
let llm: ScriptedLlm;
const checked = newNames(40, 50_000, false);
const order = new Map(checked.map(({ name }, i) => [normalise(name), i]));
const truth = new Map(checked.map(({ name, path }) => [normalise(name), path.join(' > ')]));

/** How often a prompt held the name before, for this model. */
const before = (call: Call, name: string) =>
  llm.calls.filter(
    ({ model, text, number }) => model === call.model && number < call.number && text.includes(name),
  ).length;

/**
 * "right" knows all; "errs" is wrong about every fifth; "shy" finds nothing that fits for every fourth and leaves out every
 * tenth; "fickle" is wrong about every second name when asked again.
 */
function answer(call: Call): Answer {
  const { names, categories } = readPrompt(call.text);
  const answers = names.flatMap(({ name }, at) => {
    const i = order.get(name) ?? 0;
    const right = categories.find(({ path }) => path.join(' > ') === truth.get(name));
    const wrong = categories.find(({ path }) => path.length === 3 && path.join(' > ') !== truth.get(name));
    const errs =
      (call.model === 'errs' && i % 5 === 0) ||
      (call.model === 'fickle' && i % 2 === 0 && before(call, name) > 0);
    if (call.model === 'shy' && i % 10 === 1) return [];
    const id = call.model === 'shy' && i % 4 === 0 ? 0 : (errs ? wrong : right)?.id;
    return [{ item: at + 1, id, confidence: 0.9 }];
  });
  return { text: JSON.stringify({ answers }) };
}

beforeAll(async () => {
  database = await lettersShop();
  db = look(database.url);
  llm = await startScriptedLlm(answer);
  for (const { name, path } of checked)
    await db.rows(
      `insert into taxon.labels (name_key, category_id, source) values (taxon.normalise($1), taxon_internal.make_category($2), 'human')`,
      [name, path],
    );
});
beforeEach(async () => {
  llm.follow(answer);
  llm.calls.splice(0);
  await db.rows('delete from taxon_internal.llm_calls');
});
afterAll(async () => {
  await llm?.close();
  await db?.close();
  await database?.drop();
});

const environment = () => ({
  DATABASE_URL: database.url,
  TAXON_LLM_BASE_URL: llm.url,
  TAXON_LLM_MODEL: 'another',
});
const compare = (...args: string[]) => taxonHere(['llm', 'compare', ...args], environment());
async function compared(...args: string[]): Promise<Comparison> {
  const { code, stdout, stderr } = await compare('--json', ...args);
  expect([code, stderr]).toEqual([0, expect.not.stringContaining('taxon:')]);
  return JSON.parse(stdout) as Comparison;
}
const memory = () => db.rows('select * from taxon.labels order by name_hash');

describe('taxon llm compare', () => {
  it('sets models side by side on the same names: accuracy with intervals, tokens, latency, agreement', async () => {
    const labels = await memory();
    const {
      models,
      agreement,
      names,
      promptVersion: version,
      shortlistsBy,
      offered,
    } = await compared('--models', 'right,errs,shy');
    expect({ names, version, shortlistsBy, offered }).toEqual({
      names: 40,
      version: promptVersion,
      shortlistsBy: 1,
      offered: 40,
    });
    const [right, errs, shy] = models;
    expect(right).toMatchObject({
      path: { n: 40, count: 40, share: 1, upper: 1 },
      answered: 40,
      none: 0,
      missing: 0,
      repeat: null,
    });
    expect(right?.path.lower).toBeCloseTo(0.025 ** (1 / 40), 3);
    expect(errs).toMatchObject({ path: { count: 32, share: 0.8 }, l3: { n: 40, count: 32 } });
    expect(shy).toMatchObject({ path: { count: 26 }, none: 10, missing: 4, answered: 26 });
    expect(
      agreement.map(({ models: pair, same, onlyFirstRight, onlySecondRight }) => [
        pair.join(),
        same.count,
        onlyFirstRight,
        onlySecondRight,
      ]),
    ).toEqual([
      ['right,errs', 32, 8, 0],
      ['right,shy', 26, 14, 0],
      ['errs,shy', 20, 12, 6],
    ]);
    expect(agreement[0]?.p).toBeCloseTo(2 * 0.5 ** 8, 6);
    // the ledger has each call once, with the tokens that the server charged, and nothing else has changed
    const rows = await db.rows<Record<string, unknown>>(
      `select model, sum(tokens_in) as tokens_in, sum(tokens_out) as tokens_out, sum(names) as names, sum(answered) as answered,
         min(purpose) as purpose, min(state) as state, min(prompt_version) as prompt from taxon_internal.llm_calls group by 1 order by 1`,
    );
    expect(rows).toEqual(
      ['errs', 'right', 'shy'].map((model) => {
        const calls = llm.calls.filter((call) => call.model === model);
        const sum = (of: 'tokensIn' | 'tokensOut') => calls.reduce((total, call) => total + call[of], 0);
        return {
          ...{ model, tokens_in: sum('tokensIn'), tokens_out: sum('tokensOut'), names: 40 },
          ...{
            answered: models.find((of) => of.model === model)?.answered,
            purpose: 'compare',
            state: 'ok',
            prompt: promptVersion,
          },
        };
      }),
    );
    expect(right?.tokensPerName.in).toBeCloseTo(Number(rows[1]?.tokens_in) / 40, 6);
    expect(right?.latencyMs.p95).toBeGreaterThan(0);
    expect(await memory()).toEqual(labels);
    expect(await db.rows('select from taxon.products')).toEqual([]);
    expect(await db.rows('select from taxon_internal.queue')).toEqual([]);
  });

  it('every model gets the same prompts', async () => {
    await compared('--models', 'right,errs');
    const of = (model: string) =>
      llm.calls
        .filter((call) => call.model === model)
        .map(({ text }) => text)
        .sort();
    expect(of('right')).toEqual(of('errs'));
  });

  it('--repeat asks twice, in other batches, and says how often a model agrees with itself', async () => {
    const { models } = await compared('--models', 'right,fickle', '--repeat');
    expect(models[0]?.repeat).toMatchObject({ n: 40, count: 40 });
    expect(models[1]?.repeat).toMatchObject({ n: 40, count: 20, share: 0.5 });
    expect(models[1]?.path.share).toBe(1);
    const texts = llm.calls.filter(({ model }) => model === 'right').map(({ text }) => text);
    expect(new Set(texts).size).toBe(texts.length);
  });

  it('--dry-run says what it would cost, sends nothing and needs no key', async () => {
    const { code, stdout } = await taxonHere(
      ['llm', 'compare', '--models', 'gpt-6-luna,unknown', '--dry-run', '--json'],
      {
        DATABASE_URL: database.url,
      },
    );
    expect(code).toBe(0);
    const { models, names, calls } = JSON.parse(stdout) as DryRun;
    expect(names).toBe(40);
    expect(calls).toBeGreaterThan(2);
    expect(models).toEqual([
      { model: 'gpt-6-luna', tokensIn: models[1]?.tokensIn, tokensOut: 600, cost: expect.any(Number) },
      { model: 'unknown', tokensIn: expect.any(Number), tokensOut: 600, cost: null },
    ]);
    expect(models[0]?.cost).toBeCloseTo(((models[0]?.tokensIn ?? 0) * 0.1 + 600 * 0.5) / 1e6, 9);
    expect(llm.calls).toEqual([]);
    expect(await ledger(db)).toEqual([]);
  });

  it('prints a table with a column a model', async () => {
    const { code, stdout } = await compare('--models', 'right,errs', '--names', '10');
    expect(code).toBe(0);
    expect(stdout).toContain('10 checked names in ');
    expect(stdout).toMatch(/^ +right +errs$/m);
    expect(stdout).toMatch(
      /^whole path right +10 of 10: too few for a share +\d+ of 10: too few for a share/m,
    );
    expect(stdout).toMatch(/right and errs agree on /);
  });

  it('a busy or broken provider is asked again, each call with its row', async () => {
    let calls = 0;
    llm.follow((call) => (++calls <= 2 ? { status: calls === 1 ? 503 : 429, text: 'busy' } : answer(call)));
    const { models } = await compared('--models', 'right');
    expect(models[0]).toMatchObject({ failedCalls: 2, path: { count: 40 } });
    expect((await ledger(db)).map(({ state, calls: n }) => [state, n])).toEqual([
      ['failed', 2],
      ['ok', models[0]?.calls],
    ]);
  });

  it('a refused key ends it at once, in words', async () => {
    llm.follow(() => ({ status: 401, text: 'no such key' }));
    const { code, stderr, stdout } = await compare('--models', 'right');
    expect([code, stdout]).toEqual([1, '']);
    expect(stderr).toContain('taxon: right: 401 no such key');
    expect((await ledger(db)).map(({ state }) => state)).toEqual(['failed']);
  });

  it('Ctrl-C: calls in flight are in the ledger as unknown, with the upper estimate', async () => {
    llm.follow((call) => (call.number > 1 ? { hang: true } : answer(call)));
    const running = startTaxon(['llm', 'compare', '--models', 'right'], {
      ...environment(),
      TAXON_LLM_CONCURRENCY: '1',
    });
    await until(
      () => ledger(db),
      (rows) => rows.some(({ state }) => state === 'started') && llm.calls.length > 1,
    );
    expect(await running.kill('SIGINT')).toBe(1);
    expect(running.stderr()).toContain('interrupted');
    const rows = await ledger(db);
    expect(rows.map(({ state, calls }) => [state, calls])).toEqual([
      ['ok', 1],
      ['unknown', 1],
    ]);
    expect(rows[1]?.tokens_in).toBeGreaterThan(0);
  });

  it.each([
    [['--models', ','], 2],
    [['--models', 'a,a'], 2],
    [['--models', 'a', '--names', '0'], 2],
    [['--models', 'anthropic:a'], 2],
    [[], 2],
  ])('%j is refused', async (args, expected) => {
    const { code, stdout, stderr } = await compare(...args);
    expect([code, stdout]).toEqual([expected, '']);
    expect(stderr).not.toContain('    at ');
  });
});
