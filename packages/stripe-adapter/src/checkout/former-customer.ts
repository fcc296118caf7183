// The customer at Stripe who goes on where a member begins again: so the portal and the trials stay those of one customer.
import type { PaymentLedger } from '@paidonce/ledger';

/** Undefined: none of these subscriptions had one on that account, in that mode. @param former oldest first. */
export async function formerCustomer(
  ledger: PaymentLedger,
  former: readonly string[],
  { account, livemode }: { readonly account: string; readonly livemode: boolean },
): Promise<string | undefined> {
  for (const subscriptionId of former.toReversed()) {
    const reference = (await ledger.subscription(subscriptionId))?.reference;
    if (reference?.account !== account || reference.livemode !== livemode) continue;
    const known = await ledger.forAdapters.subscriptions.known(reference);
    if (known?.lifecycle) return known.lifecycle.customer;
  }
  return undefined;
}
