import { describe, expect, test } from 'vitest';
import { buildPrompt } from '../../src/llm/prompt.ts';
import { pathNames, promptName } from '../../src/llm/taxonomy.ts';
import type { Item, Prompt, Taxonomy } from '../../src/llm/types.ts';
import { readPrompt } from '../../src/simulator/read-prompt.ts';
import { attacks } from './attacks.ts';
import { block, item, shop } from './shop.ts';

const id = 6;
const set = attacks(id);
const names = set.map(({ name }) => name);

/** Batches of 15, attacks and ordinary names in turn. */
const batches: Item[][] = [];
for (let from = 0; from < names.length; from += 8)
  batches.push(
    names.slice(from, from + 8).flatMap((name, i) => [item(name, 3, 6), item(`kettle no ${i}`, 3, 6)]),
  );

/** What a reader may see of a name: one line, nothing invisible, the first 300 characters. */
function visible(name: string): string {
  const shown = [...name.replace(/[\p{Cc}\p{Zl}\p{Zp}]+/gu, ' ')]
    .filter((character) => !/[\p{Cf}\p{Default_Ignorable_Code_Point}]/u.test(character))
    .join('')
    .trim();
  return [...shown].slice(0, 300).join('');
}

const whole = (prompt: Prompt) => `${prompt.system}\n${prompt.user}`;

test('they are 200, each another', () => {
  expect(new Set(names).size).toBe(200);
});

describe.each(['shortlist', 'tree'] as const)('route %s', (route) => {
  const asked = (items: readonly Item[]) =>
    items.map((one) => (route === 'tree' ? { ...one, shortlist: [] } : one));

  test('a reader of the prompt gets exactly the names and categories that were put in', () => {
    for (const batch of batches) {
      const prompt = buildPrompt(asked(batch), shop);
      expect(prompt.route).toBe(route);
      const read = readPrompt(whole(prompt));
      expect(read.names).toEqual(batch.map(({ name }, i) => ({ item: i + 1, name: visible(name) })));
      expect(read.categories.map((category) => category.id).sort((a, b) => a - b)).toEqual(
        [...prompt.offered].filter((offered) => offered !== 0).sort((a, b) => a - b),
      );
      for (const { id, path } of read.categories) expect(path).toEqual(pathNames(shop, id));
      expect(read.noneOffered).toBe(prompt.offered.has(0));
    }
  });

  test('what is outside the lines of names is the same as without the attacks', () => {
    for (const batch of batches) {
      const hostile = buildPrompt(asked(batch), shop);
      const plain = buildPrompt(asked(batch.map((one, i) => ({ ...one, name: `kettle no ${i}` }))), shop);
      expect(hostile.offered).toEqual(plain.offered);
      expect(hostile.system).toBe(plain.system);
      expect(hostile.maxTokensOut).toBe(plain.maxTokensOut);
      const lines = new Set(block(hostile, 'names'));
      const outside = (prompt: Prompt, own: ReadonlySet<string>) =>
        prompt.user.split('\n').filter((line) => !own.has(line));
      expect(outside(hostile, lines)).toEqual(outside(plain, new Set(block(plain, 'names'))));
    }
  });
});

test('a line holds its number and one JSON string of printable text, no delimiter, and is bounded', () => {
  for (const [i, name] of names.entries()) {
    const lines = block(buildPrompt([item('before', 3), item(name, 3), item('after', 3)], shop), 'names');
    expect(lines, set[i]?.kind).toHaveLength(3);
    const line = lines[1] as string;
    expect(line).toMatch(/^2 ".*"$/u);
    expect(line).not.toMatch(/[<\p{Cc}\p{Cf}\p{Cs}\p{Zl}\p{Zp}\p{Default_Ignorable_Code_Point}]/u);
    expect(line.length).toBeLessThanOrEqual(4 + 6 * 300);
  }
});

test('categories of such names stay one line with their own id, and everything below them too', () => {
  const nodes = new Map<number, { id: number; parent: number | null; name: string }>();
  for (const [i, name] of names.entries()) {
    nodes.set(2 * i + 1, { id: 2 * i + 1, parent: i === 0 || i % 3 !== 2 ? null : 2 * i - 1, name });
    nodes.set(2 * i + 2, { id: 2 * i + 2, parent: 2 * i + 1, name: `kettles ${i}` });
  }
  const hostile: Taxonomy = { nodes };
  for (const shortlist of [[], [...nodes.keys()]]) {
    const prompt = buildPrompt([item('kettle', ...shortlist)], hostile);
    const { categories, names: read } = readPrompt(whole(prompt));
    expect(read).toEqual([{ item: 1, name: 'kettle' }]);
    expect(new Map(categories.map((category) => [category.id, category.path]))).toEqual(
      new Map([...nodes.keys()].map((node) => [node, pathNames(hostile, node).map(promptName)])),
    );
    for (const line of block(prompt, 'categories'))
      expect(line).toMatch(/^ *[^|<\p{Cc}\p{Cf}\p{Cs}\p{Zl}\p{Zp}\p{Default_Ignorable_Code_Point}]+\|\d+$/u);
  }
});
