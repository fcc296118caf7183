// One subscription, or one object of Stripe Billing, asked of Stripe again: a look at it and at its invoices, through the one write path.
import type { SubscriptionView } from '@paidonce/ledger';
import { defined } from '@paidonce/ledger/adapter';
import { readProvenance } from '../intake/answer-provenance.ts';
import { knownSubscriptions } from '../intake/known-subscriptions.ts';
import { partlyDated } from '../intake/subscription-reads.ts';
import type { Provenance } from '../mapping/provenance.ts';
import { billingTypeOf } from '../stripe/billing-types.ts';
import { accountsInScope, type BatchContext } from './batch-context.ts';
import type { RefreshedObject } from './refresh-payment.ts';

export interface RecheckedSubscription {
  readonly objects: readonly RefreshedObject[];
  readonly subscription?: SubscriptionView;
}

/**
 * @param name a subscription of the ledger, or `sub_…`, `in_…`, `inpay_…`, `cn_…`.
 * @returns undefined: it is neither, or the ledger keeps no subscriptions.
 * @throws LedgerError `provider_unavailable`, or a code of the store.
 */
export async function recheckSubscription(name: string, work: BatchContext): Promise<RecheckedSubscription | undefined> {
  const { ledger, subscriptions } = work;
  if (subscriptions === undefined) return undefined;
  const type = billingTypeOf(name);
  const placed = (await ledger.subscription(name)) ?? (type === undefined ? undefined : await ledger.subscriptionOf(name));
  if (placed === undefined) return type === undefined ? undefined : recheckUnlinked(name, work);
  const objects = [
    ...(await look(placed, work)),
    ...(type === undefined || type === 'subscription' ? [] : await readOne(name, placed.account, work)),
  ];
  return { objects, ...defined({ subscription: await ledger.subscription(placed.subscriptionId) }) };
}

/** What is linked is looked at; before it has begun, its sessions are read, which show whether it has. */
async function look({ reference, checkouts }: SubscriptionView, work: BatchContext): Promise<readonly RefreshedObject[]> {
  const { subscriptions, ledger, accounts } = work;
  if (subscriptions === undefined) return [];
  if (reference === undefined) {
    const objects: RefreshedObject[] = [];
    for (const { payment } of checkouts) {
      const answer = await (await accounts.calls(payment.account)).billing.session(payment.id);
      const provenance = provenanceOf(payment.account, work);
      const outcome = answer ? (await subscriptions.take(answer.object, readProvenance(answer, provenance))).outcome : 'not_ours';
      objects.push({ objectId: payment.id, outcome });
    }
    return objects;
  }
  const owner = await knownSubscriptions(ledger).subscriptionOf(reference.id);
  if (owner === undefined) return [];
  const looked = await subscriptions.lookAt({ ...owner, reference }, provenanceOf(reference.account, work));
  if (looked === undefined) throw partlyDated();
  return [{ objectId: reference.id, outcome: looked.outcome }];
}

/** Its account is not known: the key's own first, then those on which orders were placed. */
async function recheckUnlinked(name: string, work: BatchContext): Promise<RecheckedSubscription> {
  let objects: readonly RefreshedObject[] = [];
  for (const account of (await accountsInScope(work)).accounts) {
    objects = await readOne(name, account, work);
    if (objects.some(({ outcome }) => outcome !== 'not_ours')) break;
  }
  return { objects, ...defined({ subscription: await work.ledger.subscriptionOf(name) }) };
}

async function readOne(name: string, account: string, work: BatchContext): Promise<readonly RefreshedObject[]> {
  const type = billingTypeOf(name);
  if (type === undefined || work.subscriptions === undefined) return [];
  const { outcome } = await work.subscriptions.takeById(type, name, provenanceOf(account, work));
  return [{ objectId: name, outcome }];
}

function provenanceOf(account: string, { ledger }: BatchContext): Provenance {
  return { source: 'poll', account, asOf: ledger.runtime.now().toISOString() };
}
