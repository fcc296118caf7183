// The page of Stripe's on which a member changes his card, his plan, or cancels.
import { LedgerError, type PaymentLedger, type Runtime } from '@paidonce/ledger';
import type { Accounts } from '../stripe/accounts.ts';
import { urlSchema } from './checkout-input.ts';

export interface PortalParts {
  readonly ledger: PaymentLedger;
  readonly accounts: Accounts;
  readonly runtime: Pick<Runtime, 'uuid'>;
  readonly scope: string;
}

/** @throws LedgerError `invalid_input`, `subscription_unknown`, `not_begun`, `provider_unavailable`, or a code of the store. */
export async function portalUrl(subscriptionId: string, returnUrl: string, parts: PortalParts): Promise<string> {
  const { ledger, accounts, runtime, scope } = parts;
  const problem = urlSchema.safeParse(returnUrl).error?.issues[0];
  if (problem) throw new LedgerError('invalid_input', `returnUrl: ${problem.message}`);
  const view = await ledger.subscription(subscriptionId);
  if (view === undefined) throw new LedgerError('subscription_unknown', `Subscription ${subscriptionId} is not placed`);
  const known = view.reference && (await ledger.forAdapters.subscriptions.known(view.reference));
  if (view.reference === undefined || known?.lifecycle === undefined) {
    throw new LedgerError(
      'not_begun',
      `Subscription ${subscriptionId} has not begun at Stripe, so it has no customer. Start it, and let the member pay first`,
    );
  }
  const { billing } = await accounts.calls(view.reference.account);
  return billing.portalUrl(known.lifecycle.customer, returnUrl, `${scope}-portal-${runtime.uuid()}`);
}
