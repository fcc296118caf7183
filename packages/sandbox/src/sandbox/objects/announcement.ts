// Which fate the events of an object have.
import type Stripe from 'stripe';
import { type Fate, fateInMetadata } from '../fate.ts';
import type { Model } from '../model.ts';
import type { CheckoutRecord } from '../state/records.ts';
import type { Announcement } from './events.ts';

/** The session's own fate: chosen by hand, else named in its metadata, else `delivered`. */
export function fateOfSession({ fate, session }: CheckoutRecord): Fate {
  return fate ?? fateInMetadata(session.metadata) ?? 'delivered';
}

/** Events of a payment share the fate of its session. */
export function announcementOf(model: Model, intent: Stripe.PaymentIntent): Announcement {
  const record = model.state.sessions.withKey(intent.id)[0];
  return record
    ? { group: record.id, fate: fateOfSession(record) }
    : { group: intent.id, fate: fateInMetadata(intent.metadata) ?? 'delivered' };
}

/** Refunds and disputes come much later, so they have their own fate. Default `delivered`. */
export function announcementFor(id: string, fate: Fate | undefined): Announcement {
  return { group: id, fate: fate ?? 'delivered' };
}
