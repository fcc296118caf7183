// Reads a payment from Stripe long after it was made. Its refunds and disputes are recorded first, so that a payment
// refunded meanwhile never sends a welcome.

import { defined } from '@paidonce/ledger/adapter';
import { findOrder } from '../intake/ownership.ts';
import type { Provenance } from '../mapping/provenance.ts';
import { readableTypeOf } from '../stripe/readable-types.ts';
import type { StripeCalls } from '../stripe/stripe-calls.ts';
import { identityOf } from '../stripe/stripe-objects.ts';
import type { BatchContext } from './batch-context.ts';

/** An object that was read from Stripe, and the outcome of its intake. */
export interface RefreshedObject {
  readonly objectId: string;
  readonly outcome: string;
}

/**
 * @param paymentId `pi_…`, `cs_…`, or `ch_…` of an old integration.
 * @throws LedgerError `provider_unavailable`, or a code of the store.
 */
export async function refreshPayment(paymentId: string, provenance: Provenance, work: BatchContext): Promise<readonly RefreshedObject[]> {
  const { accounts, intake, ledger, ourLedger } = work;
  const calls = await accounts.calls(provenance.account);
  const type = readableTypeOf(paymentId) ?? 'payment_intent';
  const isSession = type === 'checkout.session';
  const session = isSession ? identityOf((await calls.session(paymentId))?.object) : undefined;
  const intentId = isSession ? session?.payment_intent : paymentId;
  // On a Payment Link only the session shows whose its payment is; refunds and disputes of it do not.
  const order = session && (await findOrder(await ourLedger.claimOf(session), ledger));
  const withOrder = { ...provenance, ...defined({ orderId: order?.orderId }) };
  const back = intentId?.startsWith('pi_') ? await refundsAndDisputesOf(intentId, withOrder, calls) : [];
  const refreshed: RefreshedObject[] = [];
  for (const { object, provenance: source } of back) {
    const { outcome } = await intake.take(object, source);
    refreshed.push({ objectId: identityOf(object).id ?? '', outcome });
  }
  const { outcome } = await intake.takeById(type, paymentId, provenance);
  return [{ objectId: paymentId, outcome }, ...refreshed];
}

/** Its refunds and disputes, for `intake.take`: two calls. @throws LedgerError `provider_unavailable` */
export async function refundsAndDisputesOf(
  intentId: string,
  provenance: Omit<Provenance, 'asOf'>,
  calls: StripeCalls,
): Promise<readonly { object: unknown; provenance: Provenance }[]> {
  // A dispute first: a refund may have failed because of it.
  const pages = [await calls.disputes(intentId), await calls.refunds({ payment_intent: intentId })];
  return pages.flatMap((page) => page?.object.objects.map((object) => ({ object, provenance: { ...provenance, asOf: page.asOf } })) ?? []);
}
