import { countTokens as count } from 'gpt-tokenizer/encoding/o200k_base';

// Importing this module costs 0.2 s and 78 MB (gpt-tokenizer's table of o200k_base): simulator and reports need
// exact counts, the sidecar does not.

/** Names that spell a control token, like <|endoftext|>, are plain text. */
const plainText = { disallowedSpecial: new Set<string>() };

/** Tokens of a text by o200k_base, the tokenizer of OpenAI's models since GPT-4o. */
export function countTokens(text: string): number {
  return count(text, plainText);
}

/** System prompts repeat from call to call, and the one with the whole tree is long. */
const systems = new Map<string, number>();

/** Tokens of a system prompt, counted once. */
export function countSystem(system: string): number {
  let tokens = systems.get(system);
  if (tokens === undefined) {
    if (systems.size >= 32) systems.clear();
    tokens = countTokens(system);
    systems.set(system, tokens);
  }
  return tokens;
}

/** Tokens of the two messages of a call: OpenAI counts 4 for each one's frame and 3 to open the answer. */
export function countMessages(prompt: { system: string; user: string }): number {
  return countSystem(prompt.system) + countTokens(prompt.user) + 2 * 4 + 3;
}

/**
 * Input tokens of a call: its messages, and the schema of the answer. OpenAI does not say how it counts that one; its text is
 * taken.
 */
export function countPrompt(prompt: { system: string; user: string; jsonSchema: object }): number {
  return countMessages(prompt) + countSystem(JSON.stringify(prompt.jsonSchema));
}
