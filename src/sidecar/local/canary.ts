import { createHash } from 'node:crypto';

/** Whether a canary with this share answers a name: as in_canary() in SQL, by bytes 12 to 14 of its digest. */
export function inCanary(nameKey: string, share: number): boolean {
  const digest = createHash('sha256').update(nameKey, 'utf8').digest();
  return digest.readUIntBE(12, 3) < share * 2 ** 24;
}
