// Orders as streams: every append to an order passes here, under a policy that was adopted before it.

import { type Alert, reviewAlert } from '../alerts.ts';
import { LedgerError } from '../errors.ts';
import type { PaymentReference } from '../observation.ts';
import { decide, type OrderCommand } from '../order/decide.ts';
import type { OrderEvent, PaymentObserved } from '../order/events.ts';
import { isDecision } from '../order/events.ts';
import { isSameReference, type OrderState } from '../order/order.ts';
import type { Policy } from '../order/policy.ts';
import type { Proposal, Transacted, Transaction, Typed } from './aggregate.ts';
import { orderAggregate } from './order-aggregate.ts';
import { policyAdoption } from './policy-stream.ts';
import type { Revised } from './state-cache.ts';
import type { Transactions } from './transact.ts';

export interface OrderAnswer {
  /** The order after the command. */
  readonly state: OrderState;
  /** The events that the command added; empty where the order already had them. */
  readonly events: readonly OrderEvent[];
}

/** Every method throws LedgerError `contention` (not `read`s), `corrupt`, `file_newer`, and what the event store throws. */
export interface OrderStreams {
  /**
   * Decides the command and appends its events.
   * @param cause what led to it; stored in the metadata of its events.
   * @throws LedgerError `invalid_input`: the command was refused by `decide`.
   */
  command(orderId: string, cause: string, command: OrderCommand): Promise<OrderAnswer>;
  /**
   * As `command`, in one commit with a claim that stands before its events. Undefined: nothing was written, so make the claim first
   * and give the command then: `Transactions.transactBoth` says why.
   */
  commandWith<State extends Revised, Event extends Typed>(
    claim: Transaction<State, Event, unknown>,
    orderId: string,
    cause: string,
    command: OrderCommand,
  ): Promise<OrderAnswer | undefined>;
  /** Appends delivery events, and what follows where the shop is ahead. */
  append<Answer>(
    orderId: string,
    cause: string,
    decide: (state: OrderState, policy: Policy) => Proposal<OrderEvent, Answer>,
  ): Promise<{ readonly state: OrderState; readonly answer: Answer }>;
  /** Strong. An order without events has revision −1. */
  read(orderId: string): Promise<OrderState>;
  /** As this process last folded it, else strong: another process may have appended since. Enough for what never changes, such as its terms. */
  readKnown(orderId: string): Promise<OrderState>;
  /** Strong. @throws LedgerError `order_unknown`: the order is not placed. */
  requirePlaced(orderId: string): Promise<OrderState>;
  /** Strong: all observations of the payment in the order's stream, oldest first, also where the payment was moved away since. */
  observationsOf(orderId: string, payment: PaymentReference): Promise<readonly PaymentObserved[]>;
}

/** Where these commands add nothing, the caller answers from the state: so it must be the newest, never a cached one. */
const asksForState: readonly OrderCommand['type'][] = ['resolve', 'move', 'import', 'withdraw'];

/**
 * Hooks that run when the events of a command are durable, before its caller is answered. A crash before them loses no
 * delivery, which follows the log too; it may lose an alert.
 */
interface Appended {
  readonly onDecision?: (orderId: string) => void;
  readonly onAlert?: (alert: Alert) => unknown;
}

export function openOrderStreams(transactions: Transactions, policy: Policy, { onDecision, onAlert }: Appended): OrderStreams {
  const adopted = policyAdoption(transactions, policy);

  async function append<Answer>(
    orderId: string,
    cause: string,
    decideOn: (state: OrderState, policy: Policy) => Proposal<OrderEvent, Answer>,
  ) {
    const hash = await adopted();
    return transactions.transact(orderAggregate, orderId, { policy: hash, cause }, (state) => decideOn(state, policy));
  }

  const decidedBy =
    (command: OrderCommand) =>
    (before: OrderState): Proposal<OrderEvent, readonly OrderEvent[]> => {
      const decided = decide(before, command, policy);
      // A command adds its events once: an order that has them will always have them.
      return { events: decided, answer: decided, final: !asksForState.includes(command.type) };
    };

  function answered(orderId: string, { state, answer: events }: Transacted<OrderState, readonly OrderEvent[]>): OrderAnswer {
    if (events.some((event) => isDecision(event))) onDecision?.(orderId);
    for (const event of events) if (event.type === 'ReviewOpened') onAlert?.(reviewAlert(orderId, event.data));
    return { state, events };
  }

  const read = (orderId: string): Promise<OrderState> => transactions.read(orderAggregate, orderId);

  return {
    append,
    command: async (orderId, cause, command) => answered(orderId, await append(orderId, cause, decidedBy(command))),
    commandWith: async (claim, orderId, cause, command) => {
      if (transactions.transactBoth === undefined) return undefined;
      const metadata = { policy: await adopted(), cause };
      const transaction = { aggregate: orderAggregate, id: orderId, metadata, decide: decidedBy(command) };
      const transacted = await transactions.transactBoth(claim, transaction);
      return transacted && answered(orderId, transacted);
    },
    read,
    readKnown: async (orderId) => transactions.known(orderAggregate, orderId) ?? read(orderId),
    requirePlaced: async (orderId) => {
      const order = await read(orderId);
      if (!order.placed) throw new LedgerError('order_unknown', `Order ${orderId} is not placed. Call placeOrder first`);
      return order;
    },
    observationsOf: async (orderId, payment) => {
      const events = await transactions.history(orderAggregate, orderId);
      return events.flatMap((event) =>
        event.type === 'PaymentObserved' && isSameReference(event.data.payment, payment) ? [event.data] : [],
      );
    },
  };
}
