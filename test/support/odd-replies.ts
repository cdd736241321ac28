import type { Answer } from './scripted-llm.ts';

const usage = (prompt_tokens: unknown, completion_tokens: unknown, more: object = {}) => ({
  usage: { prompt_tokens, completion_tokens, ...more },
});

/** What a reply says beside a valid answer, and should not. */
const beside: object[] = [
  usage('1e9', 'x'),
  usage(1e15, 1e15),
  usage(-5, -5),
  usage(5.5, 5.5),
  usage(null, null),
  usage(5, 5, { prompt_tokens_details: { cached_tokens: 1e12 } }),
  { model: 'a\u0000b\u001b[2J' },
  { model: 7 },
  { model: 'x'.repeat(1e6) },
  { model: '<script>alert(1)</script>' },
  { id: { a: 1 } },
];

/** Valid answers in replies of that kind. */
export function oddReplies(content: string): Answer[] {
  return beside.map((odd) => ({
    body: {
      id: 'x',
      model: 'm',
      object: 'chat.completion',
      choices: [{ index: 0, message: { role: 'assistant', content } }],
      ...usage(5, 5),
      ...odd,
    },
  }));
}

/** Replies that are no answer at all. */
export const noReplies: Answer[] = [
  { body: null },
  { body: [] },
  { body: 'plain text' },
  { body: { choices: [] } },
  { body: { choices: [{ message: null }] } },
  {
    body: {
      choices: [
        { message: { content: null, tool_calls: [{ function: { name: 'drop', arguments: '{}' } }] } },
      ],
    },
  },
  { body: { choices: [{ message: { content: { text: '{}' } } }] } },
  { body: { choices: 'x' } },
  { status: 503, text: 'no\u0000 \u001b[2J<script>alert(1)</script>' },
];
