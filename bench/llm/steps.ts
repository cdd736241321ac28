import { buildPrompt } from '../../src/llm/prompt.ts';
import type { Choice } from '../../src/llm/route.ts';
import type { Step } from '../../src/llm/step.ts';
import { categoriesBelow, pathText, upperCategories, upperOf } from '../../src/llm/taxonomy.ts';
import { countPrompt, countTokens } from '../../src/llm/tokens.ts';
import type { Item, Taxonomy } from '../../src/llm/types.ts';
import { answerTokens } from '../../src/llm/without-layers.ts';
import type { Open } from './ask.ts';

type Choose = (items: readonly Item[]) => Choice;

/** "LLM for each row": the whole tree each time. */
export const wholeTree =
  (taxonomy: Taxonomy): Choose =>
  () => ({ route: 'tree', offered: new Set(taxonomy.nodes.keys()), none: false, reason: 'each row' });

const upper = (taxonomy: Taxonomy): Choice => ({
  route: 'two-stage',
  offered: upperCategories(taxonomy),
  none: false,
  reason: 'first of two stages',
});
const below = (taxonomy: Taxonomy, branches: (number | null)[], none: boolean): Choice => ({
  route: 'subtree',
  offered: categoriesBelow(taxonomy, ...branches),
  none,
  reason: 'second of two stages',
});

/** The seed's two stages, in batches: the upper categories first, then what is below the chosen one. */
export const inTwoStages =
  (taxonomy: Taxonomy) =>
  (items: readonly Item[]): Choice => {
    const { next } = items[0] as Open & Step;
    if (next !== 'subtree' && next !== 'last') return upper(taxonomy);
    return below(
      taxonomy,
      (items as readonly Open[]).map(({ branch }) => branch),
      next === 'subtree',
    );
  };

/**
 * Tokens of asking each name alone, counted and not sent: with every category's whole path on a line of its own (naive), with
 * the compact tree, and in two stages where the first answer is right.
 */
export function eachAlone(
  open: readonly Open[],
  taxonomy: Taxonomy,
): { naive: number; compact: number; twoStage: number[] } {
  const out = answerTokens(1, [...taxonomy.nodes.keys()]);
  const ask = (item: Item, choice: Choice) => countPrompt(buildPrompt([item], taxonomy, choice)) + out;
  const tree = wholeTree(taxonomy)([]);
  const verbose = [...taxonomy.nodes.keys()].map((id) => `${pathText(taxonomy, id)} (id ${id})`).join('\n');
  const more =
    countTokens(verbose) - countTokens(buildPrompt([{ name: '', shortlist: [] }], taxonomy, tree).system);
  const first = upper(taxonomy);
  const seconds = new Map<number, Choice>();
  const compact = open.reduce((sum, item) => sum + ask(item, tree), 0);
  const twoStage = open.map((item) => {
    const branch = upperOf(taxonomy, item.truth);
    const second = seconds.get(branch) ?? below(taxonomy, [branch], true);
    seconds.set(branch, second);
    return ask(item, first) + ask(item, second);
  });
  return { naive: compact + more * open.length, compact, twoStage };
}
