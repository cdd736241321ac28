import { simulatedModel } from '../llm/pricing.ts';

/** The second, better and dearer model, so that a fallback and `taxon llm compare` have something to turn to. */
export const strongModel = 'simulated-llm-strong';

/** Share of names whose l1, whose l1 or l2, and whose any level is wrong, each including the one before. */
export type ErrorRates = readonly [number, number, number];

/**
 * The cheap one errs like the seed's teacher. The strong one's rates are an assumption: half as many errors. Both draw
 * by name from the same numbers, so the strong one's errors are among the cheap one's: what is hard, is hard for both.
 */
export const defaultErrorRates = {
  [simulatedModel]: [0.05, 0.14, 0.21],
  [strongModel]: [0.02, 0.06, 0.1],
} as const;
