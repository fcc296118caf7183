// Answers the rules' questions about other streams than the one that they judge: policies, links, observations of orders.
import { referenceName } from '../../observation.ts';
import type { OrderEvent, OrderEventType, PaymentObserved } from '../../order/events.ts';
import { factContentKey } from '../../order/order.ts';
import type { Aggregate, Typed } from '../../streams/aggregate.ts';
import { moneyBackOf } from '../../streams/named-references.ts';
import { orderAggregate } from '../../streams/order-aggregate.ts';
import { type Owner, subscriptionIn } from '../../streams/reference-streams.ts';
import { subscriptionAggregate } from '../../streams/subscription-aggregate.ts';
import type { SubscriptionEvent, SubscriptionObserved } from '../../subscription/events.ts';
import { subscriptionFactContent } from '../../subscription/fact-text.ts';
import type { SubscriptionState } from '../../subscription/subscription.ts';
import type { LogRow } from '../log/log-row.ts';
import type { SqliteLog } from '../log/sqlite-log.ts';
import type { Report } from './finding.ts';
import { type Link, Links } from './links.ts';
import { type AdoptedPolicies, policiesIn } from './policies.ts';
import { parseRow, type TypedRow } from './read-stream.ts';

export interface VerifyContext {
  readonly policies: AdoptedPolicies;
  readonly report: Report;
  /** Prepares for judging the streams up to this id: reads ahead the links that they will need. */
  reach(streamId: number): void;
  /** Returns the links of a reference, oldest first. There are several if the payment was moved. */
  linksOf(reference: string): readonly Link[];
  /** True if the stream of one of these owners has the observation. */
  wasObserved(owners: readonly Owner[], observed: PaymentObserved): boolean;
  /**
   * The subscription as its events up to a position leave it. @param recordedBefore leaves out those that were recorded later.
   * @throws LedgerError `corrupt`: one cannot follow.
   */
  subscriptionAt(subscriptionId: string, up: { readonly position: string; readonly recordedBefore?: string }): SubscriptionState;
  /** Ten minutes earlier: what was recorded then was seen by whoever read later. */
  underWayBefore(recordedAt: string): string;
  /** True if the order's stream has the move of the reference to that order, before the position. */
  wasMoved(orderId: string, reference: string, to: { readonly orderId: string; readonly endsRevision: number }, position: string): boolean;
  /** True if the event is from the last ten minutes of the log: then a later step may still be missing. */
  isRecent(recordedAt: string): boolean;
}

/** If a process dies between two steps, another one completes them. We assume that it does so within this time. */
const underWayMs = 10 * 60_000;
const silent: Report = () => undefined;

function underWayBefore(recordedAt: string): string {
  const before = new Date(Date.parse(recordedAt) - underWayMs);
  return Number.isNaN(before.getTime()) ? '' : before.toISOString();
}

export interface VerifyContextOptions {
  readonly upTo: number;
  /** When the last event up to `upTo` was recorded. */
  readonly newest: string;
  /** The streams that are judged have ids above this one. Links of earlier streams are not read ahead. */
  readonly from: number;
}

export function openVerifyContext(log: SqliteLog, { upTo, newest, from }: VerifyContextOptions, report: Report): VerifyContext {
  const links = new Links(log, upTo, from);
  const recentSince = underWayBefore(newest);
  const eventsOf = (orderId: string, type: OrderEventType): readonly TypedRow<OrderEvent>[] =>
    readable(orderAggregate, log.stream(orderAggregate.stream(orderId), upTo), type);
  const told = (subscriptionId: string): readonly TypedRow<SubscriptionEvent>[] =>
    readable(subscriptionAggregate, log.stream(subscriptionAggregate.stream(subscriptionId), upTo), 'SubscriptionObserved');
  return {
    policies: policiesIn(log, upTo),
    report,
    reach: (streamId) => links.reach(streamId),
    linksOf: (reference) => links.of(reference),
    wasObserved: (owners, observed) =>
      owners.some((owner) => {
        const subscriptionId = subscriptionIn(owner);
        return subscriptionId === undefined
          ? eventsOf(owner, 'PaymentObserved').some(({ event }) => isOfOrder(event, observed))
          : moneyBackOf(observed, { id: '' }).every((back) => told(subscriptionId).some(({ event }) => isOfSubscription(event, back)));
      }),
    subscriptionAt: (subscriptionId, { position, recordedBefore = '~' }) =>
      readable(subscriptionAggregate, log.stream(subscriptionAggregate.stream(subscriptionId), Number(position)))
        .filter(({ stored }) => (stored.metadata['recordedAt'] ?? '') < recordedBefore)
        .reduce((state, { event }) => subscriptionAggregate.evolve(state, event, ''), subscriptionAggregate.initial(subscriptionId)),
    underWayBefore,
    wasMoved: (orderId, reference, to, position) =>
      eventsOf(orderId, 'PaymentMoved').some(
        ({ row, event }) =>
          event.type === 'PaymentMoved' &&
          row.position < position &&
          referenceName(event.data.payment) === reference &&
          event.data.toOrderId === to.orderId &&
          event.data.linkRevision === to.endsRevision,
      ),
    isRecent: (recordedAt) => recordedAt >= recentSince,
  };
}

function isOfOrder(event: OrderEvent, { source, ...content }: PaymentObserved): boolean {
  return event.type === 'PaymentObserved' && event.data.source === source && factContentKey(event.data) === factContentKey(content);
}

/** The subscription of the provider is not compared: what is held names none. */
function isOfSubscription(event: SubscriptionEvent, { source, fact }: SubscriptionObserved): boolean {
  if (event.type !== 'SubscriptionObserved' || event.data.source !== source) return false;
  return subscriptionFactContent(event.data.fact) === subscriptionFactContent(fact);
}

/** Parses events, without those that cannot be read: the rules of their own stream report them. @param type these alone. */
function readable<State extends { readonly revision: number }, Event extends Typed>(
  { read }: Aggregate<State, Event>,
  rows: readonly LogRow[],
  type?: Event['type'],
): readonly TypedRow<Event>[] {
  return rows.flatMap((row) => {
    if (type !== undefined && row.type !== type) return [];
    try {
      const stored = parseRow(row, silent);
      return stored ? [{ row, stored, event: read(stored) }] : [];
    } catch {
      return [];
    }
  });
}
