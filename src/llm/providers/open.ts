import type { Config } from '../../config.ts';
import { misuse } from '../../errors.ts';
import type { Provider } from '../types.ts';

/** Small models for high-volume classification; the cheapest of each provider on 2026-11-24. */
const defaultModels = { openai: 'gpt-6-luna', anthropic: 'claude-haiku-5-5' };

/** A key from the environment, or undefined. Its value is in no error. */
function keyFrom(environment: NodeJS.ProcessEnv, variable: string): string | undefined {
  const key = environment[variable]?.trim();
  if (!key) return undefined;
  if (!/^[\x21-\x7e]+$/.test(key))
    throw misuse(`${variable} holds spaces or other characters that no key has`, 'Copy the key again.');
  return key;
}

function baseUrlFrom(environment: NodeJS.ProcessEnv, variable: string): string | undefined {
  return environment[variable]?.trim() || undefined;
}

/**
 * The provider that the configuration asks for; null when there is none (`llmProvider` none, or auto without a key or
 * a server): the LLM stage then waits.
 *
 * `auto` takes the OpenAI protocol when OPENAI_API_KEY, `llmBaseUrl` or OPENAI_BASE_URL is set, else Anthropic when
 * ANTHROPIC_API_KEY is. Keys are read from the environment only. Loads only the SDK in use: they take 33 and 13 MB.
 *
 * @throws TaxonError (misuse) for a provider that was asked for by name without its key, a key that cannot be one, or a
 *   server of one's own without a model
 */
export async function openProvider(
  config: Pick<Config, 'llmProvider' | 'llmModel' | 'llmBaseUrl' | 'llmTimeoutSeconds'>,
  environment: NodeJS.ProcessEnv = process.env,
): Promise<Provider | null> {
  if (config.llmProvider === 'none') return null;
  const keys = {
    openai: keyFrom(environment, 'OPENAI_API_KEY'),
    anthropic: keyFrom(environment, 'ANTHROPIC_API_KEY'),
  };
  const openaiUrl = config.llmBaseUrl ?? baseUrlFrom(environment, 'OPENAI_BASE_URL');
  const timeoutMs = config.llmTimeoutSeconds * 1000;
  const asked = config.llmProvider === 'auto' ? undefined : config.llmProvider;

  if (asked === 'openai' || (!asked && (openaiUrl || keys.openai))) {
    if (!openaiUrl && !keys.openai)
      throw misuse(
        'llmProvider is openai, but there is no key',
        'Set OPENAI_API_KEY, or TAXON_LLM_BASE_URL for a server of your own.',
      );
    if (config.llmBaseUrl && !config.llmModel)
      throw misuse(
        'llmBaseUrl is set, but llmModel is not',
        'Set TAXON_LLM_MODEL to the name of a model that it has (taxon simulate-llm: simulated-llm).',
      );
    const { openaiProvider } = await import('./openai.ts');
    return openaiProvider({
      key: keys.openai,
      // Always named, as the SDK reads OPENAI_BASE_URL of the process by itself.
      baseUrl: openaiUrl ?? 'https://api.openai.com/v1',
      model: config.llmModel ?? defaultModels.openai,
      timeoutMs,
    });
  }
  if (!keys.anthropic) {
    if (!asked) return null;
    throw misuse('llmProvider is anthropic, but there is no key', 'Set ANTHROPIC_API_KEY.');
  }
  const { anthropicProvider } = await import('./anthropic.ts');
  return anthropicProvider({
    key: keys.anthropic,
    baseUrl:
      config.llmBaseUrl ?? baseUrlFrom(environment, 'ANTHROPIC_BASE_URL') ?? 'https://api.anthropic.com',
    model: config.llmModel ?? defaultModels.anthropic,
    timeoutMs,
  });
}
