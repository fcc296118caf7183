// Asks Stripe for one session that the ledger knows, and tells the ledger what it says: on behalf of a customer who
// is looking at a page right now.

import type { PaymentReference } from '@paidonce/ledger';
import { defined } from '@paidonce/ledger/adapter';
import type { Intake } from '../intake/intake.ts';
import type { Accounts } from '../stripe/accounts.ts';

/** Whether the session still accepts a payment. */
export type SessionState =
  /** It accepts one on this page. */
  | { readonly state: 'open'; readonly url: string }
  | { readonly state: 'closed' }
  /** Stripe has no such session in our account and mode. */
  | { readonly state: 'missing' };

/** @throws LedgerError `provider_unavailable`: Stripe did not answer. A code of the store. */
export type RefreshSession = (session: Pick<PaymentReference, 'id' | 'account'>, timeoutMs?: number) => Promise<SessionState>;

export function sessionRefresher(accounts: Accounts, intake: Intake): RefreshSession {
  return async ({ id, account }, timeoutMs) => {
    const answer = await (await accounts.calls(account)).session(id, timeoutMs);
    if (!answer) return { state: 'missing' };
    const { object, asOf, apiVersion } = answer;
    await intake.take(object, { account, asOf, ...defined({ apiVersion }), source: 'status_query' });
    const { status, url } = object as { readonly status?: unknown; readonly url?: unknown };
    return status === 'open' && typeof url === 'string' ? { state: 'open', url } : { state: 'closed' };
  };
}
