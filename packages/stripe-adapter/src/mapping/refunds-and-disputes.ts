// Reads refunds and disputes. Part of the pure mapping (`to-observation.ts`). The ledger keeps the newest status of each by
// its id, so an old event that comes late changes nothing.
import type { DisputeStatus } from '@paidonce/ledger';
import { chargeSchema, disputeSchema, failedPath, refundSchema } from '../stripe/stripe-objects.ts';
import type { ObjectReading } from './object-reading.ts';

/** A refund states no mode: it comes from the event, or from the read that found the refund. */
export function readRefund(object: unknown, livemode: boolean | undefined): ObjectReading {
  const parsed = refundSchema.safeParse(object);
  if (!parsed.success) return { failedAt: failedPath(parsed.error) };
  const { id, status, amount: amountMinor, reason, payment_intent: intent, charge } = parsed.data;
  if (reason === 'expired_uncaptured_charge') return { ignored: 'an authorization ran out: no money moved' };
  const payment = intent ?? charge;
  if (payment === null) return { failedAt: 'payment_intent' };
  if (livemode === undefined) return { failedAt: 'livemode' };
  return { payment, livemode, fact: { kind: 'refund', id, status, amountMinor } };
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
  const {
    id,
    status: stripeStatus,
    amount: amountMinor,
    reason,
    livemode,
    payment_intent: intent,
    charge,
    balance_transactions: moves,
  } = parsed.data;
  const status = stripeStatus.startsWith('appeal_')
    ? 'open'
    : Object.hasOwn(disputeStatuses, stripeStatus)
      ? disputeStatuses[stripeStatus]
      : undefined;
  if (status === undefined) return { failedAt: 'status' };
  const payment = intent ?? charge;
  if (payment === null) return { failedAt: 'payment_intent' };
  return {
    payment,
    livemode,
    fact: { kind: 'dispute', id, status, amountMinor, returnedDebit: returnedDebits.includes(reason), movements: moves.length },
  };
}

/** Leads to a list of the refunds: `amount_refunded` includes pending ones, and can fall again. */
export function readCharge(object: unknown): ObjectReading {
  const parsed = chargeSchema.safeParse(object);
  if (!parsed.success) return { failedAt: failedPath(parsed.error) };
  const { id, amount_refunded: refundedMinor, payment_intent: intent } = parsed.data;
  if (refundedMinor === 0) return { ignored: 'a charge is told by its payment intent' };
  return { listRefunds: intent === null ? { charge: id } : { payment_intent: intent } };
}
