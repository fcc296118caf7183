// Returns the same text for equal values, whatever the order of their keys. The auditor compares facts with it, so that it
// does not rely on the ledger's own comparison. Beside it, the names of payments.

import type { PaymentReference } from '../../observation.ts';

export function textOf(value: unknown): string {
  if (Array.isArray(value)) return `[${value.map(textOf).join()}]`;
  if (typeof value !== 'object' || value === null) return JSON.stringify(value) ?? 'undefined';
  const entries = Object.entries(value).sort(([a], [b]) => (a < b ? -1 : 1));
  return `{${entries.map(([key, each]) => `${key}:${textOf(each)}`).join()}}`;
}

/**
 * Returns the name under which the log must know a payment. The ids of Stripe and of money by hand stand alone; those of the
 * other provider go with its name and the account.
 */
export function nameOf({ provider, account, id }: PaymentReference): string {
  return provider === 'simulated' ? `${provider}/${account}/${id}` : id;
}
