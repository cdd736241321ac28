import { misuse, TaxonError } from '../../errors.ts';
import type { EvaluationReport } from '../../train/judge/evaluate.ts';

/** What `--min` can ask for, and where the figure stands; null where there was nothing to score. */
const figures: Record<string, (report: EvaluationReport) => number | null> = {
  l1: ({ levels }) => levels.l1.top1,
  l2: ({ levels }) => levels.l2.top1,
  l3: ({ levels }) => levels.l3.top1,
  path: ({ path }) => path,
  coverage: ({ coverage }) => coverage,
};
const keys = Object.keys(figures).join(', ');

/** A lowest figure that is accepted. */
export interface Bound {
  figure: string;
  least: number;
}

/** Reads `l3=.70` and adds it to those before; a figure has one bound, the last given. */
export function addBound(text: string, before: readonly Bound[] = []): Bound[] {
  const [, figure, value] = /^([^=]+)=(\d*\.?\d+)$/.exec(text) ?? [];
  if (figure === undefined || value === undefined)
    throw misuse(`--min ${text}`, 'Write FIGURE=SHARE, such as --min l3=.70');
  if (!Object.hasOwn(figures, figure)) throw misuse(`--min ${text}`, `There is: ${keys}.`);
  const least = Number(value);
  if (least > 1) throw misuse(`--min ${text}`, `A share is between 0 and 1, such as ${figure}=.70`);
  return [...before.filter((bound) => bound.figure !== figure), { figure, least }];
}

/** Fails with a line for each bound that does not hold. */
export function checkBounds(report: EvaluationReport, bounds: readonly Bound[]): void {
  const failed = bounds.flatMap(({ figure, least }) => {
    const value = (figures[figure] as (typeof figures)[string])(report);
    if (value === null) return [`${figure}: no name has this level, at least ${least} was asked for`];
    return value < least ? [`${figure} is ${Number(value.toPrecision(6))}, below ${least}`] : [];
  });
  if (failed.length > 0) throw new TaxonError(failed.join('\ntaxon: '));
}
