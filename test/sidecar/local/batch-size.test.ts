import { expect, test } from 'vitest';
import { batchSize } from '../../../src/sidecar/local/batch-size.ts';

/** Batches as large as it says, each name taking so long; the size after some of them. */
function after(size: ReturnType<typeof batchSize>, msPerName: number, batches = 10): number {
  for (let i = 0; i < batches; i++) size.took(size.next(), size.next() * msPerName);
  return size.next();
}

test('a batch is as many names as take a second, within its bounds', () => {
  const size = batchSize(256);
  expect(after(size, 10)).toBe(100);
  expect(after(size, 0.1)).toBe(256);
  expect(after(size, 1000)).toBe(32);
  expect(after(batchSize(8), 1000)).toBe(8);
});

test('it grows and shrinks step by step, and not by batches that were nearly empty', () => {
  const size = batchSize(256);
  expect(size.next()).toBe(64);
  size.took(64, 6.4);
  expect(size.next()).toBe(128);
  size.took(3, 3000);
  size.took(3, 1);
  expect(size.next()).toBe(128);
  size.took(128, 12_800);
  expect(size.next()).toBe(64);
});
