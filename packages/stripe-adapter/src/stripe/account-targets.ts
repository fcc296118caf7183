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
  const subscriptions = await forAdapters.accountSubscriptions(now.toISOString());
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

/**
 * Without the starts whose sessions had expired by then. @param since the end of the last round: one that was paid after it, and of
 * which no event came, is in the lists of the next round, however long ago its session has expired.
 */
export function withoutOldStarts(target: AccountTarget, since: string): AccountTarget {
  const { newestWaitingAt, ...rest } = target.subscriptions ?? {};
  if (newestWaitingAt === undefined || Date.parse(since) - Date.parse(newestWaitingAt) < checkoutLifeMs) return target;
  return { ...target, subscriptions: rest as AccountSubscriptions };
}

type Scope = Pick<AccountOrders, 'account' | 'livemode'>;

function isSame(a: Scope, b: Scope): boolean {
  return a.account === b.account && a.livemode === b.livemode;
}

function withoutOrders(subscriptions: AccountSubscriptions): AccountTarget {
  const { account, livemode, firstPlacedAt } = subscriptions;
  return { account, livemode, firstPlacedAt, everPaid: false, paidIn30Days: 0, hasUnsettled: false, subscriptions };
}
