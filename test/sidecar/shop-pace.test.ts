import { expect, test } from 'vitest';
import { shopPace } from '../../src/sidecar/shop-pace.ts';

/** A shop that writes so many rows a second, looked at four times a second. */
function writing(rows: number, seconds: number, pace = shopPace(), from = 1_000_000) {
  for (let i = 0; i <= seconds * 4; i++) pace.saw((rows * i) / 4, from + i * 250);
  return { pace, now: from + seconds * 1000 };
}

test('a shop that writes much, second after second, is busy; until it stops, or nobody looks', () => {
  const { pace, now } = writing(150, 3);
  expect(pace.busy(now)).toBe(true);
  expect(pace.busy(now + 31_000)).toBe(false);
  for (let i = 1; i <= 4; i++) pace.saw(450, now + i * 250);
  expect(pace.busy(now + 1000)).toBe(false);
});

test('is seen by a sidecar that rests long between its looks, too', () => {
  const pace = shopPace();
  for (let i = 0; i <= 3; i++) pace.saw(8000 * i, 1_000_000 + i * 4000);
  expect(pace.busy(1_015_000)).toBe(true);
});

test('a little, or much in one statement, is not busy', () => {
  expect(writing(90, 5).pace.busy(1_005_000)).toBe(false);
  const pace = shopPace();
  for (let i = 0; i <= 20; i++) {
    pace.saw(i < 8 ? 0 : 100_000, 1_000_000 + i * 250);
    expect(pace.busy(1_000_000 + i * 250)).toBe(false);
  }
});

test('after ten minutes what waits is taken in at full speed', () => {
  const { pace, now } = writing(150, 11 * 60);
  expect(pace.busy(now)).toBe(false);
  expect(writing(150, 9 * 60).pace.busy(1_000_000 + 9 * 60_000)).toBe(true);
  // nor does a second's quiet begin them anew
  const rows = 150 * 11 * 60;
  for (let i = 1; i <= 4; i++) pace.saw(rows, now + i * 250);
  for (let i = 1; i <= 20; i++) pace.saw(rows + 1000 * i, now + 1000 + i * 250);
  expect(pace.busy(now + 6000)).toBe(false);
});

test('rests ten times as long as it worked, ten seconds at most, and not at all where the shop is not busy', () => {
  const { pace } = writing(150, 3, shopPace(), performance.now() - 3000);
  expect([pace.rest(20), pace.rest(4000)]).toEqual([200, 10_000]);
  expect(shopPace().rest(20)).toBe(0);
});
