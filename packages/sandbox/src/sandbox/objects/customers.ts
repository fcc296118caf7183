// Customers, with as many fields as a payment needs.
import type Stripe from 'stripe';
import { listPage, within } from '../api/lists.ts';
import type { Parameters } from '../api/parameters.ts';
import { type Call, found, type Route } from '../api/route.ts';
import { noSuchParameterObject } from '../api/stripe-error.ts';
import type { Model } from '../model.ts';
import { emitOwn } from './events.ts';
import { methodNamed } from './payment-methods.ts';

/** Accepted, and without an effect here. */
const WITHOUT_EFFECT = ['address', 'balance', 'preferred_locales', 'shipping', 'source', 'tax', 'tax_exempt', 'tax_id_data'];

function create({ model, parameters }: Call): object {
  const [email = null, name = null, phone = null, description = null] = ['email', 'name', 'phone', 'description'].map((field) =>
    parameters.string(field),
  );
  const metadata = parameters.metadata() ?? {};
  const method = parameters.string('payment_method');
  readInvoiceSettings(parameters);
  parameters.ignored(...WITHOUT_EFFECT);
  const customer = addCustomer(model, { email, name, phone, description, metadata });
  if (method !== undefined) {
    const record = methodNamed(model, method, 'payment_method');
    model.state.paymentMethods.put({ ...record, method: { ...record.method, customer: customer.id } });
  }
  emitOwn(model, 'customer.created', customer);
  return customer;
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

function readInvoiceSettings(parameters: Parameters): void {
  parameters.hash('invoice_settings')?.ignored('default_payment_method', 'custom_fields', 'footer', 'rendering_options');
}

function update({ model, parameters, id }: Call): object {
  const before = found(model.state.customers.get(id), 'customer', id);
  readInvoiceSettings(parameters);
  parameters.ignored(...WITHOUT_EFFECT);
  const customer = model.state.customers.put({
    ...before,
    email: parameters.string('email') ?? before.email,
    name: parameters.string('name') ?? before.name ?? null,
    phone: parameters.string('phone') ?? before.phone ?? null,
    description: parameters.string('description') ?? before.description,
    metadata: parameters.changedMetadata(before.metadata),
  });
  emitOwn(model, 'customer.updated', customer);
  return customer;
}

function remove({ model, id }: Call): object {
  const customer = found(model.state.customers.get(id), 'customer', id);
  model.state.customers.remove(id);
  emitOwn(model, 'customer.deleted', customer);
  return { id, object: 'customer', deleted: true };
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
const customerNamed = ({ model, id }: Call): Stripe.Customer => found(model.state.customers.get(id), 'customer', id);

export const customerRoutes: readonly Route[] = [
  { method: 'POST', path: '/v1/customers', handle: create },
  { method: 'GET', path: '/v1/customers', handle: list },
  { method: 'GET', path: CUSTOMER, handle: customerNamed },
  { method: 'POST', path: CUSTOMER, handle: update },
  { method: 'DELETE', path: CUSTOMER, handle: remove },
];
