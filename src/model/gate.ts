import type { Answer } from './types.ts';

/** When some voices answer without those that cost more, and how sure they may say that they are. */
export interface Gate {
  /** From this stated l3 confidence on. */
  from: number;
  /** The confidence that they state at each level: logit = offset + slope × logit of theirs. */
  offsets: [number, number, number];
  slopes: [number, number, number];
}

/** An answer with the confidence that it may state; null where that is not sure enough. */
export function throughGate<A extends Answer>({ from, offsets, slopes }: Gate, answer: A): A | null {
  const state = (level: 0 | 1 | 2) => onLine(answer.confidence[level], offsets[level], slopes[level]);
  const third = state(2);
  if (third < from) return null;
  // each level has its own line, and a level must not be surer than the one above it
  const second = Math.max(state(1), third);
  return { ...answer, confidence: [Math.max(state(0), second), second, third] };
}

/** The confidence on a line of logits. */
export function onLine(said: number, offset: number, slope: number): number {
  return 1 / (1 + Math.exp(-(offset + slope * logit(said))));
}

/** Log-odds of a probability, kept a millionth away from both ends. */
export function logit(probability: number): number {
  const p = Math.min(Math.max(probability, 1e-6), 1 - 1e-6);
  return Math.log(p / (1 - p));
}
