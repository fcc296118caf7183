// What the auditor knows from the raw log, and how it compares what was said. No fold of the ledger is in it.
import type { Fact, PaymentReference, Source } from '../../observation.ts';
import type { MembershipStatus } from '../../order/order.ts';
import type { KnownOrder } from './expected-access.ts';
import { textOf } from './fact-text.ts';
import type { Incarnation } from './incarnation.ts';
import type { KnownFacts } from './provider.ts';

/** An event as it stands in the log, parsed and nothing more. */
export interface AuditedEvent {
  readonly stream: string;
  readonly revision: number;
  readonly type: string;
  readonly data: Readonly<Record<string, unknown>>;
  readonly metadata: Readonly<Record<string, string>>;
  /** For messages. */
  readonly place: string;
}

export interface ObservedFact {
  readonly source: Source;
  readonly payment: PaymentReference;
  readonly aliases?: readonly string[];
  readonly orderId?: string;
  readonly fact: Fact;
}

/** Who said what of which payment. */
export function observedFactName({ source, payment, fact }: ObservedFact): string {
  return `${source}: ${payment.id} ${textOf(fact)}`;
}

export interface AuditedDecision {
  /** The payment that it rests on. */
  readonly paymentId: string;
  readonly status: Exclude<MembershipStatus, 'none'>;
  readonly change: 'granted' | 'suspended' | 'restored' | 'revoked';
  readonly revision: number;
  /** Processes that may hand it to the shop: who decided, and who took it over. */
  readonly deliverers: Set<Incarnation>;
}

export interface AuditedReview {
  readonly kind: string;
  readonly paymentId: string;
  readonly resolved: boolean;
}

/** Of the newest decision. Times are virtual. */
export interface AuditedDelivery {
  readonly owner: string;
  /** Of the last event about it. */
  readonly atMs: number;
  readonly waitMs: number;
  /** Nobody has told what came of an attempt. */
  readonly underWay: boolean;
  /** Attempts that failed, and owners that fell silent in one. */
  readonly failures: number;
  /** Since when it is tried: the decision, or a person's asking. */
  readonly sinceMs: number;
}

export interface AuditedOrder {
  readonly orderId: string;
  placed?: KnownOrder & { readonly memberId: string; readonly plan: string };
  status: MembershipStatus;
  readonly decisions: AuditedDecision[];
  /** Names of what was said, and of which payment; what was moved away stays in it. */
  readonly observed: Map<string, string>;
  /** Payments that a person gave to other orders. */
  readonly moved: Map<string, AuditedMove>;
  readonly attached: Set<string>;
  readonly facts: Map<string, { readonly reference: PaymentReference; readonly known: KnownFacts }>;
  readonly rulings: Map<string, 'grant' | 'revoke'>;
  readonly reviews: Map<string, AuditedReview>;
  changedAtRevision: number;
  settled: number;
  abandoned: boolean;
  delivery: AuditedDelivery;
}

export interface AuditedMove {
  readonly toOrderId: string;
  /** Of the link that it ends. */
  readonly linkRevision: number;
}

export interface AuditedReference {
  /** The last link. */
  owner?: string;
  /** Oldest first. */
  readonly links: { readonly orderId: string; readonly revision: number }[];
  readonly held: ObservedFact[];
}

/** It is, or was until a person moved the payment. */
export function everOwned({ links }: AuditedReference, orderId: string): boolean {
  return links.some((link) => link.orderId === orderId);
}

/** All that the log says so far; what was never heard of is empty. */
export class AuditedLog {
  readonly orders: Map<string, AuditedOrder> = new Map();
  readonly references: Map<string, AuditedReference> = new Map();

  order(orderId: string): AuditedOrder {
    const known = this.orders.get(orderId);
    if (known) return known;
    const order: AuditedOrder = {
      orderId,
      status: 'none',
      decisions: [],
      observed: new Map(),
      moved: new Map(),
      attached: new Set(),
      facts: new Map(),
      rulings: new Map(),
      reviews: new Map(),
      changedAtRevision: -1,
      settled: 0,
      abandoned: false,
      delivery: { owner: '', atMs: 0, waitMs: 0, underWay: false, failures: 0, sinceMs: 0 },
    };
    this.orders.set(orderId, order);
    return order;
  }

  reference(id: string): AuditedReference {
    const known = this.references.get(id);
    if (known) return known;
    const reference: AuditedReference = { links: [], held: [] };
    this.references.set(id, reference);
    return reference;
  }
}
