// When the money came. An event that says so knows it to the second, a read must find it in the object: a membership must
// not start with the creation of a payment that took days. Part of the pure mapping (`to-observation.ts`).
import { defined } from '@paidonce/ledger/adapter';
import type { StripeIntent, StripeSession } from '../stripe/stripe-objects.ts';
import type { Received } from './object-reading.ts';
import type { ObjectContext } from './provenance.ts';

/** Debits: their charge is made when they are submitted, and is paid or bounces days later. */
const debits: readonly string[] = [
  'acss_debit',
  'au_becs_debit',
  'bacs_debit',
  'nz_bank_account',
  'sepa_debit',
  'sofort',
  'us_bank_account',
];
/** No debit is under way for longer, and no authorization is held for longer. */
const longestSeconds = 30 * 24 * 3_600;

/** A card, a paid voucher or a bank transfer has its charge when the money comes; a debit or an authorization before that. */
export function receivedWith({ capture_method: capture, charge }: StripeIntent): Received | undefined {
  if (charge === null) return undefined;
  const isBefore = capture === 'manual' || (charge.method !== null && debits.includes(charge.method));
  return isBefore ? { by: charge.created + longestSeconds } : { at: charge.created };
}

/** A session that cost nothing was completed before it would have expired. */
export function completedBy({ expires_at: expiresAt }: StripeSession): Received | undefined {
  return expiresAt === null ? undefined : { by: expiresAt };
}

/**
 * The time of a paid fact, ISO 8601. Undefined: not later than `asOf`, and nothing is known beyond that.
 *
 * @param isFree nothing had to be paid, so that to complete the session was to pay it.
 */
export function occurredAt(received: Received | undefined, isFree: boolean, context: ObjectContext): string | undefined {
  const { asOf, paidAt, completedAt } = context;
  const byEvent = isFree ? (paidAt ?? completedAt) : paidAt;
  if (byEvent !== undefined) return byEvent;
  if (received === undefined) return undefined;
  if ('at' in received) return isoTime(received.at);
  return received.by * 1_000 < Date.parse(asOf) ? isoTime(received.by) : undefined;
}

/** Converts Stripe's Unix seconds to ISO 8601. */
export function isoTime(seconds: number): string {
  return new Date(seconds * 1_000).toISOString();
}

/** For a reading: no key without a time. */
export function withTime(received: Received | undefined): { readonly received?: Received } {
  return defined({ received });
}
