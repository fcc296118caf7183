// Which payment an id in a form means: as the order or the ledger knows it, which may be of another account or mode than the order.
import { type OrderView, type PaymentLedger, type PaymentReference, readOrderEvent } from '@paidonce/ledger';

/** The payment of this id on the order; of a session, the payment that it took. @param id a valid one. */
export async function paymentOf(ledger: PaymentLedger, order: OrderView, id: string): Promise<PaymentReference> {
  for (const stored of await ledger.history(order.orderId)) {
    const event = readOrderEvent(stored);
    if (event.type !== 'PaymentObserved') continue;
    const { payment, aliases = [] } = event.data;
    if (payment.id === id || aliases.includes(id)) return payment;
  }
  return referenceIn(order, id);
}

/** A held payment as the ledger knows it. @param id a valid one. */
export async function heldPayment(ledger: PaymentLedger, order: OrderView, id: string): Promise<PaymentReference> {
  const { hits } = await ledger.console.find(id, { kind: 'held' });
  const held = hits.find((hit) => hit.kind === 'held' && hit.payment.id === id);
  return held?.kind === 'held' ? held.payment : referenceIn(order, id);
}

function referenceIn({ account, livemode }: OrderView, id: string): PaymentReference {
  return { provider: id.startsWith('manual:') ? 'manual' : 'stripe', account, livemode, id };
}
