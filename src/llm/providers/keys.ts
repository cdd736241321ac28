import { readFileSync } from 'node:fs';
import { misuse } from '../../errors.ts';
import { keepSecret } from '../../secrets.ts';

/** What a key's file holds. Neither that nor the reason in Node's words is in the error: only the path and the code. */
function fromFile(variable: string, path: string): string {
  try {
    return readFileSync(path, 'utf8').trim();
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    throw misuse(
      `${variable}: ${path} cannot be read (${code})`,
      'It must be a file that holds the key alone.',
    );
  }
}

/** Variables that may hold a key; with `_FILE` behind them, the path of a file that does. */
export type KeyVariable = 'OPENAI_API_KEY' | 'ANTHROPIC_API_KEY' | 'TAXON_LLM_FALLBACK_API_KEY';

/**
 * A provider's key from the environment, or from the file that its variable with _FILE names (as Docker secrets come); undefined when
 * there is none. Its value is in no error: from here on it is hidden in whatever is logged, thrown or put into the ledger.
 *
 * @throws TaxonError (misuse) for both at once, a file that cannot be read, or something that cannot be a key
 */
export function keyOf(variable: KeyVariable, environment: NodeJS.ProcessEnv): string | undefined {
  const path = environment[`${variable}_FILE`]?.trim();
  const given = environment[variable]?.trim();
  if (given && path) throw misuse(`${variable} and ${variable}_FILE are both set`, 'Leave one of them out.');
  const key = path ? fromFile(`${variable}_FILE`, path) : given;
  if (!key) {
    if (path) throw misuse(`${variable}_FILE: ${path} is empty`, 'Write the key into it.');
    return undefined;
  }
  if (!/^[\x21-\x7e]+$/.test(key))
    throw misuse(
      `${path ? `${variable}_FILE` : variable} holds spaces or other characters that no key has`,
      'Copy the key again.',
    );
  keepSecret(key);
  return key;
}
