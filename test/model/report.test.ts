import { expect, test } from 'vitest';
import { readModelReport } from '../../src/model/report.ts';
import { generatedReport } from '../report/generated.ts';

const report = generatedReport();

test('a report that was stored is read as it was', () => {
  expect(readModelReport(JSON.parse(JSON.stringify(report)))).toEqual(report);
});

test('what an older version did not write is null', () => {
  const { cleaning: _, ...older } = report;
  expect(readModelReport(older)).toEqual({ ...report, cleaning: null });
});

test.each<[string, object]>([
  ['another format', { format: 2 }],
  ['a share above 1', { path: 1.01 }],
  ['an endless threshold', { thresholds: { ...report.thresholds, l1: Number.POSITIVE_INFINITY } }],
  ['half a name', { names: 0.5 }],
  ['more names than can be counted', { names: 2 ** 53 }],
  ['a list for a table', { facts: { ...report.facts, rows: [] } }],
  ['a day that is none', { madeAt: '2026-02-30T00:00:00Z' }],
  ['an hour of another zone', { madeAt: '2026-02-03T00:00:00+01:00' }],
  ['an hour without seconds', { madeAt: '2026-02-03T00:00Z' }],
  ['a date of another form', { madeAt: '2026-02-03 00:00:00Z' }],
])('%s is no report', (_, change) => {
  expect(readModelReport({ ...report, ...change })).toBeNull();
});
