import type { Classifier } from '../../src/model/types.ts';
import type { ChampionHolder, LoadedModel } from '../../src/sidecar/local/champion.ts';

/** A champion, model 1, whose letters say the same category of each name, surely and at no cost. */
export function noOpChampion(categoryId: number): ChampionHolder {
  const answer = {
    path: [categoryId, null, null] as const,
    confidence: [0.99, 0.99, 0.99] as const,
    candidates: [{ path: [categoryId, null, null] as const, probability: 0.99 }],
    unknown: 0,
    nearest: null,
    voices: null,
  };
  const classifier = {
    neighbours: 0,
    paths: [[categoryId, null, null]],
    readManyLetters: async (names: readonly string[]) => names.map(() => answer),
  } as unknown as Classifier;
  const champion = { modelId: 1, encoderId: 1, classifier } as LoadedModel;
  return {
    current: async () => champion,
    serving: async () => ({ champion, challenger: null }),
    id: () => 1,
    notice: () => null,
    refresh: async () => {},
    close: async () => {},
  };
}
