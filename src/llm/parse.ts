import * as v from 'valibot';
import { share } from '../shapes.ts';
import { unclosed, withoutReasoning } from './reasoning.ts';
import type { Prompt } from './types.ts';

/** One item's answer. */
interface Answer {
  /** An id that was offered; 0 is "none of these". */
  categoryId: number;
  /** What the model says of itself, 0 to 1, uncalibrated; null when it said nothing usable. */
  confidence: number | null;
}

export interface ParsedAnswers {
  /** By the item's number in the prompt, from 1. Items without an entry got no valid answer. */
  answers: Map<number, Answer>;
  /** Answers that were thrown away, for items that got no valid one; item null: for no item of this batch. */
  refused: { item: number | null; reason: string }[];
}

/** Models without a JSON mode write numbers as strings at times; anything else is no number. */
const integer = v.pipe(
  v.union([v.number(), v.pipe(v.string(), v.regex(/^\d+$/), v.transform(Number))]),
  v.safeInteger(),
);
const element = v.object({
  item: integer,
  id: integer,
  confidence: v.fallback(v.nullable(share), null),
});
const wrapped = v.object({ answers: v.array(v.unknown()) });

/**
 * Characters that are read. An honest answer for 100 names has 10,000, indented; a million elements of rubbish (11 MB) held
 * the process up for 3.6 s.
 */
const longestText = 50_000;
/** Answers for no item that are told one by one. */
const mostStray = 20;
/** Beginnings of a list that are tried from the end: each costs a reading of what is behind it. */
const mostDrafts = 20;

function tryParse(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

/** The list inside a JSON value: the value itself, or its `answers`. */
function listIn(value: unknown): unknown[] | undefined {
  if (Array.isArray(value)) return value;
  const answers = v.safeParse(wrapped, value);
  return answers.success ? answers.output.answers : undefined;
}

/**
 * The last list of a text that drafts others before it: an opening tag of reasoning that nothing closes leaves open where
 * the answer begins, but not that it comes last and is whole.
 */
function lastList(text: string): unknown[] | undefined {
  const end = text.lastIndexOf('}') + 1;
  let from = text.length;
  for (let tries = 0; tries < mostDrafts && from > 0; tries++) {
    from = text.lastIndexOf('{"answers"', from - 1);
    if (from < 0) return undefined;
    const list = listIn(tryParse(text.slice(from, end)));
    if (list !== undefined) return list;
  }
  return undefined;
}

/** The answer's elements: from the whole text as JSON, else from the JSON behind reasoning, inside prose or a code fence, else one by one. */
function elementsOf(whole: string): unknown[] {
  const list = listIn(tryParse(whole.slice(0, longestText)));
  if (list !== undefined) return list;
  const open = unclosed(whole);
  const found = open === undefined ? undefined : lastList(open.slice(-longestText));
  // reasoning may be longer than all that is read of an answer
  return found ?? plainElements(withoutReasoning(whole).slice(0, longestText));
}

/** Whether a text has anything that could be an answer, right or not. */
export function answersSomething(text: string): boolean {
  return elementsOf(text).some((value) => typeof value === 'object' && value !== null);
}

function plainElements(text: string): unknown[] {
  const between = (open: string, close: string) =>
    text.slice(text.indexOf(open), text.lastIndexOf(close) + 1);
  for (const part of [text, between('{', '}'), between('[', ']')]) {
    const list = listIn(tryParse(part));
    if (list !== undefined) return list;
  }
  // Broken or cut JSON: elements are flat objects, so each can be read without the others.
  return [...text.matchAll(/\{[^{}]*\}/g)]
    .map(([part]) => tryParse(part))
    .filter((part) => part !== undefined);
}

/**
 * Reads a provider's answer to `prompt`. Nothing in it is trusted: an id that was not offered is refused, two different
 * valid answers for one item refuse each other, and whatever is missing is simply absent. Reasons hold numbers of it at most,
 * never its text.
 */
export function parseAnswers(text: string, prompt: Pick<Prompt, 'items' | 'offered'>): ParsedAnswers {
  const answers = new Map<number, Answer>();
  const refused = new Map<number, string>();
  const stray: ParsedAnswers['refused'] = [];
  const conflicting = new Set<number>();

  for (const value of elementsOf(text)) {
    const parsed = v.safeParse(element, value, { abortEarly: true });
    if (!parsed.success) {
      stray.push({ item: null, reason: 'not of the form {"item":1,"id":123,"confidence":0.9}' });
      continue;
    }
    const { item, id, confidence } = parsed.output;
    if (item < 1 || item > prompt.items) {
      stray.push({ item: null, reason: `there is no item ${item}` });
    } else if (!prompt.offered.has(id)) {
      refused.set(item, `id ${id} was not offered`);
    } else {
      const before = answers.get(item);
      if (before === undefined) answers.set(item, { categoryId: id, confidence });
      else if (before.categoryId !== id) conflicting.add(item);
    }
  }
  for (const item of conflicting) {
    answers.delete(item);
    refused.set(item, 'answered twice, differently');
  }
  const kept = [...refused]
    .filter(([item]) => !answers.has(item))
    .map(([item, reason]) => ({ item, reason }));
  return { answers, refused: [...kept, ...stray.slice(0, mostStray)] };
}
