// The one account of the sandbox.
import type Stripe from 'stripe';
import type { Route } from '../api/route.ts';
import { noSuchObject } from '../api/stripe-error.ts';
import type { Model } from '../model.ts';

export const DEFAULT_ACCOUNT = 'acct_1SandboxPaidOnce';

function account(model: Model): Stripe.Account {
  return {
    id: model.account,
    object: 'account',
    business_profile: null,
    business_type: null,
    charges_enabled: true,
    country: 'US',
    default_currency: 'usd',
    details_submitted: true,
    email: null,
    metadata: {},
    payouts_enabled: true,
    settings: null,
    type: 'standard',
  };
}

export const accountRoutes: readonly Route[] = [
  { method: 'GET', path: '/v1/account', handle: ({ model }) => account(model) },
  {
    method: 'GET',
    path: '/v1/accounts/:account',
    handle: ({ model, id }) => {
      if (id !== model.account) throw noSuchObject('account', id);
      return account(model);
    },
  },
];
