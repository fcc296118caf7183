// Adaptive pricing: the customer is shown the price in another currency and pays in it. The session's own amounts stay
// in the shop's currency.
import { invalidRequest } from '../api/stripe-error.ts';
import type { CheckoutRecord } from '../state/records.ts';

/** One rate for all: enough to make the two amounts differ. */
const RATE = 1.1;

/** @throws StripeApiError 400 if the session does not price adaptively. */
export function present(record: CheckoutRecord, currency: string | undefined): CheckoutRecord {
  const { session } = record;
  if (currency === undefined || currency === session.currency) return record;
  if (!session.adaptive_pricing?.enabled) {
    throw invalidRequest(
      `Checkout session ${record.id} is priced in ${session.currency} only: create it with adaptive_pricing[enabled]=true.`,
    );
  }
  const presentment_amount = Math.round((session.amount_total ?? 0) * RATE);
  return { ...record, session: { ...session, presentment_details: { presentment_amount, presentment_currency: currency } } };
}
