// Which fate the events of an object have.
import type Stripe from 'stripe';
import { invalidRequest } from '../api/stripe-error.ts';
import { FATE_METADATA, type Fate, fateInMetadata } from '../fate.ts';
import type { Model } from '../model.ts';
import type { CheckoutRecord } from '../state/records.ts';
import { aboutInvoice } from './billing/invoice-record.ts';
import type { Announcement } from './events.ts';

/** The session's own fate: chosen by hand, else named in its metadata, else `delivered`. */
export function fateOfSession({ fate, session }: CheckoutRecord): Fate {
  return fate ?? fateInMetadata(session.metadata) ?? 'delivered';
}

/** Events of a payment share the fate of its session, those of an invoice the fate of its subscription. */
export function announcementOf(model: Model, intent: Stripe.PaymentIntent): Announcement {
  const { state } = model;
  const record = state.sessions.withKey(intent.id)[0];
  if (record) return { group: record.id, fate: fateOfSession(record) };
  const invoice = state.invoices.get(String(state.invoicePayments.withKey(intent.id)[0]?.invoice));
  return invoice ? aboutInvoice(model, invoice) : { group: intent.id, fate: fateInMetadata(intent.metadata) ?? 'delivered' };
}

/** Refunds and disputes come much later, so they have their own fate. Default `delivered`. */
export function announcementFor(id: string, fate: Fate | undefined): Announcement {
  return { group: id, fate: fate ?? 'delivered' };
}

/** A misspelt fate must not silently become a delivered webhook. @throws StripeApiError 400 */
export function refuseUnknownFate(metadata: Record<string, string>): void {
  const text = metadata[FATE_METADATA];
  if (text !== undefined && fateInMetadata(metadata) === undefined) {
    throw invalidRequest(
      `${FATE_METADATA} is no fate: ${text}. One of: delivered, lost, doubled, late, late:SECONDS, reordered, never_made.`,
      {
        param: `metadata[${FATE_METADATA}]`,
      },
    );
  }
}
