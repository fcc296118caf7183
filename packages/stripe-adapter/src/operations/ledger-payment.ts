// What an order's own stream has of one payment: how much was paid, how much of it went back, and what was disputed.
import { readOrderEvent, type StoredEvent } from '@paidonce/ledger';
import { isPaid, referenceName } from '@paidonce/ledger/adapter';

export interface LedgerPayment {
  /** Every total that was ever reported, in minor units. Empty: it was never reported as paid. */
  readonly totalsMinor: ReadonlySet<number>;
  /** Minor units of the refunds that succeeded and were not undone. */
  readonly refundedMinor: number;
  /** Every status of a dispute that was ever recorded: `{id}:{status}:{movements}`. */
  readonly disputes: ReadonlySet<string>;
}

/** @param paymentId Stripe's id of the payment. */
export function knownPayment(history: readonly StoredEvent[], paymentId: string): LedgerPayment {
  const totalsMinor = new Set<number>();
  const disputes = new Set<string>();
  const refunds = new Map<string, { readonly amountMinor: number; readonly statuses: Set<string> }>();
  for (const stored of history) {
    const event = readOrderEvent(stored);
    if (event.type !== 'PaymentObserved' || referenceName(event.data.payment) !== paymentId) continue;
    const { fact } = event.data;
    if (isPaid(fact)) totalsMinor.add(fact.amount.totalMinor);
    if (fact.kind === 'dispute') disputes.add(`${fact.id}:${fact.status}:${fact.movements}`);
    if (fact.kind !== 'refund') continue;
    const refund = refunds.get(fact.id) ?? { amountMinor: fact.amountMinor, statuses: new Set() };
    refund.statuses.add(fact.status);
    refunds.set(fact.id, refund);
  }
  let refundedMinor = 0;
  for (const { amountMinor, statuses } of refunds.values()) {
    if (statuses.has('succeeded') && !statuses.has('canceled') && !statuses.has('failed')) refundedMinor += amountMinor;
  }
  return { totalsMinor, refundedMinor, disputes };
}
