import { unclosed, withoutReasoning } from '../reasoning.ts';

/** What a message says, and whether it was seen to think. */
export interface Content {
  text: string;
  thought: boolean;
}

/** A compatible server may send anything in any of these. */
interface Message {
  content?: unknown;
  tool_calls?: unknown;
  /** Where servers put reasoning: vLLM and Ollama of today; DeepSeek, SGLang, llama.cpp, vLLM before. */
  reasoning?: unknown;
  reasoning_content?: unknown;
}

const isText = (value: unknown): value is string => typeof value === 'string';

/** Parts of a list of content: text is text, and everything else (thinking, reasoning, refusal, redacted) is not the answer. */
function textOfParts(parts: readonly unknown[]): string {
  return parts
    .map((part) => {
      if (isText(part)) return part;
      const { type, text } = (part ?? {}) as { type?: unknown; text?: unknown };
      const said = type === undefined || type === 'text' || type === 'output_text';
      return said && isText(text) ? text : '';
    })
    .join('');
}

/** The arguments of the tool that was called, as text; some servers send them parsed. */
function calledWith({ tool_calls: calls }: Message): string | undefined {
  const [call] = Array.isArray(calls) ? calls : [];
  const given = (call as { function?: { arguments?: unknown } } | undefined)?.function?.arguments;
  if (isText(given)) return given;
  return typeof given === 'object' && given !== null ? JSON.stringify(given) : undefined;
}

/** What a message of the OpenAI protocol says, in whatever way: by a tool call, as text, as a list of parts. */
export function contentOf(given: object): Content {
  const message = given as Message;
  const reasoning = [message.reasoning_content, message.reasoning].find(
    (text) => isText(text) && text !== '',
  );
  const { content } = message;
  const plain = isText(content) ? content : Array.isArray(content) ? textOfParts(content) : '';
  const text = calledWith(message) ?? plain;
  const listed =
    Array.isArray(content) && content.some((part) => (part as { type?: unknown })?.type === 'thinking');
  const thought =
    reasoning !== undefined || listed || withoutReasoning(text) !== text || unclosed(text) !== undefined;
  // a grammar holds back reasoning too, and some servers then file the answer as that (SGLang, vLLM, with thinking off)
  if (text.trim() === '' && isText(reasoning) && /^\s*\{[\s\S]*\}\s*$/.test(reasoning))
    return { text: reasoning, thought: false };
  return { text, thought };
}
