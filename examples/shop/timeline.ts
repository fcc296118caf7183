// The history of an order in plain words: who said what, who granted, who only confirmed. Pure: events in, words out.
import type { OrderEvent, Source, StoredEvent } from '@paidonce/ledger';
import { money } from './money.ts';

export type Effect = 'granted' | 'restored' | 'suspended' | 'revoked' | 'review' | 'confirmed' | 'recorded' | 'nothing';

export interface Entry {
  readonly at: string;
  readonly who: string;
  readonly title: string;
  /** The evidence, or the reason. */
  readonly detail?: string;
  /** What it came to. Only sources have one, and the redirect, which never has any. */
  readonly effect?: Effect;
}

export const sourceNames: Readonly<Record<Source, string>> = {
  webhook: 'Webhook',
  poll: 'Poll',
  status_query: 'Status query',
  manual: 'Support',
};

/** @param returnedAt when the customer's browser came to the success page: the shop's own note, no event of the ledger. */
export function timelineOf(history: readonly StoredEvent[], returnedAt: string | null): readonly Entry[] {
  const said = new Set<string>();
  const entries = history.map((stored, index): Entry => {
    const event = eventOf(stored);
    const at = stored.metadata['recordedAt'] ?? '';
    if (event.type !== 'PaymentObserved') return { at, ...wordsOf(event) };
    const { source, factKey, fact, evidence, asOf } = event.data;
    const effect = effectOf(history, index) ?? (said.has(factKey) ? 'confirmed' : 'recorded');
    said.add(factKey);
    const evidenceWords = evidence.eventId === undefined ? `read ${shortId(evidence.objectId)}` : `event ${shortId(evidence.eventId)}`;
    return { at, who: sourceNames[source], title: factWords(fact), detail: `${evidenceWords}, Stripe's clock ${timeOfDay(asOf)}`, effect };
  });
  return returnedAt === null ? entries : [...entries, returnEntry(returnedAt)].toSorted((a, b) => (a.at < b.at ? -1 : a.at > b.at ? 1 : 0));
}

/** One sentence that answers "why does this customer have access, or not?". */
export function verdictOf(history: readonly StoredEvent[]): string {
  const events = history.map(eventOf);
  const granted = events.find((event) => event.type === 'MembershipGranted');
  if (!granted) {
    const isPaid = events.some(
      (event) => event.type === 'PaymentObserved' && event.data.fact.kind === 'attempt' && event.data.fact.status === 'paid',
    );
    return isPaid
      ? 'A payment came, but it does not count until a person has looked at it.'
      : 'No source has said "paid", so there is no membership.';
  }
  const paidBy = events.flatMap((event) =>
    event.type === 'PaymentObserved' && event.data.fact.kind === 'attempt' && event.data.fact.status === 'paid' ? [event.data.source] : [],
  );
  const others = [...new Set(paidBy)].filter((source) => source !== granted.data.source).map(nameInSentence);
  const confirmed = others.length === 0 ? 'No other source has confirmed it yet.' : `${capitalised(listed(others))} only confirmed it.`;
  return `Granted once, by ${nameInSentence(granted.data.source)}. ${confirmed}`;
}

/** In the zone of this machine. */
export function timeOfDay(iso: string): string {
  return new Date(iso).toLocaleTimeString('en-GB');
}

/** `order-…` streams hold order events only; `StoredEvent` says just "an object", as the port is for any stream. */
function eventOf({ type, data }: StoredEvent): OrderEvent {
  return { type, data } as OrderEvent;
}

/** What an observation led to stands right behind it, in the same append. */
function effectOf(history: readonly StoredEvent[], index: number): Effect | undefined {
  const cause = history[index]?.metadata['cause'];
  for (const stored of history.slice(index + 1)) {
    const { type } = eventOf(stored);
    if (stored.metadata['cause'] !== cause || type === 'PaymentObserved') return undefined;
    if (type === 'MembershipGranted') return 'granted';
    if (type === 'MembershipRestored') return 'restored';
    if (type === 'MembershipSuspended') return 'suspended';
    if (type === 'MembershipRevoked') return 'revoked';
    if (type === 'ReviewOpened') return 'review';
  }
  return undefined;
}

function returnEntry(at: string): Entry {
  const detail = 'Anybody can open that address. The redirect granted nothing; the page could only ask.';
  return { at, who: 'Browser', title: 'The customer came back to the success page', detail, effect: 'nothing' };
}

function wordsOf(event: Exclude<OrderEvent, { type: 'PaymentObserved' }>): Omit<Entry, 'at'> {
  switch (event.type) {
    case 'OrderPlaced': {
      const { memberId, plan, expected } = event.data;
      return { who: 'Shop', title: `${money(expected.amountMinor, expected.currency)} expected from ${memberId} for the plan ${plan}` };
    }
    case 'CheckoutAttached':
      return { who: 'Shop', title: 'A checkout was opened for the order', detail: shortId(event.data.payment.id) };
    case 'MembershipGranted':
      return {
        who: 'Ledger',
        title: 'Membership granted',
        detail: `decision ${event.data.sequence}, paid at ${timeOfDay(event.data.paidAt)}`,
      };
    case 'MembershipRestored':
      return { who: 'Ledger', title: 'Membership restored', detail: `decision ${event.data.sequence}` };
    case 'MembershipSuspended':
      return { who: 'Ledger', title: 'Membership suspended', detail: `decision ${event.data.sequence}` };
    case 'MembershipRevoked':
      return { who: 'Ledger', title: 'Membership revoked', detail: `decision ${event.data.sequence}` };
    case 'ReviewOpened':
      return { who: 'Ledger', title: `A person must look at it: ${reviewWords[event.data.kind]}`, detail: `review ${event.data.reviewId}` };
    case 'ReviewResolved':
      return { who: 'Support', title: `Review ${event.data.reviewId} ended: ${event.data.resolution}`, detail: event.data.by.reason };
    case 'MembershipDelivered':
      return { who: 'Shop', title: "The shop's own table has it", detail: `up to decision ${event.data.sequence}` };
    case 'DeliveryFailed':
      return {
        who: 'Shop',
        title: 'The shop could not save it; tried again later',
        detail: `${event.data.reason}, waits ${event.data.waitMs} ms`,
      };
    case 'DeliveryTakenOver':
      return { who: 'Ledger', title: 'Another process takes over the delivery', detail: `decision ${event.data.sequence}` };
    case 'DeliveryAbandoned':
      return { who: 'Ledger', title: 'Delivery given up; a person must redeliver', detail: `decision ${event.data.sequence}` };
  }
}

type EventOf<T extends OrderEvent['type']> = Extract<OrderEvent, { type: T }>['data'];

const reviewWords: Readonly<Record<EventOf<'ReviewOpened'>['kind'], string>> = {
  amount: 'the amount is too low',
  currency: 'the currency is another one',
  mode: 'a test payment for a live order, or the reverse',
  account: 'the payment went to another account',
  overpaid: 'more was paid than expected',
  conflicting_evidence: 'two sources disagree',
  claimed_by_two: 'two orders claim this payment',
  paid_again: 'paid again after the membership had ended',
};

function factWords(fact: EventOf<'PaymentObserved'>['fact']): string {
  switch (fact.kind) {
    case 'attempt':
      return fact.status === 'paid' ? `Paid ${money(fact.amount.totalMinor, fact.amount.currency)}` : attemptWords[fact.status];
    case 'refund':
      return `Refund ${shortId(fact.id)} ${fact.status}`;
    case 'dispute':
      return `Dispute ${shortId(fact.id)} ${fact.status}`;
  }
}

const attemptWords = {
  processing: 'The bank is still working on the payment',
  awaiting_customer: 'Waits for the customer to pay',
  authorized: 'Authorized, not yet captured',
  attempt_failed: 'An attempt to pay failed; the customer may try again',
  canceled: 'The payment was canceled',
  expired: 'The checkout expired, unpaid',
  failed: 'The payment failed',
} as const;

function shortId(id: string): string {
  return id.length > 24 ? `${id.slice(0, 12)}…${id.slice(-6)}` : id;
}

function nameInSentence(source: Source): string {
  return source === 'manual' ? 'support' : `the ${sourceNames[source].toLowerCase()}`;
}

function listed(words: readonly string[]): string {
  return new Intl.ListFormat('en').format(words);
}

function capitalised(text: string): string {
  return text.charAt(0).toUpperCase() + text.slice(1);
}
