// A payment that a person states: money that came outside Stripe, or a payment at Stripe that no source has reported yet.
// The observation takes the same path as all others; this fills in what support would have to look up.
import { LedgerError, type ManualAction, type Observation, type OrderView } from '@paidonce/ledger';

/** What a person states of a payment. */
export interface ManualPayment {
  /**
   * `pi_…` (or `cs_…` if there is no payment intent) for a payment at Stripe: then all sources report the same payment.
   * `manual:{uuid}` for money outside Stripe; the same id is the same payment, however often it is stated.
   */
  readonly paymentId: string;
  /** When the money came. ISO 8601. */
  readonly paidAt: string;
  /** In the minor unit of the order's currency. Default: what the order expects. */
  readonly amountMinor?: number;
  /** Who states it, and why: it stays in the log. */
  readonly by: ManualAction;
}

/**
 * The observation for `ledger.observePayment`: a payment of this order, in its account, mode and currency.
 *
 * @throws LedgerError `invalid_input`: the id is neither `pi_…`, `cs_…` nor `manual:…`.
 */
export function manualPayment({ orderId, account, livemode, expected }: OrderView, payment: ManualPayment): Observation {
  const { paymentId, paidAt, amountMinor = expected.amountMinor, by } = payment;
  const isStripes = /^(?:pi|cs)_/.test(paymentId);
  if (!isStripes && !paymentId.startsWith('manual:')) {
    throw new LedgerError(
      'invalid_input',
      `Payment ${paymentId} of order ${orderId} is neither pi_… or cs_… of Stripe nor manual:{uuid}. Which one was paid?`,
    );
  }
  return {
    source: 'manual',
    payment: { provider: isStripes ? 'stripe' : 'manual', account, livemode, id: paymentId },
    orderId,
    fact: { kind: 'attempt', status: 'paid', amount: { totalMinor: amountMinor, currency: expected.currency } },
    asOf: paidAt,
    evidence: { objectId: paymentId },
    by,
  };
}
