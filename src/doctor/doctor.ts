import { availableParallelism } from 'node:os';
import type { Config } from '../config.ts';
import { duration } from '../progress.ts';
import { type Check, gigabytes, ok, warn } from './check.ts';
import { machineChecks } from './machine.ts';
import { serverChecks } from './server.ts';

export type { Check } from './check.ts';

/** Of 57,029 titles on two cores (docs/measured/training.md): letters 5.8 s, judges and model 107 s, 1.34 GB. */
const measured = { names: 57_029, letters: 5.8, full: 107, memory: 1.34 * 2 ** 30 };
/** The bundled encoder on titles of 19 tokens, names a second and core (docs/measured/encode.md). */
const encoded = 200;
/** What a process takes before it has read a name. */
const base = 0.3 * 2 ** 30;
/** Bytes of a name in the database: product, label, embedding of 384 numbers, indexes. */
const stored = 4000;

/** What so many labelled names take: by what was measured, in proportion. */
function estimate(names: number): Check {
  const share = names / measured.names;
  const full = duration(share * measured.full + names / encoded / availableParallelism());
  const memory = base + share * (measured.memory - base);
  const said = `${names.toLocaleString('en')} names: a first model in ${duration(share * measured.letters)}, the full one in ${full}, ${gigabytes(memory)} of memory, ${gigabytes(names * stored)} in the database`;
  return memory > 4 * 2 ** 30
    ? warn('estimate', said, 'export TAXON_RETRAIN_MEMORY_MB=… as much as it says')
    : ok('estimate', said);
}

function provider(config: Config, environment: NodeJS.ProcessEnv): Check {
  const keys = ['OPENAI_API_KEY', 'ANTHROPIC_API_KEY'].filter((name) => (environment[name] ?? '') !== '');
  if (config.llmProvider === 'none') return ok('llm', 'none, as TAXON_LLM_PROVIDER says');
  if (keys.length > 0 || config.llmBaseUrl !== undefined)
    return ok('llm', keys.length > 0 ? `a key is there: ${keys.join(', ')}` : `${config.llmBaseUrl}`);
  return ok('llm', 'no key: names for the LLM wait, all else works', 'export OPENAI_API_KEY=…');
}

/**
 * Whether everything is there that pgtaxon needs, with what to type where it is not. Only reads.
 *
 * @param url   the database; null: none is given
 * @param names how many labelled names there are or will be
 */
export async function diagnose(
  url: string | null,
  config: Config,
  names: number,
  environment: NodeJS.ProcessEnv = process.env,
): Promise<Check[]> {
  const server =
    url === null
      ? [
          ok(
            'database',
            'none given: taxon makes a private one here',
            'export DATABASE_URL=postgres://owner@host/shop',
          ),
        ]
      : await serverChecks(url, config);
  return [...(await machineChecks(config)), ...server, provider(config, environment), estimate(names)];
}
