// Makes an object at Stripe under one idempotency key, so that a lost answer makes no second one. A replayed failure shows that its
// key made nothing, and all go through the same keys in the same order: so the first key that makes the object is the only one.
import { LedgerError, type Runtime } from '@paidonce/ledger';
import { isReplayedFailure, withRetries } from '../stripe/stripe-failure.ts';

const retries = 2;
/** More keys to try if Stripe replays a failure of its own: one start may use them up. */
const afterFailures = 3;
/** More keys to try in all: each start in a day that Stripe refused, for what the shop has mended since, has used up one. */
const freshKeys = 50;

export async function makeOnce<T>(key: string, runtime: Runtime, make: (key: string) => Promise<T>): Promise<T> {
  for (let fresh = 0, failures = 0; ; fresh++) {
    try {
      return await withRetries(retries, runtime, () => make(fresh === 0 ? key : `${key}-${fresh}`));
    } catch (error) {
      if (!isReplayedFailure(error) || fresh >= freshKeys) throw error;
      const isRefusal = error instanceof LedgerError && error.code === 'invalid_input';
      if (!isRefusal) failures += 1;
      if (failures > afterFailures) throw error;
    }
  }
}
