// The timeline of an order, as plain data: which source reported what and when, what it led to, and why it led to nothing
// where it did. The sentences are in `messages-*.ts`.
import { defined } from '../../defined.ts';
import type { Fact, ManualAction, PaymentReference, Source } from '../../observation.ts';
import { isPaid, paymentKey } from '../../observation.ts';
import type {
  DecisionType,
  DeliveryFailed,
  MembershipDecided,
  OrderEvent,
  OrderPlaced,
  PaymentObserved,
  Resolution,
  ReviewKind,
} from '../../order/events.ts';
import { isDecision } from '../../order/events.ts';
import type { PaymentFacts } from '../../order/facts.ts';
import { evolve, factContentKey, initialState, type OrderState } from '../../order/order.ts';

/** What an observation led to. */
export type Verdict =
  /** It led to this decision. */
  | { readonly verdict: 'decided'; readonly decision: DecisionType }
  /** Law 5: another source, `first`, had reported the same fact `afterMs` milliseconds earlier. */
  | { readonly verdict: 'confirms'; readonly first: Source; readonly afterMs: number; readonly staysRevoked: boolean }
  /** Law 7: the order was not placed yet. */
  | { readonly verdict: 'waits' }
  /** Law 4: the payment is not what the order expects, or the order was withdrawn. */
  | { readonly verdict: 'does_not_count'; readonly because: readonly ReviewKind[] }
  /** Law 4: another payment counts already. */
  | { readonly verdict: 'second_payment' }
  /** Law 1: a newer or stronger fact was known. */
  | { readonly verdict: 'older' }
  /** Law 4: the fact is kept, but changes no access. */
  | { readonly verdict: 'no_change' };

/** An observation: what one source reported about a payment. */
export interface SourceReport {
  readonly source: Source;
  readonly payment: PaymentReference;
  readonly fact: Fact;
  /** When the fact was true, by the provider's clock; ISO 8601 in UTC. */
  readonly asOf: string;
  /** When we observed it, by our clock; ISO 8601 in UTC. */
  readonly observedAt: string;
  readonly evidence: PaymentObserved['evidence'];
  /** The person who reported it. Absent: `source` is not `manual`. */
  readonly by?: ManualAction;
}

/** What led to a decision: an observation, what a person decided, or the higher sequence that the shop had. */
export type Because = { readonly report: SourceReport } | { readonly by: ManualAction } | { readonly shopHad: number };

/**
 * One event of the order. `at`: when it was recorded, ISO 8601 in UTC. `place`: `stream@revision`. `instance`: the process that
 * recorded it; absent: it names none, or the event is of a reference stream.
 */
export type TimelineEntry = { readonly at: string; readonly place: string; readonly instance?: string } & (
  | { readonly kind: 'placed'; readonly order: OrderPlaced }
  | { readonly kind: 'attached'; readonly payment: PaymentReference; readonly expiresAt?: string; readonly by?: ManualAction }
  | { readonly kind: 'linked'; readonly reference: string }
  | { readonly kind: 'held'; readonly reference: string; readonly report: SourceReport }
  | { readonly kind: 'reported'; readonly report: SourceReport; readonly verdict: Verdict }
  | {
      readonly kind: 'decided';
      readonly decision: DecisionType;
      readonly sequence: number;
      readonly payment: PaymentReference;
      readonly because: Because;
    }
  | { readonly kind: 'review'; readonly review: ReviewKind; readonly reviewId: string; readonly payment: PaymentReference }
  | { readonly kind: 'resolved'; readonly reviewId: string; readonly resolution: Resolution; readonly by: ManualAction }
  /** From here on the order was decided under another policy, named by its hash. */
  | { readonly kind: 'policy_changed'; readonly from: string; readonly to: string }
  | { readonly kind: 'withdrawn'; readonly by: ManualAction }
  | { readonly kind: 'moved'; readonly payment: PaymentReference; readonly toOrderId: string; readonly by: ManualAction }
  | {
      readonly kind: 'delivered';
      readonly sequence: number;
      /** Milliseconds since the decision was recorded. */
      readonly afterMs: number;
      /** True if the order was imported with a membership that the shop had given already: nothing was sent to the shop. */
      readonly imported: boolean;
      /** True if the ledger ran in shadow, and the shop had it already: nothing was sent to the shop. */
      readonly found: boolean;
    }
  | ({ readonly kind: 'delivery_failed' } & DeliveryFailed)
  | { readonly kind: 'taken_over'; readonly sequence: number; readonly by?: ManualAction }
  | { readonly kind: 'abandoned'; readonly sequence: number }
  | { readonly kind: 'shop_ahead'; readonly sequence: number }
  | { readonly kind: 'rechecked'; readonly by: ManualAction; readonly looked: number; readonly recorded: number }
);

/** A parsed event of the order's stream, with the metadata that the timeline shows. */
export interface ReadEvent {
  readonly event: OrderEvent;
  readonly recordedAt: string;
  readonly instance: string;
  readonly cause: string;
  /** The hash of the policy under which the event was appended. Empty: the event names none. */
  readonly policy: string;
  readonly place: string;
}

export interface Timeline {
  readonly entries: readonly TimelineEntry[];
  readonly order: OrderState;
}

/** Makes the timeline of an order, and folds its events. @throws LedgerError `corrupt`: an event cannot follow. */
export function timelineOf(orderId: string, events: readonly ReadEvent[]): Timeline {
  let order = initialState(orderId);
  const entries: TimelineEntry[] = [];
  const memory: Memory = { firstReports: new Map(), decidedAt: new Map() };
  let policy = '';
  for (const [index, current] of events.entries()) {
    if (policy !== '' && current.policy !== '' && current.policy !== policy)
      entries.push({ at: current.recordedAt, place: current.place, kind: 'policy_changed', from: policy, to: current.policy });
    policy = current.policy || policy;
    const after = evolve(order, current.event, current.instance);
    entries.push({
      at: current.recordedAt,
      place: current.place,
      ...defined({ instance: current.instance || undefined }),
      ...entryOf(order, after, events, index, memory),
    } as TimelineEntry);
    order = after;
  }
  return { entries, order };
}

interface Memory {
  /** The first observation of each fact. Key: `factContentKey`. Written by `verdictOf`. */
  readonly firstReports: Map<string, SourceReport>;
  /** When each decision was recorded. Key: its sequence. Written by `entryOf`. */
  readonly decidedAt: Map<number, string>;
}

type WithoutPlace<Entry> = Entry extends unknown ? Omit<Entry, 'at' | 'place' | 'instance'> : never;

function entryOf(
  before: OrderState,
  after: OrderState,
  events: readonly ReadEvent[],
  index: number,
  memory: Memory,
): WithoutPlace<TimelineEntry> {
  const { event, recordedAt, cause } = events[index] as ReadEvent;
  switch (event.type) {
    case 'OrderPlaced':
      return { kind: 'placed', order: event.data };
    case 'CheckoutAttached':
      return { kind: 'attached', ...event.data };
    case 'PaymentObserved':
      return {
        kind: 'reported',
        report: reportIn(event.data),
        verdict: verdictOf(event.data, before, after, events.slice(index + 1), memory),
      };
    case 'ReviewOpened':
      return { kind: 'review', review: event.data.kind, reviewId: event.data.reviewId, payment: event.data.payment };
    case 'ReviewResolved':
      return { kind: 'resolved', ...event.data };
    case 'OrderWithdrawn':
      return { kind: 'withdrawn', ...event.data };
    case 'PaymentMoved':
      return { kind: 'moved', ...event.data };
    case 'MembershipDelivered':
      return {
        kind: 'delivered',
        sequence: event.data.sequence,
        afterMs: msBetween(memory.decidedAt.get(event.data.sequence), recordedAt),
        imported: cause.startsWith('import '),
        found: event.data.found === true,
      };
    case 'DeliveryFailed':
      return { kind: 'delivery_failed', ...event.data };
    case 'DeliveryTakenOver':
      return { kind: 'taken_over', ...event.data };
    case 'DeliveryAbandoned':
      return { kind: 'abandoned', ...event.data };
    case 'ShopAhead':
      return { kind: 'shop_ahead', ...event.data };
    case 'StripeRechecked':
      return { kind: 'rechecked', ...event.data };
    default:
      memory.decidedAt.set(event.data.sequence, recordedAt);
      return {
        kind: 'decided',
        decision: event.type,
        sequence: event.data.sequence,
        payment: event.data.payment,
        because: becauseOf(event.data, events.slice(0, index), memory),
      };
  }
}

/** Returns the parts of an observation that the timeline shows. */
export function reportIn(observed: PaymentObserved): SourceReport {
  const { source, payment, fact, asOf, observedAt, evidence } = observed;
  return { source, payment, fact, asOf, observedAt, evidence, ...(observed.source === 'manual' ? { by: observed.by } : {}) };
}

/** The reviews whose payment does not count until a person accepts it. */
const keptFromCounting: readonly ReviewKind[] = ['amount', 'currency', 'mode', 'account', 'withdrawn'];

function verdictOf(observed: PaymentObserved, before: OrderState, after: OrderState, rest: readonly ReadEvent[], memory: Memory): Verdict {
  const contentKey = factContentKey(observed);
  const first = memory.firstReports.get(contentKey);
  if (first === undefined) memory.firstReports.set(contentKey, reportIn(observed));
  const led = ledTo(rest);
  const decision = led.find(isDecision);
  if (decision) return { verdict: 'decided', decision: decision.type };
  if (before.placed === undefined) return { verdict: 'waits' };
  const reviews = led.flatMap((event) => (event.type === 'ReviewOpened' ? [event.data.kind] : []));
  const because = reviews.filter((kind) => keptFromCounting.includes(kind));
  if (because.length > 0) return { verdict: 'does_not_count', because };
  if (first) {
    const staysRevoked = after.membership === 'revoked' && isPaid(observed.fact);
    return { verdict: 'confirms', first: first.source, afterMs: msBetween(first.observedAt, observed.observedAt), staysRevoked };
  }
  if (reviews.includes('overpaid') || reviews.includes('paid_again')) return { verdict: 'second_payment' };
  const key = paymentKey(observed.payment);
  return isSame(before.payments[key], after.payments[key]) ? { verdict: 'older' } : { verdict: 'no_change' };
}

/** Returns the other events of the same append: reviews and the decision. @param rest the events after the observation. */
function ledTo(rest: readonly ReadEvent[]): readonly OrderEvent[] {
  const end = rest.findIndex(({ event }) => event.type !== 'ReviewOpened' && !isDecision(event));
  return (end === -1 ? rest : rest.slice(0, end)).map(({ event }) => event);
}

/**
 * Returns what led to the decision: the first event of its append. If the order was placed after it was paid, this is the
 * payment's first "paid".
 */
function becauseOf({ payment, source }: MembershipDecided, earlier: readonly ReadEvent[], memory: Memory): Because {
  const led = earlier.findLast(({ event }) => event.type !== 'ReviewOpened')?.event;
  if (led?.type === 'PaymentObserved') return { report: reportIn(led.data) };
  if (led?.type === 'ShopAhead') return { shopHad: led.data.sequence };
  if (led?.type === 'ReviewResolved' || led?.type === 'PaymentMoved') return { by: led.data.by };
  const waiting = [...memory.firstReports.values()].find(({ payment: of, fact }) => paymentKey(of) === paymentKey(payment) && isPaid(fact));
  return waiting ? { report: waiting } : { by: { actor: source, reason: '' } };
}

function isSame(before: PaymentFacts | undefined, after: PaymentFacts | undefined): boolean {
  return before !== undefined && JSON.stringify(before) === JSON.stringify(after);
}

function msBetween(from: string | undefined, to: string): number {
  return from === undefined ? 0 : Math.max(0, Date.parse(to) - Date.parse(from));
}
