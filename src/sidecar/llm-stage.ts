import type { Config } from '../config.ts';
import type { Database } from '../database/open.ts';
import type { Provider, Taxonomy } from '../llm/types.ts';

/** What the LLM stage works with; one for all its concurrent loops. */
export interface LlmStage {
  db: Database;
  worker: string;
  provider: Provider;
  config: Config;
  /** Aborted when the shutdown's time is up: calls in flight are given up as `unknown`. */
  abandon: AbortSignal;
  /** No call is sent before this moment (ms since the epoch): the provider asked for a pause. */
  pausedUntil: number;
  /** Calls in a row that failed for the provider's sake. */
  failures: number;
  /** What health() should say about the provider. */
  notice: string | null;
  taxonomy: { version: string; value: Taxonomy } | null;
}

export function llmStage(
  facts: Pick<LlmStage, 'db' | 'worker' | 'provider' | 'config' | 'abandon'>,
): LlmStage {
  return { ...facts, pausedUntil: 0, failures: 0, notice: null, taxonomy: null };
}
