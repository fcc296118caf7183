// Accounts over the API: the key's own, and those connected to it.
import type Stripe from 'stripe';
import { listPage, within } from '../api/lists.ts';
import { type Call, found, type Route } from '../api/route.ts';
import { StripeApiError } from '../api/stripe-error.ts';
import type { Model } from '../model.ts';
import { buildAccount } from './account-object.ts';
import { emitOwn } from './events.ts';

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
  parameters.ignored(
    'business_profile',
    'business_type',
    'capabilities',
    'company',
    'controller',
    'individual',
    'settings',
    'tos_acceptance',
  );
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

function update({ model, parameters, id }: Call): object {
  const before = id === model.account ? own(model) : found(model.state.accounts.get(id), 'account', id);
  const metadata = parameters.changedMetadata(before.metadata ?? {});
  parameters.ignoredRest();
  // The sandbox's own account comes from the options.
  if (id === model.accounts.platform.account) return before;
  const account = model.accounts.platform.state.accounts.put({ ...before, metadata });
  const connected = model.accounts.of(id);
  if (connected) emitOwn(connected, 'account.updated', { ...account, metadata });
  return account;
}

export const accountRoutes: readonly Route[] = [
  { method: 'GET', path: '/v1/account', handle: ({ model }) => own(model) },
  { method: 'POST', path: '/v1/accounts', handle: create },
  { method: 'GET', path: '/v1/accounts', handle: list },
  { method: 'GET', path: '/v1/accounts/:account', handle: retrieve },
  { method: 'POST', path: '/v1/accounts/:account', handle: update },
];
