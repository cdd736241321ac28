/** SQLSTATE classes that say nothing about the names in hand: connection, resources, operator intervention, system. */
const infrastructure = /^(08|25|40|53|55|57|58|XX)/;

/**
 * Whether an error says that the database or the network failed, and not that a name in the batch did. Decided by
 * SQLSTATE, never by message text; an error without one comes from the driver or the socket.
 */
export function isInfrastructure(error: unknown): boolean {
  const code = (error as { code?: unknown }).code;
  if (typeof code === 'string' && /^[0-9A-Z]{5}$/.test(code)) return infrastructure.test(code);
  return (error as { name?: string }).name !== 'EncodeError';
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
