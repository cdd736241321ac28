import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { eachGram, spaced } from '../../../src/model/letters/grams.ts';
import { normalise } from '../../../src/normalise.ts';
import { countNames, vocabularyOf } from '../../../src/train/letters/count.ts';
import { seededRandom } from '../../../src/train/random.ts';

function grams(name: string): number[] {
  const found: number[] = [];
  eachGram(name, (gram) => found.push(gram));
  return found;
}

describe('n-grams', () => {
  test('part digits from letters, so that a unit is the same whatever number stands before it', () => {
    expect(spaced('samsung s21 256gb 1.5л')).toBe(' samsung s 21 256 gb 1.5 л ');
    expect(grams('256gb')).toEqual(grams('256 gb'));
    expect(grams('чайник')).not.toEqual(grams('чайника'));
  });

  test('are 2 to 5 long and inside word bounds', () => {
    // " a ": " a", "a ", " a "
    expect(grams('a')).toHaveLength(3);
    // " ab ": 3 of length 2, 2 of length 3, 1 of length 4
    expect(grams('ab')).toHaveLength(6);
    expect(grams('abcdef')).toHaveLength(7 + 6 + 5 + 4);
    expect(grams('ab cd').sort()).toEqual([...grams('ab'), ...grams('cd')].sort());
    expect(new Set(grams('abcdef')).size).toBe(22);
    expect(grams('abcdef').every((gram) => gram > 0 && gram < 2 ** 32)).toBe(true);
  });
});

describe('n-grams of any name', () => {
  test('are those of its words one by one: none goes over a blank', () => {
    const word = fc.stringMatching(/^[a-zа-я0-9.-]{1,12}$/);
    fc.assert(
      fc.property(fc.array(word, { minLength: 1, maxLength: 6 }), (words) => {
        expect(grams(words.join(' ')).sort()).toEqual(words.flatMap(grams).sort());
      }),
    );
  });

  test('are as many as the lengths of its words say, and never 0', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'grapheme', maxLength: 60 }).map(normalise), (key) => {
        const lengths = spaced(key)
          .split(' ')
          .filter((part) => part !== '')
          .map((part) => part.length + 2);
        const expected = lengths.reduce(
          (sum, length) => sum + [2, 3, 4, 5].reduce((all, n) => all + Math.max(0, length - n + 1), 0),
          0,
        );
        const found = grams(key);
        if (key !== '') expect(found).toHaveLength(expected);
        expect(found.every((gram) => Number.isInteger(gram) && gram > 0 && gram < 2 ** 32)).toBe(true);
      }),
    );
  });

  test('are the same for every spelling that is one name key', () => {
    for (const variant of ['  Чайник   BOSCH 1,7Л ', 'чайник\tbosch\u00a01,7л', 'ЧАЙНИК bosch\n1,7л'])
      expect(grams(normalise(variant))).toEqual(grams('чайник bosch 1,7л'));
    expect(grams(normalise('SMARTPHONE 256GB'))).toEqual(grams(normalise('smartphone 256 gb')));
    // of one and of two units: neighbouring ideographs and signs outside the plane
    expect(grams('茶')).toHaveLength(3);
    expect(grams('📱')).toHaveLength(6);
  });

  test('hash apart: 60,000 of them collide as seldom as 32 bits can', () => {
    const random = seededRandom(6);
    const syllable = () => String.fromCharCode(97 + random.next() * 26, 97 + random.next() * 26);
    const texts = new Set(Array.from({ length: 60_000 }, () => `${syllable()}${syllable()}`));
    // of the word's 14 n-grams the last of length 4 that starts at its first letter is the word itself
    const hashes = new Map<number, string>();
    let collisions = 0;
    for (const text of texts) {
      // " abcd ": at 0 lengths 2, 3, 4, 5; at 1 lengths 2, 3, 4 (the word), 5
      const whole = grams(text)[6] as number;
      if (hashes.has(whole)) collisions++;
      hashes.set(whole, text);
    }
    // 60,000² / 2 / 2³² = .4 expected
    expect(collisions).toBeLessThan(5);
    // every bit is used: the low ones choose the slot of a table
    const low = new Set([...hashes.keys()].map((hash) => hash & 1023));
    expect(low.size).toBe(1024);
  });
});

describe('the vocabulary', () => {
  const keys = ['red kettle', 'blue kettle', 'old kettle', 'red lamp', 'blue lamp'];
  const { vocabulary } = vocabularyOf(countNames(keys), Int32Array.from(keys.keys()));

  test('holds what three names have, and weighs the rarer higher', () => {
    const known = new Set(vocabulary.grams);
    expect(grams('kettle').every((gram) => known.has(gram))).toBe(true);
    // "lamp" is in two names; "red" too
    expect(grams('lamp').some((gram) => known.has(gram))).toBe(false);
    const idf = vocabulary.idf[vocabulary.grams.indexOf(grams('kettle')[0] as number)];
    expect(idf).toBeCloseTo(1 + Math.log(6 / 4), 6);
  });

  test('gives rows of norm 1 with sublinear counts, none for a name it does not know', () => {
    const { indices, values } = vocabulary.features('kettle kettle kettle lamp');
    expect([...indices]).toEqual([...indices].sort((a, b) => a - b));
    expect(values.reduce((sum, value) => sum + value * value, 0)).toBeCloseTo(1, 6);
    expect(vocabulary.features('xyz').indices).toHaveLength(0);
  });

  test("says how many of a name's n-grams it does not know, as often as they occur", () => {
    expect(vocabulary.features('kettle').unknown).toBe(0);
    expect(vocabulary.features('xyz').unknown).toBe(1);
    const [known, strange] = [grams('kettle').length, grams('xyz').length];
    expect(vocabulary.features('kettle xyz xyz').unknown).toBeCloseTo(
      (2 * strange) / (known + 2 * strange),
      12,
    );
  });
});

describe('counts within a name', () => {
  const keys = ['banana', 'banana', 'banana'];
  const { vocabulary } = vocabularyOf(countNames(keys), Int32Array.from(keys.keys()));
  const weightOf = (name: string, gram: string): number => {
    const { indices, values } = vocabulary.features(name);
    // the n-grams of a word of two letters: three that begin at the blank before it, then the word itself
    const place = vocabulary.grams.indexOf(grams(gram)[3] as number);
    return values[indices.indexOf(place)] as number;
  };

  test('weigh as 1 + ln of them', () => {
    expect(weightOf('banana', 'na') / weightOf('banana', 'ba')).toBeCloseTo(1 + Math.log(2), 6);
    expect(weightOf('banana banana', 'na') / weightOf('banana banana', 'ba')).toBeCloseTo(
      (1 + Math.log(4)) / (1 + Math.log(2)),
      6,
    );
    // all idf are the same here: 1 + ln(4 / 4)
    expect([...new Set(vocabulary.idf)]).toEqual([1]);
  });
});
