import type { ThresholdsScreen } from '../../../database/dashboard/judging-shapes.ts';
import { percent, plural } from '../words.ts';

/** 5 % and not 5.0 %, as people ask for it. */
const share = (value: number) => percent(value, Number.isInteger(Math.round(value * 1e6) / 1e4) ? 0 : 1);

/** "37 more checks certify 5 %", or what speaks against it. */
export function missing({ suggestion }: Pick<ThresholdsScreen, 'suggestion'>): string {
  const { max_error: error, checks_missing: checks, feasible, coverage } = suggestion;
  if (feasible)
    return `Proved: the local layer may answer ${percent(coverage, 0)} of new names with at most ${share(error)} wrong.`;
  if (checks !== null && checks > 0)
    return `${plural(checks, 'more check')} ${checks === 1 ? 'certifies' : 'certify'} ${share(error)}.`;
  return `${share(error)} cannot be promised yet.`;
}
