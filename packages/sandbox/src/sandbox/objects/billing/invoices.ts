// Invoices over the API: read, made by hand, finalized, paid, and ended.
import type Stripe from 'stripe';
import { defined } from '../../../defined.ts';
import { listPage, partsInOrder, within } from '../../api/lists.ts';
import { type Call, found, type Route } from '../../api/route.ts';
import { invalidRequest, noSuchParameterObject } from '../../api/stripe-error.ts';
import type { Model } from '../../model.ts';
import type { InvoiceRecord } from '../../state/billing-records.ts';
import { refuseUnknownFate } from '../announcement.ts';
import { readCustomer } from '../customers.ts';
import { methodNamed } from '../payment-methods.ts';
import { collectInvoice, paymentError } from './invoice-collect.ts';
import { createInvoice } from './invoice-create.ts';
import { finalizeInvoice } from './invoice-finalize.ts';
import { invoiceTook, itemsToInvoice, waitingItems } from './invoice-items.ts';
import { markPaid } from './invoice-paid.ts';
import { DRAFT_SECONDS, putInvoice, renderInvoice, subscriptionIdOf, tellInvoice } from './invoice-record.ts';
import { markUncollectible, voidInvoice } from './invoice-void.ts';
import { readTax } from './subscription-create.ts';
import { invoiceSubscription, oneMoment } from './subscription-invoice.ts';

function invoiceNamed({ model, id }: Call): InvoiceRecord {
  return found(model.state.invoices.get(id), 'invoice', id);
}

function list({ model, parameters }: Call): object {
  const status = parameters.oneOf('status', ['draft', 'open', 'paid', 'uncollectible', 'void']);
  const [customer, subscription] = ['customer', 'subscription'].map((name) => parameters.string(name));
  const collection = parameters.oneOf('collection_method', ['charge_automatically', 'send_invoice']);
  const created = parameters.range('created');
  const due = parameters.range('due_date');
  const page = listPage(model.state.invoices, parameters, '/v1/invoices', (record) => {
    const { invoice } = record;
    return (
      (status ?? invoice.status) === invoice.status &&
      within(created, invoice.created) &&
      (due === undefined || within(due, invoice.due_date ?? 0)) &&
      (customer ?? invoice.customer) === invoice.customer &&
      (collection ?? invoice.collection_method) === invoice.collection_method &&
      (subscription === undefined || subscription === subscriptionIdOf(record))
    );
  });
  return { ...page, data: page.data.map((record) => renderInvoice(model, record)) };
}

function lines(call: Call): object {
  const record = invoiceNamed(call);
  return listPage(partsInOrder('line_item', record.lines), call.parameters, `/v1/invoices/${record.id}/lines`);
}

/** By hand: what waits for the customer, or for a subscription. */
function create({ model, parameters }: Call): object {
  parameters.refused('The sandbox has no transfers and no application fees.', 'application_fee_amount', 'on_behalf_of', 'transfer_data');
  parameters.refused('The sandbox has no revisions of invoices: make a credit note.', 'from_invoice');
  parameters.refused('The sandbox discounts subscriptions, not invoices by hand.', 'discounts');
  const subscriptionId = parameters.string('subscription');
  const subscription = subscriptionId === undefined ? undefined : model.state.subscriptions.get(subscriptionId);
  if (subscriptionId !== undefined && !subscription) throw noSuchParameterObject('subscription', subscriptionId, 'subscription');
  const customer = readCustomer(model, parameters) ?? subscription?.subscription.customer;
  if (typeof customer !== 'string')
    throw invalidRequest('Missing required param: customer.', { param: 'customer', code: 'parameter_missing' });
  const now = model.clock.nowSeconds();
  const autoAdvance = parameters.boolean('auto_advance') ?? false;
  const finalizesAt = autoAdvance ? now + DRAFT_SECONDS : null;
  const metadata = parameters.metadata() ?? {};
  refuseUnknownFate(metadata);
  const description = parameters.string('description') ?? null;
  const method = parameters.string('default_payment_method');
  parameters.ignored('footer', 'custom_fields', 'payment_settings', 'rendering', 'statement_descriptor', 'issuer', 'currency');
  const behaviour = parameters.oneOf('pending_invoice_items_behavior', ['exclude', 'include']) ?? 'exclude';
  if (subscription) {
    const wanted = { reason: 'manual' as const, period: oneMoment(now), lines: [], autoAdvance, finalizesAt };
    const { invoice } = invoiceSubscription(model, subscription, wanted);
    return renderInvoice(model, putInvoice(model, invoice, { metadata, description }));
  }
  const currency = waitingItems(model, customer, null)[0]?.draft.currency ?? model.state.customers.get(customer)?.currency ?? 'usd';
  const items = behaviour === 'include' ? itemsToInvoice(model, customer, null, currency) : [];
  const record = createInvoice(model, {
    customer,
    currency,
    subscription: null,
    reason: 'manual',
    lines: items,
    discounts: [],
    period: oneMoment(now),
    autoAdvance,
    finalizesAt,
    collectionMethod: parameters.oneOf('collection_method', ['charge_automatically', 'send_invoice']) ?? 'charge_automatically',
    daysUntilDue: parameters.integer('days_until_due', { max: 3_650 }) ?? null,
    taxed: readTax(parameters),
    defaultMethod: method === undefined ? null : methodNamed(model, method, 'default_payment_method').id,
    description,
    metadata,
  });
  invoiceTook(model, record.id, items);
  return renderInvoice(model, record);
}

function update(call: Call): object {
  const { model, parameters } = call;
  const record = invoiceNamed(call);
  const method = parameters.string('default_payment_method');
  const change = {
    metadata: parameters.changedMetadata(record.invoice.metadata),
    ...defined({
      auto_advance: parameters.boolean('auto_advance'),
      description: parameters.string('description'),
      default_payment_method: method === undefined ? undefined : methodNamed(model, method, 'default_payment_method').id,
    }),
  };
  parameters.ignored('footer', 'custom_fields', 'payment_settings', 'rendering', 'statement_descriptor');
  if (change.auto_advance === true && record.invoice.status === 'draft' && record.invoice.automatically_finalizes_at === null) {
    Object.assign(change, { automatically_finalizes_at: model.clock.nowSeconds() + DRAFT_SECONDS });
  }
  const changed = putInvoice(model, record, change);
  tellInvoice(model, 'invoice.updated', changed);
  return renderInvoice(model, changed);
}

function remove(call: Call): object {
  const record = invoiceNamed(call);
  if (record.invoice.status !== 'draft')
    throw invalidRequest(`The invoice ${record.id} is ${record.invoice.status}: only a draft can be deleted. Void it.`);
  call.model.state.invoices.remove(record.id);
  tellInvoice(call.model, 'invoice.deleted', record);
  return { id: record.id, object: 'invoice', deleted: true };
}

function finalize(call: Call): object {
  const autoAdvance = call.parameters.boolean('auto_advance');
  const record = invoiceNamed(call);
  const open = finalizeInvoice(call.model, putInvoice(call.model, record, defined({ auto_advance: autoAdvance })));
  return renderInvoice(call.model, open);
}

function send(call: Call): object {
  const record = invoiceNamed(call);
  const open = record.invoice.status === 'draft' ? finalizeInvoice(call.model, record) : record;
  tellInvoice(call.model, 'invoice.sent', open);
  return renderInvoice(call.model, open);
}

/** Returns a declined card as an answer: thrown, it would undo the failed charge. */
function pay(call: Call): object {
  const { model, parameters } = call;
  const outside = parameters.boolean('paid_out_of_band') ?? false;
  const named = parameters.string('payment_method');
  parameters.refused('The sandbox forgives nothing of an invoice: make a credit note.', 'forgive');
  parameters.ignored('off_session', 'mandate');
  const found = invoiceNamed(call);
  const record = found.invoice.status === 'draft' ? finalizeInvoice(model, found) : found;
  const { status } = record.invoice;
  if (status === 'paid' && found.invoice.status === 'draft') return renderInvoice(model, record);
  if (status !== 'open' && status !== 'uncollectible') throw notPayable(record);
  if (outside) return renderInvoice(model, markPaid(model, record, { outside: true }));
  const method = named === undefined ? undefined : methodNamed(model, named, 'payment_method').id;
  const collected = collectInvoice(model, record, { method, automatic: false });
  if (collected.outcome === 'failed' || collected.outcome === 'action') return paymentError(collected);
  return renderInvoice(model, model.state.invoices.get(record.id) ?? record);
}

function notPayable({ id, invoice }: InvoiceRecord): Error {
  const message = invoice.status === 'paid' ? 'Invoice is already paid' : `The invoice ${id} is ${invoice.status} and cannot be paid.`;
  return invalidRequest(message, { code: 'invoice_not_editable' });
}

/** The entry that changes an invoice as a whole. */
function changing(change: (model: Model, record: InvoiceRecord) => InvoiceRecord): Route['handle'] {
  return (call) => renderInvoice(call.model, change(call.model, invoiceNamed(call)));
}

const INVOICE = '/v1/invoices/:invoice';

export const invoiceRoutes: readonly Route[] = [
  { method: 'POST', path: '/v1/invoices', handle: create },
  { method: 'GET', path: '/v1/invoices', handle: list },
  { method: 'GET', path: INVOICE, handle: (call): Stripe.Invoice => renderInvoice(call.model, invoiceNamed(call)) },
  { method: 'POST', path: INVOICE, handle: update },
  { method: 'DELETE', path: INVOICE, handle: remove },
  { method: 'GET', path: `${INVOICE}/lines`, handle: lines },
  { method: 'POST', path: `${INVOICE}/finalize`, handle: finalize },
  { method: 'POST', path: `${INVOICE}/send`, handle: send },
  { method: 'POST', path: `${INVOICE}/pay`, handle: pay },
  { method: 'POST', path: `${INVOICE}/void`, handle: changing(voidInvoice) },
  { method: 'POST', path: `${INVOICE}/mark_uncollectible`, handle: changing(markUncollectible) },
];
