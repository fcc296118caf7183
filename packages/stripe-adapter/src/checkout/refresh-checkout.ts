// Asks Stripe for one session or bare payment intent that the ledger knows, and reports to the ledger what it says: on behalf
// of a customer who is looking at a page right now.

import type { PaymentReference } from '@paidonce/ledger';
import { defined } from '@paidonce/ledger/adapter';
import type { Intake } from '../intake/intake.ts';
import type { Accounts } from '../stripe/accounts.ts';
import { uiOf } from './checkout-parameters.ts';
import type { OpenCheckout } from './started.ts';

/** Whether the session or intent still accepts a payment. */
export type CheckoutState =
  /** It accepts one: on its page, or on a page of the shop that has its secret. */
  | ({ readonly state: 'open' } & OpenCheckout)
  | { readonly state: 'closed' }
  /** Stripe has no such object in our account and mode. */
  | { readonly state: 'missing' };

/** @throws LedgerError `provider_unavailable`: Stripe did not answer. A code of the store. */
export type RefreshCheckout = (checkout: Pick<PaymentReference, 'id' | 'account'>, timeoutMs?: number) => Promise<CheckoutState>;

export function checkoutRefresher(accounts: Accounts, intake: Intake): RefreshCheckout {
  return async ({ id, account }, timeoutMs) => {
    const calls = await accounts.calls(account);
    const answer = await (id.startsWith('pi_') ? calls.intent(id, timeoutMs) : calls.session(id, timeoutMs));
    if (!answer) return { state: 'missing' };
    const { object, asOf, apiVersion } = answer;
    await intake.take(object, { account, asOf, ...defined({ apiVersion }), source: 'status_query' });
    return stateOf(object as Fields);
  };
}

type Fields = Readonly<Record<'object' | 'status' | 'ui_mode' | 'url' | 'client_secret', unknown>>;

const payableIntent: readonly unknown[] = ['requires_payment_method', 'requires_confirmation', 'requires_action'];

function stateOf({ object, status, ui_mode: uiMode, url, client_secret: clientSecret }: Fields): CheckoutState {
  const isIntent = object === 'payment_intent';
  if (isIntent ? !payableIntent.includes(status) : status !== 'open') return { state: 'closed' };
  const ui = isIntent ? 'intent' : uiOf(uiMode);
  if (ui === 'hosted') return typeof url === 'string' ? { state: 'open', ui, url } : { state: 'closed' };
  return ui !== undefined && typeof clientSecret === 'string' ? { state: 'open', ui, clientSecret } : { state: 'closed' };
}
