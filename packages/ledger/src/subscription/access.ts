// S2, access is a function of the joined facts, of people's rulings and of the provider's time; never of our clock, nor of the
// order in which the facts came.
import { planAt, type Reach, reachOf, type Stretch, stands, stretchesOf } from './cover.ts';
import type { AccessCause } from './events.ts';
import { compareTexts, earlier, isEndStatus, later, type SubscriptionFacts } from './facts.ts';
import { type Judged, type JudgedInvoice, judgeInvoices } from './invoices.ts';
import type { Lifecycle } from './observation.ts';
import type { SubscriptionPolicy } from './policy.ts';

/** `full`: entitled. `suspended`: entitled but for an open dispute or a pause. `over`: not entitled, or not yet. */
export type AccessLevel = 'full' | 'suspended' | 'over';

/** What a subscription entitles to. Times are the provider's, ISO 8601 UTC. */
export interface SubscriptionAccess {
  readonly access: AccessLevel;
  /** Absent: no line of a plan has begun. */
  readonly plan?: string;
  readonly quantity?: number;
  /** The id of the invoice that the plan rests on. */
  readonly planInvoice?: string;
  /** The latest end of what stands undisputed. Absent: nothing does. */
  readonly paidThrough?: string;
  /** While access is not over: until when it lasts if nothing more is said. Else when it ended. Absent: nothing was ever paid. */
  readonly validUntil?: string;
  readonly cause: AccessCause;
  readonly trial: boolean;
  /** The next time at which this would change with nothing new said: somebody must look then. Absent: it would not. */
  readonly dueAt?: string;
  /** The invoice that `paidThrough` rests on; of what is held or undone, that one. */
  readonly invoice?: JudgedInvoice;
  /** True: what ended it is money that went back, or a person's rejection. */
  readonly isTakenBack: boolean;
}

/** Both times of S2. */
interface Times {
  readonly seen: string;
  readonly looked: string;
}

/** What of the facts and the policy does not depend on the time. */
interface Terms {
  readonly stretches: readonly Stretch[];
  readonly lifecycle: Lifecycle | undefined;
  readonly standing: Reach | undefined;
  readonly held: Reach | undefined;
  readonly undone: Reach | undefined;
  /** S6: `standing` with its grace. `never`: nothing stands. */
  readonly reach: string;
  /** When the first base line begins that stands or is held. `never`: there is none. */
  readonly validFrom: string;
  readonly endedAt: string | undefined;
  readonly isPaused: boolean;
}

/** Before every time, and after every time. */
const never = '';
const forever = '~';
const nothing: SubscriptionAccess = { access: 'over', cause: 'expired', trial: false, isTakenBack: false };

export function accessOf(state: Partial<Judged> & Omit<Judged, 'placed'>, policy: SubscriptionPolicy): SubscriptionAccess {
  const { placed, facts } = state;
  return placed ? accessOfInvoices(judgeInvoices({ ...state, placed }, policy), facts, policy) : nothing;
}

/** @param invoices as `judgeInvoices` answers them. */
export function accessOfInvoices(
  invoices: readonly JudgedInvoice[],
  facts: SubscriptionFacts,
  policy: SubscriptionPolicy,
): SubscriptionAccess {
  const times: Times = { seen: facts.seen ?? never, looked: facts.looked ?? never };
  const terms = termsOf(stretchesOf(invoices), facts, policy);
  const now = accessAt(terms, times);
  const dueAt = boundaries(terms, times).find((at) => !isSameAccess(now, accessAt(terms, movedTo(times, at))));
  return dueAt === undefined ? now : { ...now, dueAt };
}

/** True if nothing that is decided about differs. */
export function isSameAccess(a: SubscriptionAccess, b: SubscriptionAccess): boolean {
  if (a.access === 'over' && b.access === 'over') return true;
  return a.access === b.access && a.plan === b.plan && a.quantity === b.quantity && a.validUntil === b.validUntil;
}

function termsOf(all: readonly Stretch[], facts: SubscriptionFacts, policy: SubscriptionPolicy): Terms {
  const lifecycle = facts.lifecycle?.fact;
  const endedAt = policy.canceledNow === 'end' && lifecycle && isEndStatus(lifecycle.status) ? lifecycle.endedAt : undefined;
  // S12: what a person accepted although it was paid after the end stands in spite of the end, and alone.
  const afterEnd = all.filter(({ invoice }) => invoice.ruling === 'accepted' && invoice.paidAt > (endedAt ?? forever));
  const isRevived = reachOf(afterEnd, 'stands') !== undefined || reachOf(afterEnd, 'held') !== undefined;
  const stretches = isRevived ? afterEnd : all;
  const [standing, held, undone] = [reachOf(stretches, 'stands'), reachOf(stretches, 'held'), reachOf(stretches, 'undone')];
  const froms = stretches.filter(({ isBase, invoice }) => isBase && stands(invoice)).map(({ line }) => line.from);
  return {
    stretches,
    lifecycle,
    standing,
    held,
    undone,
    reach: standing ? withGrace(standing, later(held?.end, undone?.end) ?? never, facts, policy) : never,
    validFrom: froms.sort(compareTexts)[0] ?? never,
    endedAt: isRevived ? undefined : endedAt,
    isPaused: lifecycle?.status === 'paused' || (lifecycle?.collectionPaused !== undefined && policy.collectionPaused === 'suspend'),
  };
}

const hourMs = 3_600_000;

/** S6: grace is for silence, not for money given back, nor for a provider that gave up. @param taken the end of what is held or undone. */
function withGrace({ end, stretch }: Reach, taken: string, facts: SubscriptionFacts, policy: SubscriptionPolicy): string {
  const status = facts.lifecycle?.fact.status;
  if (end < taken || status === 'unpaid' || isEndStatus(status)) return end;
  const isDunning = status === 'past_due' && stretch.invoice.kind === 'money';
  const grace = plus(end, isDunning ? policy.dunningGraceDays * 24 : policy.renewalGraceHours);
  return policy.netTerms === 'grace' ? (later(grace, dueByTerms(end, facts, policy)) ?? grace) : grace;
}

/** The latest due date of open invoices whose stretch begins no later than what is paid: of one, never of a row of them. */
function dueByTerms(paidThrough: string, { invoices }: SubscriptionFacts, policy: SubscriptionPolicy): string | undefined {
  let due: string | undefined;
  for (const { fact } of invoices) {
    if (fact.status === 'open' && fact.terms && fact.terms.from <= paidThrough)
      due = later(due, plus(fact.terms.dueAt, policy.renewalGraceHours));
  }
  return due;
}

function plus(time: string, hours: number): string {
  return new Date(Date.parse(time) + hours * hourMs).toISOString();
}

function accessAt(terms: Terms, times: Times): SubscriptionAccess {
  const { standing, held, undone, reach, endedAt } = terms;
  const plan = planAt(terms.stretches, times.seen);
  const access = levelAt(terms, times);
  const holding = access === 'suspended' && !(terms.isPaused && isFullAt(terms, times)) ? held : undefined;
  const until = holding ? later(reach, holding.end) : standing ? reach : (held ?? undone)?.end;
  const validUntil = until === undefined ? undefined : earlier(endedAt, until);
  const hasEnded = hasEndedAt(terms, times);
  const isTakenBack = access === 'over' && !hasEnded && isBeyond(undone, standing) && isBeyond(undone, held);
  const rests = isTakenBack ? undone : (holding ?? standing);
  return {
    access,
    ...(plan ? { plan: plan.plan, quantity: plan.line.quantity, planInvoice: plan.invoice.id } : {}),
    ...(standing ? { paidThrough: standing.end } : {}),
    ...(validUntil === undefined ? {} : { validUntil }),
    cause: causeOf(terms, times, access, rests),
    trial: standing?.stretch.invoice.kind === 'trial',
    ...(rests ? { invoice: rests.stretch.invoice } : {}),
    isTakenBack,
  };
}

/** The formula of the laws of subscriptions. */
function levelAt(terms: Terms, times: Times): AccessLevel {
  const { held, validFrom, isPaused } = terms;
  if (hasEndedAt(terms, times) || times.seen < validFrom) return 'over';
  if (isFullAt(terms, times)) return isPaused ? 'suspended' : 'full';
  return held !== undefined && times.looked < held.end ? 'suspended' : 'over';
}

/** S11: what money given back ends needs no look. */
function isFullAt({ standing, held, undone, reach, endedAt }: Terms, { seen, looked }: Times): boolean {
  return (isBeyond(held, standing) || isBeyond(undone, standing) ? seen : looked) < earlier(endedAt, reach);
}

/** S7: an end at the provider is news, and needs no look. */
function hasEndedAt({ endedAt }: Terms, { seen }: Times): boolean {
  return (endedAt ?? forever) <= seen;
}

function isBeyond(a: Reach | undefined, b: Reach | undefined): boolean {
  return (a?.end ?? never) > (b?.end ?? never);
}

/** @param rests what access rests on or rested on, or what took it back. Absent: nothing ever stood. */
function causeOf(terms: Terms, times: Times, access: AccessLevel, rests: Reach | undefined): AccessCause {
  if (rests === undefined || hasEndedAt(terms, times)) return causeOfEnd(terms.lifecycle);
  const { invoice } = rests.stretch;
  if (access === 'suspended') return invoice.standing === 'held' ? 'disputed' : 'paused';
  if (access === 'full') {
    if (times.seen >= rests.end) return 'grace';
    if (invoice.ruling === 'accepted') return 'person';
    return invoice.kind === 'trial' || invoice.kind === 'free' ? invoice.kind : 'paid';
  }
  if (invoice.standing === 'undone') return invoice.ruling === 'rejected' ? 'person' : invoice.undoneBy;
  return causeOfEnd(terms.lifecycle);
}

function causeOfEnd(lifecycle: Lifecycle | undefined): AccessCause {
  switch (lifecycle?.status) {
    case 'canceled':
      return lifecycle.because === 'payment_failed' ? 'unpaid' : 'canceled';
    case 'past_due':
    case 'unpaid':
      return 'unpaid';
    default:
      return 'expired';
  }
}

/** The times, sorted, at which access may change with nothing new said. To move to one that lies behind changes nothing. */
function boundaries({ stretches, reach, held, endedAt = never }: Terms, { seen }: Times): readonly string[] {
  const starts = stretches.map(({ line }) => line.from).filter((from) => from > seen);
  return [...starts, reach, endedAt, held?.end ?? never].sort(compareTexts);
}

function movedTo({ seen, looked }: Times, at: string): Times {
  return { seen: later(seen, at), looked: later(looked, at) };
}
