// What is read at Stripe before a statement about a subscription is recorded: what an event tells may be old, and some of it means
// something only together with the rest. A usual renewal needs none of this.
import {
  type CoverLine,
  type KnownSubscription as KnownInLedger,
  type Lifecycle,
  type PaidInvoice,
  type SubscriptionFact,
  type SubscriptionPolicy,
  type SubscriptionStatement,
  subscriptionFactContent,
} from '@paidonce/ledger/adapter';
import { isEnded } from '../mapping/lifecycle.ts';
import type { MappedSubscription } from '../mapping/to-subscription-observation.ts';
import { isOfPlan } from './plan-lines.ts';

/** What the ledger holds of the subscription. */
export interface KnownSubscription {
  readonly plans: SubscriptionPolicy['plans'];
  /** Absent: none was told yet. */
  readonly lifecycle?: Lifecycle;
  /** What is paid for. ISO 8601 UTC. Absent: nothing. */
  readonly paidThrough?: string;
  readonly invoices: KnownInLedger['invoices'];
  /** When access changes though nothing is told. ISO 8601 UTC. Absent: it does not. */
  readonly dueAt?: string;
  /** Whether the ledger holds exactly this: then nothing new can follow from it. */
  readonly holds: (fact: Exclude<SubscriptionFact, Lifecycle>) => boolean;
}

/** `look`: at the subscription and its invoices, recorded in one append. `subscription`: the subscription as it is now. */
export type ReadBefore = 'look' | 'subscription';

/**
 * @param known undefined: nobody has linked the subscription yet.
 * @param isCopy the statements are of a copy in an event, not of what Stripe answered just now.
 * @param now Stripe's time, as far as it is known. ISO 8601 UTC. Default: that of the statements.
 */
export function readBefore(
  { statements }: Pick<MappedSubscription, 'statements'>,
  known: KnownSubscription | undefined,
  isCopy: boolean,
  now = '',
): ReadBefore | undefined {
  if (known === undefined) return 'look';
  const credits = creditsIn([...statements, ...known.invoices]);
  const paid = statements.filter((statement) => isNewPaid(statement, known));
  if (paid.some((statement) => needsLook(statement, known, credits))) return 'look';
  if (statements.some((statement) => isNewMoneyBack(statement, known) && mayEnd(statement, known, now))) return 'look';
  // Once a look is due, the time of what is told changes access: a paid invoice may do so by itself.
  if (paid.length === 0 && statements.some((statement) => isDue(statement, known) && !isKnown(statement, known))) return 'look';
  const others = statements.filter(({ fact }) => fact.kind === 'lifecycle' && !isHeld(fact, known));
  if (others.some((statement) => mayBringBack(statement, known))) return 'look';
  // Events of one second come in any order, and late ones after a day: what is other than known may be older.
  return isCopy && others.length > 0 ? 'subscription' : undefined;
}

type PaidStatement = SubscriptionStatement & { readonly fact: PaidInvoice };

function isNewPaid(statement: SubscriptionStatement, known: KnownSubscription): statement is PaidStatement {
  const { fact } = statement;
  return fact.kind === 'invoice' && fact.status === 'paid' && !isKnown(statement, known);
}

function isKnown({ fact }: SubscriptionStatement, known: Pick<KnownSubscription, 'lifecycle' | 'holds'>): boolean {
  return fact.kind === 'lifecycle' ? isHeld(fact, known) : known.holds(fact);
}

function isDue({ asOf }: SubscriptionStatement, { dueAt }: Pick<KnownSubscription, 'dueAt'>): boolean {
  return dueAt !== undefined && dueAt <= asOf;
}

export function isMoneyBack(fact: SubscriptionFact): fact is Exclude<SubscriptionFact, Lifecycle> {
  return fact.kind === 'refund' || fact.kind === 'dispute' || fact.kind === 'credit_note';
}

function isNewMoneyBack(statement: SubscriptionStatement, known: KnownSubscription): boolean {
  return isMoneyBack(statement.fact) && !isKnown(statement, known);
}

/**
 * Without what is known, once a look is due: it says nothing new, and its time alone would let in a member of whom nothing was
 * believed until now, for what is over, or end by an old refund whose renewal is paid and not told yet.
 */
export function news(
  statements: readonly SubscriptionStatement[],
  known: Pick<KnownSubscription, 'lifecycle' | 'dueAt' | 'holds'> | undefined,
): readonly SubscriptionStatement[] {
  if (known === undefined) return statements;
  return statements.filter((statement) => !isDue(statement, known) || !isKnown(statement, known));
}

/** What went back ends access by its own time (S11). Where what is paid for is over by now, a renewal may be paid and not told yet. */
function mayEnd({ asOf }: SubscriptionStatement, { paidThrough }: KnownSubscription, now: string): boolean {
  return paidThrough === undefined || paidThrough <= asOf || paidThrough <= now;
}

interface Credit {
  readonly line: CoverLine;
  /** The id of the invoice that gives it. */
  readonly by: string;
}

function creditsIn(told: readonly { readonly fact: SubscriptionFact }[]): readonly Credit[] {
  return told.flatMap(({ fact }) => {
    if (fact.kind !== 'invoice' || fact.status !== 'paid') return [];
    return fact.lines.flatMap((line) => (line.role === 'credit' ? [{ line, by: fact.id }] : []));
  });
}

function needsLook({ fact, asOf }: PaidStatement, { plans, lifecycle }: KnownSubscription, credits: readonly Credit[]): boolean {
  const lines = fact.lines.filter((line) => line.role !== 'credit' && isOfPlan(line, plans));
  if (lines.length === 0) return false;
  // A trial or a free month: the end of a trial stands in the subscription, and an older state of it may not have it yet.
  if (fact.discountMinor === 0 && lines.every(({ netMinor }) => netMinor <= 0)) return true;
  // Paid, and over: else access came back, and ended again at the next look. An invoice may come after the one that credits it.
  // Which lines it cuts is the ledger's to say (S3); to look once too often ends nothing.
  const isCut = (line: CoverLine): boolean =>
    credits.some(
      ({ line: { price, from, to }, by }) => price === line.price && by !== fact.id && line.from <= from && from <= asOf && to <= line.to,
    );
  const isOver = (line: CoverLine): boolean => line.to <= asOf || isCut(line);
  // Nothing is charged while it is paused: it goes on, and the event that says so may come later, or not at all.
  return lines.every(isOver) || (lifecycle !== undefined && (isEnded(lifecycle) || lifecycle.status === 'paused'));
}

/** What was paid is over: a grace, or the end of a pause, would bring access back until a time that has passed, and the next look end it. */
function mayBringBack({ fact, asOf }: SubscriptionStatement, { lifecycle, paidThrough }: KnownSubscription): boolean {
  if (paidThrough !== undefined && paidThrough <= asOf) return true;
  return fact.kind === 'lifecycle' && lifecycle !== undefined && isPaused(lifecycle) && !isPaused(fact);
}

function isPaused({ status, collectionPaused }: Lifecycle): boolean {
  return status === 'paused' || collectionPaused !== undefined;
}

function isHeld(told: Lifecycle, { lifecycle }: Pick<KnownSubscription, 'lifecycle'>): boolean {
  return lifecycle !== undefined && subscriptionFactContent(told) === subscriptionFactContent(lifecycle);
}

/** What the copy says beside what was read since: not the state that it has, and nothing twice. */
export function without(copy: readonly SubscriptionStatement[], read: readonly SubscriptionStatement[]): readonly SubscriptionStatement[] {
  const contents = new Set(read.map(({ fact }) => subscriptionFactContent(fact)));
  return copy.filter(({ fact }) => fact.kind !== 'lifecycle' && !contents.has(subscriptionFactContent(fact)));
}
