// Every movement of money, one row each: what a reconciliation proves itself by.
import type Stripe from 'stripe';
import { listPage, within } from '../api/lists.ts';
import { type Call, found, type Route } from '../api/route.ts';
import type { Model } from '../model.ts';

const AVAILABLE_AFTER_SECONDS = 2 * 24 * 3_600;

export interface Movement {
  readonly amountMinor: number;
  readonly currency: string;
  readonly feeMinor?: number;
  /** The object that moved the money: a charge, a refund, a dispute. */
  readonly source: string;
  readonly type: Stripe.BalanceTransaction.Type;
  readonly reportingCategory: string;
  readonly description?: string | null;
}

export function recordMovement(model: Model, movement: Movement): Stripe.BalanceTransaction {
  const now = model.clock.nowSeconds();
  const fee = movement.feeMinor ?? 0;
  return model.state.balanceTransactions.put({
    id: model.newId('txn_'),
    object: 'balance_transaction',
    amount: movement.amountMinor,
    available_on: now + AVAILABLE_AFTER_SECONDS,
    balance_type: 'payments',
    created: now,
    currency: movement.currency,
    description: movement.description ?? null,
    exchange_rate: null,
    fee,
    fee_details:
      fee === 0
        ? []
        : [{ amount: fee, application: null, currency: movement.currency, description: 'Stripe processing fees', type: 'stripe_fee' }],
    net: movement.amountMinor - fee,
    reporting_category: movement.reportingCategory,
    source: movement.source,
    status: 'pending',
    type: movement.type,
  });
}

/** Minor units. Stripe's fee in the United States: 2.9 % and 30. */
export function processingFee(amountMinor: number): number {
  return Math.round(amountMinor * 0.029) + 30;
}

/** The row as a read shows it: `pending` until its day has come. */
function render(model: Model, row: Stripe.BalanceTransaction): Stripe.BalanceTransaction {
  return row.available_on <= model.clock.nowSeconds() ? { ...row, status: 'available' } : row;
}

function list({ model, parameters }: Call): object {
  const created = parameters.range('created');
  const currency = parameters.currency('currency');
  const type = parameters.string('type');
  const source = parameters.string('source');
  parameters.ignored('payout');
  const page = listPage(model.state.balanceTransactions, parameters, '/v1/balance_transactions', (row) => {
    return (
      within(created, row.created) &&
      (currency ?? row.currency) === row.currency &&
      (type ?? row.type) === row.type &&
      (source ?? row.source) === row.source
    );
  });
  return { ...page, data: page.data.map((row) => render(model, row)) };
}

/** `GET /v1/balance`: what is available and what is pending, by currency. Nothing else shows the key's mode. */
function balance({ model }: Call): Stripe.Balance {
  const sums = { available: new Map<string, number>(), pending: new Map<string, number>() };
  for (const row of model.state.balanceTransactions.oldestFirst()) {
    const { net, currency, status } = render(model, row);
    const sum = sums[status === 'available' ? 'available' : 'pending'];
    sum.set(currency, (sum.get(currency) ?? 0) + net);
  }
  const amounts = (sum: ReadonlyMap<string, number>) => [...sum].map(([currency, amount]) => ({ amount, currency }));
  return { object: 'balance', livemode: false, available: amounts(sums.available), pending: amounts(sums.pending) };
}

export const balanceTransactionRoutes: readonly Route[] = [
  { method: 'GET', path: '/v1/balance', handle: balance },
  {
    method: 'GET',
    path: '/v1/balance_transactions/:transaction',
    handle: ({ model, id }) => render(model, found(model.state.balanceTransactions.get(id), 'balance_transaction', id)),
  },
  { method: 'GET', path: '/v1/balance_transactions', handle: list },
];
