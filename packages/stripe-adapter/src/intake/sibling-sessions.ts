// One order, one payment: once a session or intent of an order is paid, its other open ones are ended, so that nobody pays
// twice from a forgotten tab. Best effort, beside the acknowledgement and never before it.

import { LedgerError, type Logger, type PaymentLedger, type PaymentReference } from '@paidonce/ledger';
import { attemptOf, isFinalAttempt } from '@paidonce/ledger/adapter';
import type { Accounts } from '../stripe/accounts.ts';
import type { StripeCalls } from '../stripe/stripe-calls.ts';

export interface SiblingSessions {
  /** Ends the order's open sessions and intents, best effort. Returns at once, and never throws. */
  expireSoon(orderId: string): void;
  /** Resolves once nothing is under way. */
  settled(): Promise<void>;
}

export function siblingSessions(ledger: PaymentLedger, accounts: Accounts, scope: string, log: Logger): SiblingSessions {
  const running = new Set<Promise<void>>();

  async function expireOpen(orderId: string): Promise<void> {
    const order = await ledger.order(orderId);
    const checkouts = order?.checkouts.filter(({ payment }) => payment.provider === 'stripe' && /^(?:cs|pi)_/.test(payment.id)) ?? [];
    if (checkouts.length < 2) return;
    const history = await ledger.history(orderId);
    for (const { payment } of checkouts) {
      if (!isFinalAttempt(attemptOf(history, payment.id))) await end(payment, orderId);
    }
  }

  async function end({ id, account }: PaymentReference, orderId: string): Promise<void> {
    try {
      await closeCheckout(await accounts.calls(account), id, scope);
    } catch (error) {
      log.warn(
        { err: error, checkoutId: id, orderId },
        'a paid order has another session or intent that could not be ended; a payment on it opens a review',
      );
    }
  }

  return {
    expireSoon: (orderId) => {
      const work = expireOpen(orderId)
        .catch((error: unknown) => log.warn({ err: error, orderId }, 'the other sessions of a paid order could not be looked up'))
        .finally(() => running.delete(work));
      running.add(work);
    },
    settled: async () => {
      while (running.size > 0) await Promise.all(running);
    },
  };
}

/**
 * Expires a session, or cancels a bare payment intent, under one idempotency key: ending it twice is one request. False:
 * Stripe refuses, as it does for what is not open.
 *
 * @throws LedgerError `provider_unavailable`
 */
export async function closeCheckout(calls: StripeCalls, id: string, scope: string): Promise<boolean> {
  const key = `${scope}-expire-${id}`;
  try {
    await (id.startsWith('pi_') ? calls.cancelIntent(id, key) : calls.expireSession(id, key));
    return true;
  } catch (error) {
    if (error instanceof LedgerError && error.code === 'invalid_input') return false;
    throw error;
  }
}
