// S1, the join of a subscription: a register for each object, which keeps the maximum under a total order (ties by the text of
// the content), so that order, repetition and batching of what the sources report cannot matter.
import type { Source } from '../observation.ts';
import { paymentKey } from '../observation.ts';
import { joinFact, noFacts, type PaymentFacts } from '../order/facts.ts';
import { itemNamed, withItem } from '../order/sorted-list.ts';
import { subscriptionFactContent } from './fact-text.ts';
import type {
  Allocation,
  CreditNote,
  Lifecycle,
  LifecycleStatus,
  MoneyBack,
  PaidInvoice,
  SubscriptionStatement,
  UnpaidInvoice,
} from './observation.ts';

export interface InvoiceFacts {
  readonly id: string;
  readonly fact: PaidInvoice | UnpaidInvoice;
  /** The earliest time at which a source reports it paid. Provider's clock, ISO 8601 UTC. Absent: never reported paid. */
  readonly paidAt?: string;
}

/** The state of the subscription at the provider, and when it was so. */
export interface LifecycleFacts {
  readonly fact: Lifecycle;
  readonly asOf: string;
}

/** Everything that was reported of one subscription, joined. Lists are sorted by id. Times are the provider's, ISO 8601 UTC. */
export interface SubscriptionFacts {
  readonly invoices: readonly InvoiceFacts[];
  readonly allocations: readonly Allocation[];
  readonly creditNotes: readonly CreditNote[];
  /** Refunds and disputes of the payments, by payment key. */
  readonly payments: readonly PaymentFacts[];
  readonly lifecycle?: LifecycleFacts;
  /** The latest that any lifecycle told: to end a trial at once moves the provider's back. */
  readonly trialEnd?: string;
  /** S2: the greatest time of anything recorded. */
  readonly seen?: string;
  /** S2: the greatest time of a look. */
  readonly looked?: string;
}

export const noSubscriptionFacts: SubscriptionFacts = { invoices: [], allocations: [], creditNotes: [], payments: [] };

/** A statement with what moves time. */
export type Told = SubscriptionStatement & { readonly source: Source; readonly look?: string };

/** Joins one statement: its fact, and its times. */
export function joinStatement(facts: SubscriptionFacts, told: Told): SubscriptionFacts {
  return joinTimes(joinSubscriptionFact(facts, told), told);
}

/** Moves both times forward. What a person says moves neither, and no clock that is in doubt does. */
export function joinTimes(facts: SubscriptionFacts, { source, doubtful, asOf, look }: Omit<Told, 'fact' | 'evidence'>): SubscriptionFacts {
  if (source === 'manual' || doubtful === true) return facts;
  const seen = later(later(facts.seen, asOf), look);
  const looked = later(facts.looked, look);
  return { ...facts, ...(seen === undefined ? {} : { seen }), ...(looked === undefined ? {} : { looked }) };
}

function joinSubscriptionFact(
  facts: SubscriptionFacts,
  { fact, asOf, occurredAt }: Pick<SubscriptionStatement, 'fact' | 'asOf' | 'occurredAt'>,
): SubscriptionFacts {
  switch (fact.kind) {
    case 'invoice':
      return { ...facts, invoices: joinInvoice(facts.invoices, fact, occurredAt ?? asOf) };
    case 'allocation':
      return { ...facts, allocations: joined(facts.allocations, fact, allocationOrder) };
    case 'credit_note':
      return { ...facts, creditNotes: joined(facts.creditNotes, fact, creditNoteOrder) };
    case 'lifecycle':
      return joinLifecycle(facts, { fact, asOf });
    case 'refund':
    case 'dispute':
      return { ...facts, payments: joinMoneyBack(facts.payments, fact, asOf) };
  }
}

const invoiceOrder: readonly string[] = ['open', 'uncollectible', 'void', 'paid'];
const allocationOrder: readonly string[] = ['canceled', 'paid'];
const creditNoteOrder: readonly string[] = ['issued', 'void'];

type Register = PaidInvoice | UnpaidInvoice | Allocation | CreditNote;

/** The greater one: by its status, then by its text. */
function greater<T extends Register>(a: T, b: T, order: readonly string[]): T {
  const byStatus = order.indexOf(a.status) - order.indexOf(b.status);
  if (byStatus !== 0) return byStatus > 0 ? a : b;
  return subscriptionFactContent(a) >= subscriptionFactContent(b) ? a : b;
}

const idOf = ({ id }: { readonly id: string }): string => id;

function joined<T extends Register>(registers: readonly T[], register: T, order: readonly string[]): readonly T[] {
  const known = itemNamed(registers, register.id, idOf);
  return withItem(registers, known ? greater(known, register, order) : register, idOf);
}

function joinInvoice(invoices: readonly InvoiceFacts[], fact: PaidInvoice | UnpaidInvoice, at: string): readonly InvoiceFacts[] {
  const known = itemNamed(invoices, fact.id, idOf);
  const paidAt = fact.status === 'paid' ? earlier(known?.paidAt, at) : known?.paidAt;
  const joinedFact = known ? greater(known.fact, fact, invoiceOrder) : fact;
  return withItem(invoices, { id: fact.id, fact: joinedFact, ...(paidAt === undefined ? {} : { paidAt }) }, idOf);
}

function joinMoneyBack(payments: readonly PaymentFacts[], { payment, ...fact }: MoneyBack, asOf: string): readonly PaymentFacts[] {
  const keyOf = ({ reference }: PaymentFacts): string => paymentKey(reference);
  const known = itemNamed(payments, paymentKey(payment), keyOf) ?? noFacts(payment);
  return withItem(payments, joinFact(known, { fact, asOf }), keyOf);
}

/** S7: ended wins over every other state, whatever its time. */
function joinLifecycle(facts: SubscriptionFacts, told: LifecycleFacts): SubscriptionFacts & { readonly lifecycle: LifecycleFacts } {
  const trialEnd = later(facts.trialEnd, told.fact.trialEnd);
  const lifecycle = facts.lifecycle && compareLifecycles(facts.lifecycle, told) >= 0 ? facts.lifecycle : told;
  return { ...facts, lifecycle, ...(trialEnd === undefined ? {} : { trialEnd }) };
}

/** The order of the register: the greater one wins. */
export function compareLifecycles(a: LifecycleFacts, b: LifecycleFacts): number {
  return (
    Number(isEndStatus(a.fact.status)) - Number(isEndStatus(b.fact.status)) ||
    compareTexts(a.asOf, b.asOf) ||
    Number(mayTakeAccess(b.fact)) - Number(mayTakeAccess(a.fact)) ||
    compareTexts(subscriptionFactContent(a.fact), subscriptionFactContent(b.fact))
  );
}

/** Such a state is the lesser of two of one second: who has paid must not wait for the next one. The poll reads the newest soon. */
function mayTakeAccess({ status, collectionPaused }: Lifecycle): boolean {
  return status === 'paused' || status === 'unpaid' || collectionPaused !== undefined;
}

export function isEndStatus(status: LifecycleStatus | undefined): boolean {
  return status === 'canceled' || status === 'incomplete_expired';
}

/** True if the lifecycle changes what is known of the subscription: its state, or how long the trial lasts. */
export function changesLifecycle(facts: SubscriptionFacts, { fact, asOf }: LifecycleFacts): boolean {
  const after = joinLifecycle(facts, { fact, asOf });
  const isSame =
    facts.lifecycle !== undefined && subscriptionFactContent(facts.lifecycle.fact) === subscriptionFactContent(after.lifecycle.fact);
  return !isSame || after.trialEnd !== facts.trialEnd;
}

export function compareTexts(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}

/** The later of two times. Undefined: there is none. */
export function later<Time extends string | undefined>(a: Time, b: Time): Time {
  if (a === undefined || b === undefined) return a ?? b;
  return a >= b ? a : b;
}

/** The earlier of two times. */
export function earlier(a: string | undefined, b: string): string {
  return a === undefined || b < a ? b : a;
}
