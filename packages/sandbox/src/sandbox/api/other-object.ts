// For faults: the right status with another object than was asked for, as a confused cache between shop and Stripe answers.
import type { Model } from '../model.ts';
import { renderInvoice } from '../objects/billing/invoice-record.ts';
import { renderSubscription } from '../objects/billing/subscription-record.ts';
import { renderSession } from '../objects/checkout-record.ts';
import { wholeList } from './lists.ts';

interface Answered {
  readonly id?: string;
  readonly object?: string;
}

/** Another object of the same type where the account has one; else something else of Stripe's. */
export function otherObject(model: Model, asked: Answered): object {
  if (asked.object === 'list') return { object: 'balance', livemode: false, available: [], pending: [] };
  for (const other of siblings(model, asked.object)) if (other.id !== asked.id) return other;
  return wholeList([], '/v1/other');
}

function* siblings(model: Model, object: string | undefined): Iterable<Answered> {
  const { sessions, intents, charges, refunds, disputes, subscriptions, invoices, invoicePayments } = model.state;
  switch (object) {
    case 'checkout.session':
      for (const record of sessions.newestFirst()) yield renderSession(model, record);
      return;
    case 'payment_intent':
      return yield* intents.newestFirst();
    case 'charge':
      return yield* charges.newestFirst();
    case 'refund':
      return yield* refunds.newestFirst();
    case 'dispute':
      return yield* disputes.newestFirst();
    case 'subscription':
      for (const record of subscriptions.newestFirst()) yield renderSubscription(record);
      return;
    case 'invoice':
      for (const record of invoices.newestFirst()) yield renderInvoice(model, record);
      return;
    case 'invoice_payment':
      return yield* invoicePayments.newestFirst();
  }
}
