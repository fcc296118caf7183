// An account as the API shows it.
import type Stripe from 'stripe';

export interface AccountFields {
  readonly type?: 'standard' | 'express' | 'custom';
  readonly country?: string;
  readonly email?: string | null;
  readonly defaultCurrency?: string;
  readonly metadata?: Record<string, string>;
}

export function buildAccount(id: string, created: number, fields: AccountFields = {}): Stripe.Account {
  return {
    id,
    object: 'account',
    business_profile: null,
    business_type: null,
    charges_enabled: true,
    country: fields.country ?? 'US',
    created,
    default_currency: fields.defaultCurrency ?? 'usd',
    details_submitted: true,
    email: fields.email ?? null,
    metadata: fields.metadata ?? {},
    payouts_enabled: true,
    settings: null,
    type: fields.type ?? 'standard',
  };
}
