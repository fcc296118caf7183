// What the customer may change on the payment page before he pays: the quantity, an optional item, a price of his own choice;
// and what his country changes, where the shop has named no currency.
import type Stripe from 'stripe';
import { invalidRequest } from '../api/stripe-error.ts';
import type { Model } from '../model.ts';
import type { CheckoutRecord } from '../state/records.ts';
import { couponOfSession } from './coupons.ts';
import { computeAmounts } from './session-amounts.ts';

export interface CustomerChoices {
  /** The quantity of the first line that has an adjustable one. */
  readonly quantity?: number | undefined;
  /** The optional item that is added, by its place in the session. */
  readonly optionalItem?: number | undefined;
  /** The price that the customer chooses, in the minor unit, where a line leaves it to him. */
  readonly unitAmountMinor?: number | undefined;
  /**
   * The currency of the customer's country. Stripe charges in it where every price of the session has it among its
   * `currency_options`, and the shop has not named the session's `currency`.
   */
  readonly localCurrency?: string | undefined;
}

/** Call it within a transaction. @throws StripeApiError 400 for a choice that the session does not offer. */
export function choose(model: Model, record: CheckoutRecord, choices: CustomerChoices): CheckoutRecord {
  const chosen = withQuantity(withUnitAmount(withOptionalItem(model, record, choices), choices), choices);
  const localized = inLocalCurrency(model, chosen, choices);
  return localized === record ? record : recomputed(model, localized);
}

function withOptionalItem(model: Model, record: CheckoutRecord, { optionalItem }: CustomerChoices): CheckoutRecord {
  if (optionalItem === undefined) return record;
  const item = record.session.optional_items?.[optionalItem];
  const price = item && model.state.prices.get(item.price);
  if (!item || !price) throw invalidRequest(`Checkout session ${record.id} has no optional item ${optionalItem}.`);
  const name = model.state.products.get(String(price.product))?.name ?? price.id;
  const subtotal = (price.unit_amount ?? 0) * item.quantity;
  const line = { ...lineOf(model, subtotal, price.currency), adjustable_quantity: item.adjustable_quantity, description: name };
  return { ...record, lineItems: [...record.lineItems, { ...line, price: price as unknown as Stripe.Price, quantity: item.quantity }] };
}

export function lineOf(model: Model, subtotal: number, currency: string): Omit<Stripe.LineItem, 'description' | 'price' | 'quantity'> {
  return {
    id: model.newId('li_'),
    object: 'item',
    adjustable_quantity: null,
    amount_discount: 0,
    amount_subtotal: subtotal,
    amount_tax: 0,
    amount_total: subtotal,
    currency,
    metadata: {},
  };
}

function withUnitAmount(record: CheckoutRecord, { unitAmountMinor }: CustomerChoices): CheckoutRecord {
  if (unitAmountMinor === undefined) return record;
  const index = record.lineItems.findIndex(({ price }) => price?.custom_unit_amount);
  const { minimum, maximum } = record.lineItems[index]?.price?.custom_unit_amount ?? {};
  if (index < 0 || unitAmountMinor < (minimum ?? 0) || unitAmountMinor > (maximum ?? Number.MAX_SAFE_INTEGER)) {
    throw invalidRequest(`Checkout session ${record.id} takes no price of ${unitAmountMinor}: the customer chooses none, or another one.`);
  }
  return withLine(record, index, (line) => ({ ...line, amount_subtotal: unitAmountMinor }));
}

function withQuantity(record: CheckoutRecord, { quantity }: CustomerChoices): CheckoutRecord {
  if (quantity === undefined) return record;
  const index = record.lineItems.findIndex((line) => line.adjustable_quantity?.enabled);
  const { minimum, maximum } = record.lineItems[index]?.adjustable_quantity ?? {};
  if (index < 0 || quantity < (minimum ?? 0) || quantity > (maximum ?? 99)) {
    throw invalidRequest(`Checkout session ${record.id} takes no quantity of ${quantity}: it is fixed, or has other bounds.`);
  }
  return withLine(record, index, (line) => ({
    ...line,
    quantity,
    amount_subtotal: (line.amount_subtotal / (line.quantity ?? 1)) * quantity,
  }));
}

function inLocalCurrency(model: Model, record: CheckoutRecord, { localCurrency }: CustomerChoices): CheckoutRecord {
  const { session, lineItems, isCurrencyNamed } = record;
  if (localCurrency === undefined || localCurrency === session.currency || isCurrencyNamed === true) return record;
  const amounts = lineItems.map(({ price }) => model.state.priceOptions.get(price?.id ?? '')?.unitAmounts[localCurrency]);
  if (amounts.some((amount) => amount === undefined)) return record;
  return {
    ...record,
    session: { ...session, currency: localCurrency },
    lineItems: lineItems.map((line, index) => ({
      ...line,
      currency: localCurrency,
      amount_subtotal: (amounts[index] ?? 0) * (line.quantity ?? 1),
    })),
  };
}

function withLine(record: CheckoutRecord, index: number, change: (line: Stripe.LineItem) => Stripe.LineItem): CheckoutRecord {
  return { ...record, lineItems: record.lineItems.map((line, at) => (at === index ? change(line) : line)) };
}

function recomputed(model: Model, record: CheckoutRecord): CheckoutRecord {
  const { session, lineItems } = record;
  const rules = { coupon: couponOfSession(model, session), shippingMinor: session.total_details?.amount_shipping ?? 0, taxed: false };
  const amounts = computeAmounts(lineItems, rules);
  return {
    ...record,
    lineItems: amounts.lineItems,
    session: { ...session, amount_subtotal: amounts.subtotalMinor, amount_total: amounts.totalMinor, total_details: amounts.details },
  };
}
