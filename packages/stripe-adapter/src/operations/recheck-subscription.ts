// One subscription, asked of Stripe again: a look, as the poll makes where one is due. It may end what is over, and only by what
// Stripe says now.
import type { SubscriptionView } from '@paidonce/ledger';
import type { BatchContext } from './batch-context.ts';
import type { RefreshedObject } from './refresh-payment.ts';

const named = /^(?:sub|in|cs)_/;

/** The subscription of this id, or that has this `sub_…`, `in_…` or `cs_…`. Undefined: there is none, or the ledger keeps none. */
export async function subscriptionNamed(name: string, { ledger, looks }: BatchContext): Promise<SubscriptionView | undefined> {
  if (looks === undefined) return undefined;
  return (await ledger.subscription(name)) ?? (named.test(name) ? ledger.subscriptionOf(name) : undefined);
}

/** Empty: it has not begun at Stripe. @throws LedgerError `provider_unavailable`, or a code of the store. */
export async function lookAgain(
  { subscriptionId, reference }: SubscriptionView,
  { ledger, looks }: BatchContext,
): Promise<readonly RefreshedObject[]> {
  const owner = reference && (await looks?.ledger.subscriptionOf(reference.id));
  if (looks === undefined || reference === undefined || owner === undefined) return [];
  const { account, livemode, id: objectId } = reference;
  const asOf = ledger.runtime.now().toISOString();
  const looked = await looks.intake.lookAt({ ...owner, reference }, { source: 'poll', account, livemode, asOf });
  if (looked) return [{ objectId, outcome: looked.outcome }];
  await ledger.forAdapters.subscriptions.openReview(subscriptionId, 'subscription_missing');
  return [{ objectId, outcome: 'not_ours' }];
}
