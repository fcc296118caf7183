// Which mode our key is of: that of the ledger's orders where all are of one, else Stripe is asked.
import type { AccountOrders } from '@paidonce/ledger';
import type { Accounts } from './accounts.ts';

/** Undefined: there is no order yet, and nothing depends on it. @throws LedgerError `provider_unavailable` */
export async function keyMode(orders: readonly AccountOrders[], accounts: Accounts): Promise<boolean | undefined> {
  const [first] = orders;
  if (first === undefined) return undefined;
  return orders.some(({ livemode }) => livemode !== first.livemode) ? accounts.livemode() : first.livemode;
}
