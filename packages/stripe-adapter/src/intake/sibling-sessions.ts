// One order, one payment: once a session of an order is paid, its other open sessions are expired, so that nobody pays
// twice from a forgotten tab. Best effort, beside the acknowledgement and never before it.

import { LedgerError, type Logger, type PaymentLedger, type PaymentReference } from '@paidonce/ledger';
import { attemptOf, isFinalAttempt } from '@paidonce/ledger/adapter';
import type { Accounts } from '../stripe/accounts.ts';

export interface SiblingSessions {
  /** Expires the order's open sessions, best effort. Returns at once, and never throws. */
  expireSoon(orderId: string): void;
  /** Resolves once nothing is under way. */
  settled(): Promise<void>;
}

export function siblingSessions(ledger: PaymentLedger, accounts: Accounts, scope: string, log: Logger): SiblingSessions {
  const running = new Set<Promise<void>>();

  async function expireOpen(orderId: string): Promise<void> {
    const order = await ledger.order(orderId);
    const sessions = order?.checkouts.filter(({ payment }) => payment.provider === 'stripe' && payment.id.startsWith('cs_')) ?? [];
    if (sessions.length < 2) return;
    const history = await ledger.history(orderId);
    for (const { payment } of sessions) {
      if (!isFinalAttempt(attemptOf(history, payment.id))) await expire(payment, orderId);
    }
  }

  /** Stripe refuses to expire a session that is not open; that is just as good. */
  async function expire({ id: sessionId, account }: PaymentReference, orderId: string): Promise<void> {
    try {
      await (await accounts.calls(account)).expireSession(sessionId, expireKey(scope, sessionId));
    } catch (error) {
      if (error instanceof LedgerError && error.code === 'invalid_input') return;
      log.warn(
        { err: error, sessionId, orderId },
        'a paid order has another session that could not be expired; a payment on it opens a review',
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

/** One idempotency key per session: expiring it twice is one request. */
export function expireKey(scope: string, sessionId: string): string {
  return `${scope}-expire-${sessionId}`;
}
