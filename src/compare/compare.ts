import { randomBytes } from 'node:crypto';
import type { Config } from '../config.ts';
import type { Database } from '../database/connection/open.ts';
import { llmPrice } from '../database/prices.ts';
import { TaxonError } from '../errors.ts';
import { costOf } from '../llm/pricing.ts';
import { promptVersion } from '../llm/prompt.ts';
import { openProvider } from '../llm/providers/open.ts';
import type { Provider } from '../llm/types.ts';
import { progress } from '../progress.ts';
import { askModel } from './ask.ts';
import { type Agreement, type Asked, agreementsOf, figuresOf, type ModelFigures } from './figures.ts';
import { type Batch, batchesOf, loadQuestions, type Questions } from './questions.ts';

/** A model to ask, and by whom it is reached; undefined: whom the configuration asks for. */
export interface Model {
  model: string;
  provider: 'openai' | 'anthropic' | undefined;
}

export interface CompareOptions {
  models: readonly Model[];
  /** Checked names at most. */
  names: number;
  /** Each model is asked twice. */
  repeat: boolean;
  signal: AbortSignal;
}

/** What all models were asked. */
interface Basis {
  names: number;
  /** Names whose truth was among what was offered: none can be right beyond them. */
  offered: number;
  /** The local model that made the shortlists; null: the whole tree was offered. */
  shortlistsBy: number | null;
  promptVersion: string;
  calls: number;
}

export interface Comparison extends Basis {
  models: ModelFigures[];
  agreement: Agreement[];
}

export interface DryRun extends Basis {
  models: { model: string; tokensIn: number; tokensOut: number; cost: number | null }[];
}

/** Tokens of one answered name as it is asked for, measured (prompt.ts). */
const tokensAnElement = 15;

const basisOf = (all: Questions, batches: readonly Batch[]): Basis => ({
  names: all.questions.length,
  offered: batches.reduce(
    (sum, { questions, prompt }) =>
      sum + questions.filter(({ truthId }) => prompt.offered.has(truthId)).length,
    0,
  ),
  shortlistsBy: all.modelId,
  promptVersion,
  calls: batches.length,
});

/** Opens the providers of all models before the first is asked, so that a missing key costs nothing. */
function openAll(config: Config, models: readonly Model[]): Promise<Provider[]> {
  return Promise.all(
    models.map(async ({ model, provider }) => {
      const { llmBaseUrl, ...rest } = config;
      // a base URL is that of the configured provider, not of another one asked for beside it
      const other = provider === 'anthropic' && config.llmProvider !== 'anthropic';
      const opened = await openProvider({
        ...rest,
        ...(other || llmBaseUrl === undefined ? {} : { llmBaseUrl }),
        llmProvider: provider ?? config.llmProvider,
        llmModel: model,
      });
      if (opened === null)
        throw new TaxonError(`${model}: no provider is configured`, {
          hint: 'Set OPENAI_API_KEY or ANTHROPIC_API_KEY, or TAXON_LLM_BASE_URL.',
        });
      return opened;
    }),
  );
}

/** What a comparison would send and cost, without sending it; needs no key. */
export async function dryRun(db: Database, config: Config, options: CompareOptions): Promise<DryRun> {
  const { countPrompt } = await import('../llm/tokens.ts');
  const all = await loadQuestions(db, config, options.names);
  const first = batchesOf(all, config.llmBatch, 1);
  const batches = options.repeat ? [...first, ...batchesOf(all, config.llmBatch, 2)] : first;
  const tokensIn = batches.reduce((sum, { prompt }) => sum + countPrompt(prompt), 0);
  const tokensOut = tokensAnElement * batches.reduce((sum, { questions }) => sum + questions.length, 0);
  const priced = async ({ model, provider }: CompareOptions['models'][number]) =>
    provider === undefined
      ? ((await llmPrice(db, 'openai', model)) ?? (await llmPrice(db, 'anthropic', model)))
      : llmPrice(db, provider, model);
  const models = options.models.map(async (asked) => {
    const price = await priced(asked);
    return {
      model: asked.model,
      tokensIn,
      tokensOut,
      cost: price === null ? null : costOf({ tokensIn, tokensCached: 0, tokensWritten: 0, tokensOut }, price),
    };
  });
  return { ...basisOf(all, first), models: await Promise.all(models) };
}

/**
 * Asks each model about the same checked names in the same prompts, one model after the other, and sets them side by side.
 * Every call is in the ledger with purpose `compare`; answers become no label and touch no row.
 *
 * @throws TaxonError where there is no checked name, no provider, or the provider cannot be used; the signal's reason
 */
export async function compareModels(
  db: Database,
  config: Config,
  options: CompareOptions,
): Promise<Comparison> {
  const { signal, repeat } = options;
  const providers = await openAll(config, options.models);
  const all = await loadQuestions(db, config, options.names);
  const turns = (repeat ? [1, 2] : [1]).map((turn) => batchesOf(all, config.llmBatch, turn));
  const worker = `compare-${process.pid}-${randomBytes(3).toString('hex')}`;
  const asked: Asked[] = [];
  for (const provider of providers) {
    const { model, name, simulated } = provider;
    const bar = progress(`asking ${model}`, all.questions.length * turns.length, 'names');
    let done = 0;
    const onDone = (names: number) => {
      done += names;
      bar.at(done);
    };
    try {
      const asking = { db, config, worker, provider, signal, onDone };
      const step = asked.length * turns.length + 1;
      const first = await askModel({ ...asking, step }, turns[0] ?? []);
      const second = turns[1] === undefined ? null : await askModel({ ...asking, step: step + 1 }, turns[1]);
      asked.push({ model, provider: name, simulated, first, second });
    } finally {
      bar.end();
    }
  }
  return {
    ...basisOf(all, turns[0] ?? []),
    models: await Promise.all(asked.map((one) => figuresOf(db, one, all))),
    agreement: await agreementsOf(db, asked, all),
  };
}
