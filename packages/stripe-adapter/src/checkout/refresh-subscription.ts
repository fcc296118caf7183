// Asks Stripe for the session of a subscription and for what it has led to, in one read, and reports to the ledger what it says.

import type { PaymentReference } from '@paidonce/ledger';
import { readProvenance } from '../intake/answer-provenance.ts';
import type { SubscriptionIntake } from '../intake/subscription-intake.ts';
import { termsOf } from '../mapping/claim.ts';
import type { Accounts } from '../stripe/accounts.ts';
import type { ExpiredSessions } from './expired-sessions.ts';

export type SubscriptionSession =
  /** It accepts a payment. `terms`: of what was started, as the metadata has them. */
  | { readonly state: 'open'; readonly url: string; readonly terms: string | undefined }
  | { readonly state: 'complete' }
  | { readonly state: 'expired' }
  /** Stripe has no such session in our account and mode. */
  | { readonly state: 'missing' };

/** @throws LedgerError `provider_unavailable`: Stripe did not answer. A code of the store. */
export type RefreshSubscription = (session: Pick<PaymentReference, 'id' | 'account'>, timeoutMs?: number) => Promise<SubscriptionSession>;

/** @param expired those that need no call, and those that are found. */
export function subscriptionRefresher(accounts: Accounts, intake: SubscriptionIntake, expired: ExpiredSessions): RefreshSubscription {
  return async ({ id, account }, timeoutMs) => {
    if (expired.has(id)) return { state: 'expired' };
    const { billing } = await accounts.calls(account);
    const answer = await billing.session(id, timeoutMs);
    if (!answer) return { state: 'missing' };
    await intake.take(answer.object, readProvenance(answer, { source: 'status_query', account, asOf: answer.asOf }));
    expired.note(answer.object);
    const { status, url, metadata } = answer.object as Fields;
    if (status === 'complete') return { state: 'complete' };
    return status === 'open' && typeof url === 'string' ? { state: 'open', url, terms: termsOf(metadata) } : { state: 'expired' };
  };
}

type Fields = Readonly<Record<'status' | 'url' | 'metadata', unknown>>;
