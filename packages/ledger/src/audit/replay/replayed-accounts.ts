// What a part of the log says of the accounts in which orders were placed.

export interface ReplayedAccount {
  readonly account: string;
  readonly livemode: boolean;
  readonly firstPlacedAt: string;
  /** True if a payment of an order is paid now. */
  readonly isPaid: boolean;
  /** True if a payment was ever paid in one of the orders, also if it was moved to another order later. */
  readonly wasPaid: boolean;
}

/** Merges what one more order, or one more part, adds about an account. @param accounts is changed. */
export function noteAccount(accounts: Map<string, ReplayedAccount>, also: ReplayedAccount): void {
  const key = `${also.account} ${also.livemode}`;
  const known = accounts.get(key) ?? also;
  accounts.set(key, {
    ...known,
    firstPlacedAt: known.firstPlacedAt < also.firstPlacedAt ? known.firstPlacedAt : also.firstPlacedAt,
    isPaid: known.isPaid || also.isPaid,
    wasPaid: known.wasPaid || also.wasPaid,
  });
}
