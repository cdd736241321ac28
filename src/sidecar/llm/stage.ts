import type { Config } from '../../config.ts';
import type { Database } from '../../database/connection/open.ts';
import type { LlmItem } from '../../database/ledger.ts';
import type { Provider, Taxonomy } from '../../llm/types.ts';
import { Claims } from '../claims.ts';
import { unwatched, type Watch } from '../watch.ts';
import { ProviderState, type Turn } from './provider-state.ts';

/** What the LLM stage works with; one for all its concurrent loops. */
export interface LlmStage {
  db: Database;
  worker: string;
  config: Config;
  /** What the worker has in hand, of the local stage too. */
  claims: Claims;
  /** The claim under way: one at a time, so that each knows what the one before took. */
  claiming: Promise<unknown>;
  /** Who is asked, the first choice first; never empty. */
  providers: readonly ProviderState[];
  /** Aborted when the shutdown's time is up: calls in flight are given up as `unknown`. */
  abandon: AbortSignal;
  taxonomy: { version: string; value: Taxonomy } | null;
  watch: Watch;
  /** What each model version says of its certainty, as a confidence, for a while. */
  calibrations: Map<string, { until: number; confidence(said: number): number }>;
}

export function llmStage(
  facts: Pick<LlmStage, 'db' | 'worker' | 'config' | 'abandon'> & Partial<Pick<LlmStage, 'claims' | 'watch'>>,
  providers: readonly Provider[],
): LlmStage {
  const states = providers.map(
    (provider) => new ProviderState(provider, facts.config.llmConcurrency, facts.config.llmPauseMs),
  );
  const claims = facts.claims ?? new Claims(facts.config.leaseSeconds);
  return {
    watch: unwatched,
    ...facts,
    claims,
    claiming: Promise.resolve(),
    providers: states,
    taxonomy: null,
    calibrations: new Map(),
  };
}

/**
 * A place at the first provider of the list that is not down. One that only asked for a pause, or has its hands full, is
 * waited for: the next of the list may cost ten times as much.
 */
export function takeTurn(stage: LlmStage): Turn | null {
  for (const state of stage.providers) {
    const turn = state.take();
    if (turn !== null || !state.down) return turn;
  }
  return null;
}

/**
 * The place for a batch: escalated names (the first choice said "none of these", or was not sure) are for the next of the
 * list, where there is one; null while it cannot be asked.
 *
 * @param turn the place that the batch was claimed with
 */
export function turnFor(stage: LlmStage, purpose: LlmItem['purpose'] | undefined, turn: Turn): Turn | null {
  const next = stage.providers[1];
  return purpose !== 'escalate' || next === undefined || turn.state === next ? turn : next.take();
}

/** Milliseconds until some provider may be called; 0 where one may, places apart. */
export function waitForTurn(stage: LlmStage): number {
  let shortest = Number.POSITIVE_INFINITY;
  for (const state of stage.providers) {
    shortest = Math.min(shortest, state.wait());
    if (!state.down) break;
  }
  return shortest;
}

/** What health() should say about the providers. */
export function noticeOf(stage: LlmStage): string | null {
  return stage.providers.flatMap(({ notice }) => notice ?? []).join('; ') || null;
}
