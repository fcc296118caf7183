// `POST /v1/checkout/sessions`: from the parameters to an open session with its lines and amounts.
import type Stripe from 'stripe';
import { defined } from '../../defined.ts';
import type { Parameters } from '../api/parameters.ts';
import type { Call } from '../api/route.ts';
import { invalidRequest } from '../api/stripe-error.ts';
import type { Model } from '../model.ts';
import type { CheckoutSubscription } from '../state/billing-records.ts';
import { CAPTURE_METHODS, type CheckoutRecord, FUTURE_USAGES, type IntentData } from '../state/records.ts';
import { refuseUnknownFate } from './announcement.ts';
import { withDueToday } from './billing/checkout-begin.ts';
import { NO_TERMS, readCheckoutSubscription } from './billing/checkout-terms.ts';
import { refuseUnchargeable } from './charge-limits.ts';
import { readOptionalItems, readPage } from './checkout-page.ts';
import { renderSession } from './checkout-record.ts';
import { type ChosenDiscount, readDiscount } from './coupons.ts';
import { readCustomer } from './customers.ts';
import { DAY_SECONDS, emptySession } from './empty-session.ts';
import { NO_TRANSFERS, readOvercapture, TRANSFERS } from './intent-create.ts';
import { currencyOf, readLineItems, readShipping } from './line-items.ts';
import { readMethodTypes } from './method-types.ts';
import { computeAmounts } from './session-amounts.ts';

const SHORTEST_SECONDS = 30 * 60;

/** Accepted, and without an effect here: how Stripe's own page looks, and what it asks the customer. */
const WITHOUT_EFFECT = [
  'billing_address_collection',
  'branding_settings',
  'consent_collection',
  'custom_fields',
  'custom_text',
  'customer_update',
  'integration_identifier',
  'locale',
  'name_collection',
  'origin_context',
  'payment_method_configuration',
  'payment_method_data',
  'permissions',
  'phone_number_collection',
  'saved_payment_method_options',
  'setup_intent_data',
  'shipping_address_collection',
  'submit_type',
  'tax_id_collection',
  'wallet_options',
];

export function createSession({ model, parameters, version }: Call): object {
  const mode = parameters.oneOf('mode', ['payment', 'setup', 'subscription']) ?? 'payment';
  parameters.onlyOneOf('customer', 'customer_email');
  parameters.onlyOneOf('customer', 'customer_creation');
  parameters.onlyOneOf('allow_promotion_codes', 'discounts');
  parameters.onlyOneOf('payment_method_configuration', 'payment_method_types');
  refuseCustomerUpdate(parameters);
  const customerCreation = readCustomerCreation(parameters, mode);
  refuseInvoice(parameters);
  const page = readPage(parameters, version);
  const metadata = parameters.metadata() ?? {};
  refuseUnknownFate(metadata);
  const lineItems = readLineItems(model, parameters, mode);
  const currency = currencyOf(lineItems, parameters, mode);
  const types = readMethodTypes(parameters);
  const subscription = mode === 'subscription' ? readCheckoutSubscription(model, parameters) : undefined;
  parameters.ignored('subscription_data');
  const record = openSession(model, {
    lineItems,
    discount: readDiscount(model, parameters),
    shippingMinor: readShipping(parameters, currency),
    intentData: { ...readIntentData(parameters, mode), overcapture: readOvercapture(parameters) },
    taxEnabled: parameters.hash('automatic_tax')?.boolean('enabled') ?? false,
    fields: {
      adaptive_pricing: { enabled: parameters.hash('adaptive_pricing')?.boolean('enabled') ?? false },
      after_expiration: readAfterExpiration(parameters),
      allow_promotion_codes: parameters.boolean('allow_promotion_codes') ?? null,
      client_reference_id: parameters.string('client_reference_id', { maxLength: 200 }) ?? null,
      currency,
      customer: readCustomer(model, parameters),
      customer_creation: customerCreation,
      customer_email: parameters.email('customer_email') ?? null,
      expires_at: readExpiry(parameters, model.clock.nowSeconds()),
      metadata,
      mode,
      allowed_payment_method_types: types.allowed ? [...types.allowed] : null,
      payment_method_types: types.accepted.filter((type) => !subscription || type !== 'konbini'),
      payment_method_collection: readCollection(parameters, mode),
      ...page,
      optional_items: readOptionalItems(model, parameters),
    },
    isCurrencyNamed: parameters.currency('currency') !== undefined,
    subscription,
  });
  parameters.ignored(...WITHOUT_EFFECT);
  return renderSession(model, record);
}

/** A customer who is there already has a name, which that of his business may replace only where the request says so. */
function refuseCustomerUpdate(parameters: Parameters): void {
  if (parameters.has('customer_update') && !parameters.has('customer')) {
    throw invalidRequest('`customer_update` can only be used with `customer`.', { param: 'customer_update' });
  }
  const taxId = parameters.hash('tax_id_collection');
  const update = parameters.hash('customer_update');
  const isName = update?.oneOf('name', ['auto', 'never']) === 'auto';
  taxId?.ignored('required');
  update?.ignored('address', 'shipping');
  if (taxId?.boolean('enabled') !== true || !parameters.has('customer') || isName) return;
  throw invalidRequest(
    'Tax ID collection requires updating business name on the customer. To enable tax ID collection for an existing customer, please set `customer_update[name]` to `auto`.',
    { param: 'customer_update[name]' },
  );
}

export interface SessionDraft {
  readonly lineItems: readonly Stripe.LineItem[];
  readonly discount: ChosenDiscount | undefined;
  readonly shippingMinor: number;
  readonly intentData: IntentData;
  readonly taxEnabled: boolean;
  readonly fields: Partial<Stripe.Checkout.Session>;
  readonly isCurrencyNamed?: boolean;
  readonly subscription?: CheckoutSubscription | undefined;
}

/** Call it within a transaction. */
export function openSession(model: Model, draft: SessionDraft): CheckoutRecord {
  const { lineItems, discount, shippingMinor: shipping, intentData, taxEnabled, fields, isCurrencyNamed } = draft;
  const subscription = draft.subscription ?? (fields.mode === 'subscription' ? NO_TERMS : undefined);
  // Automatic tax is known only once the customer has given an address.
  const amounts = computeAmounts(lineItems, { coupon: discount?.coupon, shippingMinor: shipping, taxed: false });
  const id = model.newId('cs_test_', 58);
  const priced = fields.mode !== 'setup';
  const isOpenEnded = lineItems.some(({ price }) => price?.custom_unit_amount);
  if (fields.mode === 'payment' && !taxEnabled && !isOpenEnded)
    refuseUnchargeable(amounts.totalMinor, fields.currency ?? 'usd', 'line_items');
  const session: Stripe.Checkout.Session = {
    ...emptySession(id, model.clock.nowSeconds()),
    ...fields,
    ...(fields.ui_mode === 'embedded_page' || fields.ui_mode === 'elements'
      ? { client_secret: `${id}_secret_${model.newId('', 24)}` }
      : {}),
    amount_subtotal: priced ? amounts.subtotalMinor : null,
    amount_total: priced ? amounts.totalMinor : null,
    automatic_tax: {
      enabled: taxEnabled,
      liability: taxEnabled ? { type: 'self' } : null,
      provider: taxEnabled ? 'stripe' : null,
      status: taxEnabled ? 'requires_location_inputs' : null,
    },
    discounts: discount ? [discount.discount] : [],
    payment_status: priced ? 'unpaid' : 'no_payment_required',
    shipping_cost:
      shipping === 0 ? null : { amount_subtotal: shipping, amount_tax: 0, amount_total: shipping, shipping_rate: model.newId('shr_') },
    total_details: priced ? amounts.details : null,
  };
  model.agenda.add(session.expires_at * 1_000, { kind: 'session_expires', id });
  const record = { id, session, lineItems: amounts.lineItems, intentData, fate: null, ...defined({ isCurrencyNamed, subscription }) };
  return model.state.sessions.put(withDueToday(model, record));
}

function readExpiry(parameters: Parameters, now: number): number {
  const at = parameters.integer('expires_at', { max: Number.MAX_SAFE_INTEGER });
  if (at === undefined) return now + DAY_SECONDS;
  if (at < now + SHORTEST_SECONDS) {
    throw invalidRequest('The `expires_at` timestamp must be at least 30 minutes from Checkout Session creation.', { param: 'expires_at' });
  }
  if (at > now + DAY_SECONDS) {
    throw invalidRequest('The `expires_at` timestamp must be less than 24 hours from Checkout Session creation.', { param: 'expires_at' });
  }
  return at;
}

function readAfterExpiration(parameters: Parameters): Stripe.Checkout.Session.AfterExpiration | null {
  const recovery = parameters.hash('after_expiration')?.hash('recovery');
  if (!recovery) return null;
  const allowCodes = recovery.boolean('allow_promotion_codes') ?? false;
  return { recovery: { allow_promotion_codes: allowCodes, enabled: recovery.boolean('enabled') ?? false, expires_at: null, url: null } };
}

/** @throws StripeApiError 400 */
export function refuseInvoice(parameters: Parameters): void {
  const invoice = parameters.hash('invoice_creation');
  if (invoice?.boolean('enabled')) {
    throw invalidRequest('The sandbox makes no invoices. Leave invoice_creation out.', { param: 'invoice_creation' });
  }
  invoice?.ignored('invoice_data');
}

/** `always`: a customer is made when the session is confirmed. @throws StripeApiError 400 */
export function readCustomerCreation(parameters: Parameters, mode: string): 'always' | 'if_required' {
  const creation = parameters.oneOf('customer_creation', ['always', 'if_required']);
  if (creation !== undefined && mode === 'subscription') {
    throw invalidRequest('`customer_creation` can only be used in `payment` and `setup` mode.', { param: 'customer_creation' });
  }
  return creation ?? 'if_required';
}

/** Whether the customer must give a payment method where nothing is due: of a subscription by default yes. */
function readCollection(parameters: Parameters, mode: string): 'always' | 'if_required' {
  const collection = parameters.oneOf('payment_method_collection', ['always', 'if_required']);
  return mode === 'subscription' ? (collection ?? 'always') : 'if_required';
}

export function readIntentData(parameters: Parameters, mode: string): IntentData {
  const data = parameters.hash('payment_intent_data');
  if (data && mode !== 'payment') {
    throw invalidRequest(`You can not pass \`payment_intent_data\` in \`${mode}\` mode.`, { param: 'payment_intent_data' });
  }
  data?.refused(NO_TRANSFERS, ...TRANSFERS);
  data?.ignored('shipping');
  return {
    metadata: data?.metadata() ?? {},
    captureMethod: data?.oneOf('capture_method', CAPTURE_METHODS) ?? 'automatic_async',
    description: data?.string('description') ?? null,
    receiptEmail: data?.string('receipt_email') ?? null,
    statementDescriptor: data?.string('statement_descriptor', { maxLength: 22 }) ?? null,
    statementDescriptorSuffix: data?.string('statement_descriptor_suffix', { maxLength: 22 }) ?? null,
    setupFutureUsage: data?.oneOf('setup_future_usage', FUTURE_USAGES) ?? null,
    overcapture: false,
  };
}
