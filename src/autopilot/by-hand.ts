import type { Config } from '../config.ts';
import { type JudgedByHand, judgeTrained } from '../database/autopilot.ts';
import type { Database } from '../database/open.ts';
import { champion } from '../database/registry.ts';
import { type TrainOptions, type TrainResult, train } from '../train/run.ts';
import { askBoth, gateFacts } from './gate.ts';

export type TrainedByHand = TrainResult & { gate: JudgedByHand };

/**
 * Trains a model as a person asks for it, and lets the same gate judge it as a retraining's: champion and challenger are asked
 * about the same names. What passes is the champion at once, without shadow and canary; else the champion stays.
 *
 * @param promote why it is to be promoted although the gate refuses it
 * @throws TaxonError when memory is too small to learn from, or another training runs
 */
export async function trainByHand(
  db: Database,
  config: Config,
  options: TrainOptions,
  promote: string | null = null,
): Promise<TrainedByHand> {
  const made = await train(db, config, options);
  const before = await champion(db);
  const models = { champion: before?.modelId ?? made.model_id, challenger: made.model_id };
  const signal = options.signal ?? new AbortController().signal;
  const asked = models.champion === made.model_id ? {} : await askBoth(db, config, models, signal);
  const facts = await gateFacts(db, made.model_id, asked);
  return { ...made, gate: await judgeTrained(db, made.model_id, facts, promote) };
}
