import type { Config } from '../config.ts';
import { type JudgedByHand, judgeTrained } from '../database/autopilot.ts';
import type { Database } from '../database/connection/open.ts';
import { champion } from '../database/registry.ts';
import type { ModelReport } from '../model/report.ts';
import { diagnoseModel } from '../train/diagnose-model.ts';
import type { FirstModel } from '../train/first.ts';
import { type TrainedFirst, type TrainOptions, type TrainResult, train, trainFirst } from '../train/run.ts';
import { askBoth, gateFacts } from './gate.ts';

export type TrainedByHand = TrainResult & {
  /** The model of letters alone that answers meanwhile; null: there was a champion. */
  first: TrainedFirst | null;
  gate: JudgedByHand;
  /** What names of the test part show; null without one. */
  diagnostics: ModelReport | null;
};

/**
 * Trains a model as a person asks for it, and lets the same gate judge it as a retraining's: champion and challenger are asked
 * about the same names. What passes is the champion at once, without shadow and canary; else the champion stays. Where there
 * is no champion a first model, of letters alone, is made before.
 *
 * @param promote why it is to be promoted although the gate refuses it
 * @param onFirst called when the first model answers
 * @throws TaxonError when memory is too small to learn from, or another training runs
 */
export async function trainByHand(
  db: Database,
  config: Config,
  options: TrainOptions,
  promote: string | null = null,
  onFirst: (first: FirstModel) => void = () => {},
): Promise<TrainedByHand> {
  const { epochs: _, ...ofLetters } = options;
  const first = (await champion(db)) === null ? await trainFirst(db, config, ofLetters, onFirst) : null;
  const { made, inHand } = await train(db, config, options, first?.cleaning ?? null);
  const before = await champion(db);
  const models = { champion: before?.modelId ?? made.model_id, challenger: made.model_id };
  const signal = options.signal ?? new AbortController().signal;
  const asked = models.champion === made.model_id ? {} : await askBoth(db, config, models, signal);
  const facts = await gateFacts(db, made.model_id, asked);
  const gate = await judgeTrained(db, made.model_id, facts, promote);
  return {
    ...made,
    first,
    gate,
    diagnostics: await diagnoseModel(db, config, made.model_id, signal, inHand),
  };
}
