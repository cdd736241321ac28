import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Engine } from './engine.ts';
import { type Answered, deliver, Refusal } from './http.ts';
import type { Protocol } from './protocol.ts';

/** The endpoints of one provider's batch API. */
export interface BatchApi {
  /** Whether a path is one of its own. */
  has(path: string): boolean;
  /** The answer to a request; `sent` is called when the client has it. @throws Refusal */
  answer(request: IncomingMessage, url: URL): Promise<Answered & { sent?: () => void }>;
}

/** Answers one request to a batch API. A fault on the wire spoils the reply, not what was asked for: that is done. */
export async function answerBatchApi(
  engine: Engine,
  protocol: Protocol,
  api: BatchApi,
  request: IncomingMessage,
  url: URL,
  response: ServerResponse,
): Promise<void> {
  try {
    const fault = engine.faultAt('batch-api', protocol);
    const answered = await api.answer(request, url);
    if (await deliver(response, answered, fault)) answered.sent?.();
  } catch (error) {
    if (!(error instanceof Refusal)) throw error;
    request.resume();
    const body = protocol.failure(error, '');
    await deliver(response, { status: error.status, body, headers: error.headers });
  }
}
