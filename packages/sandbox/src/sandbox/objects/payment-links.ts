// Payment Links: one address, a new Checkout session for each visitor. What the visitor puts into the address
// (`client_reference_id`) is the visitor's word, not the shop's.
import type Stripe from 'stripe';
import { listPage, wholeList } from '../api/lists.ts';
import type { Parameters } from '../api/parameters.ts';
import { type Call, found, type Route } from '../api/route.ts';
import { invalidRequest } from '../api/stripe-error.ts';
import type { Model } from '../model.ts';
import type { CheckoutRecord, PaymentLinkRecord } from '../state/records.ts';
import { refuseUnknownFate } from './announcement.ts';
import { openSession, readCustomerCreation, readIntentData, refuseInvoice } from './checkout-create.ts';
import { emitOwn } from './events.ts';
import { NO_TRANSFERS, TRANSFERS } from './intent-create.ts';
import { currencyOf, readLineItems, readShipping } from './line-items.ts';
import { METHODS } from './method-types.ts';
import { renderLink } from './payment-link-record.ts';

const REFERENCE = /^[A-Za-z0-9_-]{1,200}$/;

/** Accepted, without an effect here. */
const WITHOUT_EFFECT = [
  'billing_address_collection',
  'consent_collection',
  'custom_fields',
  'custom_text',
  'inactive_message',
  'name_collection',
  'phone_number_collection',
  'shipping_address_collection',
  'submit_type',
  'tax_id_collection',
];

function create({ model, parameters }: Call): object {
  const lineItems = readLineItems(model, parameters, 'any');
  const currency = currencyOf(lineItems, parameters, 'payment') ?? 'usd';
  const metadata = parameters.metadata() ?? {};
  refuseUnknownFate(metadata);
  const limit = parameters.hash('restrictions')?.hash('completed_sessions')?.integer('limit', { min: 1 });
  const intentData = readIntentData(parameters, 'payment');
  refuseInvoice(parameters);
  parameters.refused(NO_TRANSFERS, ...TRANSFERS);
  parameters.refused('The subscriptions of Payment Links begin here without further terms.', 'subscription_data');
  const types = parameters.strings('payment_method_types');
  const taxEnabled = parameters.hash('automatic_tax')?.boolean('enabled') ?? false;
  const id = model.newId('plink_');
  const record = model.state.paymentLinks.put({
    id,
    lineItems,
    intentData,
    shippingMinor: readShipping(parameters, currency),
    link: {
      ...EMPTY,
      id,
      after_completion: readAfterCompletion(parameters),
      allow_promotion_codes: parameters.boolean('allow_promotion_codes') ?? false,
      automatic_tax: { enabled: taxEnabled, liability: taxEnabled ? { type: 'self' } : null },
      currency,
      customer_creation: readCustomerCreation(parameters, 'payment'),
      metadata,
      payment_intent_data: shownIntentData(intentData),
      payment_method_types: types.length === 0 ? null : (types as Stripe.PaymentLink.PaymentMethodType[]),
      restrictions: limit === undefined ? null : { completed_sessions: { count: 0, limit } },
    },
  });
  parameters.ignored(...WITHOUT_EFFECT);
  const link = renderLink(model, record);
  emitOwn(model, 'payment_link.created', link);
  return link;
}

function readAfterCompletion(parameters: Parameters): Stripe.PaymentLink.AfterCompletion {
  const after = parameters.hash('after_completion');
  const type = after?.oneOf('type', ['hosted_confirmation', 'redirect']) ?? 'hosted_confirmation';
  const message = after?.hash('hosted_confirmation')?.string('custom_message') ?? null;
  const url = after?.hash('redirect')?.url('url');
  if (type === 'hosted_confirmation') return { type, hosted_confirmation: { custom_message: message } };
  if (url === undefined) throw invalidRequest('Missing required param: after_completion[redirect][url].', { code: 'parameter_missing' });
  return { type, redirect: { url } };
}

function shownIntentData(data: PaymentLinkRecord['intentData']): Stripe.PaymentLink.PaymentIntentData {
  return {
    capture_method: data.captureMethod,
    description: data.description,
    metadata: data.metadata,
    setup_future_usage: data.setupFutureUsage,
    statement_descriptor: data.statementDescriptor,
    statement_descriptor_suffix: data.statementDescriptorSuffix,
    transfer_group: null,
  };
}

const EMPTY: Omit<Stripe.PaymentLink, 'id' | 'after_completion' | 'automatic_tax' | 'currency' | 'metadata'> = {
  object: 'payment_link',
  active: true,
  allow_promotion_codes: false,
  application: null,
  application_fee_amount: null,
  application_fee_percent: null,
  billing_address_collection: 'auto',
  consent_collection: null,
  custom_fields: [],
  custom_text: { after_submit: null, shipping_address: null, submit: null, terms_of_service_acceptance: null },
  customer_creation: 'if_required',
  inactive_message: null,
  invoice_creation: null,
  livemode: false,
  managed_payments: null,
  on_behalf_of: null,
  payment_intent_data: null,
  payment_method_collection: 'always',
  payment_method_options: null,
  payment_method_types: null,
  phone_number_collection: { enabled: false },
  restrictions: null,
  shipping_address_collection: null,
  shipping_options: [],
  submit_type: 'auto',
  subscription_data: null,
  tax_id_collection: { enabled: false, required: 'never' },
  transfer_data: null,
  url: '',
};

function update({ model, parameters, id }: Call): object {
  const record = found(model.state.paymentLinks.get(id), 'payment_link', id);
  const active = parameters.boolean('active') ?? record.link.active;
  refuseInvoice(parameters);
  const codes = parameters.boolean('allow_promotion_codes') ?? record.link.allow_promotion_codes;
  parameters.ignored(...WITHOUT_EFFECT);
  const customer_creation = parameters.has('customer_creation')
    ? readCustomerCreation(parameters, 'payment')
    : record.link.customer_creation;
  const link = {
    ...record.link,
    active,
    customer_creation,
    allow_promotion_codes: codes,
    metadata: parameters.changedMetadata(record.link.metadata),
  };
  const updated = renderLink(model, model.state.paymentLinks.put({ ...record, link }));
  emitOwn(model, 'payment_link.updated', updated);
  return updated;
}

/** What the URL by which a visitor opens a payment link says of the visitor; Stripe takes it over into the session. */
export interface LinkVisit {
  /** `?client_reference_id=…`, typed by the buyer as likely as by the shop. */
  readonly clientReferenceId?: string | undefined;
  readonly prefilledEmail?: string | undefined;
}

/** A visitor opens the link. Call it within a transaction. @throws StripeApiError if it takes no more payments. */
export function visitLink(model: Model, id: string, { clientReferenceId, prefilledEmail }: LinkVisit = {}): CheckoutRecord {
  const { link, lineItems, intentData, shippingMinor } = found(model.state.paymentLinks.get(id), 'payment_link', id);
  if (!link.active) throw invalidRequest(link.inactive_message ?? `The payment link ${id} is not active: it takes no more payments.`);
  const isSubscription = lineItems.some(({ price }) => price?.recurring);
  const types = link.payment_method_types ?? METHODS.filter((type) => !isSubscription || type !== 'konbini');
  return openSession(model, {
    lineItems: lineItems.map((item) => ({ ...item, id: model.newId('li_') })),
    discount: undefined,
    shippingMinor,
    intentData,
    taxEnabled: link.automatic_tax.enabled,
    fields: {
      allow_promotion_codes: link.allow_promotion_codes,
      // Stripe takes only these characters, and drops the rest without a word.
      client_reference_id: clientReferenceId !== undefined && REFERENCE.test(clientReferenceId) ? clientReferenceId : null,
      currency: link.currency,
      customer_creation: link.customer_creation,
      customer_email: prefilledEmail ?? null,
      metadata: link.metadata,
      mode: isSubscription ? 'subscription' : 'payment',
      payment_link: id,
      payment_method_collection: isSubscription ? 'always' : 'if_required',
      payment_method_types: [...types],
      success_url: link.after_completion.redirect?.url ?? null,
    },
  });
}

function list({ model, parameters }: Call): object {
  const active = parameters.boolean('active');
  const page = listPage(model.state.paymentLinks, parameters, '/v1/payment_links', ({ link }) => (active ?? link.active) === link.active);
  return { ...page, data: page.data.map((record) => renderLink(model, record)) };
}

function lineItems({ model, parameters, id }: Call): object {
  parameters.ignored('limit', 'starting_after', 'ending_before');
  return wholeList(found(model.state.paymentLinks.get(id), 'payment_link', id).lineItems, `/v1/payment_links/${id}/line_items`);
}

const LINK = '/v1/payment_links/:link';

export const paymentLinkRoutes: readonly Route[] = [
  { method: 'POST', path: '/v1/payment_links', handle: create },
  { method: 'GET', path: '/v1/payment_links', handle: list },
  { method: 'GET', path: LINK, handle: ({ model, id }) => renderLink(model, found(model.state.paymentLinks.get(id), 'payment_link', id)) },
  { method: 'POST', path: LINK, handle: update },
  { method: 'GET', path: `${LINK}/line_items`, handle: lineItems },
];
