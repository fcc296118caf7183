// Reads refunds and disputes. Part of the pure mapping (`to-observation.ts`). The ledger keeps the newest status of each by
// its id, so an old event that comes late changes nothing. A status is a word: where it and the money differ, the money counts.
import type { DisputeStatus } from '@paidonce/ledger';
import { chargeSchema, disputeSchema, refundSchema, type StripeDispute, type StripeRefund } from '../stripe/money-objects.ts';
import { failedPath } from '../stripe/stripe-objects.ts';
import type { ObjectReading } from './object-reading.ts';

/** A refund states no mode: it comes from the event, or from the read that found the refund. */
export function readRefund(object: unknown, livemode: boolean | undefined): ObjectReading {
  const parsed = refundSchema.safeParse(object);
  if (!parsed.success) return { failedAt: failedPath(parsed.error) };
  const { id, status: said, amount: amountMinor, reason, payment_intent: intent, charge, balance_transaction: row } = parsed.data;
  if (reason === 'expired_uncaptured_charge') return { ignored: 'an authorization ran out: no money moved' };
  if (isReleasedPart(row)) return { ignored: 'the part of an authorization that was not captured: no money moved' };
  const isWithoutRow = said === 'succeeded' && row === null;
  if (isWithoutRow && isReleasedOf(charge, amountMinor)) return { ignored: 'what was not captured of an authorization: no money moved' };
  // Its row may be made a moment later: until then no money has moved, and it is read again like every refund that is pending.
  const status = isWithoutRow ? 'pending' : said;
  const payment = intent ?? chargeIdOf(charge);
  if (payment === null) return { failedAt: 'payment_intent' };
  if (livemode === undefined) return { failedAt: 'livemode' };
  return { payment, livemode, fact: { kind: 'refund', id, status, amountMinor } };
}

/** A partial capture: the balance shows the whole authorization, and what was released as a row of type `refund`. */
export function isReleasedPart(row: { readonly reporting_category: string | null } | string | null): boolean {
  return typeof row === 'object' && row?.reporting_category === 'partial_capture_reversal';
}

/**
 * Whether the refund is all that its charge did not capture. Where the charge is only named, as in a copy that our key may not read
 * again, it counts as that: nobody could read again either whether its row came.
 */
function isReleasedOf(charge: StripeRefund['charge'], amountMinor: number): boolean {
  if (charge === null) return false;
  if (typeof charge === 'string') return true;
  return charge.amount_captured < charge.amount && amountMinor === charge.amount - charge.amount_captured;
}

/** Debits that the bank took back after they had succeeded: the customer did not complain. */
const returnedDebits: readonly string[] = ['insufficient_funds', 'incorrect_account_details', 'bank_cannot_process'];

const disputeStatuses: Readonly<Record<string, DisputeStatus>> = {
  warning_needs_response: 'inquiry',
  warning_under_review: 'inquiry',
  needs_response: 'open',
  under_review: 'open',
  won: 'won',
  warning_closed: 'won',
  lost: 'lost',
  prevented: 'prevented',
};

export function readDispute(object: unknown): ObjectReading {
  const parsed = disputeSchema.safeParse(object);
  if (!parsed.success) return { failedAt: failedPath(parsed.error) };
  const { id, status: stripeStatus, reason, livemode, payment_intent: intent, charge, balance_transactions: rows } = parsed.data;
  const said = stripeStatus.startsWith('appeal_')
    ? 'open'
    : Object.hasOwn(disputeStatuses, stripeStatus)
      ? disputeStatuses[stripeStatus]
      : undefined;
  if (said === undefined) return { failedAt: 'status' };
  const payment = intent ?? chargeIdOf(charge);
  if (payment === null) return { failedAt: 'payment_intent' };
  const status = said === 'prevented' && isMoneyGone(parsed.data) ? 'lost' : said;
  const returnedDebit = returnedDebits.includes(reason);
  return {
    payment,
    livemode,
    fact: { kind: 'dispute', id, status, amountMinor: disputedMinor(parsed.data), returnedDebit, movements: rows.length },
  };
}

/**
 * `prevented` is also the word for a case that was accepted for the shop (a resolution): the cardholder has the money. A
 * block, or a case of which no money moved, took nothing. A row that cannot be read is taken for a loss.
 */
function isMoneyGone({ case_type: caseType, balance_transactions: rows }: StripeDispute): boolean {
  const sum = rows.reduce<number>((total, amount) => total + (amount ?? Number.NEGATIVE_INFINITY), 0);
  return caseType === 'resolution' || sum < 0;
}

/**
 * From this share on, what is disputed is the whole. A bank takes a payment back at the exchange rate of another day, so the amount
 * may be below that of the charge though all of it is disputed. Stripe says: "it can differ (usually because of currency
 * fluctuation or because only part of the order is disputed)", and not which. Rates seldom move by a fifth within the months in
 * which a payment can be disputed.
 */
const wholeFromPercent = 80;

/**
 * What is disputed. In another currency than the charge's it cannot be compared with what was paid: then all of the charge. Nearly
 * all of it, or of what refunds have left of it, is all of that. A charge counts as refunded what a partial capture released.
 */
function disputedMinor({ amount, currency, charge }: StripeDispute): number {
  if (charge === null || typeof charge === 'string') return amount;
  if (currency !== null && charge.currency !== currency) return charge.amount;
  const { amount_captured: captured } = charge;
  const left = Math.min(captured, charge.amount - charge.amount_refunded);
  const whole = [captured, left].find((minor) => amount * 100 >= minor * wholeFromPercent);
  return Math.max(amount, whole ?? 0);
}

function chargeIdOf(charge: StripeDispute['charge'] | StripeRefund['charge']): string | null {
  return typeof charge === 'string' ? charge : (charge?.id ?? null);
}

/** Leads to a list of the refunds: `amount_refunded` includes pending ones, and can fall again. */
export function readCharge(object: unknown): ObjectReading {
  const parsed = chargeSchema.safeParse(object);
  if (!parsed.success) return { failedAt: failedPath(parsed.error) };
  const { id, amount_refunded: refundedMinor, payment_intent: intent } = parsed.data;
  if (refundedMinor === 0) return { ignored: 'a charge is told by its payment intent' };
  return { listRefunds: intent === null ? { charge: id } : { payment_intent: intent } };
}
