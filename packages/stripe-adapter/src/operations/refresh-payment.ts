// Reads a payment from Stripe long after it was made. Its refunds and disputes are recorded first, so that a payment
// refunded meanwhile never sends a welcome.

import { findOrder } from '../intake/ownership.ts';
import { claimOf } from '../mapping/claim.ts';
import type { Provenance } from '../mapping/provenance.ts';
import { readableTypeOf, type StripeCalls } from '../stripe/stripe-calls.ts';
import { identityOf } from '../stripe/stripe-objects.ts';
import type { BatchContext } from './batch-context.ts';

/** An object that was read from Stripe, and the outcome of its intake. */
export interface LookedAt {
  readonly objectId: string;
  readonly outcome: string;
}

/**
 * @param paymentId `pi_…`, `cs_…`, or `ch_…` of an old integration.
 * @throws LedgerError `provider_unavailable`, or a code of the store.
 */
export async function refreshPayment(paymentId: string, way: Provenance, work: BatchContext): Promise<readonly LookedAt[]> {
  const { accounts, intake, ledger, scope } = work;
  const calls = await accounts.calls(way.account);
  const type = readableTypeOf(paymentId) ?? 'payment_intent';
  const isSession = type === 'checkout.session';
  const session = isSession ? identityOf((await calls.session(paymentId))?.object) : undefined;
  const intentId = isSession ? session?.payment_intent : paymentId;
  // On a Payment Link only the session shows whose its payment is; refunds and disputes of it do not.
  const order = session && (await findOrder(claimOf(session, scope), ledger));
  const told = { ...way, ...(order ? { orderId: order.orderId } : {}) };
  const back = intentId?.startsWith('pi_') ? await refundsAndDisputesOf(intentId, told, calls) : [];
  const looked: LookedAt[] = [];
  for (const { object, way: seen } of back) {
    const { outcome } = await intake.take(object, seen);
    looked.push({ objectId: identityOf(object).id ?? '', outcome });
  }
  const { outcome } = await intake.takeById(type, paymentId, way);
  return [{ objectId: paymentId, outcome }, ...looked];
}

/** Its refunds and disputes, for `intake.take`: two calls. @throws LedgerError `provider_unavailable` */
export async function refundsAndDisputesOf(
  intentId: string,
  way: Omit<Provenance, 'asOf'>,
  calls: StripeCalls,
): Promise<readonly { object: unknown; way: Provenance }[]> {
  const pages = [await calls.refunds({ payment_intent: intentId }), await calls.disputes(intentId)];
  return pages.flatMap((page) => page?.object.objects.map((object) => ({ object, way: { ...way, asOf: page.asOf } })) ?? []);
}
