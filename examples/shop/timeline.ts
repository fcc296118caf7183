// Makes the history of an order in plain words from its events: what each source reported, which one granted, and which ones
// confirmed. It is pure.
import { type Fact, isPaid, type OrderEvent, readOrderEvent, type Source, type StoredEvent } from '@paidonce/ledger';
import {
  attemptLabels,
  type Decision,
  decisionLabels,
  money,
  objectLabel,
  reviewLabels,
  shortId,
  sourceNames,
  timeOfDay,
} from './labels.ts';

export type Effect = 'granted' | 'restored' | 'suspended' | 'revoked' | 'review' | 'confirmed' | 'repeated' | 'recorded' | 'nothing';

export interface Entry {
  readonly at: string;
  readonly who: string;
  readonly title: string;
  /** The evidence, or the reason. */
  readonly detail?: string;
  /** What it led to. Only observations have an effect, and the redirect, whose effect is always `nothing`. */
  readonly effect?: Effect;
}

/** Makes the timeline. @param returnedAt when the browser came to the success page: a note of the shop, no event. */
export function timelineOf(history: readonly StoredEvent[], returnedAt: string | null): readonly Entry[] {
  const firstSources = new Map<string, Source>(); // The source that reported a fact first. Key: the fact.
  const entries = history.map((stored, index): Entry => {
    const event = readOrderEvent(stored);
    const at = stored.metadata['recordedAt'] ?? '';
    if (event.type !== 'PaymentObserved') return { at, ...entryTexts(event) };
    const { source, factKey, fact, evidence, asOf } = event.data;
    const title = factLabel(fact);
    const what = `${factKey} ${title}`;
    const effect = effectOf(history, index) ?? echoOf(firstSources.get(what), source);
    if (!firstSources.has(what)) firstSources.set(what, source);
    const { objectId, eventId } = evidence;
    const how = eventId === undefined ? `read from ${objectLabel(objectId)}` : `event of ${objectLabel(objectId)}`;
    return { at, who: sourceNames[source], title, detail: `${how}, at Stripe ${timeOfDay(asOf)}`, effect };
  });
  return returnedAt === null ? entries : [...entries, returnEntry(returnedAt)].toSorted((a, b) => (a.at < b.at ? -1 : a.at > b.at ? 1 : 0));
}

/** Only another source confirms: if the same source reports the fact again, through another Stripe object, it repeats it. */
function echoOf(first: Source | undefined, source: Source): Effect {
  if (first === undefined) return 'recorded';
  return first === source ? 'repeated' : 'confirmed';
}

/** Returns the answer to "why does this customer have access, or not?". */
export function verdictOf(history: readonly StoredEvent[]): string {
  const events = history.map(readOrderEvent);
  const decisions = events.filter(isDecision);
  const paidBy = events.flatMap((event) => (event.type === 'PaymentObserved' && isPaid(event.data.fact) ? [event.data.source] : []));
  const [granted] = decisions;
  if (!granted) {
    if (paidBy.length === 0) return 'No source has said "paid", so there is no membership.';
    return 'A payment came, but it does not count until a person has looked at it.';
  }
  const others = [...new Set(paidBy)].filter((source) => source !== granted.data.source).map(nameInSentence);
  const confirmed = others.length === 0 ? 'No other source has confirmed it yet.' : `${capitalised(listed(others))} only confirmed it.`;
  const newest = decisions.at(-1) ?? granted;
  const since = newest === granted ? '' : ` ${capitalised(decisionLabels[newest.type])} since, by ${nameInSentence(newest.data.source)}.`;
  return `Granted once, by ${nameInSentence(granted.data.source)}. ${confirmed}${since}`;
}

/** Returns what an observation led to: the events after it in the same append. */
function effectOf(history: readonly StoredEvent[], index: number): Effect | undefined {
  const cause = history[index]?.metadata['cause'];
  for (const stored of history.slice(index + 1)) {
    const event = readOrderEvent(stored);
    if (stored.metadata['cause'] !== cause || event.type === 'PaymentObserved') return undefined;
    if (isDecision(event)) return decisionLabels[event.type];
    if (event.type === 'ReviewOpened') return 'review';
  }
  return undefined;
}

function isDecision(event: OrderEvent): event is Decision {
  return Object.hasOwn(decisionLabels, event.type);
}

function returnEntry(at: string): Entry {
  const detail = 'Anybody can open that address. The redirect granted nothing; the page could only ask.';
  return { at, who: 'Browser', title: 'The customer came back to the success page', detail, effect: 'nothing' };
}

function entryTexts(event: Exclude<OrderEvent, { type: 'PaymentObserved' }>): Omit<Entry, 'at'> {
  const { data } = event;
  const decision = 'sequence' in data ? `decision ${data.sequence}` : '';
  switch (event.type) {
    case 'OrderPlaced': {
      const { memberId, plan, expected } = event.data;
      return { who: 'Shop', title: `${money(expected.amountMinor, expected.currency)} expected from ${memberId} for the plan ${plan}` };
    }
    case 'CheckoutAttached':
      return { who: 'Shop', title: 'A checkout was opened for the order', detail: objectLabel(event.data.payment.id) };
    case 'MembershipGranted':
    case 'MembershipSuspended':
    case 'MembershipRestored':
    case 'MembershipRevoked':
      return { who: 'Ledger', title: `Membership ${decisionLabels[event.type]}`, detail: decision };
    case 'ReviewOpened':
      return {
        who: 'Ledger',
        title: `A person must look at it: ${reviewLabels[event.data.kind]}`,
        detail: `review ${event.data.reviewId}`,
      };
    case 'ReviewResolved':
      return { who: 'Support', title: `Review ${event.data.reviewId} ended: ${event.data.resolution}`, detail: event.data.by.reason };
    case 'OrderWithdrawn':
      return { who: 'Support', title: 'Order withdrawn', detail: event.data.by.reason };
    case 'PaymentMoved':
      return { who: 'Support', title: `Payment moved to the order ${event.data.toOrderId}`, detail: event.data.by.reason };
    case 'MembershipDelivered':
      return { who: 'Shop', title: "The shop's own table has it", detail: `up to ${decision}` };
    case 'DeliveryFailed':
      return { who: 'Shop', title: 'The shop could not save it', detail: `${decision}; tried again after ${event.data.waitMs / 1000} s` };
    case 'DeliveryTakenOver':
      return { who: 'Ledger', title: 'Another process hands it over', detail: decision };
    case 'DeliveryAbandoned':
      return { who: 'Ledger', title: 'Nobody hands it over any more: a person must', detail: decision };
    case 'ShopAhead':
      return { who: 'Shop', title: 'The shop has a decision that the log does not have: the log is older', detail: decision };
    case 'StripeRechecked':
      return { who: 'Support', title: 'Stripe was asked again', detail: event.data.by.reason };
  }
}

function factLabel(fact: Fact): string {
  switch (fact.kind) {
    case 'attempt':
      return fact.status === 'paid' ? `Paid ${money(fact.amount.totalMinor, fact.amount.currency)}` : attemptLabels[fact.status];
    case 'refund':
      return `Refund ${shortId(fact.id)} ${fact.status}`;
    case 'dispute':
      return `Dispute ${shortId(fact.id)} ${fact.status}`;
  }
}

function nameInSentence(source: Source): string {
  return source === 'manual' ? 'support' : `the ${sourceNames[source].toLowerCase()}`;
}

function listed(items: readonly string[]): string {
  return new Intl.ListFormat('en').format(items);
}

function capitalised(text: string): string {
  return text.charAt(0).toUpperCase() + text.slice(1);
}
