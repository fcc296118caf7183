// What a status query is about: the order or the subscription to which the ledger has attached a checkout. From the ledger alone.
import type { OrderView, PaymentLedger, SubscriptionView } from '@paidonce/ledger';
import { attemptOf, isFinalAttempt } from '@paidonce/ledger/adapter';
import { isEnded } from '../mapping/lifecycle.ts';
import { type PaymentState, stateOf } from './payment-status.ts';

export interface StatusSubject {
  readonly of: 'order' | 'subscription';
  readonly id: string;
  /** The account that the checkout is on. */
  readonly account: string;
  readonly livemode: boolean;
  readonly state: PaymentState;
  /** A look at Stripe could bring no news. */
  readonly isSettled: boolean;
}

/** Undefined: the ledger does not know the checkout. @throws LedgerError of the store. */
export async function subjectOf(checkoutId: string, ledger: PaymentLedger): Promise<StatusSubject | undefined> {
  const order = await ledger.orderOf(checkoutId);
  if (order) return ofOrder(order, checkoutId, ledger);
  const { policy } = ledger.forAdapters.subscriptions;
  const subscription = policy && (await ledger.subscriptionOf(checkoutId));
  return subscription && ofSubscription(subscription, checkoutId, ledger);
}

/** Resolves when this process has recorded something of it, or the signal aborts. */
export function changed({ of, id }: Pick<StatusSubject, 'of' | 'id'>, ledger: PaymentLedger, signal: AbortSignal): Promise<void> {
  const { forAdapters } = ledger;
  return of === 'order' ? forAdapters.orderChanged(id, signal) : forAdapters.subscriptions.changed(id, signal);
}

async function ofOrder(order: OrderView, checkoutId: string, ledger: PaymentLedger): Promise<StatusSubject> {
  const attempt = attemptOf(await ledger.history(order.orderId), checkoutId);
  return {
    of: 'order',
    id: order.orderId,
    account: accountOf(order, checkoutId),
    livemode: order.livemode,
    state: stateOf(order, attempt, ledger.delivers),
    isSettled: order.membership === 'active' || isFinalAttempt(attempt),
  };
}

async function ofSubscription(view: SubscriptionView, checkoutId: string, ledger: PaymentLedger): Promise<StatusSubject> {
  return {
    of: 'subscription',
    id: view.subscriptionId,
    account: accountOf(view, checkoutId),
    livemode: view.livemode,
    state: await subscriptionState(view, ledger),
    isSettled: view.status !== 'none',
  };
}

/** A trial that gives nothing, and an invoice that a debit pays in some days, are `pending`: no status is proof of a payment. */
async function subscriptionState(view: SubscriptionView, ledger: PaymentLedger): Promise<PaymentState> {
  const { status, sequence, delivered, openReviews, reference } = view;
  const { delivers, known } = ledger.forAdapters.subscriptions;
  if (status === 'active') return delivers && delivered < sequence ? 'granting' : 'active';
  if (status !== 'none') return status;
  if (openReviews.length > 0) return 'review';
  const lifecycle = reference && (await known(reference))?.lifecycle;
  return lifecycle && isEnded(lifecycle) ? 'failed' : 'pending';
}

function accountOf({ checkouts, account }: Pick<OrderView, 'checkouts' | 'account'>, checkoutId: string): string {
  return checkouts.find(({ payment }) => payment.id === checkoutId)?.payment.account ?? account;
}
