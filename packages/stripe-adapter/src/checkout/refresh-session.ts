// Asks Stripe for one session that the ledger knows, and tells the ledger what it says: on behalf of a customer who
// is looking at a page right now.

import type { PaymentReference } from '@paidonce/ledger';
import { defined } from '@paidonce/ledger/adapter';
import type { Intake } from '../intake/intake.ts';
import type { Accounts } from '../stripe/accounts.ts';

/** Whether the session still accepts a payment. */
export type Looked =
  /** It accepts one on this page. */
  | { readonly is: 'open'; readonly url: string }
  | { readonly is: 'closed' }
  /** Stripe has no such session in our account and mode. */
  | { readonly is: 'missing' };

/** @throws LedgerError `provider_unavailable`: Stripe did not answer. A code of the store. */
export type LookAtSession = (session: Pick<PaymentReference, 'id' | 'account'>, timeoutMs?: number) => Promise<Looked>;

export function sessionReader(accounts: Accounts, intake: Intake): LookAtSession {
  return async ({ id, account }, timeoutMs) => {
    const answer = await (await accounts.calls(account)).session(id, timeoutMs);
    if (!answer) return { is: 'missing' };
    const { object, asOf, apiVersion } = answer;
    await intake.take(object, { account, asOf, ...defined({ apiVersion }), source: 'status_query' });
    const { status, url } = object as { readonly status?: unknown; readonly url?: unknown };
    return status === 'open' && typeof url === 'string' ? { is: 'open', url } : { is: 'closed' };
  };
}
