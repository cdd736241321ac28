import * as v from 'valibot';
import { messageOf } from './errors.ts';

/** An object that is no array: valibot's objects and records would take an array for one. */
export const plainObject = v.custom<Record<string, unknown>>(
  (value) => typeof value === 'object' && value !== null && !Array.isArray(value),
  'expected an object',
);

/** valibot's own takes Infinity, which JSON writes as 1e400. */
export const number = v.pipe(v.number(), v.finite());
export const share = v.pipe(v.number(), v.minValue(0), v.maxValue(1));
/** A whole number from 0 on. */
export const count = v.pipe(v.number(), v.safeInteger(), v.minValue(0));
/** A whole number from 1 on. */
export const fromOne = v.pipe(v.number(), v.safeInteger(), v.minValue(1));

/**
 * The `message` of a parse of what comes from elsewhere: valibot's own words quote texts in full, which may be long, a key
 * or a shop's names.
 */
export function unquoted({ expected, received, type }: v.BaseIssue<unknown>): string {
  return `expected ${expected ?? type.replaceAll('_', ' ')}, received ${received.startsWith('"') ? 'a text' : received}`;
}

/** What a parse with `unquoted` found wrong, and where: an issue a line. Of anything else that was thrown its message. */
export function saysOf(error: unknown): string {
  return v.isValiError(error) ? v.summarize(error.issues) : messageOf(error);
}
