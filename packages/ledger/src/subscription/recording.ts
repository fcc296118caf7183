// What of the statements that were told together is recorded: what is news, and what is known already where its time leads over a
// boundary. So a stream grows with what happens, not with what is repeated.
import { sourcesOf } from '../order/fact-reports.ts';
import { itemNamed } from '../order/sorted-list.ts';
import { accessOf, accessOfInvoices, isSameAccess } from './access.ts';
import type { SubscriptionObserved } from './events.ts';
import { subscriptionFactContent } from './fact-text.ts';
import { changesLifecycle, compareLifecycles, compareTexts, joinTimes } from './facts.ts';
import { type Judged, judgeInvoices } from './invoices.ts';
import { nextDecision } from './next-decision.ts';
import type { Lifecycle } from './observation.ts';
import type { SubscriptionPolicy } from './policy.ts';
import { contentKey, isLifecycleOfAnother, type SubscriptionState } from './subscription.ts';
import type { SubscriptionTrail } from './trail.ts';

/** Records them, with a review where two contradict each other. */
export function recordBatch(trail: SubscriptionTrail, observed: readonly SubscriptionObserved[], policy: SubscriptionPolicy): void {
  const told = inTurn(observed);
  for (const each of told) if (isNews(trail.state, each)) record(trail, each);
  // What is recorded has moved time already. Of the rest that which moves it furthest stands first, and is recorded alone for all.
  const latestFirst = [...told].sort(byTime);
  if (crosses(trail.state, told, policy)) {
    for (const each of latestFirst) if (crosses(trail.state, [each], policy)) record(trail, each);
  }
  const look = latestFirst.find(isLook);
  if (trail.events.length === 0 && look && isJudgedOtherwise(trail.state, policy)) record(trail, look);
}

/** Lifecycles stand last, the one that wins at the very end: told before, it might be known, and then be beaten by an older one. */
function inTurn(observed: readonly SubscriptionObserved[]): readonly SubscriptionObserved[] {
  return [...observed.filter((each) => !isLifecycle(each)), ...observed.filter(isLifecycle).sort(compareLifecycles)];
}

function isLifecycle(observed: SubscriptionObserved): observed is SubscriptionObserved & { readonly fact: Lifecycle } {
  return observed.fact.kind === 'lifecycle';
}

/**
 * True if a statement is to be recorded for what it says. A lifecycle goes round, so it is news where it changes what is known, and
 * it has no confirmations. Of everything else the same from the same source is none (law 5).
 */
function isNews(state: SubscriptionState, observed: SubscriptionObserved): boolean {
  if (isLifecycle(observed) && !isLifecycleOfAnother(state, observed)) return changesLifecycle(state.facts, observed);
  return sourcesOf(state, contentKey(observed))?.includes(observed.source) !== true;
}

function record(trail: SubscriptionTrail, observed: SubscriptionObserved): void {
  const invoice = contradicted(trail.state, observed);
  trail.add({ type: 'SubscriptionObserved', data: observed });
  if (invoice !== undefined) trail.openReview('conflicting_evidence', invoice, observed.observedAt);
}

/** The invoice that is told as paid and as void, or as paid with other content. */
function contradicted({ facts }: SubscriptionState, { fact }: SubscriptionObserved): string | undefined {
  if (fact.kind !== 'invoice') return undefined;
  const known = itemNamed(facts.invoices, fact.id, ({ id }) => id)?.fact;
  if (known === undefined) return undefined;
  const isPaidTwice = known.status === 'paid' && fact.status === 'paid';
  const isContradiction = isPaidTwice
    ? subscriptionFactContent(known) !== subscriptionFactContent(fact)
    : [known.status, fact.status].sort().join() === 'paid,void';
  return isContradiction ? fact.id : undefined;
}

/** The later one first: by its look, then by its own time. */
export function byTime(a: SubscriptionObserved, b: SubscriptionObserved): number {
  return compareTexts(b.look ?? '', a.look ?? '') || compareTexts(b.asOf, a.asOf);
}

function isLook({ look, source, doubtful }: SubscriptionObserved): boolean {
  return look !== undefined && source !== 'manual' && doubtful !== true;
}

/** True if the times of the statements lead over a boundary: with nothing else new, access is another one. */
function crosses(state: SubscriptionState, observed: readonly SubscriptionObserved[], policy: SubscriptionPolicy): boolean {
  const facts = observed.reduce(joinTimes, state.facts);
  const isMoved = facts.seen !== state.facts.seen || facts.looked !== state.facts.looked;
  const placed = isMoved ? (state.placed ?? asPlaced(state)) : undefined;
  if (placed === undefined) return false;
  const invoices = judgeInvoices({ ...state, placed }, policy);
  return !isSameAccess(accessOfInvoices(invoices, state.facts, policy), accessOfInvoices(invoices, facts, policy));
}

/** What waits to be placed is judged as if it were: a look that was dropped could not keep a grant of what is over from it. */
function asPlaced({ reference }: SubscriptionState): Judged['placed'] | undefined {
  return reference && { plan: '', account: reference.account, livemode: reference.livemode };
}

/** True if the policy decides otherwise than the newest decision: then a look is recorded although it tells nothing new. */
export function isJudgedOtherwise(state: SubscriptionState, policy: SubscriptionPolicy): boolean {
  return nextDecision(state, accessOf(state, policy), 'poll') !== undefined;
}
