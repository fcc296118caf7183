// Tells a subscription day by day, and writes down what is decided. Every step also checks that the added events read back from
// the log as they were, and that the same command adds nothing the second time.
import { deepStrictEqual } from 'node:assert/strict';
import { defined } from '../defined.ts';
import { type ManualAction, type PaymentReference, referenceName, type Source } from '../observation.ts';
import { accessOf, type SubscriptionAccess } from './access.ts';
import { decide, type SubscriptionCommand } from './decide.ts';
import { readSubscriptionEvent, versionOfSubscriptionEvent } from './event-schemas.ts';
import {
  isSubscriptionDecision,
  type SubscriptionEvent,
  type SubscriptionObserved,
  type SubscriptionPlaced,
  subscriptionOutcomeOf,
} from './events.ts';
import { subscriptionFactKey } from './fact-text.ts';
import type {
  Allocation,
  CoverLine,
  CreditNote,
  Lifecycle,
  MoneyBack,
  PaidInvoice,
  SubscriptionFact,
  SubscriptionReference,
  UnpaidInvoice,
} from './observation.ts';
import { defaultSubscriptionPolicy, type SubscriptionPolicy } from './policy.ts';
import { evolve, noSubscription, type SubscriptionState } from './subscription.ts';

export const support: ManualAction = { actor: 'support-7', reason: 'called the bank' };
const start = Date.UTC(2026, 0, 1);
const dayMs = 86_400_000;

/** The time so many days after the start, which may be a fraction. A month has 30 days here, a year 360. */
export function day(days: number): string {
  return new Date(start + Math.round(days * dayMs)).toISOString();
}
function daysTo(time: string | undefined): string {
  return time === undefined ? '-' : String(Math.round(((Date.parse(time) - start) / dayMs) * 100) / 100);
}

export const placed1: SubscriptionPlaced = {
  subscriptionId: 'sub-1',
  memberId: 'member-1',
  plan: 'silver',
  kind: 'membership',
  account: 'acct_1',
  livemode: true,
  origin: 'started',
  placedAt: day(0),
};
export const reference1: SubscriptionReference = { provider: 'stripe', account: 'acct_1', livemode: true, id: 'sub_1' };
/** Silver costs 10.00 a month or 100.00 a year, gold 20.00 a month. */
export const policy1: SubscriptionPolicy = {
  ...defaultSubscriptionPolicy,
  plans: { silver: ['price_month', 'price_year'], gold: ['price_gold'] },
};

export function line(from: number, to: number, differs: Partial<CoverLine> = {}): CoverLine {
  const { role = 'base' } = differs;
  const netMinor = role === 'credit' ? -500 : 1_000;
  const id = `il_${role}_${from}_${differs.price ?? 'price_month'}`;
  return { id, price: 'price_month', product: 'prod_1', from: day(from), to: day(to), role, quantity: 1, netMinor, ...differs };
}

/** A paid invoice of these lines. */
export function paid(id: string, lines: readonly CoverLine[], differs: Partial<PaidInvoice> = {}): PaidInvoice {
  return {
    kind: 'invoice',
    id,
    status: 'paid',
    reason: 'cycle',
    currency: 'usd',
    totalMinor: lines.reduce((sum, { netMinor }) => sum + netMinor, 0),
    discountMinor: 0,
    taxMinor: 0,
    balanceMinor: 0,
    outsideMinor: 0,
    writtenOffMinor: 0,
    lines: [...lines].sort((a, b) => (a.id < b.id ? -1 : 1)),
    ...differs,
  };
}
/** A paid month that begins on that day. */
export function month(id: string, from: number, differs: Partial<PaidInvoice> = {}): PaidInvoice {
  return paid(id, [line(from, from + 30)], differs);
}
export function unpaid(id: string, status: UnpaidInvoice['status'] = 'open', terms?: UnpaidInvoice['terms']): UnpaidInvoice {
  return { kind: 'invoice', id, status, ...defined({ terms }) };
}
export function lifecycle(status: Lifecycle['status'], differs: Partial<Lifecycle> = {}): Lifecycle {
  return { kind: 'lifecycle', status, customer: 'cus_1', items: [{ price: 'price_month', quantity: 1 }], ...differs };
}
export function allocation(id: string, invoice: string, payment: string, amountMinor = 1_000): Allocation {
  return { kind: 'allocation', id, invoice, payment, status: 'paid', amountMinor };
}
export function paymentReference(id: string): PaymentReference {
  return { ...reference1, id };
}
export function refund(
  payment: string,
  amountMinor = 1_000,
  status: Extract<MoneyBack, { kind: 'refund' }>['status'] = 'succeeded',
): MoneyBack {
  return { kind: 'refund', id: `re_${payment}`, status, amountMinor, payment: paymentReference(payment) };
}
type DisputeFact = Extract<MoneyBack, { kind: 'dispute' }>;
export function dispute(payment: string, status: DisputeFact['status'], differs: Partial<DisputeFact> = {}): MoneyBack {
  const movements = status === 'won' ? 2 : 1;
  return {
    kind: 'dispute',
    id: `dp_${payment}`,
    status,
    amountMinor: 1_000,
    returnedDebit: false,
    movements,
    payment: paymentReference(payment),
    ...differs,
  };
}
export function creditNote(invoice: string, amountMinor = 1_000, status: CreditNote['status'] = 'issued'): CreditNote {
  return { kind: 'credit_note', id: `cn_${invoice}`, invoice, status, amountMinor };
}

export interface How {
  readonly source?: Source;
  readonly look?: string;
  readonly occurredAt?: string;
  readonly doubtful?: true;
  readonly subscription?: SubscriptionReference;
  readonly subscriptionId?: string;
}

export function observed(
  at: string,
  fact: SubscriptionFact,
  { source = 'webhook', subscription = reference1, ...how }: How = {},
): SubscriptionObserved {
  const told = {
    subscription,
    fact,
    asOf: at,
    ...how,
    evidence: { objectId: subscription.id },
    observedAt: day(999),
    factKey: subscriptionFactKey(subscription, fact),
  };
  return source === 'manual' ? { ...told, source, by: support } : { ...told, source };
}

export class Story {
  state: SubscriptionState = noSubscription('sub-1');
  readonly events: SubscriptionEvent[] = [];
  readonly policy: SubscriptionPolicy;

  /** @param policy the fields that differ from `policy1`. */
  constructor(policy: Partial<SubscriptionPolicy> = {}) {
    this.policy = { ...policy1, ...policy };
  }

  /** A story of a subscription that is placed. */
  static placed(policy: Partial<SubscriptionPolicy> = {}): Story {
    return new Story(policy).run({ type: 'place', subscription: placed1 });
  }

  /** All decisions so far: what, why, and until which day. */
  get row(): readonly string[] {
    return this.events.flatMap((event) =>
      isSubscriptionDecision(event) ? [`${subscriptionOutcomeOf(event)} ${event.data.cause} ${daysTo(event.data.validUntil)}`] : [],
    );
  }

  get reviews(): readonly string[] {
    return this.state.reviews.map(({ kind, invoice }) => (invoice === undefined ? kind : `${kind} ${invoice}`));
  }

  get access(): SubscriptionAccess {
    return accessOf(this.state, this.policy);
  }

  /** A webhook tells the facts on that day. */
  tell(days: number, ...facts: readonly SubscriptionFact[]): this {
    return this.tellAs({}, days, ...facts);
  }

  tellAs(how: How, days: number, ...facts: readonly SubscriptionFact[]): this {
    return this.run({ type: 'observe', observed: facts.map((fact) => observed(day(days), fact, how)) });
  }

  /** A look on that day tells the facts. */
  look(days: number, ...facts: readonly SubscriptionFact[]): this {
    return this.tellAs({ source: 'poll', look: day(days) }, days, ...facts);
  }

  run(command: SubscriptionCommand, policy: SubscriptionPolicy = this.policy): this {
    const events = decide(this.state, command, policy);
    for (const event of events) {
      deepStrictEqual(readBack(event), event, `${event.type} does not read back as it was decided`);
      this.state = evolve(this.state, event);
    }
    deepStrictEqual(decide(this.state, command, policy), [], `${command.type}, asked again, adds something`);
    this.events.push(...events);
    return this;
  }
}

function readBack(event: SubscriptionEvent): SubscriptionEvent {
  const { type, data } = event;
  const stored = JSON.parse(JSON.stringify(data)) as object;
  const version = String(versionOfSubscriptionEvent(event));
  return readSubscriptionEvent({
    stream: `subscription-${referenceName(reference1)}`,
    revision: 0,
    type,
    data: stored,
    metadata: { version },
  });
}
