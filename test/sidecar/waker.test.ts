import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { limited } from '../../src/sidecar/waker.ts';

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

test('a flood of notifications is answered at once, and then once in a while until the last of them', () => {
  let sweeps = 0;
  const wake = limited(() => {
    sweeps++;
  }, 50);
  wake();
  expect(sweeps).toBe(1);
  for (let second = 0; second < 10; second++) {
    for (let i = 0; i < 1000; i++) wake();
    vi.advanceTimersByTime(50);
  }
  expect(sweeps).toBe(11);
  vi.advanceTimersByTime(10_000);
  expect(sweeps).toBe(11);
  wake();
  expect(sweeps).toBe(12);
});
