// Subscriptions as streams: every append to one passes here, under a policy of subscriptions that was adopted before it.
import type { Alert } from '../alerts.ts';
import { LedgerError } from '../errors.ts';
import { decide, type SubscriptionCommand } from '../subscription/decide.ts';
import { isSubscriptionDecision, type SubscriptionEvent, type SubscriptionPlaced } from '../subscription/events.ts';
import type { SubscriptionPolicy } from '../subscription/policy.ts';
import { evolve, type SubscriptionState } from '../subscription/subscription.ts';
import type { Proposal } from './aggregate.ts';
import { subscriptionPolicyAdoption } from './policy-stream.ts';
import { subscriptionAggregate } from './subscription-aggregate.ts';
import type { Transactions } from './transact.ts';

export interface SubscriptionAnswer {
  /** The subscription after the commands: the newest, also where they added nothing. */
  readonly state: SubscriptionState;
  /** The events that the commands added; empty where the subscription already had them. */
  readonly events: readonly SubscriptionEvent[];
}

/** Every method throws LedgerError `contention` (not `read`s), `corrupt`, `file_newer`, and what the event store throws. */
export interface SubscriptionStreams {
  /**
   * Decides the commands one after another, and appends the events of all in one append.
   * @param cause what led to them; stored in the metadata of the events.
   * @throws LedgerError `invalid_input`: a command was refused by `decide`, or the policy cannot be adopted.
   */
  command(subscriptionId: string, cause: string, ...commands: readonly SubscriptionCommand[]): Promise<SubscriptionAnswer>;
  /** Appends delivery events, and what follows where the shop is ahead. */
  append<Answer>(
    subscriptionId: string,
    cause: string,
    decide: (state: SubscriptionState) => Proposal<SubscriptionEvent, Answer>,
  ): Promise<{ readonly state: SubscriptionState; readonly answer: Answer }>;
  /** Strong. A subscription without events has revision −1. */
  read(subscriptionId: string): Promise<SubscriptionState>;
  /** Strong. @throws LedgerError `subscription_unknown`: it is not placed. */
  requirePlaced(subscriptionId: string): Promise<SubscriptionState & { readonly placed: SubscriptionPlaced }>;
}

/**
 * Hooks that run when the events of a command are durable, before its caller is answered. A crash before them loses no
 * delivery, which follows the log too; it may lose an alert.
 */
interface Appended {
  readonly onDecision?: (subscriptionId: string) => void;
  readonly onAlert?: (alert: Alert) => unknown;
}

export interface SubscriptionTransactions {
  /** Those of subscriptions: their instance is that of the process that delivers subscriptions. */
  readonly transactions: Transactions;
  /** Those of the stream `policy`, which orders share. */
  readonly shared: Transactions;
}

export function openSubscriptionStreams(
  { transactions, shared }: SubscriptionTransactions,
  policy: SubscriptionPolicy,
  { onDecision, onAlert }: Appended,
): SubscriptionStreams {
  const adopted = subscriptionPolicyAdoption(shared, policy);

  async function append<Answer>(
    subscriptionId: string,
    cause: string,
    decideOn: (state: SubscriptionState) => Proposal<SubscriptionEvent, Answer>,
  ) {
    const hash = await adopted();
    return transactions.transact(subscriptionAggregate, subscriptionId, { policy: hash, cause }, decideOn);
  }

  const read = (subscriptionId: string): Promise<SubscriptionState> => transactions.read(subscriptionAggregate, subscriptionId);

  return {
    append,
    command: async (subscriptionId, cause, ...commands) => {
      // Never from a cached state: a lifecycle goes round, so what a cached one knows may be news to the newest.
      const { state, answer: events } = await append(subscriptionId, cause, (before) => {
        const decided = decideAll(before, commands, policy).events;
        return { events: decided, answer: decided };
      });
      if (events.some(isSubscriptionDecision)) onDecision?.(subscriptionId);
      for (const event of events) if (event.type === 'SubscriptionReviewOpened') onAlert?.(reviewOpened(subscriptionId, event.data));
      return { state, events };
    },
    read,
    requirePlaced: async (subscriptionId) => {
      const subscription = await read(subscriptionId);
      const { placed } = subscription;
      if (!placed) {
        throw new LedgerError('subscription_unknown', `Subscription ${subscriptionId} is not placed. Call placeSubscription first`);
      }
      return { ...subscription, placed };
    },
  };
}

/** Decides the commands one after another. Pure. @throws LedgerError as `decide`. */
export function decideAll(
  before: SubscriptionState,
  commands: readonly SubscriptionCommand[],
  policy: SubscriptionPolicy,
): SubscriptionAnswer {
  let state = before;
  const events = commands.flatMap((command) => {
    const decided = decide(state, command, policy);
    state = decided.reduce((to, event) => evolve(to, event), state);
    return decided;
  });
  return { state, events };
}

/** Reviews in which somebody pays for nothing, or twice, have alerts of their own. */
const alertOf: Readonly<Record<string, Alert['kind']>> = { double_subscription: 'double_subscription', paid_after_end: 'paid_after_end' };

function reviewOpened(subscriptionId: string, { reviewId, kind, invoice }: { reviewId: string; kind: string; invoice?: string }): Alert {
  const about = invoice === undefined ? kind : `${kind}, invoice ${invoice}`;
  const message = `Subscription ${subscriptionId} waits for a person (${about}). Look at it, then end it with resolveSubscriptionReview('${subscriptionId}', '${reviewId}', …)`;
  return { kind: alertOf[kind] ?? 'review_opened', subscriptionId, message };
}
