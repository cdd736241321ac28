import { batchesOf } from '../../src/llm/fill-batches.ts';
import { lineTokens } from '../../src/llm/line-tokens.ts';
import { parseAnswers } from '../../src/llm/parse.ts';
import { buildPrompt } from '../../src/llm/prompt.ts';
import { type Choice, chooseRoute } from '../../src/llm/route.ts';
import { type Next, nextStep } from '../../src/llm/step.ts';
import type { Item, Provider, Route, Taxonomy } from '../../src/llm/types.ts';

/** A name for the LLM, with the place of its answer. */
export interface Open extends Item {
  at: number;
  /** The likely top category: a full batch is of one. */
  branch: number | null;
  /** Its true category. */
  truth: number;
}

/** What one step of a route came to. */
export interface Use {
  route: Route;
  calls: number;
  names: number;
  tokens: number;
  /** Names that it answered for good, and how many rightly. */
  answered: number;
  right: number;
  /** Names of it that were shown their true category, or, in the first of two stages, one that it lies below. */
  reached: number;
}

export interface Asked {
  /** Category of each name; null: no valid answer. */
  answers: Map<number, number | null>;
  uses: Use[];
  /** Names that were shown it at some step. */
  reached: number;
  /** Wrong answers of names that never were. */
  unshown: number;
}

interface Queued extends Open {
  next: Next;
  shown: boolean;
  tries: number;
}

function ancestors(taxonomy: Taxonomy, id: number): number[] {
  const up = taxonomy.nodes.get(id)?.parent ?? null;
  return up === null ? [] : [up, ...ancestors(taxonomy, up)];
}

/** Batches of one step, as claim_llm makes them; names of the likeliest category together, those without any by themselves. */
function* batches(queue: readonly Queued[], size: number): Generator<Queued[]> {
  const alike = ({ next, shortlist }: Queued) => `${next} ${next === null && shortlist.length === 0}`;
  for (const group of Map.groupBy(queue, alike).values()) {
    group.sort((a, b) => (a.shortlist[0] ?? 0) - (b.shortlist[0] ?? 0));
    const nothing = group[0]?.next === null && group[0].shortlist.length === 0;
    yield* batchesOf(group, ({ branch }) => (nothing ? null : branch), size);
  }
}

/**
 * Asks about all names, step after step, as the sidecar does it.
 *
 * @param choose how a batch is asked; default: chooseRoute
 */
export async function askAll(
  open: readonly Open[],
  taxonomy: Taxonomy,
  provider: Provider,
  size: number,
  choose?: (items: readonly Item[]) => Choice,
): Promise<Asked> {
  const tokens = await lineTokens(taxonomy);
  const signal = new AbortController().signal;
  const answers = new Map<number, number | null>();
  const uses = new Map<Route, Use>();
  const reached = new Set<number>();
  let unshown = 0;
  let queue: Queued[] = open.map((name) => ({ ...name, next: null, shown: false, tries: 0 }));
  while (queue.length > 0) {
    const again: Queued[] = [];
    for (const items of batches(queue, size)) {
      const { next } = items[0] as Queued;
      const branches = items.map(({ branch }) => branch);
      const choice = choose?.(items) ?? chooseRoute(items, { next, branches }, taxonomy, tokens);
      const prompt = buildPrompt(items, taxonomy, choice);
      const reply = await provider.complete(prompt, signal);
      const use = uses.get(choice.route) ?? {
        route: choice.route,
        calls: 0,
        names: 0,
        tokens: 0,
        answered: 0,
        right: 0,
        reached: 0,
      };
      use.calls++;
      use.names += items.length;
      use.tokens += reply.usage.tokensIn + reply.usage.tokensOut;
      uses.set(choice.route, use);
      const parsed = parseAnswers(reply.text, prompt).answers;
      for (const [i, item] of items.entries()) {
        // in the first of two stages what its category lies below stands for it
        const above = choice.route === 'two-stage' ? ancestors(taxonomy, item.truth) : [];
        const shown = [item.truth, ...above].some((id) => choice.offered.has(id));
        if (shown) {
          reached.add(item.at);
          use.reached++;
        }
        const id = parsed.get(i + 1)?.categoryId;
        const seen = item.shown || shown;
        const step = id === undefined ? null : nextStep(id, choice.route, item, taxonomy);
        if (id === undefined && item.tries < 3) again.push({ ...item, shown: seen, tries: item.tries + 1 });
        else if (id !== undefined && step !== null)
          again.push({ ...item, ...step, shown: seen, shortlist: [] });
        else {
          answers.set(item.at, id ?? null);
          use.answered++;
          if (id === item.truth) use.right++;
          if (!seen && id !== item.truth) unshown++;
        }
      }
    }
    queue = again;
  }
  return { answers, uses: [...uses.values()], reached: reached.size, unshown };
}
