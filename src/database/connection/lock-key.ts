import { createHash } from 'node:crypto';

/**
 * The key of an advisory lock: 64 bits of a namespaced text, so that no application's own locks meet it by chance. As text, since
 * a JavaScript number would round it.
 *
 * @param purpose what is done once at a time in the schema
 */
export function lockKey(schema: string, purpose: string): string {
  return createHash('sha256').update(`pgtaxon:${schema}:${purpose}`).digest().readBigInt64BE().toString();
}
