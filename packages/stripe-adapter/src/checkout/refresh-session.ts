// Asks Stripe for one session that the ledger knows, and tells the ledger what it says: on behalf of a customer who
// is looking at a page right now.

import type { PaymentReference } from '@paidonce/ledger';
import { defined } from '@paidonce/ledger/adapter';
import type { Intake } from '../intake/intake.ts';
import type { Accounts } from '../stripe/accounts.ts';

export type Looked =
  /** It takes a payment on this page. */
  | { readonly is: 'open'; readonly url: string }
  | { readonly is: 'closed' }
  /** Stripe knows no such session in our account and mode. */
  | { readonly is: 'missing' };

/** @throws LedgerError `provider_unavailable` where Stripe did not answer, and the ledger's. */
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
