// A payment that a person states: money that came another way, or a payment at Stripe that no source has told yet.
// The observation goes where all others go; this fills in what support would have to look up.
import { LedgerError, type ManualAction, type Observation, type OrderView } from '@paidonce/ledger';

export interface ManualPayment {
  /**
   * `pi_…` (or `cs_…` where there is no payment intent) for a payment at Stripe: then all sources speak of the same
   * payment. `manual:{uuid}` for money that Stripe never saw; the same id, said again, is the same payment.
   */
  readonly paymentId: string;
  /** When the money came. ISO 8601. */
  readonly paidAt: string;
  /** Default: what the order expects. */
  readonly amountMinor?: number;
  readonly by: ManualAction;
}

/**
 * For `ledger.observePayment`: a payment of this order, in its account, mode and currency.
 *
 * @throws LedgerError `invalid_input` where the id is of neither kind.
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
