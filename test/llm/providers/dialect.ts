import { buildPrompt } from '../../../src/llm/prompt.ts';
import { openaiProvider } from '../../../src/llm/providers/openai.ts';
import type { Provider, ProviderError } from '../../../src/llm/types.ts';
import { item, shop } from '../shop.ts';
import { reply, type Seen, serve } from './server.ts';

/** For tests of how servers of the OpenAI protocol differ. */
export const prompt = buildPrompt([item('Чайник', 6, 9), item('iPhone', 3)], shop);
export const idle = new AbortController().signal;
export const answer = '{"answers":[{"item":1,"id":6,"confidence":0.9},{"item":2,"id":3,"confidence":0.8}]}';
/** What a model thinks of before. */
export const draft = '{"answers":[{"item":1,"id":9,"confidence":0.2},{"item":2,"id":3,"confidence":0.8}]}';

export type Message = Record<string, unknown>;

export const completion = (message: Message, more: object = {}, usage: object = {}) => ({
  id: 'c',
  object: 'chat.completion',
  model: 'tiny',
  choices: [{ index: 0, message: { role: 'assistant', ...message }, finish_reason: 'stop', ...more }],
  usage: { prompt_tokens: 100, completion_tokens: 40, total_tokens: 140, ...usage },
});

interface Asked {
  provider: Provider;
  /** Everything that was sent so far. */
  bodies(): Record<string, unknown>[];
}

/** A provider at a server that answers as `say` does, by a status and a body; undefined: as asked. */
export async function at(
  say: (seen: Seen, before: number) => readonly [number, unknown] | undefined,
): Promise<Asked> {
  const server = await serve((seen, response, before) => {
    const [status, body] = say(seen, before) ?? [200, completion({ content: answer })];
    reply(response, status, body);
  });
  const access = { key: 'sk-test-0123456789', model: 'tiny', timeoutMs: 5000 };
  const provider = openaiProvider({ ...access, baseUrl: `${server.url}/v1` });
  return { provider, bodies: () => server.seen.map(({ body }) => body) };
}

export const failure = (call: Promise<unknown>): Promise<ProviderError | undefined> =>
  call.then(
    () => undefined,
    (thrown: unknown) => thrown as ProviderError,
  );
