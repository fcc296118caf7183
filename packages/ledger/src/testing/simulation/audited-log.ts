// What the auditor knows from the raw log, and how it compares observations. It uses no fold of the ledger.
import type { Fact, PaymentReference, Source } from '../../observation.ts';
import type { MembershipStatus } from '../../order/order.ts';
import type { Policy } from '../../order/policy.ts';
import type { KnownOrder } from './expected-access.ts';
import { nameOf, textOf } from './fact-text.ts';
import type { Incarnation } from './incarnation.ts';
import type { KnownFacts } from './provider.ts';

/** An event of the log, only parsed. */
export interface AuditedEvent {
  readonly stream: string;
  readonly revision: number;
  readonly type: string;
  readonly data: Readonly<Record<string, unknown>>;
  readonly metadata: Readonly<Record<string, string>>;
  /** The event's place in messages. */
  readonly place: string;
}

export interface ObservedFact {
  readonly source: Source;
  readonly payment: PaymentReference;
  readonly aliases?: readonly string[];
  readonly orderId?: string;
  readonly fact: Fact;
}

/** Returns the source, the payment and the fact as one text, to compare observations. */
export function observedFactName({ source, payment, fact }: ObservedFact): string {
  return `${source}: ${nameOf(payment)} ${textOf(fact)}`;
}

/** Returns under which names the log knows the payment: its own first, then its aliases. */
export function namesOf({ payment, aliases = [] }: Pick<ObservedFact, 'payment' | 'aliases'>): readonly [string, ...string[]] {
  return [nameOf(payment), ...aliases.map((id) => nameOf({ ...payment, id }))];
}

export interface AuditedDecision {
  /** The name of the payment that caused the decision. */
  readonly paymentId: string;
  readonly status: Exclude<MembershipStatus, 'none'>;
  readonly change: 'granted' | 'suspended' | 'restored' | 'revoked';
  readonly revision: number;
  /** The processes that may deliver it to the shop: the one that decided, and those that took it over. */
  readonly deliverers: Set<Incarnation>;
}

export interface AuditedReview {
  readonly kind: string;
  readonly paymentId: string;
  readonly resolved: boolean;
}

/** The delivery of the newest decision. Times are virtual. */
export interface AuditedDelivery {
  readonly owner: string;
  /** The time of the last event about it. */
  readonly atMs: number;
  readonly waitMs: number;
  /** True if an attempt began whose result is not in the log. */
  readonly underWay: boolean;
  /** How many attempts failed, or had an owner that stopped. */
  readonly failures: number;
  /** When the attempts began: at the decision, or when a person asked for a delivery. */
  readonly sinceMs: number;
}

export interface AuditedOrder {
  readonly orderId: string;
  placed?: KnownOrder & { readonly memberId: string; readonly plan: string };
  status: MembershipStatus;
  readonly decisions: AuditedDecision[];
  /** The observations: key `saidName`, value the payment's name. Observations that were moved away stay here. */
  readonly observed: Map<string, string>;
  /** The payments that a person moved to other orders. Key: the payment's name. */
  readonly moved: Map<string, AuditedMove>;
  readonly attached: Set<string>;
  /** The facts that were recorded, whoever said them: `factName`. */
  readonly said: Set<string>;
  /** The policy under which its access was judged last. Undefined: it never was. */
  policy: Policy | undefined;
  readonly facts: Map<string, { readonly reference: PaymentReference; readonly known: KnownFacts }>;
  readonly rulings: Map<string, 'grant' | 'revoke'>;
  readonly reviews: Map<string, AuditedReview>;
  changedAtRevision: number;
  /** The newest revision that a person must have seen to rule on a payment, at least: confirmations are left out. */
  newsAtRevision: number;
  /** True: the last event says that the shop is ahead, so the next decision may repeat the status. */
  raised: boolean;
  settled: number;
  abandoned: boolean;
  delivery: AuditedDelivery;
}

export interface AuditedMove {
  readonly toOrderId: string;
  /** The revision of the link that the move ends. */
  readonly linkRevision: number;
}

export interface AuditedReference {
  /** The order of the last link. Absent: there is no link. */
  owner?: string;
  /** The links, oldest first. */
  readonly links: { readonly orderId: string; readonly revision: number }[];
  readonly held: ObservedFact[];
}

/** True if the order owns the reference, or owned it until a person moved the payment. */
export function everOwned({ links }: AuditedReference, orderId: string): boolean {
  return links.some((link) => link.orderId === orderId);
}

/** Everything that the log has so far. An order or a reference that is not in the log is empty. */
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
      said: new Set(),
      policy: undefined,
      facts: new Map(),
      rulings: new Map(),
      reviews: new Map(),
      changedAtRevision: -1,
      newsAtRevision: -1,
      raised: false,
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
