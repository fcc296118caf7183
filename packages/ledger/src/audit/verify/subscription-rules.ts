// The rules of a subscription's stream: its decisions are made again, batch by batch; all that its facts name is linked before it
// is used; and what the provider has ended gives no access again.

import { referenceName } from '../../observation.ts';
import { namesIn } from '../../streams/named-references.ts';
import { subscriptionIn, subscriptionOwner } from '../../streams/reference-streams.ts';
import { subscriptionAggregate } from '../../streams/subscription-aggregate.ts';
import { decide, type SubscriptionCommand } from '../../subscription/decide.ts';
import type { SubscriptionEvent, SubscriptionObserved, SubscriptionReviewKind } from '../../subscription/events.ts';
import { isSubscriptionDecision } from '../../subscription/events.ts';
import { subscriptionFactKey } from '../../subscription/fact-text.ts';
import { isEndStatus } from '../../subscription/facts.ts';
import type { SubscriptionPolicy } from '../../subscription/policy.ts';
import { hasReview, type SubscriptionState } from '../../subscription/subscription.ts';
import { type DecidedStreams, isOneAppend } from './decided-streams.ts';
import { eventText, findingAt, type Rule } from './finding.ts';
import type { TypedRow } from './read-stream.ts';
import type { VerifyContext } from './verify-context.ts';

type SubscriptionRow = TypedRow<SubscriptionEvent>;

export const decidedSubscriptions: DecidedStreams<SubscriptionState, SubscriptionEvent, SubscriptionCommand, SubscriptionPolicy> = {
  noun: 'subscription',
  aggregate: subscriptionAggregate,
  policiesIn: ({ ofSubscriptions }) => ofSubscriptions,
  commandOf,
  decide,
  emptyRules: { observe: 'law-5', shop_ahead: 'law-9' },
  ruleOf,
  mayStandAlone: (before, event) => isClaim(event, 'claimed_by_two') && !hasReview(before, 'claimed_by_two', undefined),
  // An import may name another subscription of the provider than what waited for it.
  mayStandBetween: (before, event) => isClaim(event, 'double_subscription') && !hasReview(before, 'double_subscription', undefined),
  judge: (before, row, policy, context) => {
    judgeTime(row, context);
    judgeEnd(before, row, policy, context);
  },
};

/** Returns the command that led to an append, as its events show it. Undefined: no command begins with that event. */
function commandOf(
  before: SubscriptionState,
  rows: readonly SubscriptionRow[],
  at: number,
  context: VerifyContext,
): SubscriptionCommand | undefined {
  const row = rows[at] as SubscriptionRow;
  const { event } = row;
  switch (event.type) {
    case 'SubscriptionPlaced': {
      const observed = event.data.origin === 'imported' ? toldWith(row, rows, at + 1) : [];
      if (observed.length === 0) return { type: 'place', subscription: event.data };
      return { type: 'import', subscription: event.data, ...verifyTold(before, observed, row, rows, context) };
    }
    case 'CheckoutAttached':
      verifyLinks(before, row, [referenceName(event.data.payment)], context);
      return { type: 'attach', checkout: event.data };
    case 'SubscriptionObserved':
      return { type: 'observe', ...verifyTold(before, toldWith(row, rows, at), row, rows, context) };
    case 'SubscriptionReviewOpened': {
      const { kind, invoice, openedAt } = event.data;
      return isAsked(kind) ? { type: 'review', kind, ...(invoice === undefined ? {} : { invoice }), at: openedAt } : undefined;
    }
    case 'SubscriptionReviewResolved':
      return { type: 'resolve', ...event.data, at: openedWith(row, rows, at + 1) };
    case 'ShopAhead':
      return { type: 'shop_ahead', sequence: event.data.sequence };
    case 'StripeRechecked':
      return { type: 'recheck', ...event.data };
    default:
      return undefined;
  }
}

type Asked = Extract<SubscriptionCommand, { type: 'review' }>['kind'];

const asked: Readonly<Record<Asked, true>> = {
  double_subscription: true,
  shared_payment: true,
  metered_only: true,
  subscription_missing: true,
};

/** True if the question may be asked by itself, by who sees more than this stream. */
function isAsked(kind: SubscriptionReviewKind): kind is Asked {
  return Object.hasOwn(asked, kind);
}

/** What was told together: the observations of one append, up to what followed from them. */
function toldWith(first: SubscriptionRow, rows: readonly SubscriptionRow[], from: number): readonly SubscriptionRow[] {
  const told: SubscriptionRow[] = [];
  for (const row of rows.slice(from)) {
    const { type, data } = row.event;
    const isAmongThem = type === 'SubscriptionReviewOpened' && data.kind === 'conflicting_evidence';
    if (!isOneAppend(first, row) || !(type === 'SubscriptionObserved' || isAmongThem)) break;
    if (type === 'SubscriptionObserved') told.push(row);
  }
  return told;
}

/** Checks each observation by itself, and whether one of its references belongs to another owner. */
function verifyTold(
  before: SubscriptionState,
  told: readonly SubscriptionRow[],
  first: SubscriptionRow,
  rows: readonly SubscriptionRow[],
  context: VerifyContext,
): { readonly observed: readonly SubscriptionObserved[]; readonly claimedByAnother: boolean } {
  const observed: SubscriptionObserved[] = [];
  // What was known already may have named another one too: that left nothing but the review.
  const { event: next } = rows.find((row) => isClaimReview(row) && isOneAppend(first, row)) ?? {};
  let claimedByAnother = next !== undefined;
  for (const row of told) {
    if (row.event.type !== 'SubscriptionObserved') continue;
    const { data } = row.event;
    observed.push(data);
    const key = subscriptionFactKey(data.subscription, data.fact);
    if (data.factKey !== key) context.report(findingAt(row.row, 'decision', `factKey ${key}`, data.factKey));
    const named = namesIn({ ...data, statements: [data] });
    verifyLinks(before, row, [referenceName(data.subscription), ...named.map(({ name }) => name)], context);
    claimedByAnother ||= named.some(({ name, kind }) => {
      const owner = context.linksOf(name)[0]?.owner;
      if (owner === undefined || owner === subscriptionOwner(before.subscriptionId)) return false;
      return kind === 'invoice' || subscriptionIn(owner) === undefined; // A payment that two share has a review of its own.
    });
  }
  return { observed, claimedByAnother };
}

function isClaimReview({ event }: SubscriptionRow): boolean {
  return event.type === 'SubscriptionReviewOpened' && event.data.kind === 'claimed_by_two';
}

/** Law 3, claim before use: the first of the references is linked to this subscription, and all have an owner, before the event. */
function verifyLinks(
  { subscriptionId }: SubscriptionState,
  { row }: SubscriptionRow,
  references: readonly string[],
  context: VerifyContext,
): void {
  for (const [place, reference] of references.entries()) {
    const [link] = context.linksOf(reference);
    const isOurs = link?.owner === subscriptionOwner(subscriptionId);
    if (link !== undefined && link.position < row.position && (isOurs || place > 0)) continue;
    const expected = `${reference} is linked to ${place > 0 ? 'its owner' : `subscription ${subscriptionId}`} before it is used here`;
    const found = link === undefined ? 'it is linked to nothing' : `it is linked to ${link.owner}${isOurs ? ', later' : ''}`;
    context.report(findingAt(row, 'law-3', expected, found));
  }
}

/** Returns the time of a manual command. The log does not store it, but a review that the command opened does. */
function openedWith(first: SubscriptionRow, rows: readonly SubscriptionRow[], at: number): string {
  const next = rows[at];
  return next?.event.type === 'SubscriptionReviewOpened' && isOneAppend(first, next) ? next.event.data.openedAt : '';
}

/** What was known already may name another subscription: that adds only the review. */
function isClaim(event: SubscriptionEvent, kind: SubscriptionReviewKind): boolean {
  return event.type === 'SubscriptionReviewOpened' && event.data.kind === kind;
}

const rules: Readonly<Partial<Record<SubscriptionEvent['type'], Rule>>> = {
  SubscriptionGranted: 'law-s3',
  SubscriptionExtended: 'law-s3',
  SubscriptionRestored: 'law-s3',
  SubscriptionSuspended: 'law-s5',
  SubscriptionRevoked: 'law-s5',
  SubscriptionEnded: 'law-s11',
};

function ruleOf(before: SubscriptionState, event: SubscriptionEvent): Rule {
  if (event.type === 'SubscriptionGranted' && before.membership !== 'none') return 'law-s4';
  if (event.type === 'SubscriptionExtended' && before.usedInvoices.includes(event.data.invoice ?? '')) return 'law-s4';
  return rules[event.type] ?? 'decision';
}

const dayMs = 86_400_000;

/** A time of the provider ends access. One that is far ahead of our own is no time of the provider. */
function judgeTime({ row, stored, event }: SubscriptionRow, { report }: VerifyContext): void {
  if (event.type !== 'SubscriptionObserved' || event.data.doubtful === true) return;
  const { recordedAt = '' } = stored.metadata;
  const latest = Date.parse(recordedAt) + dayMs;
  for (const [name, at] of [['asOf', event.data.asOf] as const, ['look', event.data.look] as const]) {
    if (at === undefined || Number.isNaN(latest) || Date.parse(at) <= latest) continue;
    report(findingAt(row, 'clock', `${name} no later than ${new Date(latest).toISOString()}, a day after it was recorded`, at));
  }
}

/** S7, whatever was decided on the way: access ends at the provider's end, and stays so. */
function judgeEnd(
  { facts, rulings }: SubscriptionState,
  { row, event }: SubscriptionRow,
  policy: SubscriptionPolicy | undefined,
  { report }: VerifyContext,
): void {
  const { status, endedAt } = facts.lifecycle?.fact ?? {};
  if (!isSubscriptionDecision(event) || policy?.canceledNow !== 'end' || !isEndStatus(status) || endedAt === undefined) return;
  if (event.type === 'SubscriptionEnded' || event.type === 'SubscriptionRevoked' || Object.values(rulings).includes('accepted')) return;
  report(findingAt(row, 'law-s7', `no access after ${endedAt}, when the provider ended it (${status})`, eventText(event)));
}
