import { buildAnswers } from './decode.ts';
import { type Gate, throughGate } from './gate.ts';
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

/** When letters alone answer. */
export interface LettersFirst extends Gate {
  /** What their log-probabilities are multiplied with. */
  weight: number;
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
  first: LettersFirst,
): (nameKey: string) => (Answer & Evidence) | null {
  return (nameKey) => throughGate(first, alone(nameKey, first.weight));
}
