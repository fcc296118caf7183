// What people did, as the log tells it: an action is an event that names who acted. What came of it stands in the events that
// follow it.
import type { Action } from '../console-reads.ts';
import type { Position, StoredEvent } from '../event-store/event-store.ts';
import { type DecisionType, outcomeOf } from '../order/events.ts';
import { isSubscriptionDecision, type SubscriptionEvent, subscriptionOutcomeOf } from '../subscription/events.ts';

/** A row of the table `actions`. */
export interface ActionRow {
  readonly position: Position;
  /** ISO 8601 UTC; empty: the log does not say when. */
  readonly at: string;
  readonly actor: string;
  readonly reason: string | null;
  readonly action: Action;
  readonly orderId: string | null;
  readonly subscriptionId: string | null;
  readonly runId: string | null;
  readonly outcome: string;
}

/** An action whose outcome is not final yet. */
export interface OpenAction {
  readonly position: Position;
  readonly action: Action;
  /** Cause and time of its append. */
  readonly append: string;
}

/** Collects the actions of a part of the log. */
export class ActionsTaken {
  /** Key: position. */
  readonly rows: Map<Position, ActionRow> = new Map();
  /** Outcomes of actions that stand before this part. Key: position. */
  readonly outcomes: Map<Position, string> = new Map();
  /** Runs that ended, with how. Key: run id. */
  readonly ended: Map<string, string> = new Map();

  add(row: ActionRow): void {
    this.rows.set(row.position, row);
  }

  came(position: Position, outcome: string): void {
    const row = this.rows.get(position);
    if (row) this.rows.set(position, { ...row, outcome });
    else this.outcomes.set(position, outcome);
  }
}

type Recorded = Readonly<Record<string, unknown>>;

/** Each action of the stream of an order or a subscription, with its outcome while nothing else follows. */
const actionOf: Readonly<Record<string, (data: Recorded, cause: string) => readonly [Action, outcome: string]>> = {
  PaymentObserved: (_, cause) => (cause.startsWith('import ') ? ['import', 'recorded'] : ['observe', 'recorded']),
  SubscriptionObserved: () => ['observe', 'recorded'],
  CheckoutAttached: () => ['link', 'linked'],
  ReviewResolved: ({ resolution }) => ['resolve', String(resolution)],
  SubscriptionReviewResolved: ({ resolution }) => ['resolve', String(resolution)],
  PaymentMoved: () => ['move', 'moved'],
  OrderWithdrawn: () => ['withdraw', 'withdrawn'],
  DeliveryTakenOver: () => ['redeliver', 'asked'],
  // The import of a subscription is signed by what was read for it.
  StripeRechecked: ({ recorded }, cause) =>
    cause.startsWith('import ') ? ['import', 'imported'] : ['recheck', Number(recorded) > 0 ? 'recorded' : 'nothing_new'],
};
const delivered: Readonly<Record<string, string>> = {
  MembershipDelivered: 'delivered',
  DeliveryFailed: 'failed',
  DeliveryAbandoned: 'abandoned',
};

type Subject = { readonly orderId: string } | { readonly subscriptionId: string };

/**
 * Folds one event of the stream of an order or a subscription: notes the action that it is, or what came of the open one.
 * @returns the action that is open after it.
 */
export function foldAction(open: OpenAction | null, event: StoredEvent, subject: Subject, taken: ActionsTaken): OpenAction | null {
  const { type, position, metadata } = event;
  const by = actorIn(event);
  if (by === undefined && open === null) return null;
  const [action, outcome] = (by && actionOf[type]?.(event.data as Recorded, metadata['cause'] ?? '')) ?? [];
  const append = `${metadata['cause'] ?? ''} ${metadata['recordedAt'] ?? ''}`;
  if (by && action && outcome !== undefined) {
    const of = { orderId: null, subscriptionId: null, runId: null, ...subject };
    taken.add({ position, at: metadata['recordedAt'] ?? '', ...by, action, ...of, outcome });
    return { position, action, append };
  }
  if (open === null) return null;
  const decided = decisionIn(event);
  const came = decided ?? delivered[type];
  if (open.action === 'redeliver') {
    if (came !== undefined) taken.came(open.position, came);
    return came === undefined ? open : null;
  }
  if (open.append !== append) return null;
  if (open.action === 'import' && type === 'MembershipDelivered') taken.came(open.position, 'imported');
  else if (type === 'ReviewOpened' || type === 'SubscriptionReviewOpened') taken.came(open.position, 'review');
  else if (decided !== undefined) taken.came(open.position, decided);
  return open;
}

function decisionIn(event: Pick<StoredEvent, 'type' | 'data'>): string | undefined {
  const ofSubscription = event as SubscriptionEvent;
  return isSubscriptionDecision(ofSubscription) ? subscriptionOutcomeOf(ofSubscription) : outcomeOf[event.type as DecisionType];
}

/** Notes the actions of a run's stream. An event that is none is passed over. */
export function foldRunAction(event: StoredEvent, runId: string, taken: ActionsTaken): void {
  const { type, position, metadata } = event;
  if (type === 'RunFinished') taken.ended.set(runId, 'finished');
  if (type === 'RunCancelled') taken.ended.set(runId, 'canceled');
  const by = actorIn(event);
  if (!by || (type !== 'RunStarted' && type !== 'RunCancelled')) return;
  const [action, outcome] = type === 'RunStarted' ? (['run', 'started'] as const) : (['cancel_run', 'canceled'] as const);
  taken.add({ position, at: metadata['recordedAt'] ?? '', ...by, action, orderId: null, subscriptionId: null, runId, outcome });
}

function actorIn({ data }: StoredEvent): { readonly actor: string; readonly reason: string | null } | undefined {
  const { by } = data as { readonly by?: { readonly actor?: unknown; readonly reason?: unknown } };
  if (typeof by?.actor !== 'string') return undefined;
  return { actor: by.actor, reason: typeof by.reason === 'string' ? by.reason : null };
}
