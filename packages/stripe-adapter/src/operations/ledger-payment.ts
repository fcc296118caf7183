// How much of a payment went back by what an order's own stream has of it.
import { readOrderEvent, type StoredEvent } from '@paidonce/ledger';
import { referenceName } from '@paidonce/ledger/adapter';

/** Minor units of the refunds that succeeded and were not undone. @param paymentId Stripe's id of the payment. */
export function refundedInLedger(history: readonly StoredEvent[], paymentId: string): number {
  const refunds = new Map<string, { readonly amountMinor: number; readonly statuses: Set<string> }>();
  for (const stored of history) {
    const event = readOrderEvent(stored);
    if (event.type !== 'PaymentObserved' || referenceName(event.data.payment) !== paymentId) continue;
    const { fact } = event.data;
    if (fact.kind !== 'refund') continue;
    const refund = refunds.get(fact.id) ?? { amountMinor: fact.amountMinor, statuses: new Set() };
    refund.statuses.add(fact.status);
    refunds.set(fact.id, refund);
  }
  let refundedMinor = 0;
  for (const { amountMinor, statuses } of refunds.values()) {
    if (statuses.has('succeeded') && !statuses.has('canceled') && !statuses.has('failed')) refundedMinor += amountMinor;
  }
  return refundedMinor;
}
