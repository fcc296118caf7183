// One order, or one object, asked of Stripe again: sessions, payments, refunds and disputes, through the one write path.
// It is for whoever looks at a single case, and for objects that were kept because nobody could read them.

import {
  LedgerError,
  type ManualAction,
  type OrderView,
  type PaymentReference,
  readOrderEvent,
  type SubscriptionView,
} from '@paidonce/ledger';
import { defined, givenActionSchema } from '@paidonce/ledger/adapter';
import type { Provenance } from '../mapping/provenance.ts';
import { readableTypeOf } from '../stripe/readable-types.ts';
import { accountsInScope, type BatchContext } from './batch-context.ts';
import { recheckSubscription } from './recheck-subscription.ts';
import { type RefreshedObject, refreshPayment } from './refresh-payment.ts';

/** What `recheck` read, and what it led to. */
export interface Rechecked {
  /** Each object that was read: its id, and the ledger's outcome, or `not_ours`, `ignored` or `unreadable`. */
  readonly objects: readonly RefreshedObject[];
  /** The order as it is now. Absent: no order is known for the object. */
  readonly order?: OrderView;
  /** Likewise the subscription. */
  readonly subscription?: SubscriptionView;
}

export interface RecheckOptions {
  /** Who asks; then the stream of the order or subscription has it, also where nothing was found. Absent: nobody is named. */
  readonly by?: ManualAction;
  /** Which one is meant where an order and a subscription have the same id. Default: the order. */
  readonly of?: 'order' | 'subscription';
}

const nothingNew: readonly string[] = ['duplicate', 'not_ours', 'ignored', 'unreadable'];

/**
 * @param name an order, a subscription, or an object of Stripe by its id.
 * @throws LedgerError `order_unknown`: it is neither. `provider_unavailable`, or a code of the store: then nobody is named.
 */
export async function recheck(name: string, work: BatchContext, { by, of }: RecheckOptions = {}): Promise<Rechecked> {
  // Before Stripe is asked: what the log could not keep is no name.
  const problem = by && givenActionSchema.safeParse(by).error?.issues[0];
  if (problem) throw new LedgerError('invalid_input', `by.${problem.path.join('.')}: ${problem.message}. Nothing was read`);
  const rechecked = await recheckUnsigned(name, work, of);
  const { objects, order, subscription } = rechecked;
  if (!by || !(order || subscription)) return rechecked;
  const { forAdapters } = work.ledger;
  const result = { looked: objects.length, recorded: objects.filter(({ outcome }) => !nothingNew.includes(outcome)).length };
  if (subscription) {
    const { subscriptionId } = subscription;
    await forAdapters.subscriptions.recordRecheck(subscriptionId, by, result);
    return { objects, subscription: (await work.ledger.subscription(subscriptionId)) ?? subscription };
  }
  if (!order) return rechecked;
  await forAdapters.recordRecheck(order.orderId, by, result);
  return { objects, order: (await work.ledger.order(order.orderId)) ?? order };
}

async function recheckUnsigned(name: string, work: BatchContext, of: RecheckOptions['of']): Promise<Rechecked> {
  const { ledger } = work;
  const order = of === 'subscription' ? undefined : await ledger.order(name);
  if (order === undefined) {
    const ofSubscription = await recheckSubscription(name, work);
    if (ofSubscription) return ofSubscription;
    if (readableTypeOf(name) === undefined)
      throw new LedgerError(
        'order_unknown',
        `There is no order and no subscription ${name}, and it is no id of Stripe's. Which one is meant?`,
      );
    const { accounts, livemode } = await accountsInScope(work); // A refund does not state its mode.
    const owner = await ledger.orderOf(name);
    let objects: readonly RefreshedObject[] = [];
    for (const account of new Set([...(owner ? [owner.account] : []), ...accounts])) {
      const location = { account, ...defined({ livemode }) };
      objects = await refresh({ id: name, ...location }, work);
      if (objects.some(({ outcome }) => outcome !== 'not_ours')) break; // Ids are unique: Stripe has no such object on the other accounts.
    }
    const found = await ledger.orderOf(name);
    const subscription = found === undefined && work.subscriptions ? await ledger.subscriptionOf(name) : undefined;
    return { objects, ...defined({ order: found, subscription }) };
  }
  const objects: RefreshedObject[] = [];
  for (const payment of await paymentsOf(order, work)) objects.push(...(await refresh(payment, work)));
  return { objects, order: (await ledger.order(name)) ?? order };
}

/** Its checkouts, and the payments that were reported of it. */
async function paymentsOf({ orderId, checkouts }: OrderView, { ledger }: BatchContext): Promise<readonly PaymentReference[]> {
  const found = new Map(checkouts.map(({ payment }) => [payment.id, payment]));
  for (const stored of await ledger.history(orderId)) {
    const event = readOrderEvent(stored);
    if (event.type === 'PaymentObserved') found.set(event.data.payment.id, event.data.payment);
  }
  return [...found.values()].filter(({ provider }) => provider === 'stripe');
}

type Named = Pick<PaymentReference, 'id' | 'account'> & { readonly livemode?: boolean };

async function refresh(named: Named, work: BatchContext): Promise<readonly RefreshedObject[]> {
  const { id: objectId } = named;
  const type = readableTypeOf(objectId);
  if (type === undefined) return [{ objectId, outcome: 'ignored' }];
  const provenance = provenanceOf(named, work.ledger.runtime.now());
  if (type === 'payment_intent' || type === 'checkout.session') return refreshPayment(objectId, provenance, work);
  return [{ objectId, outcome: (await work.intake.takeById(type, objectId, provenance)).outcome }];
}

function provenanceOf({ account, livemode }: { readonly account: string; readonly livemode?: boolean }, now: Date): Provenance {
  return { source: 'poll', account, asOf: now.toISOString(), ...defined({ livemode }) };
}
