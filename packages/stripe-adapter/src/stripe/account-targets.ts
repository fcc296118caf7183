// What the ledger has in each account: its orders, and its subscriptions where it keeps them. Enough to know what to look for there.
import type { PaymentLedger } from '@paidonce/ledger';
import type { AccountOrders, AccountSubscriptions } from '@paidonce/ledger/adapter';

export interface AccountTarget extends AccountOrders {
  /** Absent: the ledger keeps none, or none was placed there. */
  readonly subscriptions?: AccountSubscriptions;
}

/** The session of a subscription that nobody paid for so long has expired. */
const checkoutLifeMs = 48 * 3_600_000;
/** A plan is paid once a year at least. */
const paymentsAYear = 12;

/** Each account and mode once. @param now what is due by then. @throws LedgerError of the read models. */
export async function accountTargets(ledger: PaymentLedger, now: Date): Promise<readonly AccountTarget[]> {
  const { forAdapters } = ledger;
  const orders = await forAdapters.accountOrders();
  if (forAdapters.subscriptions.policy === undefined) return orders;
  const subscriptions = (await forAdapters.accountSubscriptions(now.toISOString())).map((each) => withoutOldStarts(each, now));
  const withOrders = orders.map((each): AccountTarget => {
    const found = subscriptions.find((other) => isSame(each, other));
    return found === undefined ? each : { ...each, subscriptions: found };
  });
  const others = subscriptions.filter((each) => !orders.some((other) => isSame(each, other)));
  return [...withOrders, ...others.map(withoutOrders)];
}

/** Payments of 30 days, for what may be read: of subscriptions as many as there are at the least. */
export function paymentsOf({ paidIn30Days, subscriptions }: Pick<AccountTarget, 'paidIn30Days' | 'subscriptions'>): number {
  return paidIn30Days + (subscriptions?.living ?? 0) / paymentsAYear;
}

function withoutOldStarts({ newestWaitingAt, ...rest }: AccountSubscriptions, now: Date): AccountSubscriptions {
  const isOpen = newestWaitingAt !== undefined && now.getTime() - Date.parse(newestWaitingAt) < checkoutLifeMs;
  return isOpen ? { ...rest, newestWaitingAt } : rest;
}

type Scope = Pick<AccountOrders, 'account' | 'livemode'>;

function isSame(a: Scope, b: Scope): boolean {
  return a.account === b.account && a.livemode === b.livemode;
}

function withoutOrders(subscriptions: AccountSubscriptions): AccountTarget {
  const { account, livemode, firstPlacedAt } = subscriptions;
  return { account, livemode, firstPlacedAt, everPaid: false, paidIn30Days: 0, hasUnsettled: false, subscriptions };
}
