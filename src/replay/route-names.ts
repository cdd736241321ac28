import type { Database } from '../database/connection/open.ts';
import { similarPaths } from '../database/replay.ts';
import { clearAll } from '../database/reports.ts';
import { deepest } from '../model/tree.ts';
import type { Answer, Path } from '../model/types.ts';
import { shortlistOf } from '../sidecar/local/decide.ts';
import type { Routed } from './figures.ts';
import type { LlmName } from './llm.ts';

/** Names that the similar layer is asked about in one statement. */
const similarPage = 100;

/** The layers that names arrive at. */
export interface Layers {
  db: Database;
  /** Holds memory as it is when the names arrive. */
  scratch: Database;
  thresholds: { l1: number; l2: number; l3: number };
  signal: AbortSignal;
}

export interface ArrivingName {
  key: string;
  label: Path;
}

/** What the similar layer answers to each name; null where it does not. */
export async function askSimilar(
  { scratch, signal }: Pick<Layers, 'scratch' | 'signal'>,
  names: readonly string[],
  onProgress: (asked: number) => void = () => {},
): Promise<(Path | null)[]> {
  const answers: (Path | null)[] = [];
  for (let from = 0; from < names.length; from += similarPage) {
    signal.throwIfAborted();
    answers.push(...(await similarPaths(scratch, names.slice(from, from + similarPage))));
    onProgress(answers.length);
  }
  return answers;
}

/** Of names whose candidates have less of the probability no branch is told: as in settle_local(). */
const leastOfBranch = 0.85;

/**
 * Takes names that memory does not know through similar and local, in their order.
 *
 * @param predict what a local model says of some of the names, by their places
 * @returns asked: those that are left for the LLM, as it would be asked
 */
export async function routeNames(
  layers: Layers,
  names: readonly ArrivingName[],
  predict: (misses: readonly number[]) => Promise<readonly Answer[]>,
): Promise<{ routed: Routed[]; asked: LlmName[] }> {
  const similar = await askSimilar(
    layers,
    names.map(({ key }) => key),
  );
  const misses = Array.from(names.keys()).filter((i) => similar[i] === null);
  const predictions = await predict(misses);
  const confidences = predictions.map(({ confidence }) => confidence);
  const clear = await clearAll(layers.db, confidences, layers.thresholds);
  const routed = names.map(
    ({ label }, i): Routed => ({ layer: 'similar', answer: similar[i] ?? null, model: null, label }),
  );
  const asked: LlmName[] = [];
  for (const [i, at] of misses.entries()) {
    const { key, label } = names[at] as ArrivingName;
    const prediction = predictions[i] as Answer;
    const model = prediction.path;
    routed[at] = clear[i]
      ? { layer: 'local', answer: model, model, label }
      : { layer: 'llm', answer: null, model, label };
    if (clear[i]) continue;
    const candidates = shortlistOf(prediction);
    const sum = candidates.probabilities.reduce((all, each) => all + each, 0);
    const branch = sum >= leastOfBranch ? model[0] : null;
    asked.push({ name: key, ...candidates, branch, label: deepest(label) });
  }
  return { routed, asked };
}
