import { costOf, type Price } from '../llm/pricing.ts';
import type { Path } from '../model/types.ts';
import type { LlmUse } from './llm.ts';

/** What became of one arriving name. */
export interface Routed {
  layer: 'similar' | 'local' | 'llm';
  /** What the layer answered; null for the LLM, whose answer is the label. */
  answer: Path | null;
  /** The model's own answer, whether it was sure or not; null where it was not asked. */
  model: Path | null;
  label: Path;
}

/** Counts that add up over periods. Those of names are scaled from the names routed to all that arrived. */
export interface Counts {
  names: number;
  /** Names that were routed: all, or a sample. */
  routed: number;
  /** Rows of names that memory knew: the exact layer's. */
  repeats: number;
  similar: number;
  local: number;
  llm: number;
  /** Answers that are not the label that memory holds now; `model`: of the model on all names that it was asked. */
  wrong: { exact: number; similar: number; local: number; model: number };
  use: LlmUse;
}

/** Figures for people. Shares are of names and repeats together; disagreement is null where nothing was answered. */
export interface Figures {
  names: number;
  routed: number;
  repeats: number;
  shares: { exact: number; similar: number; local: number; llm: number };
  /** Share of a layer's answers whose whole path is not the label that memory holds: the teacher's, not the truth. */
  disagreement: {
    exact: number | null;
    similar: number | null;
    local: number | null;
    /** Of all answers of these three layers. */
    answered: number | null;
    /** Of the model's answers to all names that similar left, whether it was sure or not. */
    model: number | null;
    /** Of all names, had there been no LLM: similar's answer, else the model's. What routing cannot hide. */
    without_llm: number | null;
  };
  tokens: number;
  tokens_per_row: number;
  /** Names that the LLM found no category for among the candidates, and that were asked again. */
  asked_again: number;
  /** US dollars at today's price; null where none is known. */
  cost: number | null;
}

const same = (a: Path, b: Path) => a.every((id, level) => id === b[level]);

/** Counts one period. */
export function countRouted(
  routed: readonly Routed[],
  facts: { names: number; repeats: number; changed: number; use: LlmUse },
): Counts {
  const scale = routed.length === 0 ? 0 : facts.names / routed.length;
  const count = (wanted: (name: Routed) => boolean) => routed.filter(wanted).length * scale;
  const of = (layer: Routed['layer']) => count((name) => name.layer === layer);
  const wrong = (layer: Routed['layer']) =>
    count((name) => name.layer === layer && name.answer !== null && !same(name.answer, name.label));
  const { tokensIn, tokensOut, askedAgain } = facts.use;
  return {
    names: facts.names,
    routed: routed.length,
    repeats: facts.repeats,
    similar: of('similar'),
    local: of('local'),
    llm: of('llm'),
    wrong: {
      exact: facts.changed,
      similar: wrong('similar'),
      local: wrong('local'),
      model: count((name) => name.model !== null && !same(name.model, name.label)),
    },
    use: { tokensIn: tokensIn * scale, tokensOut: tokensOut * scale, askedAgain: askedAgain * scale },
  };
}

/** All counts together. */
export function sumCounts(all: readonly Counts[]): Counts {
  const sum = (of: (counts: Counts) => number) => all.reduce((total, counts) => total + of(counts), 0);
  return {
    names: sum((c) => c.names),
    routed: sum((c) => c.routed),
    repeats: sum((c) => c.repeats),
    similar: sum((c) => c.similar),
    local: sum((c) => c.local),
    llm: sum((c) => c.llm),
    wrong: {
      exact: sum((c) => c.wrong.exact),
      similar: sum((c) => c.wrong.similar),
      local: sum((c) => c.wrong.local),
      model: sum((c) => c.wrong.model),
    },
    use: {
      tokensIn: sum((c) => c.use.tokensIn),
      tokensOut: sum((c) => c.use.tokensOut),
      askedAgain: sum((c) => c.use.askedAgain),
    },
  };
}

/** Shares and rates of the counts. */
export function figuresOf(c: Counts, price: Price | null): Figures {
  const rows = c.names + c.repeats;
  const share = (part: number) => (rows === 0 ? 0 : part / rows);
  const rate = (wrong: number, of: number) => (of === 0 ? null : wrong / of);
  const { exact, similar, local, model } = c.wrong;
  const tokens = Math.round(c.use.tokensIn + c.use.tokensOut);
  return {
    names: c.names,
    routed: c.routed,
    repeats: c.repeats,
    shares: {
      exact: share(c.repeats),
      similar: share(c.similar),
      local: share(c.local),
      llm: share(c.llm),
    },
    disagreement: {
      exact: rate(exact, c.repeats),
      similar: rate(similar, c.similar),
      local: rate(local, c.local),
      answered: rate(exact + similar + local, c.repeats + c.similar + c.local),
      model: rate(model, c.local + c.llm),
      without_llm: rate(similar + model, c.names),
    },
    tokens,
    tokens_per_row: rows === 0 ? 0 : tokens / rows,
    asked_again: Math.round(c.use.askedAgain),
    cost: price === null ? null : costOf({ ...c.use, tokensCached: 0, tokensWritten: 0 }, price),
  };
}
