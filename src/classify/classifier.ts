import type { Config } from '../config.ts';
import type { Database } from '../database/connection/open.ts';
import { TaxonError } from '../errors.ts';
import { openProviders } from '../llm/providers/open.ts';
import type { Provider } from '../llm/types.ts';
import { holdChampion } from '../sidecar/local/champion.ts';
import { type Classified, classify, type Layer } from './classify.ts';

/** Layers that may be asked without an LLM. */
export const cheapLayers = ['exact', 'similar', 'local'] as const satisfies readonly Layer[];

interface Asked {
  /** Which layers are asked; default: all three. */
  layers?: readonly (typeof cheapLayers)[number][];
  /** Whether the LLM is asked for what is left. */
  llm?: boolean;
}

/** Classifies names; keeps the champion loaded and the provider open from one call to the next. */
export interface NameClassifier {
  /**
   * Batches of answers in the order of the names (classify.ts).
   *
   * @throws TaxonError when the LLM is to be asked and no provider is configured
   */
  classify(names: AsyncIterable<string> | Iterable<string>, asked?: Asked): AsyncGenerator<Classified[]>;
  close(): Promise<void>;
}

export function openClassifier(db: Database, config: Config): NameClassifier {
  const champion = holdChampion(db, config);
  let open: Promise<Provider[]> | null = null;
  async function providers(): Promise<readonly Provider[]> {
    open ??= openProviders(config);
    const found = await open.catch((error) => {
      open = null;
      throw error;
    });
    if (found.length === 0)
      throw new TaxonError('the LLM is to be asked and no provider is configured', {
        hint: 'Set OPENAI_API_KEY or ANTHROPIC_API_KEY, or TAXON_LLM_BASE_URL.',
      });
    return found;
  }
  return {
    async *classify(names, { layers = cheapLayers, llm = false } = {}) {
      const asked = llm ? await providers() : [];
      // the model that is the champion now
      if (layers.includes('local') || llm) await champion.refresh();
      const model = await champion.current();
      yield* classify(db, config, names, { layers: new Set<Layer>(layers), model, providers: asked });
    },
    close: () => champion.close(),
  };
}
