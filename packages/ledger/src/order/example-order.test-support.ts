// One order for tests, with its facts and events: `order-1`, a yearly plan for 10.00 USD in the live account acct_1.
import { type Fact, factKey, type ManualAction, type PaidAmount, type PaymentReference, type Source } from '../observation.ts';
import type { OrderCommand } from './decide.ts';
import type { DecisionType, MembershipDecided, OrderEvent, OrderPlaced, PaymentObserved, Resolution, ReviewKind } from './events.ts';

export const support: ManualAction = { actor: 'support-7', reason: 'called the bank' };

export const order1: OrderPlaced = {
  orderId: 'order-1',
  memberId: 'member-1',
  plan: 'yearly',
  expected: { amountMinor: 1_000, currency: 'usd', allow: { discount: true, tax: true, shipping: true } },
  livemode: true,
  account: 'acct_1',
  placedAt: '2026-01-01T00:00:00.000Z',
};

export function at(minute: number): string {
  return new Date(Date.UTC(2026, 0, 1, 0, minute)).toISOString();
}

export function payment(id: string, differs: Partial<PaymentReference> = {}): PaymentReference {
  return { provider: 'stripe', account: 'acct_1', livemode: true, id, ...differs };
}

export const pi1: PaymentReference = payment('pi_1');
export const pi2: PaymentReference = payment('pi_2');

export interface ObservedOptions {
  readonly of?: PaymentReference;
  readonly source?: Source;
  readonly asOf?: string;
  readonly occurredAt?: string;
  readonly orderId?: string;
  readonly aliases?: readonly string[];
}

export function paymentObserved(
  fact: Fact,
  { of = pi1, source = 'webhook', asOf = at(1), ...more }: ObservedOptions = {},
): PaymentObserved {
  const report = { payment: of, fact, asOf, ...more, evidence: { objectId: of.id }, observedAt: at(60), factKey: factKey(of, fact) };
  return source === 'manual' ? { ...report, source, by: support } : { ...report, source };
}

export function attempt(status: Exclude<Extract<Fact, { kind: 'attempt' }>['status'], 'paid'>): Fact {
  return { kind: 'attempt', status };
}

export function paid(totalMinor = 1_000, amount: Partial<PaidAmount> = {}): Fact {
  return { kind: 'attempt', status: 'paid', amount: { totalMinor, currency: 'usd', ...amount } };
}

/** Makes a session's payment: total = subtotal − discount + tax + shipping. */
export function paidInParts({ subtotal = 1_000, discount = 0, tax = 0, shipping = 0 }: Record<string, number>): Fact {
  const parts = { subtotalMinor: subtotal, discountMinor: discount, taxMinor: tax, shippingMinor: shipping };
  return paid(subtotal - discount + tax + shipping, { parts });
}

type RefundFact = Extract<Fact, { kind: 'refund' }>;
export function refund(amountMinor: number, status: RefundFact['status'] = 'succeeded', id = 're_1'): Fact {
  return { kind: 'refund', id, status, amountMinor };
}

type DisputeFact = Extract<Fact, { kind: 'dispute' }>;
export function dispute(status: DisputeFact['status'], differs: Partial<DisputeFact> = {}): Fact {
  return { kind: 'dispute', id: 'dp_1', status, amountMinor: 1_000, returnedDebit: false, movements: 1, ...differs };
}

export const placed: OrderEvent = { type: 'OrderPlaced', data: order1 };

export function observed(fact: Fact, how: ObservedOptions = {}): OrderEvent {
  return { type: 'PaymentObserved', data: paymentObserved(fact, how) };
}

export function observe(fact: Fact, how: ObservedOptions = {}): OrderCommand {
  return { type: 'observe', observed: paymentObserved(fact, how) };
}

export const place: OrderCommand = { type: 'place', order: order1 };

export function resolve(resolution: Resolution, seenRevision: number, reviewId = 'r1'): OrderCommand {
  return { type: 'resolve', reviewId, resolution, seenRevision, by: support, at: at(90) };
}

export const withdraw: OrderCommand = { type: 'withdraw', by: support, at: at(60) };
export const withdrawn: OrderEvent = { type: 'OrderWithdrawn', data: { by: support } };

export function decision(type: DecisionType, sequence: number, differs: Partial<MembershipDecided> = {}): OrderEvent {
  const { orderId, memberId, plan } = order1;
  return {
    type,
    data: { membershipId: orderId, memberId, plan, sequence, paidAt: at(1), payment: pi1, source: 'webhook', ...differs },
  };
}

export function review(kind: ReviewKind, reviewId = 'r1', of: PaymentReference = pi1): OrderEvent {
  return { type: 'ReviewOpened', data: { reviewId, kind, payment: of, openedAt: at(60) } };
}

/** The events of an order that was placed, paid and granted. */
export const granted: readonly OrderEvent[] = [placed, observed(paid()), decision('MembershipGranted', 1)];
