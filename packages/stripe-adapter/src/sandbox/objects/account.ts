// Accounts over the API: the one that the key is of, and those connected to it.
import type Stripe from 'stripe';
import { listPage, within } from '../api/lists.ts';
import { type Call, found, type Route } from '../api/route.ts';
import { StripeApiError } from '../api/stripe-error.ts';
import type { Model } from '../model.ts';
import { buildAccount } from './account-object.ts';

export const DEFAULT_ACCOUNT = 'acct_1SandboxPaidOnce';

function own(model: Model): Stripe.Account {
  return model.accounts.platform.state.accounts.get(model.account) ?? buildAccount(model.account, 0);
}

function create({ model, parameters }: Call): object {
  if (model.connected) throw new StripeApiError(403, 'invalid_request_error', 'Only the platform can connect accounts.');
  const type = parameters.oneOf('type', ['standard', 'express', 'custom']) ?? 'standard';
  const country = parameters.string('country') ?? 'US';
  const email = parameters.string('email') ?? null;
  const metadata = parameters.metadata() ?? {};
  const defaultCurrency = parameters.currency('default_currency') ?? 'usd';
  parameters.ignored('business_profile', 'business_type', 'capabilities', 'company', 'controller', 'individual', 'settings', 'tos_acceptance');
  return own(model.accounts.connect(model.newId('acct_', 16), { type, country, email, metadata, defaultCurrency }));
}

function list({ model, parameters }: Call): object {
  const created = parameters.range('created');
  return listPage(model.state.accounts, parameters, '/v1/accounts', (account) => within(created, account.created ?? 0));
}

function retrieve({ model, id }: Call): object {
  if (id === model.account) return own(model);
  return found(model.state.accounts.get(id), 'account', id);
}

export const accountRoutes: readonly Route[] = [
  { method: 'GET', path: '/v1/account', handle: ({ model }) => own(model) },
  { method: 'POST', path: '/v1/accounts', handle: create },
  { method: 'GET', path: '/v1/accounts', handle: list },
  { method: 'GET', path: '/v1/accounts/:account', handle: retrieve },
];
