// A payment asked of Stripe long after it was made: what went back of it is told first, so that one that was undone
// meanwhile grants nothing on the way, and nobody is welcomed whose money is with him again.
import type { Way } from './intake.ts';
import type { StripeCalls } from './stripe-calls.ts';
import { identityOf } from './stripe-objects.ts';
import type { StripeWork } from './stripe-work.ts';

export interface LookedAt {
  readonly objectId: string;
  readonly outcome: string;
}

/** @param paymentId `pi_…`, `cs_…`, or `ch_…` of an old integration. */
export async function takeWholePayment(paymentId: string, way: Way, { accounts, intake }: StripeWork): Promise<readonly LookedAt[]> {
  const calls = await accounts.calls(way.account);
  const type = paymentId.startsWith('cs_') ? 'checkout.session' : paymentId.startsWith('ch_') ? 'charge' : 'payment_intent';
  const intentId = type === 'checkout.session' ? identityOf((await calls.session(paymentId))?.object).payment_intent : paymentId;
  const looked: LookedAt[] = [];
  for (const back of intentId?.startsWith('pi_') ? await moneyBack(intentId, way, calls) : []) {
    const { outcome } = await intake.take(back.object, back.way);
    looked.push({ objectId: identityOf(back.object).id ?? '', outcome });
  }
  const { outcome } = await intake.takeById(type, paymentId, way);
  return [{ objectId: paymentId, outcome }, ...looked];
}

/** Its refunds and disputes, for `intake.take`: two calls. */
export async function moneyBack(
  intentId: string,
  way: Omit<Way, 'asOf'>,
  calls: StripeCalls,
): Promise<readonly { object: unknown; way: Way }[]> {
  const pages = [await calls.refunds({ payment_intent: intentId }), await calls.disputes(intentId)];
  return pages.flatMap((page) => page?.object.objects.map((object) => ({ object, way: { ...way, asOf: page.asOf } })) ?? []);
}
