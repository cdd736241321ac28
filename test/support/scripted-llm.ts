import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';

/** What the server was asked, once for each call. */
export interface Call {
  /** System and user message, joined by a line break. */
  text: string;
  model: string;
  /** From 1. */
  number: number;
  /** All that was sent. */
  body: Record<string, unknown>;
}

/** What it answers: the message's text, the whole body of the reply, an error, or nothing as long as the client waits. */
export type Answer = { text: string } | { body: unknown } | { status: number; text: string } | { hang: true };

export interface ScriptedLlm {
  /** Base URL for an OpenAI client. */
  url: string;
  /** Every call so far with what it was charged, oldest first. */
  calls: (Call & { requestId: string; tokensIn: number; tokensOut: number })[];
  /** Another script from the next call on. */
  follow(script: (call: Call) => Answer): void;
  close(): Promise<void>;
}

/**
 * A server of the OpenAI protocol that answers whatever a test makes it say, on any free port of 127.0.0.1, under any
 * model's name. It charges a token for each four characters. (`src/simulator/simulator.ts` is the honest one.)
 */
export async function startScriptedLlm(script: (call: Call) => Answer): Promise<ScriptedLlm> {
  let current = script;
  const calls: ScriptedLlm['calls'] = [];
  const server = createServer(async (request, response) => {
    const parts: Buffer[] = [];
    for await (const part of request as AsyncIterable<Buffer>) parts.push(part);
    const body = JSON.parse(Buffer.concat(parts).toString('utf8')) as Record<string, unknown>;
    const { model, messages } = body as { model: string; messages: { content: string }[] };
    const text = messages.map(({ content }) => content).join('\n');
    const number = calls.length + 1;
    const requestId = `scripted-${number}`;
    const answer = current({ text, model, number, body });
    if ('hang' in answer) {
      calls.push({ text, model, number, body, requestId, tokensIn: 0, tokensOut: 0 });
      return;
    }
    const content = 'text' in answer ? answer.text : '';
    const tokensIn = Math.ceil(text.length / 4);
    const tokensOut = Math.ceil(content.length / 4);
    calls.push({ text, model, number, body, requestId, tokensIn, tokensOut });
    const usage = {
      prompt_tokens: tokensIn,
      completion_tokens: tokensOut,
      total_tokens: tokensIn + tokensOut,
    };
    const message = { role: 'assistant', content };
    const completion = {
      id: requestId,
      object: 'chat.completion',
      created: 0,
      model,
      choices: [{ index: 0, message, finish_reason: 'stop' }],
      usage,
    };
    const status = 'status' in answer ? answer.status : 200;
    const refusal = { error: { message: content, type: 'scripted', code: null } };
    response.writeHead(status, { 'content-type': 'application/json', 'x-request-id': requestId });
    response.end(JSON.stringify('body' in answer ? answer.body : status === 200 ? completion : refusal));
  });
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    server.listen(0, '127.0.0.1', resolve);
  });
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/v1`,
    calls,
    follow(next) {
      current = next;
    },
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}
