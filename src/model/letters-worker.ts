import { move, workerData } from 'piscina';
import {
  type LettersAlone,
  type LettersFirst,
  type LettersSource,
  lettersAlone,
  lettersServed,
} from './letters-alone.ts';
import { packAnswers } from './packed-answers.ts';

/** Names for a worker thread. */
export interface LettersTask {
  nameKeys: readonly string[];
  first: LettersFirst;
}

let alone: LettersAlone | undefined;

/** What letters say of the names, packed; the result is moved to the caller, not copied. */
export default function readNames({ nameKeys, first }: LettersTask): Float64Array {
  const source = workerData as LettersSource;
  alone ??= lettersAlone(source);
  return move(packAnswers(nameKeys.map(lettersServed(alone, first)), source.paths)) as Float64Array;
}
