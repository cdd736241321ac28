import { createHash } from 'node:crypto';
import { describe, expect, test } from 'vitest';
import { attribute } from '../../src/demo/catalogue/attributes.ts';
import { generateCatalogue } from '../../src/demo/catalogue/generate.ts';
import { type Listing, listingOf } from '../../src/demo/catalogue/names.ts';
import { randomFrom } from '../../src/demo/catalogue/random.ts';
import { teach } from '../../src/demo/catalogue/teacher.ts';
import { languages, leaves } from '../../src/demo/catalogue/vocabulary.ts';
import { normalise } from '../../src/normalise.ts';

const catalogue = generateCatalogue();
const { paths, labelled, arriving } = catalogue;
const sha256 = (value: unknown) => createHash('sha256').update(JSON.stringify(value)).digest('hex');
const text = (path: readonly string[] | undefined) => (path ?? []).join(' > ');
const share = <T>(items: readonly T[], holds: (item: T) => boolean) =>
  items.filter(holds).length / items.length;
const ofKind = (kind: 'exact' | 'near' | 'new') => arriving.filter((one) => one.kind === kind);

/** The trigrams of pg_trgm: words of letters and digits, two blanks before and one after. */
function trigrams(name: string): Set<string> {
  const found = new Set<string>();
  for (const [word] of normalise(name).matchAll(/[\p{L}\p{N}]+/gu)) {
    const padded = `  ${word} `;
    for (let i = 0; i + 3 <= padded.length; i++) found.add(padded.slice(i, i + 3));
  }
  return found;
}

function similarity(a: string, b: string): number {
  const [first, second] = [trigrams(a), trigrams(b)];
  const both = [...first].filter((gram) => second.has(gram)).length;
  return both / (first.size + second.size - both);
}

describe('the same bytes each time', () => {
  test('two runs agree with each other and with the pinned digest', () => {
    expect(sha256(generateCatalogue())).toBe(sha256(catalogue));
    // A new digest is a new catalogue: measure the shares of the layers again before pinning it.
    expect(sha256({ paths, labelled, arriving })).toBe(
      'dba5bcf28ff5bedda3e4658078cc7bc9d35e15f28a81042b5315ba20a821e2da',
    );
  });

  test('another seed is another catalogue of the same size', () => {
    const other = generateCatalogue({ seed: 2, labelled: 2000, arriving: 200 });
    expect([other.labelled.length, other.arriving.length]).toEqual([2000, 200]);
    const known = new Set(labelled.map(({ name }) => name));
    expect(share(other.labelled, ({ name }) => known.has(name))).toBeLessThan(0.1);
  });
});

describe('taxonomy', () => {
  test('is large enough and every path is there once', () => {
    const nodes = (level: number) =>
      new Set(paths.filter((path) => path.length >= level).map((path) => text(path.slice(0, level))));
    expect(nodes(1).size).toBeGreaterThanOrEqual(12);
    expect(nodes(2).size).toBeGreaterThanOrEqual(60);
    expect(nodes(3).size).toBeGreaterThanOrEqual(200);
    expect(new Set(paths.map(text)).size).toBe(paths.length);
    expect(paths.filter((path) => path.length === 2).length).toBeGreaterThanOrEqual(5);
  });

  test('every leaf has words in four languages, and attributes that can be written', () => {
    const random = randomFrom(7);
    for (const leaf of leaves)
      for (const language of languages) {
        expect(leaf.words[language], text(leaf.path)).not.toEqual([]);
        for (const kind of leaf.attributes)
          expect(attribute(kind, language, random), `${text(leaf.path)} ${kind}`).not.toMatch(
            /undefined|NaN/u,
          );
      }
    expect(leaves.filter((leaf) => leaf.base !== undefined).length).toBeGreaterThan(30);
  });

  test('all labels and truths are paths of it, or end where one of them passes', () => {
    const known = new Set(paths.flatMap((path) => [text(path), text(path.slice(0, 2))]));
    for (const { path, truth } of labelled) {
      expect(known.has(text(path)), text(path)).toBe(true);
      expect(known.has(text(truth)), text(truth)).toBe(true);
    }
  });
});

describe('labelled names', () => {
  test('20,000 different keys', () => {
    expect(labelled).toHaveLength(20_000);
    expect(new Set(labelled.map(({ name }) => normalise(name))).size).toBe(20_000);
    expect(labelled.filter(({ name }) => /undefined|NaN/u.test(name))).toEqual([]);
  });

  test('frequencies have a long tail, and no category is left out', () => {
    const counts = new Map<string, number>();
    for (const { truth } of labelled) counts.set(text(truth), (counts.get(text(truth)) ?? 0) + 1);
    const sorted = [...counts.values()].sort((a, b) => b - a);
    expect(counts.size).toBe(paths.length);
    expect(sorted.at(-1)).toBeGreaterThanOrEqual(15);
    expect(sorted[0]).toBeGreaterThan(20 * (sorted[Math.floor(sorted.length / 2)] as number));
  });

  test('four languages, Polish the most', () => {
    const polish = share(labelled, ({ name }) => /[ąćęłńóśźż]/iu.test(name));
    const ukrainian = share(labelled, ({ name }) => /[іїєґ]/iu.test(name));
    const russian = share(labelled, ({ name }) => /[ыэъё]/iu.test(name));
    const english = share(labelled, ({ name }) =>
      /\b(?:for|bag|new|black|set|sale|gift|original)\b/iu.test(name),
    );
    expect(polish).toBeGreaterThan(Math.max(ukrainian, russian, english));
    for (const part of [ukrainian, russian, english]) expect(part).toBeGreaterThan(0.03);
    expect(
      share(labelled, ({ name }) => /\p{Script=Latin}/u.test(name) && /\p{Script=Cyrillic}/u.test(name)),
    ).toBeGreaterThan(0.15);
  });

  test('a plain kettle is found among the appliances and in the home', () => {
    const kettles = labelled.filter(({ name }) => /^czajnik /iu.test(name));
    expect(new Set(kettles.map(({ truth }) => truth[0]))).toEqual(new Set(['Appliances', 'Home']));
  });
});

describe('the noisy teacher', () => {
  test.each([
    [1, 0.05],
    [2, 0.14],
    [3, 0.21],
  ])('at level %i errs at about %f', (level, rate) => {
    const wrong = share(
      labelled,
      ({ path, truth }) => text(path.slice(0, level)) !== text(truth.slice(0, level)),
    );
    expect(Math.abs(wrong - rate)).toBeLessThan(0.01);
  });

  test('misreads some words again and again, and the rest now and then', () => {
    const random = randomFrom(3);
    const listings: Listing[] = leaves.flatMap((leaf) =>
      Array.from({ length: 60 }, () => listingOf(leaf, random)),
    );
    const taught = teach(listings, random);
    const groups = new Map<string, boolean[]>();
    for (const [i, { leaf, clue }] of listings.entries()) {
      const key = `${text(leaf.path)} ${clue}`;
      groups.set(key, [...(groups.get(key) ?? []), text(taught[i]) !== text(leaf.path)]);
    }
    const rates = [...groups.values()]
      .filter((errors) => errors.length >= 15)
      .map((errors) => share(errors, (wrong) => wrong))
      .sort((a, b) => a - b);
    expect(rates[Math.floor(rates.length / 2)]).toBeLessThan(0.2);
    expect(share(rates, (rate) => rate > 0.45)).toBeGreaterThan(0.04);
  });
});

describe('arriving names', () => {
  test('17% exact, 18% near, the rest new', () => {
    expect(arriving).toHaveLength(2000);
    expect([ofKind('exact').length, ofKind('near').length, ofKind('new').length]).toEqual([340, 360, 1300]);
  });

  test('exact ones are another spelling of a labelled key with its truth', () => {
    const truths = new Map(labelled.map(({ name, truth }) => [name, text(truth)]));
    for (const { name, of, truth } of ofKind('exact')) {
      expect(normalise(name)).toBe(normalise(of ?? ''));
      expect(truths.get(of ?? '')).toBe(text(truth));
    }
    expect(share(ofKind('exact'), ({ name, of }) => name !== of)).toBeGreaterThan(0.9);
  });

  test('the others are labelled nowhere and arrive once', () => {
    const keys = new Set(labelled.map(({ name }) => normalise(name)));
    const others = arriving.filter(({ kind }) => kind !== 'exact').map(({ name }) => normalise(name));
    expect(others.filter((key) => keys.has(key))).toEqual([]);
    expect(new Set(others).size).toBe(others.length);
  });

  test('most near ones are within reach of the similar layer', () => {
    const reached = share(ofKind('near'), ({ name, of }) => similarity(name, of ?? '') >= 0.6);
    expect(reached).toBeGreaterThan(0.6);
    expect(reached).toBeLessThan(0.95);
  });

  test('some near ones are another thing: "case for" the phone that memory knows', () => {
    const truths = new Map(labelled.map(({ name, truth }) => [name, text(truth)]));
    const traps = ofKind('near').filter(({ of, truth }) => truths.get(of ?? '') !== text(truth));
    expect(traps.length / ofKind('near').length).toBeCloseTo(0.08, 2);
    expect(share(traps, ({ name, of }) => similarity(name, of ?? '') >= 0.6)).toBeGreaterThan(0.5);
  });
});
