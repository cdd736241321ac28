import { describe, expect, test } from 'vitest';
import { parseAnswers } from '../../../src/llm/parse.ts';
import { answer, at, completion, draft, failure, idle, type Message, prompt } from './dialect.ts';

describe('where the answer stands', () => {
  const called = { type: 'function', function: { name: 'answers', arguments: JSON.parse(answer) } };
  test.each<[string, Message]>([
    ['behind <think> in the text', { content: `<think>${draft}</think>${answer}` }],
    [
      'in a list of parts, behind thinking',
      {
        content: [
          { type: 'thinking', thinking: [{ type: 'text', text: draft }] },
          { type: 'text', text: answer },
        ],
      },
    ],
    [
      'in a list of parts, behind reasoning',
      {
        content: [
          { type: 'reasoning', text: draft },
          { type: 'output_text', text: answer },
        ],
      },
    ],
    ['in pieces', { content: [answer.slice(0, 20), { type: 'text', text: answer.slice(20) }] }],
    ['beside reasoning_content', { content: answer, reasoning_content: draft }],
    ['beside reasoning', { content: answer, reasoning: draft }],
    [
      'in reasoning_content, where a grammar held back all else',
      { content: null, reasoning_content: answer },
    ],
    ['in a tool call with its arguments parsed', { content: null, tool_calls: [called] }],
  ])('%s', async (_, message) => {
    const { provider } = await at(() => [200, completion(message)]);
    const { text } = await provider.complete(prompt, idle);
    expect(parseAnswers(text, prompt).answers.get(1)?.categoryId).toBe(6);
  });

  test('not in reasoning alone: that is a draft', async () => {
    const { provider } = await at(() => [200, completion({ content: '', reasoning: `Perhaps ${draft}?` })]);
    expect((await provider.complete(prompt, idle)).text).toBe('');
  });
});

test('a refusal inside a reply with status 200 is one', async () => {
  const { provider } = await at(() => [200, { error: { code: 429, message: 'Rate limit exceeded' } }]);
  expect(await failure(provider.complete(prompt, idle))).toMatchObject({ kind: 'rate_limited', status: 429 });
});
