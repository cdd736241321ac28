import { inject } from 'vitest';
import { type Config, loadConfig } from '../../src/config.ts';

/** Settings for what encodes in the test's own process: the small encoder, in one thread. */
export const testConfig = (given: Partial<Config> = {}, environment: Record<string, string> = {}): Config =>
  loadConfig({ encoderThreads: 1, ...given }, { TAXON_ENCODER: inject('encoder'), ...environment });
