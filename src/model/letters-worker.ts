import { move, workerData } from 'piscina';
import { type LettersAlone, type LettersSource, lettersAlone } from './letters-alone.ts';
import { packAnswers } from './packed-answers.ts';

/** Names for a worker thread; `from` is the l3 confidence below which it says nothing. */
export interface LettersTask {
  nameKeys: readonly string[];
  weight: number;
  from: number;
}

let alone: LettersAlone | undefined;

/** What letters say of the names, packed; the result is moved to the caller, not copied. */
export default function readNames({ nameKeys, weight, from }: LettersTask): Float64Array {
  const source = workerData as LettersSource;
  alone ??= lettersAlone(source);
  const ask = alone;
  const said = nameKeys.map((nameKey) => {
    const answer = ask(nameKey, weight);
    return answer.confidence[2] >= from ? answer : null;
  });
  return move(packAnswers(said, source.paths)) as Float64Array;
}
