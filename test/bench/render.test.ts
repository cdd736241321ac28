import { appendFileSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { render } from '../../bench/accuracy/render.ts';
import { appendResult, identityOf, type Result, readResults } from '../../bench/accuracy/results.ts';
import { summarise } from '../../bench/accuracy/summary.ts';

const bits = (...bytes: number[]) => Buffer.from(bytes).toString('base64');

function row(changed: Partial<Result> = {}): Result {
  return {
    ...{ set: 'titles', teacher: 'original', seed: 1, method: 'seed heads', kind: 'ours', sample: null },
    ...{ data: 'd1', code: 'c1', names: { train: 57000, valid: 6800, test: 16 } },
    teacherErrors: [0.05, 0.141, 0.221],
    ...{ l1: 0.9, l2: 0.8, l3: 0.7, path: 0.6, coverage5: 0.4, coverage10: 0.5 },
    ...{ trainSeconds: 60, trainCpuSeconds: 100, peakBytes: 9e8, namesPerSecond: 2000, embeds: true },
    ...{ encodedPerSecond: 500, settings: 'as they are', machine: 'test', at: '2026-01-01T00:00:00.000Z' },
    right: bits(0b11111111, 0b111),
    ...changed,
  };
}
const peer = (changed: Partial<Result> = {}) =>
  row({
    method: 'svm',
    kind: 'peer',
    code: 'p1',
    path: 0.5,
    embeds: false,
    right: bits(0b111, 0b111),
    ...changed,
  });

describe('summaries', () => {
  it('give the mean over seeds with an interval, of the newest code alone', () => {
    const rows = [row({ code: 'old', path: 0.1 }), row({ path: 0.6 }), row({ seed: 2, path: 0.7 })];
    const [summary] = summarise(rows);
    expect(summary?.seeds).toEqual([1, 2]);
    expect(summary?.figures.path.mean).toBeCloseTo(0.65, 12);
    // 12.706 × .0707 / sqrt(2)
    expect(summary?.figures.path.half).toBeCloseTo(0.6353, 4);
  });

  it('pair ours with the best peer of the same set, teacher and data', () => {
    const better = peer({ method: 'logreg', path: 0.55, right: bits(0b1111111, 0b111) });
    const elsewhere = peer({ method: 'fasttext', teacher: 'random', path: 0.9 });
    const [ours] = summarise([row(), peer(), better, elsewhere]);
    // one name that only ours has right
    expect(ours?.against).toEqual({ peer: 'logreg', p: 1, ahead: 1, seeds: 1 });
    expect(summarise([row(), peer()])[0]?.against?.p).toBeCloseTo(2 / 32, 12);
    expect(summarise([row(), peer({ data: 'other' })])[0]?.against).toBeNull();
  });

  it('count the encoding where a method needs it', () => {
    const [ours, other] = summarise([row(), peer()]);
    expect(ours?.endToEndPerSecond).toBeCloseTo(400, 9);
    expect(other?.endToEndPerSecond).toBe(2000);
  });
});

describe('docs/measured/accuracy.md', () => {
  it('has the figures, the command that makes them and what is simulated', () => {
    const page = render([row(), peer(), row({ teacher: 'systematic', l1: 0.8123 })], '');
    expect(page).toContain(
      '| seed heads | 90.0 | 80.0 | 70.0 | 60.0 | 40.0 | 50.0 | 60 (100) | 900 | 2,000 (400) | 0.0625 (svm; ahead in 1 of 1) |',
    );
    expect(page).toContain('| svm (peer) | 90.0 | 80.0 | 70.0 | 50.0 |');
    expect(page).toContain('node bench/accuracy/run.ts --set titles --teacher systematic --seeds 1');
    expect(page.slice(page.indexOf('81.2') - 2000, page.indexOf('81.2'))).toContain(
      '**The teacher is simulated**',
    );
    expect(page).not.toContain('demo catalogue\n\n');
  });

  it('says how many seeds each row has where they differ, with a command for each number', () => {
    const seeds = [1, 2, 3].map((seed) => row({ seed, path: 0.6 + seed / 100 }));
    const page = render(
      [...seeds, row({ method: 'letters' }), row({ method: 'letters', seed: 2 }), peer()],
      '',
    );
    expect(page).toContain('| method | seeds | l1 |');
    expect(page).toContain('| seed heads | 3 | 90.0 ± 0.0 |');
    expect(page).toContain('| svm (peer) | 1 | 90.0 | 80.0 |');
    expect(page).toContain('--teacher original --only "seed heads" --seeds 3\n');
    expect(page).toContain('--teacher original --only svm --seeds 1\n');
    expect(render([...seeds], '')).not.toContain('seeds |');
  });

  describe('cleaning', () => {
    const level = (changed: number, right: number | null) => ({
      ...{ changed, right, wrongBefore: 0.1, wrongAfter: 0.04 },
      ...{ wrongPathBefore: 0.22, wrongPathAfter: 0.087, expectedBefore: 0.23, expectedAfter: 0.1 },
    });
    const joined = (changed: Partial<Result> = {}) =>
      row({ method: 'joined', rightByLevel: [bits(0b1111, 0), bits(0b111, 0), bits(0, 0)], ...changed });
    const cleaned = (changed: Partial<Result> = {}) =>
      joined({
        ...{ method: 'cleaned', l1: 0.91, path: 0.59, right: bits(0b11111111, 0b11) },
        rightByLevel: [bits(0b11111111, 0b11), bits(0b111, 0), bits(0, 0)],
        cleaning: [level(0.044, 0.886), level(0.1, 0.9), level(0, null)],
        ...changed,
      });

    it('stands against the truth, with the paired gain of training on it', () => {
      const page = render([joined(), cleaned()], '');
      expect(page).toContain('1 seed paired');
      // six names that only the cleaned training has right: p = 2 / 2^6
      expect(page).toContain(
        '| l1 | 4.4 | 88.6 | 10.0 → 4.0 | 22.0 → 8.7 | 23.0 → 10.0 | +1.0 | 6 / 0 | 0.0313 |',
      );
      expect(page).toContain(
        '| l3 | 0.0 |  | 10.0 → 4.0 | 22.0 → 8.7 | 23.0 → 10.0 | +0.0 | 0 / 0 | 1.0000 |',
      );
      expect(page).toContain('| all three |  |  |  |  |  | -1.0 | 0 / 1 | 1.0000 |');
      expect(page).toContain('22.0 % with the labels as they come, 8.7 % after cleaning');
      expect(render([joined()], '')).not.toContain('**Cleaning**');
    });

    it('is paired with the same data and code only, the highest p of the seeds', () => {
      const second = cleaned({ seed: 2, rightByLevel: [bits(0b1111, 1), bits(0, 0), bits(0, 0)] });
      const page = render([joined(), joined({ seed: 2 }), cleaned(), second], '');
      expect(page).toMatch(/2 seeds paired.*\n.*\n[\s\S]*\+1\.0 ± 0\.0 \| 7 \/ 0 \| 1\.0000 \|/);
      expect(render([joined({ data: 'x' }), cleaned()], '')).toContain('| not run |  |  |');
      expect(render([cleaned()], '')).toContain('0 seeds paired');
    });
  });

  it('keeps what people wrote between the markers', () => {
    const empty = render([row()], '');
    const written = empty.replace(/(<!-- ideas[^>]*-->)\n/, '$1\n\nHashing lost .3.\n\n');
    expect(written).not.toBe(empty);
    const next = render([row({ l1: 0.95 })], written);
    expect(next).toContain('\nHashing lost .3.\n');
    expect(next).toContain('| seed heads | 95.0 |');
    expect(render([row({ l1: 0.95 })], next)).toBe(next);
  });
});

describe('the results file', () => {
  let folder = '';
  beforeAll(() => {
    folder = mkdtempSync(join(tmpdir(), 'results-'));
  });
  afterAll(() => rmSync(folder, { recursive: true }));

  it('gives back what was added, of each task the last, and passes over a line that was cut off', () => {
    const file = join(folder, 'new', 'accuracy.jsonl');
    expect(readResults(file)).toEqual([]);
    appendResult(file, row({ l1: 0.1 }));
    appendFileSync(file, JSON.stringify(peer()).slice(0, 90));
    appendResult(file, peer({ seed: 2 }));
    appendResult(file, row({ l1: 0.2 }));
    expect(readResults(file)).toEqual([peer({ seed: 2 }), row({ l1: 0.2 })]);
    expect(readFileSync(file, 'utf8').endsWith('}\n')).toBe(true);
  });

  it('tells tasks of other data, code and samples apart', () => {
    const changes: Partial<Result>[] = [
      { data: 'x' },
      { code: 'x' },
      { sample: 9 },
      { seed: 2 },
      { teacher: 'random' },
    ];
    for (const change of changes) expect(identityOf(row(change))).not.toBe(identityOf(row()));
    expect(identityOf(row({ l1: 0, at: 'later' }))).toBe(identityOf(row()));
  });
});
