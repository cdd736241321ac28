import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Engine } from './engine.ts';
import { deliver, jsonOf, Refusal } from './http.ts';
import type { Protocol } from './protocol.ts';

/** Answers one call of a protocol, from its row in the log to the end of its reply. */
export async function answerCall(
  engine: Engine,
  protocol: Protocol,
  delayMs: number,
  request: IncomingMessage,
  response: ServerResponse,
): Promise<void> {
  const call = engine.log.open(protocol.name);
  response.setHeader(protocol.idHeader, call.requestId);
  const clientId = request.headers['x-client-request-id'];
  if (typeof clientId === 'string') call.clientId = clientId;
  try {
    const fault = engine.faultAt('call', protocol, call);
    const body = engine.work(protocol, call, await jsonOf(request), fault);
    const headers = protocol.limitHeaders(engine.limits.left(call.model ?? ''));
    call.outcome = (await deliver(response, { status: 200, body, headers }, fault, delayMs))
      ? 'answered'
      : 'unanswered';
  } catch (error) {
    call.outcome = 'refused';
    if (!(error instanceof Refusal)) throw error;
    request.resume();
    const limits = call.model === null ? {} : protocol.limitHeaders(engine.limits.left(call.model));
    await deliver(response, {
      status: error.status,
      body: protocol.failure(error, call.requestId),
      headers: { ...limits, ...error.headers },
    });
  }
}
