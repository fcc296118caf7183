// One order, one payment: once a session or intent of an order is paid, its other open ones are ended, so that nobody pays
// twice from a forgotten tab. Best effort, beside the acknowledgement and never before it.

import type { Logger, PaymentLedger, PaymentReference } from '@paidonce/ledger';
import { attemptOf, isFinalAttempt } from '@paidonce/ledger/adapter';
import type { Accounts } from '../stripe/accounts.ts';
import { endCheckout } from './end-checkout.ts';

export interface SiblingSessions {
  /** Ends the order's open sessions and intents, best effort. Returns at once, and never throws. */
  expireSoon(orderId: string): void;
  /** Resolves once nothing is under way. */
  settled(): Promise<void>;
}

export function siblingSessions(ledger: PaymentLedger, accounts: Accounts, scope: string, log: Logger): SiblingSessions {
  const running = new Set<Promise<void>>();

  async function expireOpen(orderId: string): Promise<void> {
    // Of a moment ago: what another process attaches meanwhile, a strong read could miss too.
    const order = await ledger.forAdapters.knownOrder(orderId);
    const checkouts = order?.checkouts.filter(({ payment }) => payment.provider === 'stripe' && /^(?:cs|pi)_/.test(payment.id)) ?? [];
    if (checkouts.length < 2) return;
    const history = await ledger.history(orderId);
    for (const { payment } of checkouts) {
      if (!isFinalAttempt(attemptOf(history, payment.id))) await end(payment, orderId);
    }
  }

  async function end({ id, account }: PaymentReference, orderId: string): Promise<void> {
    try {
      await endCheckout(await accounts.calls(account), id, { scope, runtime: ledger.runtime });
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
