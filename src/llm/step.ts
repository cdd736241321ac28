import { isInner } from './taxonomy.ts';
import type { Route, Taxonomy } from './types.ts';

/**
 * Where an answer that is not final has left a name. Each step is taken once, so that none loops:
 *
 * - null: anywhere, asked of the likely categories or in two stages
 * - `subtree`: below `branch`, or nowhere there
 * - `elsewhere`: anywhere but below `branch`, where nothing fitted
 * - `last`: below `branch`, and something of it has to do
 */
export type Next = null | 'subtree' | 'elsewhere' | 'last';

export interface Step {
  next: Next;
  branch: number | null;
}

/** Where each name begins, and who is asked anew. */
export const start: Step = { next: null, branch: null };

/**
 * The step after an answer; null: it is final.
 *
 * @param categoryId what was chosen, 0 for "none of these"
 * @param route      how it was asked
 */
export function nextStep(categoryId: number, route: Route, asked: Step, taxonomy: Taxonomy): Step | null {
  if (categoryId === 0) return route === 'subtree' ? { next: 'elsewhere', branch: asked.branch } : start;
  return route === 'two-stage' && isInner(taxonomy, categoryId)
    ? { next: asked.next === 'elsewhere' ? 'last' : 'subtree', branch: categoryId }
    : null;
}
