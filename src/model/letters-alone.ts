import { buildAnswers } from './decode.ts';
import { Letters } from './letters/letters.ts';
import type { LettersTables } from './letters/tables.ts';
import { buildTree } from './tree.ts';
import type { Answer, Evidence, Path } from './types.ts';

/** What a thread must know to ask letters alone: facts of the model, and tables that all threads share. */
export interface LettersSource {
  tables: LettersTables;
  paths: readonly Path[];
  temperature: number;
}

/** When letters alone answer, and how sure they may say that they are. */
export interface LettersFirst {
  /** From this stated l3 confidence on. */
  from: number;
  /** What their log-probabilities are multiplied with. */
  weight: number;
  /** The confidence that they state at each level: logit = offset + slope × logit of theirs. */
  offsets: [number, number, number];
  slopes: [number, number, number];
}

/** Asks letters alone of one name; their log-probabilities are multiplied with `weight`. */
export type LettersAlone = (nameKey: string, weight: number) => Answer & Evidence;

/** The same answers in every thread, whichever reads a name. */
export function lettersAlone({ tables, paths, temperature }: LettersSource): LettersAlone {
  const tree = buildTree(paths);
  const letters = new Letters(tables, tree, temperature);
  const answer = buildAnswers(paths);
  const { pathOutputs } = tree;
  const logs = new Float64Array(tree.outputs);
  const scores = new Float64Array(paths.length);
  return (nameKey, weight) => {
    const unknown = letters.scoreLikely(nameKey, logs);
    for (let p = 0; p < scores.length; p++) {
      let sum = 0;
      for (let level = 0; level < 3; level++) {
        const output = pathOutputs[p * 3 + level] as number;
        if (output < 0) break;
        sum += logs[output] as number;
      }
      scores[p] = weight * sum;
    }
    return { ...answer(scores), unknown, nearest: null, voices: null };
  };
}

/** Asks letters alone as the model serves them; null where they are not sure enough. */
export function lettersServed(
  alone: LettersAlone,
  { from, weight, offsets, slopes }: LettersFirst,
): (nameKey: string) => (Answer & Evidence) | null {
  const state = (level: 0 | 1 | 2, said: number) => onLine(said, offsets[level], slopes[level]);
  return (nameKey) => {
    const answer = alone(nameKey, weight);
    const [l1, l2, l3] = answer.confidence;
    const third = state(2, l3);
    if (third < from) return null;
    // each level has its own line, and a level must not be surer than the one above it
    const second = Math.max(state(1, l2), third);
    return { ...answer, confidence: [Math.max(state(0, l1), second), second, third] };
  };
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
