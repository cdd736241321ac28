import { describe, expect, test } from 'vitest';
import { leastNames, leastPast, periodStart, planPeriods, sampleRows } from '../../src/replay/periods.ts';

const days = (...counts: [day: string, count: number][]) =>
  counts.flatMap(([day, count]) => Array.from({ length: count }, () => Date.parse(`${day}T12:00:00Z`)));
const plan = (at: number[], more: Partial<Parameters<typeof planPeriods>[1]> = {}) =>
  planPeriods(at, { unit: 'month', from: undefined, most: 12, ...more }).map(({ label, from, to }) => [
    label,
    from,
    to,
  ]);

describe('periods', () => {
  test.each([
    ['month', '2026-02-28T23:59:59.999Z', '2026-02-01'],
    ['week', '2026-03-01T12:00:00Z', '2026-02-23'],
    ['week', '2026-03-02T00:00:00Z', '2026-03-02'],
    ['day', '2026-03-01T12:00:00Z', '2026-03-01'],
  ] as const)('%s of %s begins on %s', (unit, at, start) => {
    expect(periodStart(unit, Date.parse(at)).toISOString().slice(0, 10)).toBe(start);
  });

  test('need names enough, and a past; small ones are only past', () => {
    const at = days(
      ['2026-01-05', leastPast - 1],
      ['2026-02-05', 30],
      ['2026-03-05', leastNames - 1],
      ['2026-04-05', leastNames],
    );
    expect(plan(at)).toEqual([['2026-04', 98, 118]]);
    expect(plan(days(['2026-01-05', leastPast], ['2026-02-05', leastNames]))).toEqual([['2026-02', 50, 70]]);
  });

  test('the newest are taken; --from leaves older ones to the past', () => {
    const at = days(['2026-01-05', 60], ['2026-02-05', 60], ['2026-03-05', 60], ['2026-04-05', 60]);
    expect(plan(at, { most: 2 })).toEqual([
      ['2026-03', 120, 180],
      ['2026-04', 180, 240],
    ]);
    expect(plan(at, { from: new Date('2026-03-20') })).toEqual([['2026-04', 180, 240]]);
    expect(() => plan(at, { from: new Date('2026-05-01') })).toThrow(
      'too little history to replay by month from 2026-05-01 on',
    );
  });

  test('one period alone is refused, whatever its size', () => {
    expect(() => plan(days(['2026-01-05', 500]))).toThrow('500 labels in 1 month(s)');
  });
});

test('a sample is spread evenly and the same each time', () => {
  expect(sampleRows([4, 5, 6, 7, 8, 9], 3)).toEqual([4, 6, 8]);
  expect(sampleRows([4, 5], 3)).toEqual([4, 5]);
});
