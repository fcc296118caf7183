// The customer at Stripe who goes on where a member begins again: so the portal and the trials stay those of one customer.
import type { PaymentLedger } from '@paidonce/ledger';

/** What the customer must be of. Stripe refuses a second currency where something of the first is left, as an item of an invoice. */
export interface CustomerOf {
  readonly account: string;
  readonly livemode: boolean;
  readonly currency: string;
}

/** Undefined: none of these subscriptions had one on that account, in that mode and currency. @param former oldest first. */
export async function formerCustomer(
  ledger: PaymentLedger,
  former: readonly string[],
  { account, livemode, currency }: CustomerOf,
): Promise<string | undefined> {
  for (const subscriptionId of former.toReversed()) {
    const view = await ledger.subscription(subscriptionId);
    const reference = view?.reference;
    if (reference?.account !== account || reference.livemode !== livemode) continue;
    const paidIn = view?.periods.findLast((period) => period.currency !== undefined)?.currency;
    if (paidIn !== undefined && paidIn !== currency) continue;
    const known = await ledger.forAdapters.subscriptions.known(reference);
    if (known?.lifecycle) return known.lifecycle.customer;
  }
  return undefined;
}
