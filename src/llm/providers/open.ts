import * as v from 'valibot';
import { serverAddress } from '../../addresses.ts';
import type { Config } from '../../config.ts';
import { misuse } from '../../errors.ts';
import type { Provider } from '../types.ts';
import { keyOf } from './keys.ts';
import type { Access } from './requests.ts';

/** Small models for high-volume classification; the cheapest of each provider on 2026-11-24. */
export const defaultModels = { openai: 'gpt-6-luna', anthropic: 'claude-haiku-5-5' };

/** Always named: the SDKs read OPENAI_BASE_URL and ANTHROPIC_BASE_URL of the process by themselves. */
const ownServers = { openai: 'https://api.openai.com/v1', anthropic: 'https://api.anthropic.com' };

type Name = Provider['name'];
type Settings = Pick<
  Config,
  'llmProvider' | 'llmModel' | 'llmBaseUrl' | 'llmTimeoutSeconds' | 'llmFallback' | 'llmFallbackBaseUrl'
>;

function baseUrlFrom(environment: NodeJS.ProcessEnv, name: Name): string | undefined {
  const variable = `${name.toUpperCase()}_BASE_URL`;
  const address = environment[variable]?.trim() || undefined;
  const checked = v.safeParse(v.optional(serverAddress), address);
  if (!checked.success)
    throw misuse(`${variable} is not valid: ${checked.issues[0].message}`, 'Correct or remove it.');
  return address;
}

/** Loads only the SDK in use: they take 33 and 13 MB. */
async function reach(name: Name, access: Access): Promise<Provider> {
  if (name === 'openai') return (await import('./openai.ts')).openaiProvider(access);
  return (await import('./anthropic.ts')).anthropicProvider(access);
}

/**
 * The provider that the configuration asks for first; null when there is none (`llmProvider` none, or auto without a key
 * or a server): the LLM stage then waits.
 *
 * `auto` takes the OpenAI protocol when its key, `llmBaseUrl` or OPENAI_BASE_URL is set, else Anthropic when its key is.
 *
 * @throws TaxonError (misuse) for a provider that was asked for by name without its key, a key that cannot be one, or a
 *   server of one's own without a model
 */
export async function openProvider(
  config: Settings,
  environment: NodeJS.ProcessEnv = process.env,
): Promise<Provider | null> {
  if (config.llmProvider === 'none') return null;
  const keys = {
    openai: keyOf('OPENAI_API_KEY', environment),
    anthropic: keyOf('ANTHROPIC_API_KEY', environment),
  };
  const openaiUrl = config.llmBaseUrl ?? baseUrlFrom(environment, 'openai');
  const asked = config.llmProvider === 'auto' ? undefined : config.llmProvider;
  const timeoutMs = config.llmTimeoutSeconds * 1000;

  if (asked === 'openai' || (!asked && (openaiUrl || keys.openai))) {
    if (!openaiUrl && !keys.openai)
      throw misuse(
        'llmProvider is openai, but there is no key',
        'Set OPENAI_API_KEY, or TAXON_LLM_BASE_URL for a server of your own.',
      );
    if (config.llmBaseUrl && !config.llmModel)
      throw misuse(
        'llmBaseUrl is set, but llmModel is not',
        'Set TAXON_LLM_MODEL to the name of a model that it has (taxon llm simulate: simulated-llm).',
      );
    return reach('openai', {
      key: keys.openai,
      baseUrl: openaiUrl ?? ownServers.openai,
      model: config.llmModel ?? defaultModels.openai,
      timeoutMs,
    });
  }
  if (!keys.anthropic) {
    if (!asked) return null;
    throw misuse('llmProvider is anthropic, but there is no key', 'Set ANTHROPIC_API_KEY.');
  }
  return reach('anthropic', {
    key: keys.anthropic,
    baseUrl: config.llmBaseUrl ?? baseUrlFrom(environment, 'anthropic') ?? ownServers.anthropic,
    model: config.llmModel ?? defaultModels.anthropic,
    timeoutMs,
  });
}

/**
 * The provider of `llmFallback`, at `llmFallbackBaseUrl` or the usual address. Its key is TAXON_LLM_FALLBACK_API_KEY; the
 * usual one goes to the usual address only, not to a server that happens to speak the same protocol.
 */
async function openFallback(fallback: string, config: Settings, environment: NodeJS.ProcessEnv) {
  const name: Name = fallback.startsWith('openai:') ? 'openai' : 'anthropic';
  const variable = name === 'openai' ? 'OPENAI_API_KEY' : 'ANTHROPIC_API_KEY';
  const elsewhere = config.llmFallbackBaseUrl;
  const key =
    keyOf('TAXON_LLM_FALLBACK_API_KEY', environment) ??
    (elsewhere ? undefined : keyOf(variable, environment));
  const baseUrl = elsewhere ?? baseUrlFrom(environment, name);
  if (!key && (name === 'anthropic' || !baseUrl))
    throw misuse(
      `llmFallback is ${fallback}, but there is no key`,
      `Set TAXON_LLM_FALLBACK_API_KEY${elsewhere ? '' : ` or ${variable}`}.`,
    );
  return reach(name, {
    key,
    baseUrl: baseUrl ?? ownServers[name],
    model: fallback.slice(name.length + 1),
    timeoutMs: config.llmTimeoutSeconds * 1000,
  });
}

/**
 * All providers that the configuration asks for, the first choice first; empty when there is none. A fallback without a
 * first choice is none: what is asked only in need should not take the whole traffic for want of a key.
 *
 * @throws TaxonError (misuse) as openProvider, for the fallback too
 */
export async function openProviders(
  config: Settings,
  environment: NodeJS.ProcessEnv = process.env,
): Promise<Provider[]> {
  const first = await openProvider(config, environment);
  if (first === null) return [];
  if (config.llmFallback === undefined) return [first];
  return [first, await openFallback(config.llmFallback, config, environment)];
}
