// What waits for the next invoice of a subscription or a customer: prorations that were not invoiced at once, and what
// somebody added, e.g. a setup fee.
import type Stripe from 'stripe';
import { listPage, within } from '../../api/lists.ts';
import type { Parameters } from '../../api/parameters.ts';
import { type Call, found, type Route } from '../../api/route.ts';
import { invalidRequest, missingParameter, noSuchParameterObject } from '../../api/stripe-error.ts';
import type { Model } from '../../model.ts';
import type { InvoiceItemRecord, LineDraft } from '../../state/billing-records.ts';
import { emitOwn } from '../events.ts';
import { pricedInPlace, unitAmountIn } from './subscription-items.ts';

/** Call it within a transaction. */
export function putInvoiceItem(model: Model, customer: string, given: LineDraft): InvoiceItemRecord {
  const id = model.newId('ii_');
  const draft = { ...given, invoiceItem: id };
  const item = itemOf(model, id, customer, draft);
  emitOwn(model, 'invoiceitem.created', item);
  return model.state.invoiceItems.put({ id, item, draft });
}

/**
 * What the next invoice of this subscription takes: its own items and those of the customer that name none. Null: an invoice
 * beside all subscriptions, which takes the latter. Prorations come first, as on Stripe's invoices.
 */
export function itemsToInvoice(model: Model, customer: string, subscription: string | null, currency: string): LineDraft[] {
  const own = subscription === null ? [] : waitingItems(model, customer, subscription);
  const drafts = [...own, ...waitingItems(model, customer, null)].map(({ draft }) => draft).filter((draft) => draft.currency === currency);
  return drafts.sort((a, b) => Number(b.proration) - Number(a.proration));
}

/** They stand on this invoice now. Call it within a transaction. */
export function invoiceTook({ state }: Model, invoice: string, lines: readonly LineDraft[]): void {
  for (const { invoiceItem } of lines) {
    const record = invoiceItem === null ? undefined : state.invoiceItems.get(invoiceItem);
    if (record) state.invoiceItems.put({ ...record, item: { ...record.item, invoice } });
  }
}

export function waitingItems({ state }: Model, customer: string, subscription: string | null): InvoiceItemRecord[] {
  return state.invoiceItems.withKey(customer).filter(({ item, draft }) => item.invoice === null && draft.subscription === subscription);
}

function itemOf(model: Model, id: string, customer: string, draft: LineDraft): Stripe.InvoiceItem {
  const { amountMinor, price, quantity, subscription, subscriptionItem, credited } = draft;
  const item = {
    id,
    object: 'invoiceitem',
    amount: amountMinor,
    currency: draft.currency,
    customer,
    customer_account: null,
    date: model.clock.nowSeconds(),
    description: draft.description,
    discountable: draft.discountable,
    discounts: [],
    invoice: null,
    livemode: false,
    metadata: draft.metadata,
    net_amount: amountMinor,
    parent:
      subscription === null
        ? null
        : {
            subscription_details: { subscription, ...(subscriptionItem === null ? {} : { subscription_item: subscriptionItem }) },
            type: 'subscription_details',
          },
    period: draft.period,
    pricing: price && {
      price_details: { price: price.id, product: price.product },
      type: 'price_details',
      unit_amount_decimal: price.unitAmountMinor === null ? null : String(price.unitAmountMinor),
    },
    proration: draft.proration,
    ...(draft.proration ? { proration_details: { credited_items: creditedItems(credited), discount_amounts: [] } } : {}),
    quantity: quantity ?? 1,
    quantity_decimal: String(quantity ?? 1),
    tax_rates: [],
    test_clock: null,
  };
  // The decimals are text on the wire, where the package makes objects of them.
  return item as unknown as Stripe.InvoiceItem;
}

function creditedItems(credited: LineDraft['credited']): Stripe.InvoiceItem.ProrationDetails.CreditedItems | null {
  if (!credited) return null;
  const details = { invoice: credited.invoice, invoice_line_items: [...credited.lines] };
  return { invoice_line_item_details: details, type: 'invoice_line_items' };
}

/** A price of one time, or an amount: `add_invoice_items[]`, or the top level of `POST /v1/invoiceitems`. */
export function readAddedLine(model: Model, parameters: Parameters, currency: string | undefined, subscription: string | null): LineDraft {
  const now = model.clock.nowSeconds();
  const quantity = parameters.integer('quantity', { min: 1, max: 999_999 }) ?? 1;
  const amount = parameters.integer('amount', { min: -99_999_999 });
  const description = parameters.string('description');
  const line = {
    period: { start: now, end: now },
    quantity,
    subscription,
    subscriptionItem: null,
    invoiceItem: null,
    proration: false,
    discountable: true,
    credited: null,
    metadata: parameters.metadata() ?? {},
  };
  if (amount !== undefined) {
    if (currency === undefined) throw missingParameter('currency');
    return { ...line, amountMinor: amount, currency, price: null, description: description ?? 'Invoice item' };
  }
  const pricing = parameters.hash('pricing');
  const priceId = parameters.string('price') ?? pricing?.string('price');
  const data = parameters.hash('price_data');
  const price = priceId === undefined ? data && pricedInPlace(model, data) : model.state.prices.get(priceId);
  if (!price) throw priceId === undefined ? missingParameter(parameters.name('price')) : noSuchParameterObject('price', priceId, 'price');
  if (price.recurring !== null)
    throw invalidRequest(`The price ${price.id} is recurring; here one of one time is needed.`, { param: 'price' });
  const billedIn = currency ?? price.currency;
  const unitAmountMinor = unitAmountIn(model, price, billedIn);
  const name = model.state.products.get(String(price.product))?.name ?? price.id;
  const named = { id: price.id, product: String(price.product), unitAmountMinor };
  return { ...line, amountMinor: unitAmountMinor * quantity, currency: billedIn, price: named, description: description ?? name };
}

function create({ model, parameters }: Call): object {
  const customer = parameters.requiredString('customer');
  if (!model.state.customers.get(customer)) throw noSuchParameterObject('customer', customer, 'customer');
  const subscription = parameters.string('subscription') ?? null;
  const record = subscription === null ? undefined : model.state.subscriptions.get(subscription);
  if (subscription !== null && !record) throw noSuchParameterObject('subscription', subscription, 'subscription');
  parameters.refused('The sandbox adds to the next invoice only.', 'invoice');
  parameters.ignored('discountable', 'period', 'tax_behavior', 'tax_code');
  const currency = parameters.currency('currency') ?? record?.subscription.currency;
  return putInvoiceItem(model, customer, readAddedLine(model, parameters, currency, subscription)).item;
}

function list({ model, parameters }: Call): object {
  const customer = parameters.string('customer');
  const invoice = parameters.string('invoice');
  const pending = parameters.boolean('pending');
  const created = parameters.range('created');
  const page = listPage(model.state.invoiceItems, parameters, '/v1/invoiceitems', ({ item }) => {
    const isPending = item.invoice === null;
    return (
      within(created, item.date) &&
      (customer ?? item.customer) === item.customer &&
      (invoice ?? item.invoice) === item.invoice &&
      (pending ?? isPending) === isPending
    );
  });
  return { ...page, data: page.data.map(({ item }) => item) };
}

function remove({ model, id }: Call): object {
  const { item } = found(model.state.invoiceItems.get(id), 'invoiceitem', id);
  if (item.invoice !== null) throw invalidRequest(`The invoice item ${id} stands on ${item.invoice} and cannot be deleted any more.`);
  model.state.invoiceItems.remove(id);
  return { id, object: 'invoiceitem', deleted: true };
}

const ITEM = '/v1/invoiceitems/:item';

export const invoiceItemRoutes: readonly Route[] = [
  { method: 'POST', path: '/v1/invoiceitems', handle: create },
  { method: 'GET', path: '/v1/invoiceitems', handle: list },
  { method: 'GET', path: ITEM, handle: ({ model, id }) => found(model.state.invoiceItems.get(id), 'invoiceitem', id).item },
  { method: 'DELETE', path: ITEM, handle: remove },
];
