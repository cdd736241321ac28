import { afterEach, describe, expect, it } from 'vitest';
import type { Database } from '../../src/database/connection/open.ts';
import { normalise } from '../../src/normalise.ts';
import { gullible } from '../support/gullible.ts';
import { until } from '../support/processes.ts';
import { insert, look, settled, tally } from '../support/rows.ts';
import { type Answer, type Call, type ScriptedLlm, startScriptedLlm } from '../support/scripted-llm.ts';
import { lettersShop } from '../support/shop.ts';
import { newNames } from '../support/shop-names.ts';
import { startSidecarHere } from '../support/sidecar.ts';

/** Servers that do not answer as OpenAI does, and a real sidecar that has to get its answers out of them. */
const ordinary = newNames(60, 40_000);
const names = ordinary.map(({ name }) => name);
const truth = new Map(ordinary.map(({ name, path }) => [normalise(name), path.join(' > ')]));
const believing = gullible(truth);
const honest = ({ text }: Call): Answer => ({ text: believing(text) });

const open: (() => Promise<unknown>)[] = [];
afterEach(async () => {
  for (const close of open.splice(0).reverse()) await close();
});

/** A shop of its own, where every name goes to this server. */
async function world(
  script: (call: Call) => Answer,
  environment: Record<string, string> = {},
): Promise<{ db: Database; llm: ScriptedLlm }> {
  const database = await lettersShop();
  open.push(() => database.drop());
  const db = look(database.url);
  open.push(() => db.close());
  await db.rows(`select taxon.set_setting('local_layer', '"shadow"')`);
  const llm = await startScriptedLlm(script);
  open.push(() => llm.close());
  const sidecar = await startSidecarHere(await database.urlFor('taxon_sidecar'), {
    TAXON_LLM_BASE_URL: llm.url,
    TAXON_LLM_MODEL: 'qwen3:8b',
    // what it has learnt it says with its heartbeat, every third of that
    TAXON_LEASE_SECONDS: '3',
    ...environment,
  });
  open.push(() => sidecar.stop());
  return { db, llm };
}

/** As Ollama answers when the model thinks until the limit. */
const thinking = ({ body, number }: Call): Answer => {
  const limit = Number(body.max_completion_tokens ?? body.max_tokens);
  const message = { role: 'assistant', content: '', reasoning: 'Okay, let me look at the first name' };
  return {
    body: {
      ...{ id: `thought-${number}`, object: 'chat.completion', created: 0, model: 'qwen3:8b' },
      choices: [{ index: 0, message, finish_reason: 'length' }],
      usage: { prompt_tokens: 700, completion_tokens: limit, total_tokens: 700 + limit },
    },
  };
};

const sum = (db: Database) =>
  db.row<{ calls: number; states: string[]; tokens_out: number }>(
    `select count(*)::integer as calls, array_agg(distinct state) as states, sum(tokens_out)::integer as tokens_out from taxon_internal.llm_calls`,
  );
const attempts = (db: Database) =>
  db.rows(
    `select attempts from taxon_internal.queue where stage = 'llm' and attempts > 0 and worker is null`,
  );
const provider = (db: Database) =>
  db.row<{ status: string; value: string }>(
    `select status, value from taxon.health() where item = 'llm' limit 1`,
  );

describe('a model that thinks through its limit', () => {
  it('is told not to in the server’s own words, and every name is answered', async () => {
    const { db, llm } = await world((call) =>
      call.body.reasoning_effort === 'none' ? honest(call) : thinking(call),
    );
    await insert(db, names.slice(0, 12));
    expect(await settled(db)).toEqual({ llm: 12 });
    // one call was lost to it, more only where several were on their way
    expect(llm.calls.filter(({ body }) => body.reasoning_effort === undefined).length).toBeLessThanOrEqual(4);
    // what was thought is in the ledger: it was paid for
    const { states, tokens_out } = await sum(db);
    expect(states).toEqual(['ok']);
    expect(tokens_out).toBeGreaterThan(500);
    expect(await db.rows('select from taxon_internal.dead_letters')).toEqual([]);
    const { value } = await until(
      () => provider(db),
      (row) => row.value.includes('thinking'),
    );
    expect(value).toMatch(/^openai qwen3:8b \(thinking off where it can be, room for 4000 tokens\)$/);
  });

  it('and cannot be stopped pauses the provider, with a sentence; no name is charged with it', async () => {
    const { db, llm } = await world(thinking, { TAXON_LLM_CONCURRENCY: '1' });
    await insert(db, names.slice(0, 12));
    const [line] = await until(
      () =>
        db.rows<{ detail: string }>(
          `select detail from taxon.health() where detail like '%thinks until its limit%'`,
        ),
      (rows) => rows.length > 0,
    );
    expect(line?.detail).toMatch(/openai qwen3:8b thinks .*switch thinking off in the server.*none fails/);
    // as it is, with 4,000 and with 16,000 tokens of room
    const rooms = llm.calls.map(({ body }) => Number(body.max_completion_tokens));
    expect(rooms).toHaveLength(3);
    expect([rooms[1], rooms[2]]).toEqual([Number(rooms[0]) + 4000, Number(rooms[0]) + 16_000]);
    expect(await tally(db)).toEqual({ pending: 12 });
    expect(await attempts(db)).toEqual([]);
    expect(await db.rows('select from taxon_internal.dead_letters')).toEqual([]);
    const { tokens_out } = await sum(db);
    expect(tokens_out).toBe(rooms.reduce((all, limit) => all + limit, 0));
  });

  it('and answers some first: the others are asked again, uncharged', async () => {
    const cut = ({ text, number, model }: Call): Answer => {
      const { answers } = JSON.parse(believing(text)) as { answers: unknown[] };
      const content = JSON.stringify({ answers: answers.slice(0, 5) }).slice(0, -2);
      return {
        body: {
          ...{ id: `cut-${number}`, object: 'chat.completion', created: 0, model },
          choices: [{ index: 0, message: { role: 'assistant', content }, finish_reason: 'length' }],
          usage: { prompt_tokens: 700, completion_tokens: 100, total_tokens: 800 },
        },
      };
    };
    const { db, llm } = await world(cut, { TAXON_LLM_CONCURRENCY: '1' });
    await db.rows(`select taxon.set_setting('max_attempts', '2')`);
    await insert(db, names.slice(0, 20));
    expect(await settled(db)).toEqual({ llm: 20 });
    expect(llm.calls.length).toBeGreaterThanOrEqual(4);
  });
});

describe('a server that cannot do the schema', () => {
  const asFormat = ({ body }: Call) => (body.response_format as { type?: string } | undefined)?.type;
  it.each<[string, (call: Call) => Answer | undefined, string]>([
    [
      'in the words of llama.cpp',
      (call) =>
        asFormat(call) === undefined
          ? undefined
          : { status: 400, text: 'Failed to initialize samplers: failed to parse grammar' },
      'response_format tool',
    ],
    [
      'and has no words for it',
      (call) => (asFormat(call) === 'json_schema' ? { status: 400, text: 'Bad Request' } : undefined),
      'response_format json_object',
    ],
    [
      'nor tools, temperature or a system message',
      ({ body, text }) =>
        body.response_format || body.tools
          ? { status: 422, text: 'response_format and tools: Extra inputs are not permitted' }
          : body.temperature !== undefined
            ? { status: 400, text: 'temperature is not supported' }
            : text.startsWith('You sort') && (body.messages as unknown[]).length > 1
              ? { status: 400, text: 'System role not supported' }
              : undefined,
      'response_format left out, temperature left out, system left out',
    ],
  ])('%s: gets what it can do, and nobody waits', async (_, refusal, learnt) => {
    const { db } = await world((call) => refusal(call) ?? honest(call));
    await insert(db, names);
    expect(await settled(db)).toEqual({ llm: 60 });
    expect(await db.rows('select from taxon_internal.dead_letters')).toEqual([]);
    expect(
      (
        await until(
          () => provider(db),
          // the row is written between batches, so it may first tell half of what was learnt
          (row) => row.value.includes(learnt),
        )
      ).value,
    ).toBe(`openai qwen3:8b (${learnt})`);
    expect(await db.rows(`select from taxon.health() where detail like '%none fails%'`)).toEqual([]);
  });
});

describe('a server with a short context', () => {
  it('gets smaller batches, under the same limit', async () => {
    const asked = ({ text }: Call) => text.match(/^\d+ "/gm)?.length ?? 0;
    const { db, llm } = await world((call) =>
      asked(call) > 6
        ? {
            status: 400,
            text: "'max_tokens' or 'max_completion_tokens' is too large: 900. This model's maximum context length is 2048 tokens and your request has 1500 input tokens",
          }
        : honest(call),
    );
    await insert(db, names.slice(0, 40));
    expect(await settled(db)).toEqual({ llm: 40 });
    expect(await db.rows('select from taxon_internal.dead_letters')).toEqual([]);
    for (const call of llm.calls) expect(call.body.max_completion_tokens).toBe(100 + 40 * asked(call));
    expect((await provider(db)).value).toBe('openai qwen3:8b');
  });
});
