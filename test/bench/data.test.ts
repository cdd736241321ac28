import { describe, expect, it } from 'vitest';
import { digestOf, parseTitles, readDemo, readTitles, sampled } from '../../bench/accuracy/data.ts';
import type { Labelled, Source } from '../../bench/accuracy/types.ts';
import { generateCatalogue } from '../../src/demo/catalogue/generate.ts';
import type { Path } from '../../src/model/types.ts';
import { normalise } from '../../src/normalise.ts';

const header = 'split\tlang\tname\tl1\tl2\tl3\tt1\tt2\tt3';
const titles = parseTitles(
  [
    header,
    'train\tru\tКарамель  Мягкая\tFood\tSweets\tCaramel\tFood\tSweets\t',
    'train\tru\tкарамель мягкая\tFood\tSweets\tOther\tFood\tSweets\tOther',
    'train\ten\tTV 27" ,loud\tTech\tOther\tTV\tTech\t\t',
    'train\ten\tasked\tTech\tOther\tTV\tTech\tOther\tTV',
    'valid\t\t161001\tFood\tSweets\tOther\tTech\tOther\t',
    'test\ten\tAsked\tFood\tSweets\tCaramel\tTech\tOther\tTV',
    '',
  ].join('\n'),
);

const named = (source: Source, paths: readonly Path[]) =>
  paths.map((path) =>
    path.map((id) => (id === null ? null : (source.categories[id - 1] as string[]).join('/'))),
  );

describe('the real titles', () => {
  it('are read by part, with normalised names, the teacher to learn from and the truth beside it', () => {
    expect(titles.train.keys).toEqual(['карамель мягкая', 'tv 27" ,loud']);
    expect(named(titles, titles.train.paths)).toEqual([
      ['Food', 'Food/Sweets', null],
      ['Tech', null, null],
    ]);
    expect(named(titles, titles.train.truth)[0]).toEqual(['Food', 'Food/Sweets', 'Food/Sweets/Caramel']);
    expect(titles.valid.keys).toEqual(['161001']);
  });

  it('are asked for their truth, and no name is both learnt and asked', () => {
    expect(titles.test.keys).toEqual(['asked']);
    expect(named(titles, titles.test.paths)).toEqual([['Food', 'Food/Sweets', 'Food/Sweets/Caramel']]);
  });

  it('tell categories of the same name under other parents apart', () => {
    const others = titles.categories.filter((names) => names.at(-1) === 'Other');
    expect(others.map((names) => names.join('/')).sort()).toEqual(['Food/Sweets/Other', 'Tech/Other'].sort());
  });

  it('refuse another header and a line that is no row', () => {
    expect(() => parseTitles('name\tl1\n')).toThrow('header');
    expect(() => parseTitles(`${header}\ntrain\tru\tname\tFood`)).toThrow('line 2');
  });

  it('are no error where the file is not there', async () => {
    expect(await readTitles('/nowhere/products.tsv.xz')).toBeNull();
  });
});

describe('the demo catalogue', () => {
  const options = { seed: 2, labelled: 2000, arriving: 300 };
  const demo = readDemo(options);

  it('is asked only for names that memory does not hold', () => {
    const known = new Set([...demo.train.keys, ...demo.valid.keys]);
    expect(demo.train.keys.length + demo.valid.keys.length).toBe(2000);
    expect(demo.test.keys.filter((key) => known.has(key))).toEqual([]);
    const fresh = generateCatalogue(options).arriving.filter(({ kind }) => kind !== 'exact');
    expect(demo.test.keys.length).toBe(new Set(fresh.map(({ name }) => normalise(name))).size);
    expect(demo.test.keys.length).toBeGreaterThan(200);
  });

  it('keeps about a tenth as the valid part', () => {
    expect(demo.valid.keys.length).toBeGreaterThan(140);
    expect(demo.valid.keys.length).toBeLessThan(260);
  });

  it('is another catalogue with another seed', () => {
    expect(readDemo({ ...options, seed: 3 }).train.keys).not.toEqual(demo.train.keys);
    expect(readDemo(options)).toEqual(demo);
  });

  it('can be sampled: the same names each time, in each part the same share, labels and truth with their names', () => {
    const sample = sampled(demo, 500);
    expect(sampled(demo, 500)).toEqual(sample);
    const share = 500 / demo.train.keys.length;
    expect(sample.train.keys.length).toBe(500);
    expect(sample.test.keys.length).toBe(Math.round(share * demo.test.keys.length));
    const at = (part: Labelled, key: string) => part.paths[part.keys.indexOf(key)];
    for (const [i, key] of sample.train.keys.entries()) {
      expect(sample.train.paths[i]).toEqual(at(demo.train, key));
      expect(sample.train.truth[i]).toEqual(demo.train.truth[demo.train.keys.indexOf(key)]);
    }
  });

  it('has a digest that tells any other label and encoder', () => {
    const set = { ...demo, encoder: 'one' };
    const [first, ...rest] = demo.train.paths as Path[];
    const other: Path = [(first as Path)[0], null, null];
    expect(digestOf(set)).toMatch(/^[0-9a-f]{12}$/);
    expect(digestOf({ ...set, train: { ...set.train, paths: [other, ...rest] } })).not.toBe(digestOf(set));
    expect(digestOf({ ...set, encoder: 'two' })).not.toBe(digestOf(set));
  });
});
