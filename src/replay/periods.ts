import type { Unit } from '../database/replay.ts';
import { TaxonError } from '../errors.ts';

/** A period with fewer names says nothing in percent: its labels only join memory. */
export const leastNames = 20;
/** Fewer labels teach nothing; `taxon train` refuses them too. */
export const leastPast = 50;

/** One period to replay; its names are rows `from` to `to` (exclusive) of the history, all rows before are its past. */
export interface Period {
  /** 2026-03 for a month, the first day for a week or a day. */
  label: string;
  start: Date;
  from: number;
  to: number;
}

/** The first moment (UTC) of the period that a moment lies in; weeks begin on Monday. */
export function periodStart(unit: Unit, at: number): Date {
  const date = new Date(at);
  const day = unit === 'month' ? 1 : date.getUTCDate() - (unit === 'week' ? (date.getUTCDay() + 6) % 7 : 0);
  return new Date(Date.UTC(date.getUTCFullYear(), date.getUTCMonth(), day));
}

/** The periods that hold rows, in order. */
function split(at: readonly number[], unit: Unit): Period[] {
  const periods: Period[] = [];
  at.forEach((moment, row) => {
    const start = periodStart(unit, moment);
    const last = periods.at(-1);
    if (last?.start.getTime() === start.getTime()) last.to = row + 1;
    else {
      const label = start.toISOString().slice(0, unit === 'month' ? 7 : 10);
      periods.push({ label, start, from: row, to: row + 1 });
    }
  });
  return periods;
}

/**
 * The newest periods that can be replayed: at least 20 names each, and 50 labels before.
 *
 * @param at      when each label was first given, rising
 * @param options from: only periods that begin then or later; most: so many at most
 * @throws TaxonError that says what the history has and what is needed
 */
export function planPeriods(
  at: readonly number[],
  options: { unit: Unit; from: Date | undefined; most: number },
): Period[] {
  const { unit, from, most } = options;
  const all = split(at, unit);
  const large = all.filter((period) => period.to - period.from >= leastNames);
  const fit = large.filter(
    (period) => period.from >= leastPast && (from === undefined || period.start >= from),
  );
  if (large.length < 2 || fit.length === 0) {
    const since = from === undefined ? '' : ` from ${from.toISOString().slice(0, 10)} on`;
    throw new TaxonError(
      `there is too little history to replay by ${unit}${since}: ${at.length} labels in ${all.length} ${unit}(s), ` +
        `${large.length} of them with at least ${leastNames}`,
      {
        hint: `Replay needs two ${unit}s of at least ${leastNames} labels, and ${leastPast} labels before the second. Import again with a column labelled_at, or choose another --by or --from.`,
      },
    );
  }
  return fit.slice(-most);
}

/** At most so many of the rows, evenly over their order: the same ones each time. */
export function sampleRows(rows: readonly number[], most: number): number[] {
  if (rows.length <= most) return [...rows];
  return Array.from({ length: most }, (_, i) => rows[Math.floor((i * rows.length) / most)] as number);
}
