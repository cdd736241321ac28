import { openProviders } from '../../src/llm/providers/open.ts';
import { type Sidecar, startSidecar } from '../../src/sidecar/sidecar.ts';
import { testConfig } from './config.ts';
import { quick } from './processes.ts';

/** A sidecar in the test's own process, which trains nothing: for tests to which its process is nothing. */
export async function startSidecarHere(
  url: string,
  environment: Record<string, string> = {},
): Promise<Sidecar> {
  const config = testConfig({}, { ...quick, ...environment });
  return startSidecar(url, config, await openProviders(config, environment), null);
}
