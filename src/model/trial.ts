import { TaxonError } from '../errors.ts';
import type { Answer, Classifier, NameViews } from './types.ts';

/** Enough for a batch of each size class; the answers themselves mean nothing. */
const trialNames = 40;

/** Names and embeddings of no meaning, the same each time. */
function invented({ dimension, paths, neighbours }: Classifier): NameViews[] {
  return Array.from({ length: trialNames }, (_, i) => {
    const waves = Float32Array.from({ length: dimension }, (_, j) => Math.sin(1 + i * 7 + j * (i + 1)));
    const length = Math.hypot(...waves) || 1;
    return {
      nameKey: `trial ${String.fromCodePoint(97 + (i % 26)).repeat(i)} ${i} l`,
      embedding: waves.map((wave) => wave / length),
      neighbours: neighbours === 0 ? [] : paths.slice(0, i).map((path) => ({ path, cosine: 1 / (i + 1) })),
    };
  });
}

const isShare = (value: number) => value >= 0 && value <= 1 + 1e-6;

function check(answer: Answer): void {
  const shares = [...answer.confidence, ...answer.candidates.map(({ probability }) => probability)];
  const wrong = shares.find((share) => !isShare(share));
  if (wrong !== undefined) throw new TaxonError(`it answers with a probability of ${wrong}`);
}

/**
 * Lets a model answer some invented names, all voices and letters alone.
 *
 * @throws what goes wrong, in this process or with what it answers
 */
export async function tryClassifier(classifier: Classifier): Promise<void> {
  const names = invented(classifier);
  for (const answer of classifier.readLetters(names.map(({ nameKey }) => nameKey)))
    if (answer !== null) check(answer);
  const answers = await classifier.predict(names);
  if (answers.length !== names.length) throw new TaxonError('it does not answer every name');
  answers.forEach(check);
}
