// Customers, with as many fields as a payment needs.
import type Stripe from 'stripe';
import { listPage, within } from '../api/lists.ts';
import type { Parameters } from '../api/parameters.ts';
import { type Call, found, type Route } from '../api/route.ts';
import { noSuchParameterObject } from '../api/stripe-error.ts';
import type { Model } from '../model.ts';
import { endSubscription } from './billing/subscription-end.ts';
import { isEnded } from './billing/subscription-record.ts';
import { emitOwn } from './events.ts';
import { methodNamed } from './payment-methods.ts';

/** Accepted, and without an effect here. */
const WITHOUT_EFFECT = ['address', 'preferred_locales', 'shipping', 'source', 'tax', 'tax_exempt', 'tax_id_data'];

function create({ model, parameters }: Call): object {
  const email = parameters.email('email') ?? null;
  const [name = null, phone = null, description = null] = ['name', 'phone', 'description'].map((field) => parameters.string(field));
  const metadata = parameters.metadata() ?? {};
  const method = parameters.string('payment_method');
  parameters.refused('The sandbox has no test clocks: advance its own clock.', 'test_clock');
  parameters.ignored(...WITHOUT_EFFECT);
  const { id } = addCustomer(model, { email, name, phone, description, metadata });
  const attached = method === undefined ? undefined : attachTo(model, method, id);
  const defaultName = readInvoiceSettings(parameters);
  // Both may be the same of Stripe's names for tests, which then is one method.
  const defaultMethod = defaultName !== undefined && defaultName === method ? attached : attachedNow(model, defaultName, id);
  const customer = withDefaults(model, id, defaultMethod, parameters);
  emitOwn(model, 'customer.created', customer);
  return customer;
}

function attachTo(model: Model, method: string, customer: string): string {
  const record = methodNamed(model, method, 'payment_method');
  return model.state.paymentMethods.put({ ...record, method: { ...record.method, customer } }).id;
}

function attachedNow(model: Model, method: string | undefined, customer: string): string | undefined {
  return method === undefined ? undefined : attachTo(model, method, customer);
}

/** With the default payment method and the balance that were sent. */
function withDefaults(model: Model, id: string, method: string | undefined, parameters: Parameters): Stripe.Customer {
  const balance = parameters.integer('balance', { min: -99_999_999 });
  const customer = found(model.state.customers.get(id), 'customer', id);
  const invoice_settings = {
    ...customer.invoice_settings,
    default_payment_method: method ?? customer.invoice_settings.default_payment_method,
  };
  return model.state.customers.put({ ...customer, invoice_settings, balance: balance ?? customer.balance });
}

/** A new customer. Call it within a transaction. */
export function addCustomer(
  model: Model,
  fields: Pick<Stripe.Customer, 'description' | 'email' | 'metadata' | 'name' | 'phone'>,
): Stripe.Customer {
  return model.state.customers.put({
    id: model.newId('cus_', 14),
    object: 'customer',
    address: null,
    balance: 0,
    created: model.clock.nowSeconds(),
    currency: null,
    default_source: null,
    delinquent: false,
    discount: null,
    invoice_prefix: model.newId('', 8).toUpperCase(),
    invoice_settings: { custom_fields: null, default_payment_method: null, footer: null, rendering_options: null },
    livemode: false,
    preferred_locales: [],
    shipping: null,
    tax_exempt: 'none',
    test_clock: null,
    ...fields,
  });
}

/** The default payment method that is named there. */
function readInvoiceSettings(parameters: Parameters): string | undefined {
  const settings = parameters.hash('invoice_settings');
  settings?.ignored('custom_fields', 'footer', 'rendering_options');
  return settings?.string('default_payment_method');
}

function update({ model, parameters, id }: Call): object {
  const before = found(model.state.customers.get(id), 'customer', id);
  const method = attachedNow(model, readInvoiceSettings(parameters), id);
  parameters.ignored(...WITHOUT_EFFECT);
  const customer = model.state.customers.put({
    ...withDefaults(model, id, method, parameters),
    email: parameters.has('email') ? (parameters.email('email') ?? null) : before.email,
    name: parameters.changedString('name', before.name ?? null),
    phone: parameters.changedString('phone', before.phone ?? null),
    description: parameters.changedString('description', before.description),
    metadata: parameters.changedMetadata(before.metadata),
  });
  emitOwn(model, 'customer.updated', customer);
  return customer;
}

function remove({ model, id }: Call): object {
  const customer = found(model.state.customers.get(id), 'customer', id);
  for (const subscription of model.state.subscriptions.withKey(id)) {
    if (!isEnded(subscription)) endSubscription(model, subscription, { reason: 'cancellation_requested' });
  }
  model.state.customers.remove(id);
  emitOwn(model, 'customer.deleted', customer);
  return model.state.deletedCustomers.put({ id, object: 'customer', deleted: true });
}

function list({ model, parameters }: Call): object {
  const email = parameters.string('email');
  const created = parameters.range('created');
  return listPage(model.state.customers, parameters, '/v1/customers', (customer) => {
    return within(created, customer.created) && (email ?? customer.email) === customer.email;
  });
}

/** The id in the parameter `customer`; null if it is absent. @throws StripeApiError 400 for an unknown customer. */
export function readCustomer(model: Model, parameters: Parameters): string | null {
  const id = parameters.string('customer');
  if (id === undefined) return null;
  if (!model.state.customers.get(id)) throw noSuchParameterObject('customer', id, parameters.name('customer'));
  return id;
}

const CUSTOMER = '/v1/customers/:customer';
/** One who was deleted can still be read, unlike other objects. */
const customerNamed = ({ model, id }: Call): Stripe.Customer | Stripe.DeletedCustomer =>
  found(model.state.customers.get(id) ?? model.state.deletedCustomers.get(id), 'customer', id);

export const customerRoutes: readonly Route[] = [
  { method: 'POST', path: '/v1/customers', handle: create },
  { method: 'GET', path: '/v1/customers', handle: list },
  { method: 'GET', path: CUSTOMER, handle: customerNamed },
  { method: 'POST', path: CUSTOMER, handle: update },
  { method: 'DELETE', path: CUSTOMER, handle: remove },
];
