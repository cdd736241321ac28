import { decode } from 'gpt-tokenizer/encoding/o200k_base';
import { simulatedModel } from '../llm/pricing.ts';
import { countTokens } from '../llm/tokens.ts';
import { answerText } from './answers.ts';
import { CallLog, type Counted, type SimulatedCall } from './call-log.ts';
import { type FaultKind, Faults, type Hit, type Place, refusalStatus } from './faults.ts';
import { Refusal } from './http.ts';
import { defaultErrorRates, type ErrorRates, strongModel } from './models.ts';
import { headOf, PromptCache } from './prompt-cache.ts';
import type { ModelRequest, Protocol } from './protocol.ts';
import { type Limits, RateLimits } from './rate-limits.ts';
import { readPrompt } from './read-prompt.ts';
import { Teacher, type TeacherOptions } from './teacher.ts';

export interface EngineOptions extends Limits {
  truth: TeacherOptions['truth'];
  errorRates: ErrorRates | undefined;
  strongErrorRates: ErrorRates | undefined;
  unsteady: number | undefined;
  seed: number;
}

/** What the reply says of its tokens where it does not tell the truth: half as many again in, half as many out. */
function wrong(usage: Counted): Counted {
  const tokensOut = Math.ceil(usage.tokensOut / 2);
  return { ...usage, tokensIn: Math.ceil(usage.tokensIn * 1.5), tokensOut };
}

function saidOf(usage: Counted, fault: FaultKind | undefined): Counted | undefined {
  if (fault === 'no-usage') return undefined;
  return fault === 'wrong-usage' ? wrong(usage) : usage;
}

/** The models behind all endpoints, with what they share: the log of calls, the faults in force, the limits. */
export class Engine {
  readonly log = new CallLog();
  readonly faults: Faults;
  readonly limits: RateLimits;
  readonly #models: ReadonlyMap<string, { teacher: Teacher; cache: PromptCache }>;

  constructor(options: EngineOptions) {
    const { truth, seed, unsteady = 0 } = options;
    this.faults = new Faults(seed);
    this.limits = new RateLimits(options);
    const model = (errorRates: ErrorRates) => ({
      teacher: new Teacher({ truth, seed, unsteady, errorRates }),
      cache: new PromptCache(),
    });
    this.#models = new Map([
      [simulatedModel, model(options.errorRates ?? defaultErrorRates[simulatedModel])],
      [strongModel, model(options.strongErrorRates ?? defaultErrorRates[strongModel])],
    ]);
  }

  get models(): string[] {
    return [...this.#models.keys()];
  }

  /** The fault that hits the next request here. @throws Refusal when it is one that refuses */
  faultAt(place: Place, protocol: Protocol, call?: SimulatedCall): Hit | undefined {
    const fault = this.faults.next(place);
    if (fault === undefined) return undefined;
    if (call) call.fault = fault.kind;
    const status = refusalStatus(fault.kind, protocol.name);
    if (status === undefined) return fault;
    throw new Refusal(status, fault.kind, fault.kind === 'rate-limited' ? (fault.ms ?? 1000) : undefined);
  }

  /** Does the work of one request and counts it into `call`; the reply's body. @throws Refusal */
  work(protocol: Protocol, call: SimulatedCall, body: unknown, fault: Hit | undefined): object {
    const request = protocol.read(body);
    const model = this.#models.get(request.model);
    if (model === undefined)
      throw new Refusal(404, `there is no model ${request.model}, only ${this.models.join(' and ')}`);
    call.model = request.model;
    const batched = call.batch !== undefined;
    const input = protocol.count(model.cache, request.parts);
    if (!batched) {
      const waitMs = this.limits.admit(request.model, input.tokensIn);
      if (waitMs > 0) throw new Refusal(429, `rate limit of ${request.model} reached`, waitMs);
    }
    const { text, truncated } = this.#answer(model.teacher, request, call, fault?.kind);
    const usage = { ...input, tokensOut: countTokens(text) };
    if (!batched) this.limits.charge(request.model, usage.tokensOut);
    const said = saidOf(usage, fault?.kind);
    Object.assign(call, usage, { said: said ?? null });
    return protocol.reply(call.requestId, request, { text, truncated, usage: said, batched });
  }

  #answer(
    teacher: Teacher,
    { text: prompt, form, as, most }: ModelRequest,
    call: SimulatedCall,
    fault: FaultKind | undefined,
  ): { text: string; truncated: boolean } {
    const asked = readPrompt(prompt);
    call.names = asked.names.length;
    const text = answerText(teacher, asked, form, as, fault, this.log.calls.lastIndexOf(call));
    const room = fault === 'truncated' ? Math.floor(countTokens(text) / 2) : most;
    const head = headOf(text, room);
    return head === null ? { text, truncated: false } : { text: decode(head), truncated: true };
  }
}
