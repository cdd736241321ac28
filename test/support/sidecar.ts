import { openProviders } from '../../src/llm/providers/open.ts';
import { hearTroubles } from '../../src/log.ts';
import { type Sidecar, startSidecar } from '../../src/sidecar/sidecar.ts';
import { testConfig } from './config.ts';
import { quick, until } from './processes.ts';

/** A sidecar in the test's own process. */
export interface SidecarHere extends Sidecar {
  /** The warnings and errors of the process since its start, with what they are about. */
  troubles(): string;
  /** Resolves when they hold the text. */
  says(text: string): Promise<void>;
}

/**
 * A sidecar in the test's own process, which trains nothing: for tests to which its process is nothing. One of its own takes
 * .6 s of the processor to load what is here already.
 */
export async function startSidecarHere(
  url: string,
  environment: Record<string, string> = {},
): Promise<SidecarHere> {
  const config = testConfig({}, { ...quick, ...environment });
  const lines: string[] = [];
  const deafen = hearTroubles((_, message, facts) => {
    lines.push(`${message} ${Object.values(facts).join(' ')}`);
  });
  const troubles = () => lines.join('\n');
  const providers = await openProviders(config, environment);
  const { worker, stop } = await startSidecar(url, config, providers, null).catch((error) => {
    deafen();
    throw error;
  });
  return {
    worker,
    troubles,
    says: async (text) =>
      void (await until(
        async () => troubles(),
        (said) => said.includes(text),
      )),
    stop: () => stop().finally(deafen),
  };
}
