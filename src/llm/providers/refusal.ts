/**
 * How servers say that prompt and output limit together are longer than their context, or the limit alone than they write.
 * Most of them name `max_tokens` in it, which is not refused for that.
 */
const tooLongWords = [
  /context.{0,3}length/i, // OpenAI, vLLM, SGLang, DeepSeek, Mistral, Fireworks, LM Studio
  /context.{0,3}(?:size|window|limit)/i, // llama.cpp, Anthropic
  /context the overflows/i, // LM Studio
  /max(?:imum)?.{0,3}model.{0,3}len/i, // vLLM
  /prompt is too long|prompt .{0,40}too (?:long|large)/i, // Anthropic, Ollama, Mistral
  /input token count .*exceeds/i, // Gemini
  /range of input length/i, // Qwen
  /(?:exceed|over)\w* .{0,20}token limit|too many tokens/i, // Moonshot, Cohere
  /reduce the (?:length|number of tokens)/i, // Groq
  /tokens.{0,3} \+ .{0,3}max_new_tokens.{0,3} must be/i, // TGI, Together
  /max_(?:\w+_)?tokens\b.{0,60}(?:too large|at most|maximum allowed|less than or equal|valid range|should be \[|> \d)/i,
];

/** Statuses that come with such words: llama.cpp sent 500 for a while. */
const tooLongStatus: readonly unknown[] = [400, 413, 422, 500];

/** Whether a refusal says that the request is longer than the server takes. */
export function saysTooLong(status: number | undefined, text: string): boolean {
  return tooLongStatus.includes(status) && tooLongWords.some((words) => words.test(text));
}

/** How servers refuse a JSON schema, or the grammar that they make of it. */
export const formWords =
  /response.?format|json.?schema|schema|structured.?output|guided|grammar|sampler|strict|additionalProperties|outlines|requested parameters|json_validate_failed|(?:generate|validate) JSON/i;

/** The same of any JSON. */
export const jsonObjectWords =
  /response.?format|json.?object|json.?mode|grammar|sampler|guided|word 'json'|requested parameters|json_validate_failed|(?:generate|validate) JSON/i;

/** Templates without a system message (Gemma): what it says is said by the user then. */
export const systemWords =
  /system.{0,3}(?:role|message|prompt|instruction)|developer instruction|roles? .{0,40}(?:system|alternate)/i;

/** What a server says, without the copy of what it was sent. */
function asText(value: unknown): string {
  return typeof value === 'string'
    ? value
    : JSON.stringify(value, (key, part) => (key === 'input' ? undefined : part));
}

interface Said {
  message: string;
  [key: string]: unknown;
}

/**
 * The error in a refusal's body. OpenAI writes `{"error": {"message": …}}`; others a list of that (Gemini), a word instead of
 * the object (LM Studio), `message` or `detail` at the top (vLLM, Mistral, FastAPI), or what stands behind them said deeper
 * down (OpenRouter).
 */
function saidIn(body: string): Said {
  let value: unknown;
  try {
    value = JSON.parse(body);
  } catch {
    return { message: body };
  }
  const top = (Array.isArray(value) ? value[0] : value) as Record<string, unknown> | null;
  const error = top?.error ?? top;
  if (typeof error !== 'object' || error === null) return { message: asText(error) };
  const { message, detail, metadata } = error as Record<string, unknown>;
  const raw = (metadata as { raw?: unknown } | null | undefined)?.raw;
  const words = [message ?? detail ?? error, ...(raw === undefined ? [] : [raw])].map(asText);
  return { ...error, message: words.join(': ') };
}

/** `fetch` whose refusals have the one form that the OpenAI SDK reads; of any other it says "no body". */
export const sayingFetch: typeof fetch = async (input, init) => {
  const response = await fetch(input, init);
  if (response.status < 400) return response;
  const { status, statusText } = response;
  const headers = new Headers(response.headers);
  for (const name of ['content-encoding', 'content-length', 'transfer-encoding']) headers.delete(name);
  const body = await response.text();
  return new Response(body === '' ? '' : JSON.stringify({ error: saidIn(body) }), {
    status,
    statusText,
    headers,
  });
};
