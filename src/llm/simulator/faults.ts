import { createHash } from 'node:crypto';
import { z } from 'zod';

/**
 * What can go wrong on request. Refused before any work: rate-limited (429), unavailable (503), unauthorised (401),
 * refused (400). Worked on, then: slow (answers late), hang (never answers), reset (cuts the connection), rubbish (text
 * that is no answer), wrong-ids (ids that were not offered), missing-items (every second item left out).
 */
export const faultKinds = [
  'rate-limited',
  'unavailable',
  'unauthorised',
  'refused',
  'slow',
  'hang',
  'reset',
  'rubbish',
  'wrong-ids',
  'missing-items',
] as const;

export type FaultKind = (typeof faultKinds)[number];

export const faultSchema = z.strictObject({
  kind: z.enum(faultKinds),
  /** Share of the calls that it hits, at random by seed. */
  share: z.number().min(0).max(1).default(1),
  /** How many calls it hits before it is over; without it, it stays. */
  calls: z.int().min(1).optional(),
  /** `slow`: how late, default 2,000; `rate-limited`: retry-after, default 1,000. */
  ms: z.number().min(0).optional(),
});

/** A fault as asked for. */
export type Fault = z.input<typeof faultSchema>;

/** The faults in force. */
export class Faults {
  #active: z.output<typeof faultSchema>[] = [];
  readonly #seed: number;

  constructor(seed: number) {
    this.#seed = seed;
  }

  /** Replaces all faults. @throws ZodError */
  set(faults: readonly Fault[]): void {
    this.#active = z.array(faultSchema).parse(faults);
  }

  /** The fault that hits call number `call`: the first that does. */
  next(call: number): { kind: FaultKind; ms: number | undefined } | undefined {
    for (const fault of this.#active) {
      const digest = createHash('sha256').update(`${this.#seed}\n${call}\n${fault.kind}`).digest();
      if (digest.readUInt32LE(0) / 2 ** 32 >= fault.share) continue;
      if (fault.calls !== undefined && --fault.calls === 0)
        this.#active = this.#active.filter((other) => other !== fault);
      return { kind: fault.kind, ms: fault.ms };
    }
    return undefined;
  }
}
