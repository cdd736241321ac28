import { TaxonError } from '../errors.ts';

/** SQLSTATE classes that say nothing about the names in hand: connection, resources, operator intervention, system. */
const infrastructure = /^(08|25|40|53|55|57|58|XX)/;

/** The SQLSTATE of an error; undefined where it comes from the driver or the socket (EPIPE and its like look like one). */
function sqlStateOf(error: unknown): string | undefined {
  const code = (error as { code?: unknown }).code;
  return typeof code === 'string' && /^[0-9A-Z]{5}$/.test(code) && !/^E[A-Z]{4}$/.test(code)
    ? code
    : undefined;
}

/**
 * Whether an error says that the database or the network failed, and not that a name in the batch did. Decided by
 * SQLSTATE, never by message text; an error without one comes from the driver or the socket.
 */
export function isInfrastructure(error: unknown): boolean {
  const state = sqlStateOf(error);
  return state === undefined ? !(error instanceof EncodeError) : infrastructure.test(state);
}

/** SQLSTATEs of a server that starts, stops, is a standby, has no connection or memory left, or is busy: that passes. */
const outage = /^(08|25006|40|53|55P03|57P)/;

/** Errors of a program, not of its surroundings. */
const ownFaults = [TaxonError, TypeError, RangeError, ReferenceError, SyntaxError];

/** Whether the database is away and will be back; it says nothing of what it was asked. */
export function isOutage(error: unknown): boolean {
  const state = sqlStateOf(error);
  if (state !== undefined) return outage.test(state);
  return !(error instanceof EncodeError) && !ownFaults.some((kind) => error instanceof kind);
}

/** Whether a database that answers could not do it this time, for its own sake: a time-out, a file that cannot be read. */
export function isRefusal(error: unknown): boolean {
  return sqlStateOf(error) !== undefined && isInfrastructure(error);
}

/** Whether settle_local() refused the answers because their model was taken back meanwhile. */
export function isTakenBack(error: unknown): boolean {
  return (error as { code?: unknown }).code === '55000';
}

/** What a name (or its batch) did to the encoder or the heads: not the database's fault. */
export class EncodeError extends Error {
  constructor(cause: unknown) {
    super(`encoding failed: ${cause instanceof Error ? cause.message : String(cause)}`, { cause });
    this.name = 'EncodeError';
  }
}
