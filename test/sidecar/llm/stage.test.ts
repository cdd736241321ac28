import { expect, test } from 'vitest';
import { loadConfig } from '../../../src/config.ts';
import type { Database } from '../../../src/database/connection/open.ts';
import { ProviderError } from '../../../src/llm/types.ts';
import type { Turn } from '../../../src/sidecar/llm/provider-state.ts';
import { llmStage, noticeOf, takeTurn, turnFor, waitForTurn } from '../../../src/sidecar/llm/stage.ts';
import { silentProvider } from './silent-provider.ts';

/** The stage of one sidecar; choosing a provider asks no database. */
function stageOf(...models: string[]) {
  const config = loadConfig({ llmConcurrency: 2 }, {}, '/nonexistent');
  const db = {} as Database;
  const abandon = new AbortController().signal;
  return llmStage({ db, worker: 'one', config, abandon }, models.map(silentProvider));
}

const model = (turn: Turn | null) => turn?.provider.model;
const refuse = (turn: Turn | null, status: number, kind: 'unauthorised' | 'rate_limited') =>
  turn?.state.failed(new ProviderError(kind, 'no', { status, retryAfterMs: 5000 }), Date.now());

test('the first provider is asked, also when its places are taken: then names wait for it', () => {
  const stage = stageOf('cheap', 'strong');
  expect([model(takeTurn(stage)), model(takeTurn(stage)), takeTurn(stage)]).toEqual(['cheap', 'cheap', null]);
  expect(waitForTurn(stage)).toBe(0);
});

test('a pause that the first asked for is waited for; while it is down the second is asked', () => {
  const stage = stageOf('cheap', 'strong');
  const turn = takeTurn(stage);
  refuse(turn, 429, 'rate_limited');
  expect(takeTurn(stage)).toBeNull();
  expect(waitForTurn(stage)).toBeGreaterThan(1000);
  refuse(turn, 401, 'unauthorised');
  expect(model(takeTurn(stage))).toBe('strong');
  expect(waitForTurn(stage)).toBe(0);
  expect(noticeOf(stage)).toContain('openai cheap refuses');
});

test('with everybody down nobody is asked until the first of their pauses is over', () => {
  const stage = stageOf('cheap', 'strong');
  refuse(takeTurn(stage), 401, 'unauthorised');
  refuse(takeTurn(stage), 401, 'unauthorised');
  expect(takeTurn(stage)).toBeNull();
  expect(waitForTurn(stage)).toSatisfy((ms: number) => ms > 0 && ms <= 2000);
  expect(noticeOf(stage)).toMatch(/openai cheap .*; openai strong /);
});

test('escalated names are for the second, where there is one and it can be asked', () => {
  const alone = stageOf('cheap');
  const only = takeTurn(alone) as Turn;
  expect(turnFor(alone, 'escalate', only)).toBe(only);

  const stage = stageOf('cheap', 'strong');
  const turn = takeTurn(stage) as Turn;
  expect(turnFor(stage, 'answer', turn)).toBe(turn);
  const stronger = turnFor(stage, 'escalate', turn);
  expect(model(stronger)).toBe('strong');
  refuse(stronger, 401, 'unauthorised');
  expect(turnFor(stage, 'escalate', turn)).toBeNull();
});
