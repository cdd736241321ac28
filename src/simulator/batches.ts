import type { SimulatedCall } from './call-log.ts';
import type { Engine } from './engine.ts';
import { Refusal } from './http.ts';
import type { Protocol } from './protocol.ts';

/** One request of a batch. */
export interface Task {
  customId: string;
  /** What a call by itself would have as its body. */
  body: unknown;
}

/** How one request ended. */
export type Outcome =
  | { kind: 'succeeded'; customId: string; call: SimulatedCall; reply: object }
  | { kind: 'errored'; customId: string; call: SimulatedCall; refusal: Refusal }
  | { kind: 'expired' | 'canceled'; customId: string };

/** How far a batch is. `ended` comes for one of three reasons: see `end`. */
export type Phase = 'validating' | 'in_progress' | 'finalizing' | 'canceling' | 'ended';

/** Parts of a batch's time before and after the work, and the time that a cancellation takes. */
const validating = 0.05;
const finalizing = 0.95;
const canceling = 0.1;

/**
 * One batch. It is worked on whenever somebody looks: as much of it as its time allows by then. A request that is once
 * worked on is paid for and has a result, also when the batch is cancelled afterwards.
 */
export class Job {
  readonly id: string;
  readonly createdAt = new Date();
  cancelledAt: Date | null = null;
  endedAt: Date | null = null;
  readonly tasks: readonly Task[];
  readonly outcomes: Outcome[] = [];
  readonly #started = performance.now();
  readonly #work: (task: Task) => Outcome;
  #progress = 0;
  #cancelledAtProgress = Number.POSITIVE_INFINITY;

  constructor(id: string, tasks: readonly Task[], work: (task: Task) => Outcome) {
    this.id = id;
    this.tasks = tasks;
    this.#work = work;
  }

  /** Works on it up to now: `takesMs` is its whole time, `pinned` the share that is over whatever the time. */
  advance(takesMs: number, pinned: number | undefined): void {
    const byTime = takesMs === 0 ? 1 : (performance.now() - this.#started) / takesMs;
    this.#progress = Math.max(this.#progress, Math.min(1, pinned ?? byTime));
    const worked = Math.min(this.#progress, this.#cancelledAtProgress);
    const share = (worked - validating) / (finalizing - validating);
    const due = Math.floor(this.tasks.length * Math.max(0, Math.min(1, share)));
    for (const task of this.tasks.slice(this.outcomes.length, due)) this.outcomes.push(this.#work(task));
    if (this.phase !== 'ended' || this.endedAt) return;
    this.endedAt = new Date();
    for (const { customId } of this.tasks.slice(this.outcomes.length))
      this.outcomes.push({ kind: 'canceled', customId });
  }

  /** Stops the work; what was done stays. @throws Refusal (409) when it has ended */
  cancel(): void {
    if (this.phase === 'ended') throw new Refusal(409, `the batch ${this.id} has ended`);
    if (this.cancelledAt) return;
    this.cancelledAt = new Date();
    this.#cancelledAtProgress = this.#progress;
  }

  get phase(): Phase {
    if (this.#progress >= Math.min(1, this.#cancelledAtProgress + canceling)) return 'ended';
    if (this.cancelledAt) return 'canceling';
    if (this.#progress < validating) return 'validating';
    return this.#progress < finalizing ? 'in_progress' : 'finalizing';
  }

  /** Why it ended: one request that expired makes the batch one that did. */
  get end(): 'completed' | 'expired' | 'cancelled' {
    if (this.cancelledAt) return 'cancelled';
    return this.outcomes.some((outcome) => outcome.kind === 'expired') ? 'expired' : 'completed';
  }

  count(kind: Outcome['kind']): number {
    return this.outcomes.filter((outcome) => outcome.kind === kind).length;
  }
}

/** The client has the results: the calls behind them are answered. */
export function markFetched(outcomes: readonly Outcome[]): void {
  for (const outcome of outcomes) if (outcome.kind === 'succeeded') outcome.call.outcome = 'answered';
}

/** All batches of one protocol. */
export class Batches {
  readonly jobs = new Map<string, Job>();
  /** How long a batch takes. */
  readonly #takesMs: number;
  readonly #engine: Engine;
  readonly #protocol: Protocol;
  #pinned: number | undefined;

  constructor(engine: Engine, protocol: Protocol, takesMs: number) {
    this.#engine = engine;
    this.#protocol = protocol;
    this.#takesMs = takesMs;
  }

  create(idPrefix: string, tasks: readonly Task[]): Job {
    const id = `${idPrefix}simulated_${this.jobs.size + 1}`;
    const job = new Job(id, tasks, (task) => this.#work(id, task));
    this.jobs.set(id, job);
    return job;
  }

  /** Holds every batch at this share of its time, or lets time go on. No batch ever goes back. */
  pin(share: number | undefined): void {
    this.#pinned = share;
  }

  /** Works on all batches up to now. */
  advance(): void {
    for (const job of this.jobs.values()) if (!job.endedAt) job.advance(this.#takesMs, this.#pinned);
  }

  /** @throws Refusal (404) */
  find(id: string): Job {
    const job = this.jobs.get(id);
    if (job === undefined) throw new Refusal(404, `there is no batch ${id}`);
    this.advance();
    return job;
  }

  /** Newest first. */
  list(): Job[] {
    this.advance();
    return [...this.jobs.values()].reverse();
  }

  #work(batch: string, { customId, body }: Task): Outcome {
    const call = this.#engine.log.open(this.#protocol.name, { batch, customId });
    try {
      const fault = this.#engine.faultAt('batch-request', this.#protocol, call);
      if (fault?.kind === 'hang') {
        call.outcome = 'refused';
        return { kind: 'expired', customId };
      }
      return {
        kind: 'succeeded',
        customId,
        call,
        reply: this.#engine.work(this.#protocol, call, body, fault),
      };
    } catch (error) {
      if (!(error instanceof Refusal)) throw error;
      call.outcome = 'refused';
      return { kind: 'errored', customId, call, refusal: error };
    }
  }
}

/** One page of a list, as `limit` and `after` ask for it. */
export function page<T extends { id: string }>(
  all: readonly T[],
  query: URLSearchParams,
  after: string,
): { data: T[]; has_more: boolean } {
  const limit = Math.min(1000, Math.max(1, Number(query.get('limit') ?? 20) || 20));
  const from = all.findIndex((one) => one.id === query.get(after)) + 1;
  return { data: all.slice(from, from + limit), has_more: from + limit < all.length };
}
