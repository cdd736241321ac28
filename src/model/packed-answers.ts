import type { Answer, Evidence, Path } from './types.ts';

/**
 * Answers of letters alone on their way between threads, as numbers alone. A row: how many candidates (0: no answer), the
 * three confidences, the share of unknown n-grams, then a path's place and its probability for each candidate, the answer's own first.
 */
const head = 5;

/** @param paths those of the model, in its order; the very objects that the answers hold, or equal ones */
export function packAnswers(
  answers: readonly ((Answer & Evidence) | null)[],
  paths: readonly Path[],
): Float64Array {
  const place = placesOf(paths);
  let size = 0;
  for (const answer of answers) size += answer === null ? 1 : head + 2 * answer.candidates.length;
  const packed = new Float64Array(size);
  let at = 0;
  for (const answer of answers) {
    packed[at++] = answer?.candidates.length ?? 0;
    if (answer === null) continue;
    for (const value of answer.confidence) packed[at++] = value;
    packed[at++] = answer.unknown;
    for (const { path, probability } of answer.candidates) {
      packed[at++] = place.get(path) as number;
      packed[at++] = probability;
    }
  }
  return packed;
}

/** Undoes `packAnswers`; paths are those given here. */
export function unpackAnswers(packed: Float64Array, paths: readonly Path[]): ((Answer & Evidence) | null)[] {
  const answers: ((Answer & Evidence) | null)[] = [];
  for (let at = 0; at < packed.length; ) {
    const count = packed[at++] as number;
    if (count === 0) {
      answers.push(null);
      continue;
    }
    const confidence = [packed[at++], packed[at++], packed[at++]] as [number, number, number];
    const unknown = packed[at++] as number;
    const candidates: Answer['candidates'] = [];
    for (let i = 0; i < count; i++) {
      const path = paths[packed[at++] as number] as Path;
      candidates.push({ path, probability: packed[at++] as number });
    }
    const { path } = candidates[0] as Answer['candidates'][0];
    answers.push({ path, confidence, candidates, unknown, nearest: null, voices: null });
  }
  return answers;
}

const known = new WeakMap<readonly Path[], Map<Path, number>>();

/** Where each path stands; made once for each list. */
function placesOf(paths: readonly Path[]): Map<Path, number> {
  let places = known.get(paths);
  if (places === undefined) {
    places = new Map(paths.map((path, p) => [path, p]));
    known.set(paths, places);
  }
  return places;
}
