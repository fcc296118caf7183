// What becomes of a refund after it was made: it succeeds, fails late, or is canceled. In the last two the money is
// ours again.
import type Stripe from 'stripe';
import { found } from '../api/route.ts';
import { invalidRequest } from '../api/stripe-error.ts';
import { type Fate, fateInMetadata } from '../fate.ts';
import type { Model } from '../model.ts';
import { releaseReordered } from '../webhooks/enqueue.ts';
import { announcementFor } from './announcement.ts';
import { recordMovement } from './balance-transactions.ts';
import { emit } from './events.ts';

export const REFUND_ENDS = ['succeeded', 'failed', 'canceled'] as const;
/** The status in which a refund ends, for `endRefund`. A refund that succeeded can still fail. */
export type RefundEnd = (typeof REFUND_ENDS)[number];

/** From which status a refund can come to this one. */
const BEFORE: Readonly<Record<RefundEnd, readonly string[]>> = {
  succeeded: ['pending', 'requires_action'],
  failed: ['pending', 'requires_action', 'succeeded'],
  canceled: ['pending', 'requires_action'],
};

/** Call it within a transaction. @throws StripeApiError 400 if the refund is past it. */
export function endRefund(model: Model, id: string, end: RefundEnd, reason = 'expired_or_canceled_card'): Stripe.Refund {
  const { state } = model;
  const refund = found(state.refunds.get(id), 'refund', id);
  if (!BEFORE[end].includes(String(refund.status))) {
    throw invalidRequest(`Refund ${id} is ${refund.status}; only one that is ${BEFORE[end].join(' or ')} can become ${end}.`);
  }
  state.refundSettlements.remove(id);
  const { next_action: _done, pending_reason: _over, ...rest } = refund;
  const ended: Stripe.Refund =
    end === 'succeeded'
      ? { ...rest, status: end }
      : {
          ...rest,
          status: end,
          failure_balance_transaction: reverseRefund(model, refund).id,
          ...(end === 'failed' ? { failure_reason: reason } : {}),
        };
  const fate = fateInMetadata(refund.metadata) ?? 'delivered';
  announceUpdate(model, ended, refund, fate);
  if (end === 'failed') emit(model, 'refund.failed', ended, announcementFor(id, fate));
  releaseReordered(model, { group: id, fate });
  return ended;
}

/** The clock says so. Call it within a transaction. */
export function settleRefund(model: Model, id: string): void {
  const settlement = model.state.refundSettlements.get(id);
  if (settlement && settlement.dueMs <= model.clock.nowMs()) endRefund(model, id, settlement.outcome);
}

function reverseRefund(model: Model, refund: Stripe.Refund): Stripe.BalanceTransaction {
  const charge = found(model.state.charges.get(String(refund.charge)), 'charge', String(refund.charge));
  model.state.charges.put({ ...charge, amount_refunded: charge.amount_refunded - refund.amount, refunded: false });
  return recordMovement(model, {
    amountMinor: refund.amount,
    currency: refund.currency,
    source: refund.id,
    type: 'refund_failure',
    reportingCategory: 'refund_failure',
    description: 'REFUND FAILURE',
  });
}

/** `refund.updated` and `charge.refund.updated` say the same; shops listen to either. */
export function announceUpdate(model: Model, refund: Stripe.Refund, before: Stripe.Refund, fate: Fate): void {
  const about = announcementFor(refund.id, fate);
  model.state.refunds.put(refund);
  const previous =
    refund.status === before.status ? { destination_details: before.destination_details } : { status: before.status, failure_reason: null };
  emit(model, 'refund.updated', refund, about, previous);
  emit(model, 'charge.refund.updated', refund, about, previous);
}
