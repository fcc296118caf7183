// The keys of our advisory locks. PostgreSQL keeps one space of them for each database, which the shop may use too.
import { createHash } from 'node:crypto';

/** "PdOn": the first half of each key. */
export const lockClass = 0x50644f6e;

/** The second half: the same in every process. Two names that share one only wait for each other. */
export function lockKey(name: string): number {
  return createHash('sha256').update(name).digest().readInt32BE(0);
}
