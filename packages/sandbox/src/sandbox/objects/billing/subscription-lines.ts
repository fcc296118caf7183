// What an item of a subscription costs for a period: a whole one, a part of one, a trial, or what a metered item used.
import type Stripe from 'stripe';
import type { Model } from '../../model.ts';
import { formatAmount } from '../../money.ts';
import type { LineDraft, Period } from '../../state/billing-records.ts';
import type { CatalogPrice } from '../../state/records.ts';
import { type Interval, periodAround } from './calendar.ts';
import { isMetered, unitAmountIn } from './subscription-items.ts';

/** Whose lines they are. */
export interface Billed {
  readonly subscription: string;
  readonly currency: string;
}

function priceOf({ price }: Pick<Stripe.SubscriptionItem, 'price'>): CatalogPrice {
  return price as unknown as CatalogPrice;
}

export function intervalOf({ price }: Pick<Stripe.SubscriptionItem, 'price'>): Interval {
  return price.recurring ?? { interval: 'month', interval_count: 1 };
}

/** What a whole period costs. */
function wholeAmount(model: Model, item: Stripe.SubscriptionItem, currency: string): number {
  return isMetered(item.price) ? 0 : unitAmountIn(model, priceOf(item), currency) * (item.quantity ?? 1);
}

/** A whole period, paid ahead. */
export function baseLine(model: Model, { subscription, currency }: Billed, item: Stripe.SubscriptionItem, period: Period): LineDraft {
  const { interval, interval_count: count } = intervalOf(item);
  const each = formatAmount(unitAmountIn(model, priceOf(item), currency), currency);
  return {
    ...lineOf(model, { subscription, currency }, item, period),
    amountMinor: wholeAmount(model, item, currency),
    description: `${item.quantity ?? 1} × ${productName(model, item)} (at ${each} / ${count === 1 ? interval : `every ${count} ${interval}s`})`,
  };
}

/** Free until the trial is over. */
export function trialLine(model: Model, billed: Billed, item: Stripe.SubscriptionItem, period: Period): LineDraft {
  return { ...lineOf(model, billed, item, period), amountMinor: 0, description: `Trial period for ${productName(model, item)}` };
}

/** What was used in the period that is over. How much that costs the sandbox does not know: nothing. */
export function usageLine(model: Model, billed: Billed, item: Stripe.SubscriptionItem, period: Period): LineDraft {
  return { ...lineOf(model, billed, item, period), amountMinor: 0, quantity: 0, description: productName(model, item) };
}

/** A part of a period, from `from` on. `discount`: the share that coupons take off, 0 to 1; undefined: the invoice takes it off. */
export function remainingLine(model: Model, billed: Billed, item: Stripe.SubscriptionItem, from: number, discount?: number): LineDraft {
  const { current_period_end: end } = item;
  const whole = periodAround(end, intervalOf(item), end - 1);
  const share = (end - from) / (end - whole.start);
  const amount = Math.round(wholeAmount(model, item, billed.currency) * share * (1 - (discount ?? 0)));
  return {
    ...lineOf(model, billed, item, { start: from, end }),
    amountMinor: amount,
    proration: true,
    discountable: discount === undefined,
    description: `Remaining time on ${nameWithQuantity(model, item)} after ${dayOf(from)}`,
  };
}

/** What is left of a line that was paid for is given back. */
export function creditLine(
  model: Model,
  billed: Billed,
  item: Stripe.SubscriptionItem,
  { from, amountMinor, credited }: { readonly from: number; readonly amountMinor: number; readonly credited: LineDraft['credited'] },
): LineDraft {
  return {
    ...lineOf(model, billed, item, { start: from, end: item.current_period_end }),
    amountMinor: -amountMinor,
    proration: true,
    discountable: false,
    credited,
    description: `Unused time on ${nameWithQuantity(model, item)} after ${dayOf(from)}`,
  };
}

function lineOf(model: Model, { subscription, currency }: Billed, item: Stripe.SubscriptionItem, period: Period): LineDraft {
  const price = priceOf(item);
  return {
    amountMinor: 0,
    currency,
    description: '',
    period: { start: period.start, end: period.end },
    price: {
      id: price.id,
      product: String(price.product),
      unitAmountMinor: isMetered(price) ? null : unitAmountIn(model, price, currency),
    },
    quantity: item.quantity ?? null,
    subscription,
    subscriptionItem: item.id,
    invoiceItem: null,
    proration: false,
    discountable: true,
    credited: null,
    metadata: item.metadata,
  };
}

function productName(model: Model, item: Stripe.SubscriptionItem): string {
  return model.state.products.get(String(item.price.product))?.name ?? item.price.id;
}

function nameWithQuantity(model: Model, item: Stripe.SubscriptionItem): string {
  return (item.quantity ?? 1) === 1 ? productName(model, item) : `${item.quantity} × ${productName(model, item)}`;
}

function dayOf(seconds: number): string {
  return new Date(seconds * 1_000).toLocaleDateString('en-GB', { day: 'numeric', month: 'short', year: 'numeric', timeZone: 'UTC' });
}
