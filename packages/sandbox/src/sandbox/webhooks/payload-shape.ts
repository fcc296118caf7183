// An endpoint's API version shapes the object in its events. Of Stripe's many changes the sandbox makes those around a
// payment of 2022-11-15: before it, an intent held the list of its charges, and a charge the list of its refunds.
import type Stripe from 'stripe';
import { wholeList } from '../api/lists.ts';
import type { Model } from '../model.ts';

const WITHOUT_LISTS_SINCE = '2022-11-15';

/** The event as an endpoint of this version gets it; null: as the account has it. */
export function shapedEvent(model: Model, event: Stripe.Event, version: string | null): object {
  if (version === null) return event;
  const object = event.data.object as unknown as Record<string, unknown>;
  const shaped = version.slice(0, 10) < WITHOUT_LISTS_SINCE ? withLists(model, object) : object;
  return { ...event, api_version: version, data: { ...event.data, object: shaped } };
}

function withLists({ state }: Model, object: Record<string, unknown>): object {
  const { id, latest_charge: latest, ...rest } = object;
  if (object['object'] === 'charge') {
    const refunds = state.refunds.withKey(String(id)).toReversed();
    return { ...object, refunds: wholeList(refunds, `/v1/charges/${String(id)}/refunds`) };
  }
  if (object['object'] !== 'payment_intent') return object;
  // As the charges are now: a snapshot keeps no copies of them.
  const charges = typeof latest === 'string' ? state.charges.withKey(String(id)).toReversed() : [];
  return { id, ...rest, charges: wholeList(charges, `/v1/charges?payment_intent=${String(id)}`) };
}
