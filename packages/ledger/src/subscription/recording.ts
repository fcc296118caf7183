// What of the statements that were told together is recorded: what is news, and what is known already where its time leads over a
// boundary. So a stream grows with what happens, not with what is repeated.
import { sourcesOf } from '../order/fact-reports.ts';
import { itemNamed } from '../order/sorted-list.ts';
import { accessOf, accessOfInvoices, isSameAccess } from './access.ts';
import type { SubscriptionObserved, SubscriptionPlaced } from './events.ts';
import { subscriptionFactContent } from './fact-text.ts';
import { changesLifecycle, compareLifecycles, compareTexts, joinTimes } from './facts.ts';
import { judgeInvoices } from './invoices.ts';
import { nextDecision } from './next-decision.ts';
import type { SubscriptionPolicy } from './policy.ts';
import { contentKey, isLifecycleOfAnother, type SubscriptionState } from './subscription.ts';
import type { SubscriptionTrail } from './trail.ts';

/** Records them, with a review where two contradict each other. */
export function recordBatch(trail: SubscriptionTrail, observed: readonly SubscriptionObserved[], policy: SubscriptionPolicy): void {
  const dropped = inTurn(observed).filter((each) => !record(trail, each));
  // What moves time furthest stands first, so that it alone is recorded for all.
  if (crosses(trail.state, dropped, policy)) {
    for (const each of [...dropped].sort(byTime)) if (crosses(trail.state, [each], policy)) recordAs(trail, each);
  }
  const look = [...dropped].sort(byTime).find(isLook);
  if (trail.events.length === 0 && look && isJudgedOtherwise(trail.state, policy)) recordAs(trail, look);
}

/** Lifecycles stand last, the one that wins at the very end: told before, it might be known, and then be beaten by an older one. */
function inTurn(observed: readonly SubscriptionObserved[]): readonly SubscriptionObserved[] {
  const lifecycles = observed.flatMap((each) =>
    each.fact.kind === 'lifecycle' ? [{ each, told: { fact: each.fact, asOf: each.asOf } }] : [],
  );
  lifecycles.sort((a, b) => compareLifecycles(a.told, b.told));
  return [...observed.filter(({ fact }) => fact.kind !== 'lifecycle'), ...lifecycles.map(({ each }) => each)];
}

/**
 * Records a statement that is news, and answers whether it was. A lifecycle goes round, so it is news where it changes what is
 * known, and it has no confirmations. Of everything else the same from the same source is none (law 5).
 */
function record(trail: SubscriptionTrail, observed: SubscriptionObserved): boolean {
  const { state } = trail;
  const { fact, asOf, source } = observed;
  if (fact.kind === 'lifecycle' && !isLifecycleOfAnother(state, observed)) {
    if (!changesLifecycle(state.facts, { fact, asOf })) return false;
  } else if (sourcesOf(state, contentKey(observed))?.includes(source)) return false;
  recordAs(trail, observed);
  return true;
}

function recordAs(trail: SubscriptionTrail, observed: SubscriptionObserved): void {
  const { state } = trail;
  trail.add({ type: 'SubscriptionObserved', data: observed });
  if (contradicts(state, observed))
    trail.openReview('conflicting_evidence', observed.fact.kind === 'invoice' ? observed.fact.id : undefined, observed.observedAt);
}

/** True if an invoice is told as paid and as void, or as paid with other content. */
function contradicts({ facts }: SubscriptionState, { fact }: SubscriptionObserved): boolean {
  if (fact.kind !== 'invoice') return false;
  const known = itemNamed(facts.invoices, fact.id, ({ id }) => id)?.fact;
  if (known === undefined) return false;
  if (known.status === 'paid' && fact.status === 'paid') return subscriptionFactContent(known) !== subscriptionFactContent(fact);
  return [known.status, fact.status].sort().join() === 'paid,void';
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
  const placed = state.placed ?? asPlaced(state);
  if (placed === undefined || (facts.seen === state.facts.seen && facts.looked === state.facts.looked)) return false;
  const invoices = judgeInvoices({ ...state, placed }, policy);
  return !isSameAccess(accessOfInvoices(invoices, state.facts, policy), accessOfInvoices(invoices, facts, policy));
}

/** What waits to be placed is judged as if it were: a look that was dropped could not keep a grant of what is over from it. */
function asPlaced({ subscriptionId, reference, facts }: SubscriptionState): SubscriptionPlaced | undefined {
  if (reference === undefined) return undefined;
  const { account, livemode } = reference;
  const unknown = { memberId: '', plan: '', kind: '' };
  return { subscriptionId, ...unknown, account, livemode, origin: 'started', placedAt: facts.seen ?? '' };
}

/** True if the policy decides otherwise than the newest decision: then a look is recorded although it tells nothing new. */
export function isJudgedOtherwise(state: SubscriptionState, policy: SubscriptionPolicy): boolean {
  return state.placed !== undefined && nextDecision(state, accessOf(state, policy), 'poll') !== undefined;
}
