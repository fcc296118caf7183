// Makes an object at Stripe under one idempotency key, so that a lost answer makes no second one.
import type { Runtime } from '@paidonce/ledger';
import { isReplayedFailure, withRetries } from '../stripe/stripe-failure.ts';

const retries = 2;
/** More keys to try if Stripe replays a failure of its own. */
const freshKeys = 3;

export async function makeOnce<T>(key: string, runtime: Runtime, make: (key: string) => Promise<T>): Promise<T> {
  for (let fresh = 0; ; fresh++) {
    try {
      return await withRetries(retries, runtime, () => make(fresh === 0 ? key : `${key}-${fresh}`));
    } catch (error) {
      if (!isReplayedFailure(error) || fresh >= freshKeys) throw error;
    }
  }
}
