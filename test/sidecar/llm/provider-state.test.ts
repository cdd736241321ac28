import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { type FailureKind, ProviderError } from '../../../src/llm/types.ts';
import { ProviderState, type Turn } from '../../../src/sidecar/llm/provider-state.ts';
import { silentProvider } from './silent-provider.ts';

let state: ProviderState;

beforeEach(() => {
  vi.useFakeTimers({ toFake: ['Date'], now: 1_000_000 });
  state = new ProviderState(silentProvider('tiny'), 8, 500);
});
afterEach(() => {
  vi.useRealTimers();
});

const pass = (ms: number) => vi.setSystemTime(Date.now() + Math.ceil(ms));
/** Fails now a call that was sent `ago` milliseconds ago. */
function fail(kind: FailureKind, facts: { status?: number; retryAfterMs?: number } = {}, ago = 0) {
  return state.failed(new ProviderError(kind, `it said ${kind}`, facts), Date.now() - ago);
}
/** All places that can be taken now. */
function takeAll(): Turn[] {
  const turns: Turn[] = [];
  for (let turn = state.take(); turn !== null; turn = state.take()) turns.push(turn);
  return turns;
}
/** How many calls it may have now. */
function places(): number {
  const turns = takeAll();
  for (const turn of turns) turn.end();
  return turns.length;
}

describe('the breaker', () => {
  test('is closed at first, and a place given back twice is one place', () => {
    const turns = takeAll();
    expect(turns).toHaveLength(8);
    turns[0]?.end();
    turns[0]?.end();
    expect(takeAll()).toHaveLength(1);
  });

  test('opens at the fifth failure in a row; then one call at a time; the first answer closes it', () => {
    for (let failures = 1; failures <= 4; failures++) {
      fail('unavailable');
      expect(state.down).toBe(false);
      expect(state.take()).toBeNull();
      pass(state.wait());
      expect(places()).toBe(8);
    }
    fail('timeout');
    expect(state.down).toBe(true);
    expect(state.take()).toBeNull();
    pass(state.wait());
    const trial = takeAll();
    expect(trial).toHaveLength(1);
    fail('unavailable');
    trial[0]?.end();
    expect(places()).toBe(0);
    pass(state.wait());
    expect(takeAll()).toHaveLength(1);
    state.answered({});
    expect(state.down).toBe(false);
    expect(state.notice).toBeNull();
    expect(takeAll()).toHaveLength(7);
  });

  test('waits twice as long each time, with jitter, and never longer than 30 s', () => {
    const waits = Array.from({ length: 12 }, () => {
      fail('unavailable');
      const wait = state.wait();
      pass(wait);
      return wait;
    });
    waits.forEach((wait, i) => {
      const full = Math.min(30_000, 500 * 2 ** i);
      expect(wait).toBeGreaterThanOrEqual(full / 2);
      expect(wait).toBeLessThanOrEqual(full);
    });
  });

  test('a refused key opens it at once, says so, and is looked at again', () => {
    fail('unauthorised', { status: 401 });
    expect(state.down).toBe(true);
    expect(state.notice).toMatch(/^openai tiny refuses its key.*it said unauthorised.*none fails$/);
    expect(state.wait()).toBeLessThanOrEqual(2000);
    pass(state.wait());
    expect(places()).toBe(1);
    state.answered({});
    expect(places()).toBe(8);
  });

  test('refusals are the names’ own, until nothing else has come for twenty in a row', () => {
    const kinds = Array.from({ length: 20 }, () => fail('refused_request', { status: 400 }));
    expect(new Set(kinds.slice(0, 19))).toEqual(new Set(['refused_request']));
    expect(kinds[19]).toBe('unauthorised');
    expect(state.down).toBe(true);
    pass(state.wait());
    state.answered({});
    expect(fail('refused_request', { status: 400 })).toBe('refused_request');
    expect(state.take()).not.toBeNull();
  });
});

describe('thinking and length', () => {
  test('a call that will be asked otherwise is no failure; one that thinks whatever it is told pauses', () => {
    const thought = (again: boolean) =>
      state.failed(
        new ProviderError('only_thought', 'it has used up 900 tokens', { status: 200, again }),
        Date.now(),
      );
    expect(thought(true)).toBe('only_thought');
    expect([state.down, state.wait(), state.notice]).toEqual([false, 0, null]);
    thought(false);
    expect(state.down).toBe(true);
    expect(state.notice).toMatch(/^openai tiny thinks until its limit.*switch thinking off.*none fails$/);
    const first = state.wait();
    expect(first).toBeGreaterThanOrEqual(60_000);
    for (let more = 0; more < 5; more++) {
      pass(state.wait());
      expect(places()).toBe(1);
      thought(false);
      expect(state.wait()).toBeLessThanOrEqual(600_000);
    }
    pass(state.wait());
    state.answered({});
    expect([state.down, state.notice, places()]).toEqual([false, null, 8]);
  });

  test('requests that are too long are halved; when not one fits, it is the server', () => {
    const kinds = Array.from({ length: 40 }, () => fail('too_long', { status: 400 }));
    expect(new Set(kinds.slice(0, 39))).toEqual(new Set(['too_long']));
    expect(kinds[39]).toBe('unauthorised');
    expect(state.notice).toMatch(/every request: it said too_long/);
  });
});

describe('calls at once', () => {
  test('429 halves them, once for all calls that were in flight together, and never opens the breaker', () => {
    pass(60_000);
    for (let call = 0; call < 8; call++) fail('rate_limited', { status: 429, retryAfterMs: 1000 }, 500);
    expect(state.down).toBe(false);
    pass(1000);
    expect(places()).toBe(4);
    pass(1);
    fail('rate_limited', { status: 429, retryAfterMs: 1000 });
    fail('unavailable', { status: 529 });
    pass(state.wait() + 1);
    expect(places()).toBe(2);
    for (let storm = 0; storm < 9; storm++) {
      fail('rate_limited', { status: 429, retryAfterMs: 10 });
      pass(11);
    }
    expect(places()).toBe(1);
  });

  test('a round of answers gives one more, never above the most', () => {
    fail('rate_limited', { status: 429, retryAfterMs: 0 });
    expect(places()).toBe(4);
    for (let answers = 0; answers < 4; answers++) state.answered({});
    expect(places()).toBe(5);
    for (let answers = 0; answers < 100; answers++) state.answered({});
    expect(places()).toBe(8);
  });

  test('retry-after is waited for, ten minutes at most; without one it backs off', () => {
    fail('rate_limited', { status: 429, retryAfterMs: 7000 });
    expect(state.wait()).toBe(7000);
    fail('rate_limited', { status: 429, retryAfterMs: 1000 });
    expect(state.wait()).toBe(7000);
    fail('rate_limited', { status: 429, retryAfterMs: 86_400_000 });
    expect(state.wait()).toBe(600_000);
    pass(600_000);
    fail('rate_limited', { status: 429 });
    expect(state.wait()).toSatisfy((ms: number) => ms >= 250 && ms <= 500);
  });

  test('an answer that says that the limit is used up lets it rest', () => {
    state.answered({ restMs: 3000 });
    expect(state.take()).toBeNull();
    expect(state.wait()).toBe(3000);
    expect(state.down).toBe(false);
    pass(3000);
    expect(state.take()).not.toBeNull();
  });
});
