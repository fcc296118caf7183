// Payment methods over the API: made of a test card's number, a token, or one of Stripe's names for tests
// (`pm_card_visa`), and attached to customers.
import type Stripe from 'stripe';
import { listPage } from '../api/lists.ts';
import type { Parameters } from '../api/parameters.ts';
import { type Call, found, type Route } from '../api/route.ts';
import { invalidRequest, missingParameter, noSuchParameterObject } from '../api/stripe-error.ts';
import type { Model } from '../model.ts';
import type { PaymentMethodRecord } from '../state/records.ts';
import { CARD_NAMES, type PaymentOption, paymentOption, paymentOptionForTests } from '../test-cards.ts';
import { emitOwn } from './events.ts';
import { makeMethod } from './payment-method-record.ts';

const TYPES = ['card', 'sepa_debit', 'konbini'] as const;

/** `type` and the hash of that type: the top level of the creation, or `payment_method_data` of a confirmation. */
export function readMethod(model: Model, parameters: Parameters): PaymentMethodRecord {
  const type = parameters.oneOf('type', TYPES);
  if (type === undefined) throw missingParameter(parameters.name('type'));
  const option = readOption(parameters, type);
  const billing = parameters.hash('billing_details');
  const address = readAddress(billing?.hash('address'));
  const [email = null, name = null, phone = null] = ['email', 'name', 'phone'].map((field) => billing?.string(field));
  billing?.ignored('tax_id');
  parameters.ignored('allow_redisplay');
  return makeMethod(model, option, { billing: { address, email, name, phone }, metadata: parameters.metadata() ?? {} });
}

function readOption(parameters: Parameters, type: (typeof TYPES)[number]): PaymentOption {
  const details = parameters.hash(type);
  const text = details?.string('number') ?? details?.string('iban') ?? details?.string('token');
  details?.ignored('exp_month', 'exp_year', 'cvc', 'networks');
  if (type === 'konbini') return paymentOption('voucher') as PaymentOption;
  if (text === undefined) throw missingParameter(parameters.name(`${type}[${type === 'card' ? 'number' : 'iban'}]`));
  const option = paymentOption(text) ?? paymentOptionForTests(text);
  if (option?.type === type) return option;
  throw invalidRequest(`${text} is no test ${type} of the sandbox. It has: ${CARD_NAMES}.`, { code: 'incorrect_number', param: 'number' });
}

function readAddress(address: Parameters | undefined): Stripe.Address | null {
  if (!address) return null;
  const [city = null, country = null, line1 = null, line2 = null, postal_code = null, state = null] = [
    'city',
    'country',
    'line1',
    'line2',
    'postal_code',
    'state',
  ].map((field) => address.string(field));
  return { city, country, line1, line2, postal_code, state };
}

/** A method that a parameter names: one that was made, or a name for tests, which makes one. */
export function methodNamed(model: Model, id: string, param: string): PaymentMethodRecord {
  const made = model.state.paymentMethods.get(id);
  if (made) return made;
  const option = paymentOptionForTests(id);
  if (!option) throw noSuchParameterObject('PaymentMethod', id, param);
  return makeMethod(model, option);
}

function attach({ model, parameters, id }: Call): object {
  const { method, option } = methodNamed(model, id, 'payment_method');
  const customer = parameters.requiredString('customer');
  if (!model.state.customers.get(customer)) throw noSuchParameterObject('customer', customer, 'customer');
  const record = model.state.paymentMethods.put({ id: method.id, option, method: { ...method, customer } });
  emitOwn(model, 'payment_method.attached', record.method);
  return record.method;
}

function detach({ model, id }: Call): object {
  const record = found(model.state.paymentMethods.get(id), 'payment_method', id);
  if (record.method.customer === null) throw invalidRequest(`The payment method ${id} is not attached to a customer.`);
  const { method } = model.state.paymentMethods.put({ ...record, method: { ...record.method, customer: null } });
  emitOwn(model, 'payment_method.detached', method, { customer: record.method.customer });
  return method;
}

function list({ model, parameters }: Call): object {
  const customer = parameters.string('customer');
  const type = parameters.oneOf('type', TYPES);
  const page = listPage(model.state.paymentMethods, parameters, '/v1/payment_methods', ({ method }) => {
    return (customer ?? method.customer) === method.customer && (type ?? method.type) === method.type;
  });
  return { ...page, data: page.data.map(({ method }) => method) };
}

const METHOD = '/v1/payment_methods/:method';

export const paymentMethodRoutes: readonly Route[] = [
  { method: 'POST', path: '/v1/payment_methods', handle: ({ model, parameters }) => readMethod(model, parameters).method },
  { method: 'GET', path: '/v1/payment_methods', handle: list },
  { method: 'GET', path: METHOD, handle: ({ model, id }) => found(model.state.paymentMethods.get(id), 'payment_method', id).method },
  { method: 'POST', path: `${METHOD}/attach`, handle: attach },
  { method: 'POST', path: `${METHOD}/detach`, handle: detach },
];
