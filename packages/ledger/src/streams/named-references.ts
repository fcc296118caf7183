// The references that facts of a subscription name, and what is held of payments in the words of subscriptions. Pure.
import { type PaymentReference, referenceName, referenceNamesOf } from '../observation.ts';
import type { PaymentObserved } from '../order/events.ts';
import type { SubscriptionObserved } from '../subscription/events.ts';
import type { SubscriptionFact, SubscriptionObservation, SubscriptionReference } from '../subscription/observation.ts';

export interface NamedReference {
  /** Its reference name. */
  readonly name: string;
  readonly id: string;
  readonly kind: 'invoice' | 'payment';
  /** The invoice that a payment pays for. Absent: it is not told, or this is none. */
  readonly invoice?: string;
}

/** The invoices and the payments of the statements, each once, invoices first. A payment that was canceled is nobody's. */
export function namesIn({ subscription, statements }: SubscriptionObservation): readonly NamedReference[] {
  const named = statements.flatMap(({ fact }) => namedBy(fact, subscription));
  const invoices = named.filter(({ kind }) => kind === 'invoice');
  const payments = named.filter(({ kind }) => kind === 'payment');
  return [...new Map([...invoices, ...payments].map((each) => [each.name, each])).values()];
}

function namedBy(fact: SubscriptionFact, subscription: SubscriptionReference): readonly NamedReference[] {
  const invoice = (id: string): NamedReference => ({ name: referenceName({ ...subscription, id }), id, kind: 'invoice' });
  const paymentOf = (payment: PaymentReference): NamedReference => ({ name: referenceName(payment), id: payment.id, kind: 'payment' });
  switch (fact.kind) {
    case 'invoice':
      return [invoice(fact.id)];
    case 'credit_note':
      return [invoice(fact.invoice)];
    case 'allocation':
      return fact.status === 'paid'
        ? [invoice(fact.invoice), { ...paymentOf({ ...subscription, id: fact.payment }), invoice: fact.invoice }]
        : [invoice(fact.invoice)];
    case 'refund':
    case 'dispute':
      return [paymentOf(fact.payment)];
    case 'lifecycle':
      return [];
  }
}

/** All names of the payment. */
export function referencesOf(observed: PaymentObserved): readonly NamedReference[] {
  return referenceNamesOf(observed).map((name) => ({ name, id: observed.payment.id, kind: 'payment' }));
}

/** What was reported of a payment, as a fact of the subscription that it paid for. Of attempts to pay the invoice speaks: none. */
export function moneyBackOf(
  { payment, fact, aliases: _, orderId: __, ...told }: PaymentObserved,
  { id }: Pick<SubscriptionReference, 'id'>,
): readonly SubscriptionObserved[] {
  return fact.kind === 'attempt' ? [] : [{ ...told, subscription: { ...payment, id }, fact: { ...fact, payment } }];
}
