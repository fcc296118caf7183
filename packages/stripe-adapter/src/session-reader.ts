// Asks Stripe for one session that the ledger knows, and tells the ledger what it says: on behalf of a customer who
// is looking at a page right now.
import type { Intake } from './intake.ts';
import type { StripeCalls } from './stripe-calls.ts';

export type Looked =
  /** It takes a payment on this page. */
  | { readonly is: 'open'; readonly url: string }
  | { readonly is: 'closed' }
  /** Stripe knows no such session in our account and mode. */
  | { readonly is: 'missing' };

/** @throws LedgerError `provider_unavailable` where Stripe did not answer, and the ledger's. */
export type LookAtSession = (sessionId: string, timeoutMs?: number) => Promise<Looked>;

export function sessionReader(calls: StripeCalls, intake: Intake, account: () => Promise<string>): LookAtSession {
  return async (sessionId, timeoutMs) => {
    const answer = await calls.session(sessionId, timeoutMs);
    if (!answer) return { is: 'missing' };
    const { object, asOf, apiVersion } = answer;
    const way = { account: await account(), asOf, ...(apiVersion === undefined ? {} : { apiVersion }), source: 'status_query' as const };
    await intake.take(object, way);
    const { status, url } = object as { readonly status?: unknown; readonly url?: unknown };
    return status === 'open' && typeof url === 'string' ? { is: 'open', url } : { is: 'closed' };
  };
}
