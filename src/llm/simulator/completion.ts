import { z } from 'zod';
import { simulatedModel } from '../pricing.ts';
import { countSystem, countTokens } from '../tokens.ts';
import type { Usage } from '../types.ts';
import type { FaultKind } from './faults.ts';
import { readPrompt } from './read-prompt.ts';
import type { Teacher } from './teacher.ts';

/** The part of a chat completion request that the simulator reads. */
export const requestSchema = z.object({
  model: z.string(),
  messages: z.array(z.object({ role: z.string(), content: z.string() })).min(1),
});

/** OpenAI caches prefixes of at least 1,024 tokens, in steps of 128. */
const cacheFrom = 1024;
const cacheStep = 128;

export interface Completion {
  body: Record<string, unknown>;
  usage: Usage;
  /** How many names the prompt asked about. */
  names: number;
}

/** Makes completions; remembers the system prompts that it has seen, as a provider's prompt cache would. */
export class Completer {
  readonly #teacher: Teacher;
  readonly #seen = new Set<string>();

  constructor(teacher: Teacher) {
    this.#teacher = teacher;
  }

  #input(messages: z.infer<typeof requestSchema>['messages']): Pick<Usage, 'tokensIn' | 'tokensCached'> {
    let tokensIn = 3;
    let tokensCached = 0;
    for (const { role, content } of messages) {
      const tokens = role === 'system' ? countSystem(content) : countTokens(content);
      tokensIn += tokens + 4;
      if (role !== 'system' || tokens < cacheFrom) continue;
      if (this.#seen.has(content)) tokensCached = tokens - (tokens % cacheStep);
      this.#seen.add(content);
    }
    return { tokensIn, tokensCached };
  }

  #text(prompt: string, fault: FaultKind | undefined): { text: string; names: number } {
    const asked = readPrompt(prompt);
    const { names } = asked;
    if (fault === 'rubbish') return { text: 'I am sorry, I cannot help with that.', names: names.length };
    const unoffered = Math.max(0, ...asked.categories.map((category) => category.id)) + 1;
    const answers = names
      .map((name, i) => {
        const { id, confidence } = this.#teacher.answer(name, asked);
        return { item: i + 1, id: fault === 'wrong-ids' ? unoffered + i : id, confidence };
      })
      .filter((_, i) => fault !== 'missing-items' || i % 2 === 1);
    return { text: JSON.stringify({ answers }), names: names.length };
  }

  /** The reply to one request, whole, with usage counted by tokens.ts. */
  complete(id: string, request: z.infer<typeof requestSchema>, fault: FaultKind | undefined): Completion {
    const { text, names } = this.#text(request.messages.map((message) => message.content).join('\n'), fault);
    const usage = { ...this.#input(request.messages), tokensOut: countTokens(text) };
    return {
      usage,
      names,
      body: {
        id,
        object: 'chat.completion',
        created: Math.floor(Date.now() / 1000),
        model: simulatedModel,
        choices: [
          {
            index: 0,
            message: { role: 'assistant', content: text, refusal: null },
            logprobs: null,
            finish_reason: 'stop',
          },
        ],
        usage: {
          prompt_tokens: usage.tokensIn,
          completion_tokens: usage.tokensOut,
          total_tokens: usage.tokensIn + usage.tokensOut,
          prompt_tokens_details: { cached_tokens: usage.tokensCached },
        },
      },
    };
  }
}
