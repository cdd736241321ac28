import { setTimeout as sleep } from 'node:timers/promises';
import { expect, test } from 'vitest';
import { Lookout } from '../../../src/sidecar/llm/lookout.ts';
import { createWaker } from '../../../src/sidecar/waker.ts';
import { until } from '../../support/processes.ts';

test('of four callers that find nothing one looks again and again; what it finds wakes one other, which goes on looking', async () => {
  const lookout = new Lookout({ pollMs: 1500, llmWaitMs: 20 });
  const wakers = Array.from({ length: 4 }, createWaker);
  const looks = [0, 0, 0, 0];
  let stopped = false;
  let busy = false;
  const callers = wakers.map(async (waker, i) => {
    while (!stopped) {
      (looks[i] as number)++;
      if (busy && i === 0) {
        lookout.relieve();
        await sleep(1); // its call
        busy = false;
      } else await lookout.sleep(waker);
    }
  });
  await until(
    async () => looks,
    ([first = 0]) => first >= 5,
  );
  expect(looks.slice(1)).toEqual([1, 1, 1]);

  busy = true;
  await until(
    async () => looks,
    ([, second = 0]) => second >= 5,
  );
  expect(looks.slice(2)).toEqual([1, 1]);
  const [first] = looks;
  await sleep(200);
  expect(looks[0]).toBe(first);
  stopped = true;
  for (const waker of wakers) waker.wake();
  await Promise.all(callers);
});
