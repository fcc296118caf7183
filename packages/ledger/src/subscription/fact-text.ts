// The text and the name of each fact of a subscription.
import { factContent, factKey, paymentKey } from '../observation.ts';
import { catalogText } from './catalog-id.ts';
import type { CoverLine, Lifecycle, PaidInvoice, SubscriptionFact, SubscriptionReference, UnpaidInvoice } from './observation.ts';

/** The content of a fact as text. Equal content gives equal texts, whatever the order of the caller's keys. */
export function subscriptionFactContent(fact: SubscriptionFact): string {
  switch (fact.kind) {
    case 'invoice':
      return fact.status === 'paid' ? paidInvoiceText(fact) : unpaidInvoiceText(fact);
    case 'allocation':
      return `allocation ${fact.id} ${fact.status} ${fact.invoice} ${fact.payment} ${fact.amountMinor}`;
    case 'credit_note':
      return `credit_note ${fact.id} ${fact.status} ${fact.invoice} ${fact.amountMinor}`;
    case 'lifecycle':
      return lifecycleText(fact);
    case 'refund':
    case 'dispute': {
      const { payment, ...back } = fact;
      return `${paymentKey(payment)} ${factContent(back)}`;
    }
  }
}

/** The name of a fact, the same for every source. It contains no amount, time or event id. */
export function subscriptionFactKey(subscription: SubscriptionReference, fact: SubscriptionFact): string {
  switch (fact.kind) {
    case 'invoice':
    case 'allocation':
    case 'credit_note':
      return `${fact.id}:${fact.status}`;
    case 'lifecycle':
      return `${subscription.id}:${fact.status}`;
    case 'refund':
    case 'dispute': {
      const { payment, ...back } = fact;
      return factKey(payment, back);
    }
  }
}

/** Terms make the greater text, and a later due date a greater one. */
function unpaidInvoiceText({ id, status, terms }: UnpaidInvoice): string {
  return `invoice ${id} ${status}${terms ? ` ${terms.dueAt} ${terms.from}` : ''}`;
}

function paidInvoiceText({ id, reason, currency, lines, ...amounts }: PaidInvoice): string {
  const { totalMinor, discountMinor, taxMinor, balanceMinor, outsideMinor, writtenOffMinor } = amounts;
  const money = [totalMinor, discountMinor, taxMinor, balanceMinor, outsideMinor, writtenOffMinor];
  return `invoice ${id} paid ${reason} ${currency} ${money.join(' ')} ${lines.map(lineText).join(' ')}`;
}

function lineText({ id, price, product, from, to, role, quantity, netMinor, credits = '-' }: CoverLine): string {
  return [id, catalogText(price), catalogText(product), from, to, role, quantity, netMinor, credits].join('/');
}

function lifecycleText({ status, collectionPaused, items, ...more }: Lifecycle): string {
  const paused = collectionPaused ? `paused ${collectionPaused.resumesAt ?? '-'}` : 'collecting';
  const { endedAt = '-', endsAt = '-', trialEnd = '-', because = '-', customer } = more;
  const prices = items.map(({ price, quantity }) => `${catalogText(price)}/${quantity}`).join(' ');
  return `lifecycle ${status} ${paused} ${endedAt} ${endsAt} ${trialEnd} ${because} ${customer} ${prices}`;
}
