import { createHash } from 'node:crypto';
import * as v from 'valibot';
import { fromOne, number, share, unquoted } from '../shapes.ts';

/** Answered with an error status, before any work. `overloaded` is Anthropic's 529; the OpenAI protocol says 503. */
const statusOf = {
  'rate-limited': 429,
  'server-error': 500,
  unavailable: 503,
  overloaded: 529,
  unauthorised: 401,
  forbidden: 403,
  refused: 400,
} as const;

/** Worked on and counted, and then the reply is late, never comes, or is spoiled on its way. */
const ofTheWire = ['slow', 'hang', 'reset', 'cut', 'wrong-body'] as const;

/** Worked on, and the reply arrives, but something in it is wrong. */
const ofTheAnswer = [
  'rubbish',
  'broken-json',
  'wrong-ids',
  'missing-items',
  'two-answers',
  'truncated',
  'wrong-usage',
  'no-usage',
] as const;

type Refused = keyof typeof statusOf;
export type FaultKind = Refused | (typeof ofTheWire)[number] | (typeof ofTheAnswer)[number];

/**
 * What can go wrong on request.
 *
 * Refused: see statusOf. On the wire: slow (answers late), hang (never answers; in a batch: the request expires), reset
 * (cuts the connection instead of an answer), cut (cuts it in the middle of the body), wrong-body (200 and a web page).
 * In the answer: rubbish (prose), broken-json (no valid JSON), wrong-ids (ids that were not offered), missing-items
 * (every second item left out), two-answers (every second item twice, differently), truncated (ends half-way for want of
 * tokens), wrong-usage (the counts in the reply are not its own), no-usage (the reply holds none).
 */
export const faultKinds: readonly FaultKind[] = [
  ...(Object.keys(statusOf) as Refused[]),
  ...ofTheWire,
  ...ofTheAnswer,
];

const milliseconds = v.pipe(number, v.minValue(0));

export const faultSchema = v.strictObject({
  kind: v.picklist(faultKinds),
  /** Share of the calls that it hits, at random by seed. */
  share: v.optional(share, 1),
  /** How many calls it hits before it is over; without it, it stays. */
  calls: v.optional(fromOne),
  /** `slow`: how late, default 2,000; `rate-limited`: retry-after, default 1,000. */
  ms: v.optional(milliseconds),
  /** First and last call, counted from 1 since the faults were set. */
  from: v.optional(fromOne),
  to: v.optional(fromOne),
  /** Begin and end in milliseconds since the faults were set. */
  fromMs: v.optional(milliseconds),
  toMs: v.optional(milliseconds),
  /** `calls`: calls, and each request of a batch; `batch-api`: uploading, creating, asking, fetching, cancelling. */
  on: v.optional(v.picklist(['calls', 'batch-api', 'everything']), 'calls'),
});

/** A fault as asked for. */
export type Fault = v.InferInput<typeof faultSchema>;

/** A fault that hits. */
export interface Hit {
  kind: FaultKind;
  ms: number | undefined;
}

/** Where a fault may hit. Calls and requests of batches share one count, the endpoints of the batch APIs have theirs. */
export type Place = 'call' | 'batch-request' | 'batch-api';

const has = (kinds: readonly string[], kind: string) => kinds.includes(kind);

/** A request of a batch has no wire of its own (but may hang), an endpoint of the batch API no answers of a model. */
function fits(kind: FaultKind, place: Place): boolean {
  if (place === 'batch-request') return kind === 'hang' || !has(ofTheWire, kind);
  return place === 'call' || !has(ofTheAnswer, kind);
}

/** The HTTP status of a fault that refuses; undefined for one that does not. */
export function refusalStatus(kind: FaultKind, protocol: 'openai' | 'anthropic'): number | undefined {
  if (kind === 'overloaded' && protocol === 'openai') return 503;
  return kind in statusOf ? statusOf[kind as Refused] : undefined;
}

/** The faults in force. */
export class Faults {
  #active: v.InferOutput<typeof faultSchema>[] = [];
  readonly #seed: number;
  readonly #passed = { calls: 0, 'batch-api': 0 };
  #callsBefore = { calls: 0, 'batch-api': 0 };
  #setAt = 0;
  /** How often each kind hit, since the start. */
  readonly hits: Partial<Record<FaultKind, number>> = {};

  constructor(seed: number) {
    this.#seed = seed;
  }

  /** Replaces all faults. @throws Error naming what is wrong with them, and where */
  set(faults: readonly Fault[]): void {
    const parsed = v.safeParse(v.array(faultSchema), faults, { message: unquoted });
    if (!parsed.success) throw new Error(v.summarize(parsed.issues));
    this.#active = parsed.output;
    this.#callsBefore = { ...this.#passed };
    this.#setAt = performance.now();
  }

  /** The fault that hits the next request at this place: the first in the list that does. */
  next(place: Place): Hit | undefined {
    const line = place === 'batch-api' ? 'batch-api' : 'calls';
    const call = ++this.#passed[line];
    const since = call - this.#callsBefore[line];
    const ms = performance.now() - this.#setAt;
    for (const fault of this.#active) {
      if (fault.on !== 'everything' && fault.on !== line) continue;
      if (!fits(fault.kind, place)) continue;
      if (since < (fault.from ?? 1) || since > (fault.to ?? Number.POSITIVE_INFINITY)) continue;
      if (ms < (fault.fromMs ?? 0) || ms > (fault.toMs ?? Number.POSITIVE_INFINITY)) continue;
      const digest = createHash('sha256').update(`${this.#seed}\n${call}\n${fault.kind}`).digest();
      if (digest.readUInt32LE(0) / 2 ** 32 >= fault.share) continue;
      if (fault.calls !== undefined && --fault.calls === 0)
        this.#active = this.#active.filter((other) => other !== fault);
      this.hits[fault.kind] = (this.hits[fault.kind] ?? 0) + 1;
      return { kind: fault.kind, ms: fault.ms };
    }
    return undefined;
  }
}
