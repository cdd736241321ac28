import { expectedCached, smallestPrefix } from './cacheable.ts';
import type { LineTokens } from './line-tokens.ts';
import type { Next } from './step.ts';
import { categoriesBelow, upperCategories } from './taxonomy.ts';
import type { Item, Route, Taxonomy } from './types.ts';

/** What a batch is asked, and why. */
export interface Choice {
  route: Route;
  /** The categories that are shown with an id; `tree`: all. */
  offered: ReadonlySet<number>;
  /** Whether "none of these" is an answer. */
  none: boolean;
  /** Why this route: what the others were expected to cost, for the ledger. */
  reason: string;
}

/** Where earlier answers have left the names of a batch: the step is the same for all, their branches need not be. */
export interface Asked {
  next: Next;
  branches: readonly (number | null)[];
}

/**
 * What a wrong answer is worth, in tokens. Who lets the local layer err in 10% of its answers to save an LLM call of some 170
 * tokens values an error at 1,700; this is on the safe side. On 900 real titles 1,000 / 3,000 / 6,000 / 20,000 came to 139 /
 * 186 / 220 / 239 tokens a name and to 2.7 / .9 / .1 / 0% wrong answers because the category was not offered.
 */
const errorTokens = 3000;

/** Of the names whose category is not offered, how many get "none of these" and are asked again; the others get a wrong answer. */
const noticed = 0.5;

/** Tokens around the categories and names: instructions, schema of the answer, frame of the messages. */
const frameTokens = 250;
/** Tokens of an answer, measured: {"item":1,"id":123,"confidence":0.9}, and its comma. */
const answerTokens = 16;
/** Names of a batch that share a branch after the first of two stages. */
const shareBranch = 3;

/** UTF-8 bytes a token of product names, measured on Russian and English ones by o200k_base: 4.5; the rest is number and quotes. */
const nameTokens = (name: string) => 8 + Buffer.byteLength(name) / 4.5;

const sum = (values: Iterable<number>) => {
  let total = 0;
  for (const value of values) total += value;
  return total;
};

/** Expected tokens of asking names, of which nothing is known, for the whole tree at once, and in two stages. */
function wholeCosts(names: number, each: number, taxonomy: Taxonomy, tokens: LineTokens) {
  const all = sum(tokens.values());
  const upper = upperCategories(taxonomy);
  const lines = sum([...upper].map((id) => tokens.get(id) ?? 0));
  const leaves = [...upper].filter((id) => taxonomy.nodes.get(id)?.parent !== null).length;
  const below = (all - lines) / Math.max(1, leaves);
  const answers = names * (each + answerTokens);
  return {
    /** What stands first in every such prompt. */
    prefix: { tree: frameTokens + all, 'two-stage': frameTokens + lines },
    tree: frameTokens + all + answers,
    // the second stage of all of them goes into one call
    'two-stage': 2 * frameTokens + lines + 2 * answers + (names * below) / shareBranch,
  };
}

/**
 * The categories worth their tokens: offering one costs its line (and those of names above it that are not shown yet)
 * once a batch, and saves what would follow, for each name, with the probability that this is its category.
 */
function worthShowing(
  items: readonly Item[],
  missed: number,
  taxonomy: Taxonomy,
  tokens: LineTokens,
): { shown: Set<number>; lines: number; left: number } {
  const gains = new Map<number, number>();
  // without probabilities all of the shortlist is worth showing
  for (const { shortlist, probabilities } of items)
    for (const [i, id] of shortlist.entries())
      if (taxonomy.nodes.has(id)) gains.set(id, (gains.get(id) ?? 0) + (probabilities?.[i] ?? 1));
  const shown = new Set<number>();
  const headings = new Set<number>();
  let lines = 0;
  let left = items.length;
  for (const [id, gain] of [...gains].sort((a, b) => b[1] - a[1])) {
    const fresh = [id];
    for (
      let up = taxonomy.nodes.get(id)?.parent ?? null;
      up !== null && !headings.has(up) && !shown.has(up);
    ) {
      fresh.push(up);
      up = taxonomy.nodes.get(up)?.parent ?? null;
    }
    const cost = sum(fresh.map((each) => (headings.has(each) ? 0 : (tokens.get(each) ?? 0))));
    // the likeliest is offered whatever it costs: a prompt without a category asks nothing
    if (shown.size > 0 && gain * missed < cost) continue;
    shown.add(id);
    for (const each of fresh) headings.add(each);
    lines += cost;
    left -= gain;
  }
  return { shown, lines, left: Math.max(0, left) };
}

/** What of a route's prompt the provider has likely kept from the call before: money saved, not tokens. */
function cachedPart(model: string | null, prefix: number): string {
  const least = model === null ? null : smallestPrefix(model);
  if (model === null || least === null) return '';
  const cached = Math.round(expectedCached(model, prefix));
  return cached > 0
    ? `; ${cached} tokens come first in each such call, cached from the second on`
    : `; the ${Math.round(prefix)} tokens that come first in each such call are too few to be cached, it takes ${least}`;
}

/**
 * Chooses the cheapest way to ask a batch, by expected tokens: what is sent and answered, what "none of these" costs in the
 * next step, and what a wrong answer is worth.
 *
 * - `shortlist`: categories from the local model's probabilities, as many as pay for themselves over the batch
 * - `two-stage`: the upper categories now, what is below the chosen one next time
 * - `subtree`: all below the categories that the first of two stages chose
 * - `tree`: all
 *
 * "None of these" leads from the shortlist to two stages or the tree, and from a subtree to all but it, once: what is chosen
 * then is final, or below it something has to do. It never loops.
 *
 * @param model who is asked, so that the reason says what is cached; null: nobody yet
 */
export function chooseRoute(
  items: readonly Item[],
  { next: step, branches }: Asked,
  taxonomy: Taxonomy,
  tokens: LineTokens,
  model: string | null = null,
): Choice {
  const all = new Set(taxonomy.nodes.keys());
  if (step === 'subtree' || step === 'last') {
    const offered = categoriesBelow(taxonomy, ...branches);
    // where something has to do, it is not to be another name's
    const gone = step === 'last' && branches.some((id) => id === null || !taxonomy.nodes.has(id));
    if (offered.size > 0 && !gone)
      return { route: 'subtree', offered, none: step === 'subtree', reason: 'below what was chosen' };
    return { route: 'tree', offered: all, none: false, reason: 'what was chosen before is gone' };
  }

  const each = sum(items.map(({ name }) => nameTokens(name))) / items.length;
  const costs = wholeCosts(items.length, each, taxonomy, tokens);
  const whole = costs.tree <= costs['two-stage'] ? 'tree' : 'two-stage';
  const said = (route: string, cost: number) => `${route} ${Math.round(cost / items.length)}`;
  const others = [said('two-stage', costs['two-stage']), said('tree', costs.tree)];
  const blind =
    step === 'elsewhere' || items.some(({ shortlist }) => !shortlist.some((id) => taxonomy.nodes.has(id)));
  if (!blind) {
    const next = costs[whole] / items.length;
    const missed = noticed * next + (1 - noticed) * errorTokens;
    const { shown, lines, left } = worthShowing(items, missed, taxonomy, tokens);
    const cost = frameTokens + lines + items.length * (each + answerTokens) + left * missed;
    if (cost < costs[whole])
      return {
        route: 'shortlist',
        offered: shown,
        none: true,
        reason: `expected tokens a name: ${[said('shortlist', cost), ...others].join(', ')}; ${shown.size} categories, ${Math.round((1000 * left) / items.length) / 10}% of the names' are likely not among them`,
      };
  }
  const reason = `expected tokens a name: ${others.join(', ')}${blind ? '; nothing is known of them' : ''}${cachedPart(model, costs.prefix[whole])}`;
  // what one name has refused may be right for another
  const allRefuse = step === 'elsewhere' && new Set(branches).size === 1;
  const refused = allRefuse ? categoriesBelow(taxonomy, ...branches) : new Set();
  const left = new Set([...upperCategories(taxonomy)].filter((id) => !refused.has(id)));
  return whole === 'tree' || left.size === 0
    ? { route: 'tree', offered: all, none: false, reason }
    : { route: 'two-stage', offered: left, none: false, reason };
}
