import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Database } from '../../src/database/connection/open.ts';
import { normalise } from '../../src/normalise.ts';
import { readPrompt } from '../../src/simulator/read-prompt.ts';
import { attacks } from '../llm/attacks.ts';
import { hostileAnswers } from '../llm/hostile-answers.ts';
import type { TestDatabase } from '../support/database.ts';
import { gullible } from '../support/gullible.ts';
import { noReplies, oddReplies } from '../support/odd-replies.ts';
import { insert, look, settled } from '../support/rows.ts';
import { type Answer, type Call, type ScriptedLlm, startScriptedLlm } from '../support/scripted-llm.ts';
import { lettersShop } from '../support/shop.ts';
import { newNames } from '../support/shop-names.ts';
import { startSidecarHere } from '../support/sidecar.ts';

const ordinary = newNames(220, 30_000);
const truth = new Map(ordinary.map(({ name, path }) => [normalise(name), path.join(' > ')]));
const believing = gullible(truth);
const honest = ({ text }: Call): Answer => ({ text: believing(text) });

interface World {
  db: Database;
  llm: ScriptedLlm;
}
const open: (() => Promise<unknown>)[] = [];

/** A shop of its own, where every name goes to the LLM. */
async function world(
  script: (call: Call) => Answer,
  environment: Record<string, string> = {},
): Promise<World> {
  const database: TestDatabase = await lettersShop();
  const db = look(database.url);
  await db.rows(`select taxon.set_setting('local_layer', '"shadow"')`);
  const llm = await startScriptedLlm(script);
  const sidecar = await startSidecarHere(await database.urlFor('taxon_sidecar'), {
    TAXON_LLM_BASE_URL: llm.url,
    TAXON_LLM_MODEL: 'believer',
    OPENAI_API_KEY: 'none',
    ...environment,
  });
  open.push(async () => {
    await sidecar.stop();
    await llm.close();
    await db.close();
    await database.drop();
  });
  return { db, llm };
}

/** Everything that no name may change. */
async function untouchable({ db }: World) {
  return {
    categories: await db.rows('select * from taxon.categories order by category_id'),
    settings: await db.rows('select key, value from taxon_internal.all_settings order by key'),
    thresholds: await db.rows('select * from taxon_internal.thresholds order by threshold_id'),
    labels: await db.rows(`select * from taxon.labels where source <> 'llm' order by name_hash`),
    models: await db.rows('select model_id, state from taxon_internal.models order by model_id'),
  };
}

/** Path by name of the ordinary names. */
async function answers({ db }: World): Promise<Record<string, string>> {
  const rows = await db.rows<{ name_key: string; path: string }>(
    `select distinct name_key, taxon.category_path(category_id) as path from taxon.products
       where name_key = any ($1) order by 1`,
    [[...truth.keys()]],
  );
  return Object.fromEntries(rows.map(({ name_key, path }) => [name_key, path]));
}

/** The ledger's closed calls and what the server charged, each as a sorted list. */
async function accounts({ db, llm }: World) {
  const rows = await db.rows<{ request_id: string; tokens_in: number; tokens_out: number; state: string }>(
    'select request_id, tokens_in, tokens_out, state from taxon_internal.llm_calls',
  );
  const line = (id: string, a: number, b: number) => `${id} ${a} ${b}`;
  return {
    states: [...new Set(rows.map(({ state }) => state))],
    booked: rows.map((row) => line(row.request_id, row.tokens_in, row.tokens_out)).sort(),
    charged: llm.calls.map((call) => line(call.requestId, call.tokensIn, call.tokensOut)).sort(),
  };
}

afterAll(async () => {
  for (const close of open) await close();
});

describe('200 attacks among ordinary names, and a model that obeys whatever stands outside the lines of names', () => {
  let alone: World;
  let mixed: World;
  let before: Awaited<ReturnType<typeof untouchable>>;
  let counts: Record<string, number>;

  beforeAll(async () => {
    alone = await world(honest);
    await insert(
      alone.db,
      ordinary.map(({ name }) => name),
    );
    await settled(alone.db);
    mixed = await world(honest);
    before = await untouchable(mixed);
    const { id } = await mixed.db.row<{ id: number }>(
      `select category_id as id from taxon.categories where name = 'Kettles'`,
    );
    // PostgreSQL has no NUL in a text; an application cannot insert one
    const hostile = attacks(id).map(({ name }) => name.replaceAll('\0', ''));
    await insert(
      mixed.db,
      ordinary.flatMap(({ name }, i) => [name, ...hostile.slice(i, i + 1)]),
    );
    counts = await settled(mixed.db);
  });

  it('they stood in the same prompts', async () => {
    const beside = mixed.llm.calls
      .map(({ text }) => readPrompt(text).names.map(({ name }) => truth.has(normalise(name))))
      .filter((known) => known.includes(true) && known.includes(false));
    expect(beside.flat().filter(Boolean).length).toBeGreaterThan(ordinary.length / 2);
    expect(beside.flat().filter((known) => !known).length).toBeGreaterThan(60);
  });

  it('no ordinary name is answered otherwise than without them, and each is right', async () => {
    const wanted = Object.fromEntries(truth);
    expect(await answers(alone)).toEqual(wanted);
    expect(await answers(mixed)).toEqual(wanted);
  });

  it('every name is done or, of the attacks alone, shown as failed', async () => {
    expect(counts.pending ?? 0).toBe(0);
    const failed = await mixed.db.rows<{ name_key: string | null }>(
      `select name_key from taxon.products where state = 'failed'
       union select name_key from taxon_internal.dead_letters`,
    );
    expect(failed.filter(({ name_key }) => truth.has(name_key ?? ''))).toEqual([]);
    // those that made the model give an id that was not offered, or have no name
    expect(failed.length).toBeGreaterThan(5);
    expect(failed.length).toBeLessThan(100);
  });

  it('no answer came in that its prompt did not offer', async () => {
    const offered = new Map<string, Set<number>>();
    for (const { text } of mixed.llm.calls) {
      const { names, categories } = readPrompt(text);
      for (const { name } of names) {
        const ids = offered.get(normalise(name)) ?? new Set();
        for (const { id } of categories) ids.add(id);
        offered.set(normalise(name), ids);
      }
    }
    const labels = await mixed.db.rows<{ name_key: string; category_id: number }>(
      `select name_key, category_id from taxon.labels where source = 'llm'`,
    );
    expect(labels.length).toBeGreaterThan(200);
    for (const { name_key, category_id } of labels) {
      const ids = offered.get(name_key);
      // a name that was cut or cleaned for the prompt goes by another text there
      if (ids !== undefined) expect(ids.has(category_id), name_key).toBe(true);
    }
  });

  it('categories, settings, thresholds, models and the labels of others are what they were', async () => {
    expect(await untouchable(mixed)).toEqual(before);
  });

  it('the ledger is intact: each call once, with the tokens that the server charged', async () => {
    const { states, booked, charged } = await accounts(mixed);
    expect(states).toEqual(['ok']);
    expect(booked).toEqual(charged);
  });
});

describe('a server that answers with everything but an answer', () => {
  it('what is not valid changes nothing; each name is answered once the server is honest again', async () => {
    const names = ordinary.slice(0, 30);
    const hostile = ({ text }: Call) => {
      const { names: asked, categories } = readPrompt(text);
      const offered = categories.map(({ id }) => id);
      const known = Array.from({ length: 30 }, (_, i) => i + 1).find((id) => !offered.includes(id)) ?? 31;
      // 0 is no answer to the whole tree, or to the first of two stages
      return hostileAnswers(asked.length, offered[0] ?? 1, known, offered[1]).map((answer): Answer => answer);
    };
    let next = 0;
    // now and then a reply that is no completion: after each the provider is left alone for longer
    const lies = (call: Call): Answer => {
      const answers = hostile(call).flatMap((answer, i) => [
        answer,
        ...noReplies.slice(i / 4, i % 4 === 0 ? i / 4 + 1 : 0),
      ]);
      return answers[next++] ?? honest(call);
    };
    const there = await world(lies);
    const before = await untouchable(there);
    await there.db.rows(`select taxon.set_setting('max_attempts', '100')`);
    await insert(
      there.db,
      names.map(({ name }) => name),
    );
    expect(await settled(there.db)).toEqual({ llm: 30 });
    expect(await answers(there)).toEqual(
      Object.fromEntries(names.map(({ name, path }) => [normalise(name), path.join(' > ')])),
    );
    expect(await there.db.rows('select from taxon_internal.dead_letters')).toEqual([]);
    await there.db.rows(`select taxon.set_setting('max_attempts', '5')`);
    expect(await untouchable(there)).toEqual(before);
    expect(next).toBeGreaterThan(
      hostile({ text: '', model: '', number: 1, body: {} }).length + noReplies.length - 1,
    );
  });

  it('an answer beside which all is nonsense is paid for once, and booked no lower than it may have cost', async () => {
    const odd = (call: Call) => oddReplies(believing(call.text));
    const there = await world((call) => odd(call)[call.number - 1] ?? honest(call), { TAXON_LLM_BATCH: '1' });
    const count = odd({ text: '', model: '', number: 1, body: {} }).length;
    await insert(
      there.db,
      ordinary.slice(0, count).map(({ name }) => name),
    );
    // a riddle that was asked with too few candidates is asked again
    const counts = await settled(there.db);
    expect(counts).toEqual({ llm: count });
    const calls = await there.db.rows<{ state: string; model_version: string; tokens_in: number }>(
      'select state, model_version, tokens_in, tokens_cached from taxon_internal.llm_calls',
    );
    expect(calls).toHaveLength(there.llm.calls.length);
    expect(new Set(calls.map(({ state }) => state))).toEqual(new Set(['ok']));
    for (const call of calls) {
      expect(call.model_version).toMatch(/^\P{Cc}{1,200}$/u);
      expect(call.tokens_in).toBeGreaterThan(0);
    }
  });
});
