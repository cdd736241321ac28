import { expect, test } from 'vitest';
import { parseAnswers } from '../../src/llm/parse.ts';
import { countTokens } from '../../src/llm/tokens.ts';
import { type Fault, Faults } from '../../src/simulator/faults.ts';
import { chat, clients, message, prompt, schemaOf } from './support.ts';

/** Statuses of so many calls, one after the other; 0 where there was none. */
async function statuses(create: () => Promise<unknown>, calls: number): Promise<number[]> {
  const seen = [];
  for (let i = 0; i < calls; i++)
    seen.push(
      await create().then(
        () => 200,
        (error: { status?: number }) => error.status ?? 0,
      ),
    );
  return seen;
}

test('a storm begins and ends with a call, counted from when it was set', async () => {
  const { openai, simulator } = await clients({ faults: [{ kind: 'rate-limited', from: 2, to: 3 }] });
  const call = () => openai.chat.completions.create(chat);
  expect(await statuses(call, 4)).toEqual([200, 429, 429, 200]);
  simulator.setFaults([
    { kind: 'unavailable', from: 1, to: 1 },
    { kind: 'unauthorised', from: 3 },
  ]);
  expect(await statuses(call, 5)).toEqual([503, 200, 401, 401, 401]);
  expect(simulator.stats().faults).toEqual({ 'rate-limited': 2, unavailable: 1, unauthorised: 3 });
});

test('a storm begins and ends with a time since it was set', async () => {
  const { openai, simulator } = await clients({ faults: [{ kind: 'server-error', toMs: 60_000 }] });
  const call = () => openai.chat.completions.create(chat);
  expect(await statuses(call, 2)).toEqual([500, 500]);
  simulator.setFaults([{ kind: 'server-error', fromMs: 60_000 }]);
  expect(await statuses(call, 1)).toEqual([200]);
  simulator.setFaults([{ kind: 'server-error', toMs: 1 }]);
  await new Promise((resolve) => setTimeout(resolve, 20));
  expect(await statuses(call, 1)).toEqual([200]);
  simulator.setFaults([{ kind: 'server-error', fromMs: 1 }]);
  await new Promise((resolve) => setTimeout(resolve, 20));
  expect(await statuses(call, 1)).toEqual([500]);
});

test.each<[unknown, RegExp]>([
  [[{ kind: 'slow' }, { kind: 'slow', ms: Number.POSITIVE_INFINITY }], /→ at 1\.ms$/],
  [[{ kind: 'slow', share: 1.1 }], /expected <=1, received 1\.1\n {2}→ at 0\.share$/],
  [[{ kind: 'slow', from: 0.5 }], /→ at 0\.from$/],
  [[{ kind: 'slow', often: 1 }], /→ at 0\.often$/],
  [[{ kind: 'sloth' }], /→ at 0\.kind$/],
])('faults that are none are refused, and said where: %j', (faults, says) => {
  expect(() => new Faults(1).set(faults as Fault[])).toThrow(says);
});

test('the same seed hits the same calls, another seed others', () => {
  const hits = (seed: number) => {
    const faults = new Faults(seed);
    faults.set([{ kind: 'hang', share: 0.3 }]);
    return Array.from({ length: 100 }, () => faults.next('call') !== undefined);
  };
  expect(hits(7)).toEqual(hits(7));
  expect(hits(7)).not.toEqual(hits(8));
});

test.each<[Fault['kind'], number, number]>([
  ['rate-limited', 429, 429],
  ['server-error', 500, 500],
  ['unavailable', 503, 503],
  ['overloaded', 503, 529],
  ['unauthorised', 401, 401],
  ['forbidden', 403, 403],
  ['refused', 400, 400],
  ['reset', 0, 0],
  ['cut', 0, 0],
])('%s: status %i of the OpenAI protocol, %i of Anthropic’s', async (kind, ofOpenai, ofAnthropic) => {
  const { openai, anthropic, simulator } = await clients({ faults: [{ kind }] });
  expect(await statuses(() => openai.chat.completions.create(chat), 1)).toEqual([ofOpenai]);
  expect(await statuses(() => anthropic.messages.create(message), 1)).toEqual([ofAnthropic]);
  const worked = ofOpenai === 0;
  await expect
    .poll(() => simulator.stats())
    .toMatchObject({ answered: 0, open: 0, [worked ? 'unanswered' : 'refused']: 2 });
  for (const call of simulator.calls()) expect(call.tokensOut > 0).toBe(worked);
});

/** The text of one call with this fault, by each protocol, and what its reply said of its tokens. */
async function answers(kind: Fault['kind']) {
  const { openai, anthropic, simulator } = await clients({ faults: [{ kind }] });
  const completion = await openai.chat.completions.create({
    ...chat,
    response_format: { type: 'json_object' },
  });
  const schema = schemaOf();
  const answer = await anthropic.messages.create({
    ...message,
    output_config: { format: { type: 'json_schema', schema } },
  });
  const [block] = answer.content;
  return {
    texts: [completion.choices[0]?.message.content ?? '', block?.type === 'text' ? block.text : ''],
    ends: [completion.choices[0]?.finish_reason, answer.stop_reason],
    said: [completion.usage?.prompt_tokens, answer.usage?.input_tokens],
    calls: simulator.calls(),
  };
}

test.each<[Fault['kind'], number, number]>([
  ['rubbish', 0, 0],
  ['broken-json', 0, 0],
  ['wrong-ids', 0, 3],
  ['missing-items', 1, 0],
  ['two-answers', 2, 1],
])('%s: of three names %i have an answer and %i refusals', async (kind, answered, refused) => {
  const { texts, calls } = await answers(kind);
  for (const [i, text] of texts.entries()) {
    const parsed = parseAnswers(text, prompt);
    expect([parsed.answers.size, parsed.refused.length]).toEqual([answered, refused]);
    expect(calls[i]).toMatchObject({ outcome: 'answered', fault: kind, tokensOut: countTokens(text) });
  }
});

test('truncated: half of the answer, and the reply says why', async () => {
  const { texts, ends, calls } = await answers('truncated');
  expect(ends).toEqual(['length', 'max_tokens']);
  for (const [i, text] of texts.entries()) {
    expect(() => JSON.parse(text)).toThrow();
    expect(parseAnswers(text, prompt).answers.size).toBe(1);
    expect(calls[i]?.tokensOut).toBe(countTokens(text));
  }
});

test('wrong-usage: what was counted and what was said are both kept', async () => {
  const { said, calls } = await answers('wrong-usage');
  for (const [i, call] of calls.entries()) {
    expect(call.said?.tokensIn).toBe(said[i]);
    expect(call.said?.tokensIn).toBe(Math.ceil(call.tokensIn * 1.5));
    expect(call.said?.tokensOut).toBe(Math.ceil(call.tokensOut / 2));
  }
});

test('no-usage: the reply holds none', async () => {
  const { said, calls } = await answers('no-usage');
  expect(said).toEqual([undefined, undefined]);
  for (const call of calls) expect(call).toMatchObject({ outcome: 'answered', said: null });
  expect(calls[0]?.tokensIn).toBeGreaterThan(100);
});

test('wrong-body: status 200 and no JSON, so nobody learns what was counted', async () => {
  const { simulator } = await clients({ faults: [{ kind: 'wrong-body' }] });
  const response = await fetch(`${simulator.url}/chat/completions`, {
    method: 'POST',
    body: JSON.stringify(chat),
  });
  expect([response.status, response.headers.get('content-type')]).toEqual([200, 'text/html']);
  expect(await response.text()).toContain('simulated');
  await expect.poll(() => simulator.stats()).toMatchObject({ unanswered: 1, answered: 0 });
});

test.each([
  [[{ kind: 'earthquake' }]],
  [[{ kind: 'hang', from: 0 }]],
  [[{ kind: 'hang', on: 'moon' }]],
  [[{ kind: 'hang', until: 3 }]],
])('%j is no fault, and leaves those in force', async (faults) => {
  const { simulator, openai } = await clients({ faults: [{ kind: 'unavailable' }] });
  const response = await fetch(`${simulator.anthropicUrl}/faults`, {
    method: 'POST',
    body: JSON.stringify(faults),
  });
  expect(response.status).toBe(400);
  expect(await statuses(() => openai.chat.completions.create(chat), 1)).toEqual([503]);
});
