// What became of the access of an order over time, from its events, and what led to its state. Pure.
import { type OrderEvent, readOrderEvent, type StoredEvent } from '@paidonce/ledger';

/** `active`: access. `suspended`: none for now. Until the next span begins; the last one lasts. */
export interface Span {
  readonly state: 'active' | 'suspended' | 'revoked';
  /** Our clock, ISO 8601 UTC. */
  readonly from: string;
}

/** What led to the newest decision. `at`: when the order was told so. */
export type Cause =
  | { readonly kind: 'refund' | 'dispute_open' | 'dispute_lost' | 'returned_debit'; readonly at: string; readonly objectId: string }
  | { readonly kind: 'review'; readonly at: string };

export interface OrderAccess {
  readonly spans: readonly Span[];
  readonly cause?: Cause;
  /** Ids of payments that were paid. */
  readonly payments: readonly string[];
  /** Refunds that moved money back, by id; disputes, by id. */
  readonly refunds: ReadonlyMap<string, number>;
  readonly disputes: ReadonlyMap<string, 'open' | 'lost' | 'won'>;
}

const states = {
  MembershipGranted: 'active',
  MembershipRestored: 'active',
  MembershipSuspended: 'suspended',
  MembershipRevoked: 'revoked',
} as const;

export function accessOf(history: readonly StoredEvent[]): OrderAccess {
  const spans: Span[] = [];
  const payments = new Set<string>();
  const refunds = new Map<string, number>();
  const disputes = new Map<string, 'open' | 'lost' | 'won'>();
  let newest: Cause | undefined;
  let cause: Cause | undefined;
  for (const stored of history) {
    const event = readOrderEvent(stored);
    const at = stored.metadata['recordedAt'] ?? '';
    if (Object.hasOwn(states, event.type)) {
      spans.push({ state: states[event.type as keyof typeof states], from: at });
      cause = newest;
    } else if (event.type === 'ReviewResolved') newest = { kind: 'review', at };
    else if (event.type === 'PaymentMoved') payments.delete(event.data.payment.id);
    else if (event.type === 'PaymentObserved') newest = observed(event, at, { payments, refunds, disputes }) ?? newest;
  }
  return { spans, ...(cause ? { cause } : {}), payments: [...payments], refunds, disputes };
}

interface Seen {
  readonly payments: Set<string>;
  readonly refunds: Map<string, number>;
  readonly disputes: Map<string, 'open' | 'lost' | 'won'>;
}

/** Answers what the fact may lead to, if it is about money that goes back. */
function observed(
  { data: { fact, payment } }: Extract<OrderEvent, { type: 'PaymentObserved' }>,
  at: string,
  seen: Seen,
): Cause | undefined {
  if (fact.kind === 'attempt') {
    if (fact.status === 'paid') seen.payments.add(payment.id);
    return undefined;
  }
  if (fact.kind === 'refund') {
    if (fact.status === 'succeeded') seen.refunds.set(fact.id, fact.amountMinor);
    else if (fact.status === 'failed' || fact.status === 'canceled') seen.refunds.delete(fact.id);
    return { kind: 'refund', at, objectId: fact.id };
  }
  if (fact.status === 'inquiry') return undefined;
  const isOver = fact.status === 'lost' || fact.status === 'prevented';
  seen.disputes.set(fact.id, isOver ? 'lost' : fact.status === 'won' ? 'won' : 'open');
  return { kind: fact.returnedDebit ? 'returned_debit' : isOver ? 'dispute_lost' : 'dispute_open', at, objectId: fact.id };
}
