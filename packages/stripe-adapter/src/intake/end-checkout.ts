// Ends what an order could still be paid on: expires a session, cancels a bare payment intent.
import { LedgerError, type Runtime } from '@paidonce/ledger';
import type { StripeCalls } from '../stripe/stripe-calls.ts';
import type { Answer } from '../stripe/stripe-request.ts';

export interface EndCheckout {
  readonly scope: string;
  readonly runtime: Pick<Runtime, 'uuid'>;
}

/**
 * Under a new idempotency key each time: for a day Stripe repeats its answer to a key, a failure of its own too. To end twice
 * is harmless. Undefined: Stripe refuses, as it does for what is not open.
 *
 * @param id `cs_…` or `pi_…`.
 * @throws LedgerError `provider_unavailable`
 */
export async function endCheckout(calls: StripeCalls, id: string, { scope, runtime }: EndCheckout): Promise<Answer | undefined> {
  const key = `${scope}-end-${id}-${runtime.uuid()}`;
  try {
    return await (id.startsWith('pi_') ? calls.cancelIntent(id, key) : calls.expireSession(id, key));
  } catch (error) {
    if (error instanceof LedgerError && error.code === 'invalid_input') return undefined;
    throw error;
  }
}
