import { answersSomething } from '../parse.ts';
import { simulatedModel } from '../pricing.ts';
import { ProviderError, type Reply } from '../types.ts';
import { toProviderError } from './failure.ts';
import type { Forms, Parts } from './forms.ts';
import { restOf } from './limits.ts';

/** How a provider is reached. The key comes from the environment or a file and goes nowhere but into the request. */
export interface Access {
  /** Undefined for a server of one's own that wants none. */
  key: string | undefined;
  baseUrl: string | undefined;
  model: string;
  timeoutMs: number;
}

/** Whether `taxon llm simulate` answers; it has a second model, with a longer name. */
export const isSimulated = (model: string): boolean => model.startsWith(simulatedModel);

/** A reply with what the HTTP response says of it. */
export function reached(reply: Reply, requestId: string | undefined, headers: Headers): Reply {
  const restMs = restOf(headers);
  return { ...reply, ...(requestId && { requestId }), ...(restMs !== undefined && { restMs }) };
}

/** Files of some ten megabytes go up and down: so many times as long as one call. */
const longer = 10;

/**
 * `send` under a deadline and the caller's signal: for all that is no call of a model.
 *
 * @throws ProviderError
 */
export async function within<Result>(
  access: Access,
  signal: AbortSignal,
  send: (signal: AbortSignal, timeout: number) => Promise<Result>,
): Promise<Result> {
  const timeout = access.timeoutMs * longer;
  const deadline = AbortSignal.timeout(timeout);
  try {
    // the SDKs' own time-out comes later, as above
    return await send(AbortSignal.any([signal, deadline]), timeout + 5000);
  } catch (thrown) {
    if (signal.aborted) throw new ProviderError('timeout', 'the call was cancelled');
    if (deadline.aborted) throw new ProviderError('timeout', `no answer within ${timeout / 1000} s`);
    throw toProviderError(thrown, access.key);
  }
}

/** Where thinking has left no token for an answer; the reply is paid for, and asked for otherwise if that may help. */
function onlyThought<Part extends string>(
  reply: Reply,
  forms: Forms<Part>,
  sent: Parts<Part>,
): ProviderError {
  const told = `it has used up its limit of ${reply.usage.tokensOut} tokens without an answer`;
  return new ProviderError('only_thought', told, { status: 200, spent: reply, again: forms.thought(sent) });
}

/** A reply of a batch, whose request was sent some time ago: told from it at least once that the model thinks. */
export function noteThought<Part extends string>(reply: Reply, forms: Forms<Part>): Reply {
  if (reply.cut && !answersSomething(reply.text)) forms.thought({ step: 0 });
  return reply;
}

/**
 * Makes one call: `send` under a deadline and the caller's signal; a refusal of a part that can be sent otherwise is not the
 * call's end, it is sent again in another way.
 *
 * @throws ProviderError
 */
export async function callOnce<Part extends string>(
  access: Access,
  forms: Forms<Part>,
  signal: AbortSignal,
  send: (signal: AbortSignal, parts: Parts<Part>) => Promise<Reply>,
): Promise<Reply> {
  for (;;) {
    // The SDKs' own time-outs end when the headers are in; a body that never comes would hold the call for ever.
    const deadline = AbortSignal.timeout(access.timeoutMs);
    const parts = forms.current();
    try {
      const reply = await send(AbortSignal.any([signal, deadline]), parts);
      if (reply.cut && !answersSomething(reply.text)) throw onlyThought(reply, forms, parts);
      forms.answered();
      // some answers, and no token left for the others
      if (reply.cut && reply.thought) forms.thought(parts);
      return reply;
    } catch (thrown) {
      if (signal.aborted) throw new ProviderError('timeout', 'the call was cancelled');
      if (deadline.aborted)
        throw new ProviderError('timeout', `no answer within ${access.timeoutMs / 1000} s`);
      const error = toProviderError(thrown, access.key);
      if (!forms.learn(error, parts)) throw error;
    }
  }
}
