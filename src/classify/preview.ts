import type { Config } from '../config.ts';
import type { Database } from '../database/connection/open.ts';
import type { Prompt } from '../llm/types.ts';
import type { Answer } from '../model/types.ts';
import { normalise } from '../normalise.ts';
import { loadTaxonomy, promptFor } from '../sidecar/llm/ask.ts';
import type { LoadedModel } from '../sidecar/local/champion.ts';
import { shortlistOf } from '../sidecar/local/decide.ts';
import { embeddingsBy, predict } from '../sidecar/local/predict.ts';
import { type Classified, classify } from './classify.ts';

/** What would be sent for some names, as one batch. */
export interface Preview {
  /** What the layers before the LLM say of each name; the prompt is made whether or not one answers. */
  layers: Classified[];
  prompt: Prompt;
  /** Why this route. */
  reason: string | null;
}

/**
 * The prompt that the LLM stage would send for these names in one batch, without sending it. Writes nothing.
 *
 * @param provider the model that would be asked; null: none
 * @throws Error when there is no name
 */
export async function previewPrompt(
  db: Database,
  config: Config,
  model: LoadedModel | null,
  names: readonly string[],
  provider: string | null = null,
): Promise<Preview> {
  const layers: Classified[] = [];
  const asked = { layers: new Set(['exact', 'similar', 'local'] as const), model, providers: [] };
  for await (const some of classify(db, config, names, asked)) layers.push(...some);
  const keys = names.map(normalise);
  const said = model === null ? [] : await predict(db, model, keys, embeddingsBy(db, model, { save: false }));
  const items = keys.map((name_key, i) => ({
    name_key,
    ...(model === null ? { shortlist: null, probabilities: null } : shortlistOf(said[i] as Answer)),
    ...{ next: null, branch: null, asked: 0, attempts: 1, purpose: 'answer' as const },
  }));
  return { layers, ...(await promptFor(items, await loadTaxonomy(db), provider)) };
}
