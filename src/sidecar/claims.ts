import { randomUUID } from 'node:crypto';
import type { Config } from '../config.ts';
import type { ClaimOf, ClaimsInHand } from '../database/queue.ts';

/**
 * After so many milliseconds a statement that is to come back at once (a claim, a renewal, what settles a call) counts as
 * lost: its lease is over, or a connection is half-open.
 */
export function briefly(config: Pick<Config, 'leaseSeconds'>): number {
  return Math.max(10_000, config.leaseSeconds * 1000);
}

/**
 * What one worker has in hand, in both stages: the claims that are renewed, and those that it owes back as their answer was
 * lost or they could not be brought to an end. What stands in neither becomes free by itself when its lease ends.
 */
export class Claims {
  readonly #held = new Set<string>();
  /** Until when each is named as owed, in milliseconds since the epoch. */
  readonly #owed = new Map<string, number>();
  readonly #owedMs: number;

  /** @param leaseSeconds a claim that was lost is owed for two leases: it may commit when its connection is long gone */
  constructor(leaseSeconds: number) {
    this.#owedMs = 2000 * leaseSeconds;
  }

  /** A new claim, and what the database must know to take it: it counts as held before it is asked for. */
  begin(): ClaimOf {
    const inHand = this.inHand();
    const claim = randomUUID();
    this.#held.add(claim);
    return { claim, ...inHand };
  }

  /** All of it is settled or given back. */
  end(claim: string): void {
    this.#held.delete(claim);
  }

  /** It was lost, or interrupted: the next claim, or the heartbeat, gives it back. */
  owe(claim: string): void {
    this.#held.delete(claim);
    this.#owed.set(claim, Date.now() + this.#owedMs);
  }

  inHand(): ClaimsInHand {
    const now = Date.now();
    for (const [claim, until] of this.#owed) if (until < now) this.#owed.delete(claim);
    return { held: [...this.#held], owed: [...this.#owed.keys()] };
  }
}
