// A kind of stream whose decisions are brought to the shop: what delivery must know of orders, or of subscriptions. Each kind has
// lanes of its own, so that an order and a subscription of one id never share a lane.
import type { Alert } from '../alerts.ts';
import type { Logger } from '../logger.ts';
import type { Deliverable, DeliveryEvent } from '../order/delivery-state.ts';
import type { Aggregate, Proposal, Typed } from '../streams/aggregate.ts';

/** What the shop is told. */
export interface DeliveredChange {
  /** The id of the stream: of the order, or of the subscription. */
  readonly membershipId: string;
  readonly change: string;
  readonly sequence: number;
}

export interface DeliveredStreams<State extends Deliverable, Event extends Typed, Change extends DeliveredChange> {
  readonly noun: DeliveredNoun;
  /** How the streams are named, read and folded. */
  readonly aggregate: Aggregate<State, Event>;
  /** The methods throw what `transact` throws. */
  readonly streams: {
    read(id: string): Promise<State>;
    append<Answer>(
      id: string,
      cause: string,
      decide: (state: State) => Proposal<Event | DeliveryEvent, Answer>,
    ): Promise<{ readonly state: State; readonly answer: Answer }>;
  };
  /** The sequence that the event decides. Undefined: it is no decision. */
  decides(event: Event): number | undefined;
  /** Law 9: what the shop gets is the newest decision and nothing else. */
  changeOf(state: State): Change;
  /** The membership of now, decided above what the shop has stored. Empty: nothing was ever decided, or it is above already. */
  decideAbove(state: State, stored: number): readonly Event[];
  isPlaced(state: State): boolean;
  /** True if it has news since the revision that a person saw. @throws LedgerError `invalid_input`: it has not come so far. */
  isStale(state: State, seenRevision: number | undefined): boolean;
}

export type DeliveredNoun = 'order' | 'subscription';

/** The id under its name in logs and alerts. */
export function named(noun: DeliveredNoun, id: string): { readonly orderId: string } | { readonly subscriptionId: string } {
  return noun === 'order' ? { orderId: id } : { subscriptionId: id };
}

/** Whose delivery an alert is about, and who is told. */
export interface Alerted {
  readonly noun: DeliveredNoun;
  readonly id: string;
  readonly log: Logger;
  readonly onAlert: (alert: Alert) => Promise<void>;
}
