// The join (law 1): a payment is a handful of registers, each keeping the maximum under a total order, so
// that order, repetition and batching of what the sources report cannot matter.
import {
  type AttemptStatus,
  amountText,
  type DisputeStatus,
  type Fact,
  type PaidAmount,
  type PaymentReference,
  type RefundStatus,
} from '../observation.ts';
import { itemNamed, withItem } from './sorted-list.ts';

/** The joined state of the attempt to pay. `asOf`: provider's clock, ISO 8601 UTC. */
export type AttemptRegister =
  | { readonly status: AttemptStatus; readonly asOf: string }
  | { readonly status: 'paid'; readonly asOf: string; readonly amount: PaidAmount };
/** The joined state of one refund. */
export type RefundRegister = Omit<Extract<Fact, { kind: 'refund' }>, 'kind'>;
/** The joined state of one dispute. */
export type DisputeRegister = Omit<Extract<Fact, { kind: 'dispute' }>, 'kind'>;

/** Everything that was reported about one payment, joined. */
export interface PaymentFacts {
  readonly reference: PaymentReference;
  /** Sorted, without repeats. */
  readonly aliases: readonly string[];
  /** Absent: no attempt was reported yet, only refunds or disputes. */
  readonly attempt?: AttemptRegister;
  /** Sorted by id. */
  readonly refunds: readonly RefundRegister[];
  /** Where two states have equally many movements, `lost` is the last: no word wins back money that did not move. Sorted by id. */
  readonly disputes: readonly DisputeRegister[];
  /** The same under the first rules of the policy: `won` is the last state. Sorted by id. */
  readonly disputesByFirstRules: readonly DisputeRegister[];
  /** The earliest time at which a source reports it paid. Provider's clock, ISO 8601 UTC. Absent: never reported paid. */
  readonly paidAt?: string;
}

export function noFacts(reference: PaymentReference): PaymentFacts {
  return { reference, aliases: [], refunds: [], disputes: [], disputesByFirstRules: [] };
}

/** Joins one reported fact: the register of its object keeps the greater of the old and the new state. */
export function joinFact(
  facts: PaymentFacts,
  observed: { readonly fact: Fact; readonly asOf: string; readonly occurredAt?: string },
): PaymentFacts {
  const { fact } = observed;
  switch (fact.kind) {
    case 'attempt': {
      const attempt: AttemptRegister =
        fact.status === 'paid'
          ? { status: 'paid', asOf: observed.asOf, amount: fact.amount }
          : { status: fact.status, asOf: observed.asOf };
      const joined = { ...facts, attempt: facts.attempt ? maximum(facts.attempt, attempt, compareAttempts) : attempt };
      if (fact.status !== 'paid') return joined;
      const paidAt = observed.occurredAt ?? observed.asOf;
      const knownAt = facts.paidAt ?? paidAt;
      return { ...joined, paidAt: knownAt < paidAt ? knownAt : paidAt };
    }
    case 'refund': {
      const { kind: _, ...refund } = fact;
      return { ...facts, refunds: joinRegister(facts.refunds, refund, compareRefunds) };
    }
    case 'dispute': {
      const { kind: _, ...dispute } = fact;
      const { disputes, disputesByFirstRules } = facts;
      return {
        ...facts,
        disputes: joinDispute(disputes, dispute, disputeOrder),
        disputesByFirstRules: joinDispute(disputesByFirstRules, dispute, firstDisputeOrder),
      };
    }
  }
}

/** Adds other names of the payment. Returns the same object where it has them all. */
export function joinAliases(facts: PaymentFacts, aliases: readonly string[] | undefined): PaymentFacts {
  if (aliases === undefined || aliases.every((alias) => facts.aliases.includes(alias))) return facts;
  return { ...facts, aliases: [...new Set([...facts.aliases, ...aliases])].sort() };
}

/**
 * Returns a copy with one more entry. The copy has no prototype, so that V8 keeps it as a plain table. For an ordinary
 * object V8 would build a new hidden class for each new name, which costs more than the rest of a fold.
 */
export function withEntry<T>(record: Readonly<Record<string, T>>, name: string, value: T): Readonly<Record<string, T>> {
  const copy: Record<string, T> = Object.assign(Object.create(null), record);
  copy[name] = value;
  return copy;
}

type Compare<T> = (a: T, b: T) => number;

function maximum<T>(a: T, b: T, compare: Compare<T>): T {
  return compare(a, b) >= 0 ? a : b;
}

// The four states that a payment may pass through in any direction are ordered by the provider's clock;
// equal times fall back to this list. From `canceled` on, a later entry wins whatever the clock says.
const transientStatuses: readonly string[] = ['attempt_failed', 'awaiting_customer', 'processing', 'authorized'];
export const terminalStatuses: readonly string[] = ['canceled', 'expired', 'failed', 'paid'];
const refundOrder: readonly RefundStatus[] = ['pending', 'requires_action', 'succeeded', 'canceled', 'failed'];
/**
 * A dispute that is won after it was lost, or lost after it was won, moves money, and more movements always win. Until the
 * movement shows, the money is taken to be gone. The provider's time could not decide: law 5 drops a repeated statement, so
 * its later time is not known, and the state would depend on the order of arrival.
 */
const disputeOrder: readonly DisputeStatus[] = ['inquiry', 'open', 'prevented', 'won', 'lost'];
const firstDisputeOrder: readonly DisputeStatus[] = ['inquiry', 'open', 'prevented', 'lost', 'won'];

function compareAttempts(a: AttemptRegister, b: AttemptRegister): number {
  const byRank = terminalStatuses.indexOf(a.status) - terminalStatuses.indexOf(b.status);
  if (byRank !== 0) return byRank;
  if (a.status === 'paid' && b.status === 'paid') return comparePaid(a.amount, b.amount) || compareTexts(b.asOf, a.asOf);
  return compareTexts(a.asOf, b.asOf) || transientStatuses.indexOf(a.status) - transientStatuses.indexOf(b.status);
}

function comparePaid(a: PaidAmount, b: PaidAmount): number {
  return (
    Number(a.parts !== undefined) - Number(b.parts !== undefined) ||
    a.totalMinor - b.totalMinor ||
    compareTexts(amountText(a), amountText(b))
  );
}

function compareRefunds(a: RefundRegister, b: RefundRegister): number {
  return refundOrder.indexOf(a.status) - refundOrder.indexOf(b.status) || a.amountMinor - b.amountMinor;
}

function joinDispute(known: PaymentFacts['disputes'], dispute: DisputeRegister, order: readonly DisputeStatus[]): PaymentFacts['disputes'] {
  const compare = (a: DisputeRegister, b: DisputeRegister): number =>
    a.movements - b.movements ||
    order.indexOf(a.status) - order.indexOf(b.status) ||
    Number(a.returnedDebit) - Number(b.returnedDebit) ||
    a.amountMinor - b.amountMinor;
  return joinRegister(known, dispute, compare);
}

const idOf = ({ id }: { readonly id: string }): string => id;

function joinRegister<T extends { readonly id: string }>(registers: readonly T[], register: T, compare: Compare<T>): readonly T[] {
  const known = itemNamed(registers, register.id, idOf);
  return withItem(registers, known ? maximum(known, register, compare) : register, idOf);
}

function compareTexts(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}
