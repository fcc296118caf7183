// What the lines of an invoice pay for. Only lines of the subscription itself count, whatever else stands on the invoice.
import type { CoverLine } from '@paidonce/ledger/adapter';
import type { StripeInvoiceLine } from '../stripe/invoice-objects.ts';
import { isoTime } from './received.ts';

/** The price and product of a line for which Stripe names none: of no plan, and a person may accept it. */
const unnamed = 'unknown';

/** The recurring lines, sorted by id; or the path of one that cannot be. @param subscription `sub_…`. */
export function readLines(
  lines: readonly StripeInvoiceLine[],
  subscription: string,
): { readonly lines: readonly CoverLine[] } | { readonly failedAt: string } {
  // Stripe makes no such invoice: the lines of this one were not told.
  if (lines.length === 0) return { failedAt: 'lines.data' };
  const backwards = lines.findIndex(({ period }) => period.end < period.start);
  if (backwards >= 0) return { failedAt: `lines.data.${backwards}.period` };
  const covers = tiersAsOne(lines).flatMap((line) => coverLineOf(line, subscription) ?? []);
  const unknown = lines.findIndex(({ item, invoice_item: invoiceItem }) => item === null && invoiceItem === null);
  // Of an invoice that tells nothing else it may be the one that was paid for.
  if (covers.length === 0 && unknown >= 0) return { failedAt: `lines.data.${unknown}.parent` };
  return { lines: covers };
}

/**
 * For a price with tiers an invoice has a line for each tier, with the quantity that falls into it, and one for the tier's flat
 * fee, of quantity 0. One line stands for them all: by the first id, with the sums. Prorations are no part of it: Stripe states the
 * whole quantity on each. Sorted by id.
 */
function tiersAsOne(lines: readonly StripeInvoiceLine[]): readonly StripeInvoiceLine[] {
  const joined = new Map<string | StripeInvoiceLine, StripeInvoiceLine>();
  for (const line of lines.toSorted((a, b) => (a.id < b.id ? -1 : 1))) {
    const key = tiersOf(line) ?? line;
    const first = joined.get(key);
    joined.set(key, first === undefined ? line : sumOf(first, line));
  }
  return [...joined.values()];
}

/** What lines of one quantity have in common. Undefined: the line stands alone. */
function tiersOf({ item, amount, quantity, price, period }: StripeInvoiceLine): string | undefined {
  if (item === null || item.subscription_item === null || quantity === null) return undefined;
  if (item.proration || item.credits !== null || amount < 0) return undefined;
  return JSON.stringify([item.subscription_item, price?.price, period.start, period.end]);
}

function sumOf(a: StripeInvoiceLine, b: StripeInvoiceLine): StripeInvoiceLine {
  return {
    ...a,
    amount: a.amount + b.amount,
    discounted: a.discounted + b.discounted,
    quantity: (a.quantity ?? 0) + (b.quantity ?? 0),
  };
}

/** Undefined: it does not recur (a setup fee), is another subscription's, or is for no time at all. */
function coverLineOf(line: StripeInvoiceLine, subscription: string): CoverLine | undefined {
  const { id, amount, discounted, quantity, period, price, item, invoice_item: invoiceItem } = line;
  const origin = item ?? (invoiceItem?.proration && invoiceItem.subscription !== null ? invoiceItem : null);
  if (origin === null || (origin.subscription ?? subscription) !== subscription || period.start === period.end) return undefined;
  // The rest of a period that cost nothing is given back too: by nothing.
  const isCredit = amount < 0 || origin.credits !== null;
  const netMinor = amount - discounted;
  return {
    id,
    price: price?.price ?? unnamed,
    product: price?.product ?? unnamed,
    from: isoTime(period.start),
    to: isoTime(period.end),
    role: isCredit ? 'credit' : origin.proration ? 'proration' : 'base',
    quantity: quantity ?? 1,
    netMinor: isCredit ? Math.min(netMinor, 0) : Math.max(netMinor, 0),
    ...(isCredit && origin.credits !== null ? { credits: origin.credits } : {}),
  };
}
