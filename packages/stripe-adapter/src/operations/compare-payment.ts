// Compares one payment at Stripe with what the ledger has of it. What the ledger knows is decided by its policy, so only
// what it does not know can be a mismatch, and only if that would change who has access.
import type { OrderView } from '@paidonce/ledger';
import { readDispute, readRefund } from '../mapping/refunds-and-disputes.ts';
import type { StripeMoney } from '../stripe/money-objects.ts';
import type { StripeCalls } from '../stripe/stripe-calls.ts';
import type { BatchContext } from './batch-context.ts';
import { knownPayment, type LedgerPayment } from './ledger-payment.ts';
import type { ProviderPayment } from './provider-payments.ts';

/** Undefined: both agree. @throws LedgerError `provider_unavailable`, or a code of the store. */
export async function comparePayment(paid: ProviderPayment, calls: StripeCalls, { ledger }: BatchContext): Promise<Mismatch | undefined> {
  const { id: paymentId, account, capturedMinor, currency } = paid;
  const stripe = `paid, ${capturedMinor} ${currency}`;
  const order = await ledger.orderOf(paymentId);
  if (order === undefined) return { kind: 'paid_without_grant', paymentId, account, stripe, ledger: 'no order has it' };
  const { orderId } = order;
  const known = knownPayment(await ledger.history(orderId), paymentId);
  const found = { paymentId, account, orderId, stripe };
  if (known.totalsMinor.size === 0) return { kind: 'paid_without_grant', ...found, ledger: 'no source has reported it paid' };
  if (!known.totalsMinor.has(capturedMinor)) {
    return { kind: 'amount_differs', ...found, ledger: `paid, ${[...known.totalsMinor].join(' or ')}` };
  }
  const back = await reversalsOf(paid, known, calls);
  return order.membership === 'active' ? compareActive(paid, known, back, order) : compareInactive(paid, known, back, order);
}

function compareActive(
  { id: paymentId, account, capturedMinor, currency }: ProviderPayment,
  known: LedgerPayment,
  back: Reversals,
  { orderId }: OrderView,
) {
  const found = { kind: 'refunded_but_active', paymentId, account, orderId } as const;
  if (capturedMinor > 0 && back.refundedMinor >= capturedMinor && known.refundedMinor < capturedMinor) {
    return { ...found, stripe: `refunded, ${back.refundedMinor} ${currency}`, ledger: `active, with ${known.refundedMinor} refunded` };
  }
  const unknownDispute = back.disputes.find(({ isUnknownToLedger, isAgainstUs }) => isUnknownToLedger && isAgainstUs);
  return unknownDispute && { ...found, stripe: `disputed: ${unknownDispute.status}`, ledger: 'active, without that' };
}

function compareInactive(
  { id: paymentId, account, capturedMinor, currency }: ProviderPayment,
  known: LedgerPayment,
  back: Reversals,
  order: OrderView,
) {
  const { orderId, membership, openReviews } = order;
  if (capturedMinor > 0 && back.refundedMinor >= capturedMinor) return undefined;
  if (back.disputes.some(({ isAgainstUs }) => isAgainstUs)) return undefined;
  const isOld = back.disputes.some(({ isUnknownToLedger }) => isUnknownToLedger) || known.refundedMinor > back.refundedMinor;
  // The ledger knows all that was reversed of it, and the policy has ended the membership for that.
  if (!isOld && back.refundedMinor > 0) return undefined;
  const waits = openReviews.map(({ kind }) => kind).join(', ');
  const ledger = `membership ${membership}${waits ? `, under review: ${waits}` : ''}`;
  return { kind: 'paid_without_grant', paymentId, account, orderId, stripe: `paid, ${capturedMinor} ${currency}`, ledger } as const;
}

interface Reversals {
  readonly refundedMinor: number;
  readonly disputes: readonly { readonly status: string; readonly isAgainstUs: boolean; readonly isUnknownToLedger: boolean }[];
}

/** What Stripe has as reversed. Read only if the charge shows something, or if the ledger has another sum. */
async function reversalsOf({ id, money }: ProviderPayment, known: LedgerPayment, calls: StripeCalls): Promise<Reversals> {
  if (money === undefined) return { refundedMinor: 0, disputes: [] };
  return {
    refundedMinor: money.amount_refunded === known.refundedMinor ? known.refundedMinor : await refundedMinor(money, calls),
    disputes: money.disputed && money.payment_intent !== null ? await disputesOf(id, known, calls) : [],
  };
}

async function refundedMinor({ id, livemode, payment_intent: intent }: StripeMoney, calls: StripeCalls): Promise<number> {
  const page = await calls.refunds(intent === null ? { charge: id } : { payment_intent: intent });
  return (page?.object.objects ?? []).reduce<number>((sum, object) => {
    const reading = readRefund(object, livemode);
    return 'fact' in reading && reading.fact.kind === 'refund' && reading.fact.status === 'succeeded'
      ? sum + reading.fact.amountMinor
      : sum;
  }, 0);
}

async function disputesOf(intentId: string, known: LedgerPayment, calls: StripeCalls): Promise<Reversals['disputes']> {
  const page = await calls.disputes(intentId);
  return (page?.object.objects ?? []).flatMap((object) => {
    const reading = readDispute(object);
    if (!('fact' in reading) || reading.fact.kind !== 'dispute') return [];
    const { id, status, movements } = reading.fact;
    const isAgainstUs = status === 'open' || status === 'lost';
    return [{ status, isAgainstUs, isUnknownToLedger: !known.disputes.has(`${id}:${status}:${movements}`) }];
  });
}

/** A payment on which Stripe and the ledger disagree. */
export interface Mismatch {
  readonly kind: MismatchKind;
  readonly paymentId: string;
  readonly account: string;
  /** Absent: the ledger has no order for it. */
  readonly orderId?: string;
  /** What Stripe has, in words. */
  readonly stripe: string;
  /** What the ledger has, in words. */
  readonly ledger: string;
  /** After a repair: true if the mismatch is gone. Absent: no repair was requested, or only a person can repair it. */
  readonly repaired?: boolean;
}

export type MismatchKind = 'paid_without_grant' | 'granted_without_payment' | 'amount_differs' | 'refunded_but_active';
