import { createHash } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import { foldOf, partOf, partsBy, trainFrom } from '../../../src/train/data/split.ts';

describe('partOf', () => {
  it('never changes: a name stays in its part for ever', () => {
    // Fixed when the first model was trained; a test name that moved to training would make every later figure a lie.
    expect(partOf('чайник')).toBe('valid');
    expect(partOf('iphone 15 pro max 256gb')).toBe('valid');
    expect(partOf('mleko')).toBe('test');
    expect(partOf('mleko 3,2% 1 l')).toBe('train');
    expect(partOf('')).toBe('train');
  });

  it('gives about 5% to test and 8% to valid', () => {
    const counts = { train: 0, valid: 0, test: 0 };
    for (let i = 0; i < 20_000; i++) counts[partOf(`name ${i}`)]++;
    expect(counts.test / 20_000).toBeCloseTo(0.05, 2);
    expect(counts.valid / 20_000).toBeCloseTo(0.08, 2);
  });
});

const names = Array.from({ length: 20_000 }, (_, i) => `name ${i}`);
const shareOf = (wanted: string, part: (key: string) => string) =>
  names.filter((key) => part(key) === wanted).length / names.length;

describe('partsBy', () => {
  it('takes the test part out of the others, from 0 to half', () => {
    expect(shareOf('test', partsBy(0))).toBe(0);
    expect(shareOf('valid', partsBy(0))).toBeCloseTo(0.08, 2);
    expect(shareOf('test', partsBy(0.5))).toBeCloseTo(0.5, 1);
    expect(shareOf('valid', partsBy(0.5))).toBeCloseTo(0.08, 2);
    for (const share of [-0.01, 0.51, Number.NaN]) expect(() => partsBy(share)).toThrow('test part');
  });

  it('is by default partOf', () => {
    const part = partsBy();
    for (const key of names.slice(0, 500)) expect(part(key)).toBe(partOf(key));
  });

  it('agrees with the bound that SQL compares digests with', () => {
    for (const share of [0, 0.05, 0.2, 0.5]) {
      const part = partsBy(share);
      const from = trainFrom(share);
      for (const key of names.slice(0, 2000)) {
        const digest = createHash('sha256').update(key, 'utf8').digest();
        expect(Buffer.compare(digest, from) >= 0).toBe(part(key) === 'train');
      }
    }
  });
});

describe('foldOf', () => {
  it('never changes', () => {
    expect(['mleko', 'чайник', 'iphone 15 pro max 256gb', ''].map((key) => foldOf(key, 5))).toEqual([
      3, 1, 0, 0,
    ]);
  });

  it('is even, and no part has more of one fold than of another', () => {
    for (const part of ['train', 'valid', 'test']) {
      const own = names.filter((key) => partOf(key) === part);
      const counts = [0, 0, 0, 0, 0];
      for (const key of own) counts[foldOf(key, 5)] = (counts[foldOf(key, 5)] as number) + 1;
      for (const count of counts) expect(count / own.length).toBeCloseTo(0.2, 1);
    }
  });
});
