import { subscribe, unsubscribe } from 'node:diagnostics_channel';
import { describe, expect, test } from 'vitest';
import { lineTokens } from '../../src/llm/line-tokens.ts';
import { chooseRoute } from '../../src/llm/route.ts';
import { categoriesBelow, upperCategories } from '../../src/llm/taxonomy.ts';
import { countTokens } from '../../src/llm/tokens.ts';
import type { Item, Taxonomy } from '../../src/llm/types.ts';

/** Ten top categories with ten l2 each, and ten leaves below each of those: 1,110 categories. */
function large(): Taxonomy {
  const nodes: { id: number; parent: number | null; name: string }[] = [];
  const add = (parent: number | null, name: string) => {
    nodes.push({ id: nodes.length + 1, parent, name });
    return nodes.length;
  };
  for (let a = 0; a < 10; a++) {
    const top = add(null, `Top ${a}`);
    for (let b = 0; b < 10; b++) {
      const middle = add(top, `Middle ${a} ${b}`);
      for (let c = 0; c < 10; c++) add(middle, `Leaf ${a} ${b} ${c}`);
    }
  }
  return { nodes: new Map(nodes.map((node) => [node.id, node])) };
}
const taxonomy = large();
const tokens = await lineTokens(taxonomy);
const leaves = [...taxonomy.nodes.values()].filter(({ name }) => name.startsWith('Leaf')).map(({ id }) => id);
const nothing = { next: null, branches: [] };

/** So many names, each with these candidates. */
const names = (count: number, probabilities: readonly number[], from = 0): Item[] =>
  Array.from({ length: count }, (_, i) => ({
    name: `a product ${i}`,
    shortlist: probabilities.map((_, rank) => leaves[from + rank] as number),
    probabilities,
  }));
const unknown = (count: number): Item[] => names(count, []);

describe('lineTokens', () => {
  test('counts the lines that prompts show', () => {
    expect(tokens.get(1)).toBe(countTokens('Top 0|1\n'));
    expect(tokens.get(3)).toBe(countTokens('  Leaf 0 0 0|3\n'));
    expect(tokens.size).toBe(1110);
  });

  test('counts each line once: of a changed tree only the new ones, and no thread is begun where there is none', async () => {
    let threads = 0;
    const begun = () => threads++;
    subscribe('worker_threads', begun);
    try {
      const nodes = new Map(large().nodes).set(1, { id: 1, parent: null, name: 'Top of all' });
      const again = await lineTokens({ nodes });
      expect(again.get(1)).toBe(countTokens('Top of all|1\n'));
      expect([...again].filter(([id]) => id !== 1)).toEqual([...tokens].filter(([id]) => id !== 1));
      expect(threads).toBe(1);
      expect(await lineTokens(large())).toEqual(tokens);
      expect(threads).toBe(1);
    } finally {
      unsubscribe('worker_threads', begun);
    }
  });
});

describe('chooseRoute', () => {
  test('offers what pays for its line over the whole batch, and no more', () => {
    const probabilities = [0.6, 0.3, 0.09, 0.002, 0.0001];
    const alone = chooseRoute(names(1, probabilities), nothing, taxonomy, tokens);
    const together = chooseRoute(names(20, probabilities), nothing, taxonomy, tokens);
    expect(alone).toMatchObject({ route: 'shortlist', none: true, offered: new Set(leaves.slice(0, 3)) });
    expect(together).toMatchObject({ route: 'shortlist', none: true, offered: new Set(leaves.slice(0, 4)) });
    expect(together.reason).toMatch(
      /^expected tokens a name: shortlist \d+, two-stage \d+, tree \d+; 4 categories, 0.8% of the names' are likely not among them$/,
    );
  });

  test('asks names whose category may well be elsewhere in two stages', () => {
    expect(chooseRoute(names(20, [0.2, 0.1, 0.05]), nothing, taxonomy, tokens)).toMatchObject({
      route: 'two-stage',
      none: false,
      offered: upperCategories(taxonomy),
    });
  });

  test('of names that nothing is known of few are asked in two stages, many with the whole tree', () => {
    expect(chooseRoute(unknown(1), nothing, taxonomy, tokens).route).toBe('two-stage');
    expect(chooseRoute(unknown(500), nothing, taxonomy, tokens)).toMatchObject({
      route: 'tree',
      none: false,
    });
    expect(chooseRoute([...names(5, [0.99]), ...unknown(1)], nothing, taxonomy, tokens).route).toBe(
      'two-stage',
    );
  });

  test('says what of the prompt the model’s provider keeps for the next call', () => {
    const reason = (model: string | null) =>
      chooseRoute(unknown(500), nothing, taxonomy, tokens, model).reason;
    const few = { nodes: new Map([...taxonomy.nodes].slice(0, 222)) };
    const fewTokens = new Map([...tokens].slice(0, 222));
    const of = (model: string) => chooseRoute(unknown(100), nothing, few, fewTokens, model).reason;
    expect(reason('claude-haiku-4-5')).toMatch(
      /; \d{4,5} tokens come first in each such call, cached from the second on$/,
    );
    expect(of('gpt-6-luna')).toMatch(
      /; [12]\d{3} tokens come first in each such call, cached from the second on$/,
    );
    expect(of('claude-haiku-4-5')).toMatch(
      /; the [12]\d{3} tokens that come first in each such call are too few to be cached, it takes 4096$/,
    );
    expect(reason('qwen3:8b')).toBe(reason(null));
  });

  test('a small taxonomy is asked whole where that is cheaper than a list', () => {
    const few = new Map([...taxonomy.nodes].slice(0, 12));
    const small = { nodes: few };
    expect(chooseRoute(unknown(5), nothing, small, tokens).route).toBe('tree');
    expect(chooseRoute(names(20, [0.3, 0.2]), nothing, small, tokens).route).toBe('tree');
  });

  test('below what was chosen, of all names of the batch; the second time something of it has to do', () => {
    const offered = new Set([...categoriesBelow(taxonomy, 2), ...categoriesBelow(taxonomy, 13)]);
    const of = (next: 'subtree' | 'last') =>
      chooseRoute(unknown(3), { next, branches: [2, 13, 2] }, taxonomy, tokens);
    expect(of('subtree')).toMatchObject({ route: 'subtree', none: true, offered });
    expect(of('last')).toMatchObject({ route: 'subtree', none: false, offered });
    expect(chooseRoute(unknown(1), { next: 'subtree', branches: [77_777] }, taxonomy, tokens)).toMatchObject({
      route: 'tree',
      none: false,
    });
  });

  test('what fits nowhere below a branch is asked for elsewhere; the whole tree only where that is cheaper', () => {
    const upper = upperCategories(taxonomy);
    const of = (count: number, ...branches: number[]) =>
      chooseRoute(names(count, [0.9]), { next: 'elsewhere', branches }, taxonomy, tokens);
    const without = new Set([...upper].filter((id) => id !== 2));
    expect(of(1, 2)).toMatchObject({ route: 'two-stage', none: false, offered: without });
    expect(of(2, 2, 13)).toMatchObject({ route: 'two-stage', none: false, offered: upper });
    expect(of(500, 2)).toMatchObject({ route: 'tree', none: false });
  });

  test('without probabilities all of a shortlist is offered; categories that are gone are not', () => {
    const item = { name: 'a', shortlist: [leaves[0] as number, leaves[7] as number, 77_777] };
    expect(chooseRoute([item], nothing, taxonomy, tokens).offered).toEqual(new Set([leaves[0], leaves[7]]));
  });
});
