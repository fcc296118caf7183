// A customer's balance: what Stripe owes him (below 0) or he owes (above 0), and each change of it. Invoices take it into
// account when they are finalized.
import type Stripe from 'stripe';
import { listPage } from '../../api/lists.ts';
import { type Call, found, type Route } from '../../api/route.ts';
import { invalidRequest, missingParameter } from '../../api/stripe-error.ts';
import type { Model } from '../../model.ts';
import { emitOwn } from '../events.ts';

export interface BalanceChange {
  /** Below 0: in the customer's favour. */
  readonly amountMinor: number;
  readonly currency: string;
  readonly type: Stripe.CustomerBalanceTransaction.Type;
  readonly invoice?: string;
  readonly creditNote?: string;
  readonly description?: string | null;
  readonly metadata?: Record<string, string>;
}

/** Nothing where it does not change. Call it within a transaction. */
export function changeBalance(model: Model, customerId: string, change: BalanceChange): Stripe.CustomerBalanceTransaction | undefined {
  const { state, clock } = model;
  const customer = state.customers.get(customerId);
  if (!customer || change.amountMinor === 0) return undefined;
  const balance = customer.balance + change.amountMinor;
  const changed = state.customers.put({ ...customer, balance, currency: customer.currency ?? change.currency });
  const entry = state.balanceEntries.put({
    id: model.newId('cbtxn_'),
    object: 'customer_balance_transaction',
    amount: change.amountMinor,
    checkout_session: null,
    created: clock.nowSeconds(),
    credit_note: change.creditNote ?? null,
    currency: change.currency,
    customer: customerId,
    customer_account: null,
    description: change.description ?? null,
    ending_balance: balance,
    invoice: change.invoice ?? null,
    livemode: false,
    metadata: change.metadata ?? {},
    type: change.type,
  });
  emitOwn(model, 'customer.updated', changed, { balance: customer.balance });
  return entry;
}

/** A customer has one currency: that of his first invoice. @throws StripeApiError 400 for another one. */
export function settleCurrency({ state }: Model, customerId: string, currency: string): void {
  const customer = state.customers.get(customerId);
  if (!customer || customer.currency === currency) return;
  if (customer.currency !== null && customer.currency !== undefined) {
    throw invalidRequest(
      `The customer ${customerId} has the currency ${customer.currency}, and cannot be billed in ${currency}. Take another customer.`,
    );
  }
  state.customers.put({ ...customer, currency });
}

function create({ model, parameters, id }: Call): object {
  found(model.state.customers.get(id), 'customer', id);
  const amountMinor = parameters.integer('amount', { min: -99_999_999 });
  const currency = parameters.currency('currency');
  if (amountMinor === undefined) throw missingParameter('amount');
  if (currency === undefined) throw missingParameter('currency');
  settleCurrency(model, id, currency);
  const description = parameters.string('description') ?? null;
  const change = { amountMinor, currency, type: 'adjustment' as const, description, metadata: parameters.metadata() ?? {} };
  const entry = changeBalance(model, id, change);
  if (!entry) throw invalidRequest('The amount of a balance transaction cannot be 0.', { param: 'amount' });
  return entry;
}

function list({ model, parameters, id }: Call): object {
  found(model.state.customers.get(id), 'customer', id);
  const invoice = parameters.string('invoice');
  return listPage(model.state.balanceEntries, parameters, `/v1/customers/${id}/balance_transactions`, (entry) => {
    return entry.customer === id && (invoice ?? entry.invoice) === entry.invoice;
  });
}

const ENTRIES = '/v1/customers/:customer/balance_transactions';

export const customerBalanceRoutes: readonly Route[] = [
  { method: 'POST', path: ENTRIES, handle: create },
  { method: 'GET', path: ENTRIES, handle: list },
];
