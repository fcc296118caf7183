// Orders as streams: every append to an order passes here, under a policy that was adopted before it.

import { type Alert, reviewAlert } from '../alerts.ts';
import type { PaymentReference } from '../observation.ts';
import { decide, type OrderCommand } from '../order/decide.ts';
import type { OrderEvent, PaymentObserved } from '../order/events.ts';
import { isDecision } from '../order/events.ts';
import type { OrderState } from '../order/order.ts';
import type { Policy } from '../order/policy.ts';
import { orderAggregate } from './order-aggregate.ts';
import { policyAdoption } from './policy-stream.ts';
import type { Proposal, Transactions } from './transact.ts';

export interface OrderAnswer {
  readonly state: OrderState;
  /** What the command added; empty where the order knew it all. */
  readonly events: readonly OrderEvent[];
}

export interface OrderStreams {
  /** @param cause what led to it, in the metadata of its events. */
  command(orderId: string, cause: string, command: OrderCommand): Promise<OrderAnswer>;
  /** For delivery, whose events decide nothing. */
  append<Answer>(
    orderId: string,
    cause: string,
    decide: (state: OrderState) => Proposal<OrderEvent, Answer>,
  ): Promise<{ readonly state: OrderState; readonly answer: Answer }>;
  read(orderId: string): Promise<OrderState>;
  /** What was observed of a payment in the order's stream, also before the payment was moved away. */
  observationsOf(orderId: string, payment: PaymentReference): Promise<readonly PaymentObserved[]>;
}

/** Where they add nothing, their callers answer with the order as it is now. */
const asksForState: readonly OrderCommand['type'][] = ['resolve', 'move', 'import'];

/** Called after what this process has appended is durable, before its caller is answered. */
interface Appended {
  readonly onDecision?: (orderId: string) => void;
  readonly onAlert?: (alert: Alert) => unknown;
}

export function openOrderStreams(transactions: Transactions, policy: Policy, { onDecision, onAlert }: Appended): OrderStreams {
  const adopted = policyAdoption(transactions, policy);

  async function append<Answer>(orderId: string, cause: string, decideOn: (state: OrderState) => Proposal<OrderEvent, Answer>) {
    const hash = await adopted();
    return transactions.transact(orderAggregate, orderId, { policy: hash, cause }, decideOn);
  }

  return {
    append,
    command: async (orderId, cause, command) => {
      const { state, answer: events } = await append(orderId, cause, (before) => {
        const decided = decide(before, command, policy);
        // What a command adds, it adds once: an order that knew it all will always know it.
        return { events: decided, answer: decided, lasting: !asksForState.includes(command.type) };
      });
      if (events.some((event) => isDecision(event))) onDecision?.(orderId);
      for (const event of events) if (event.type === 'ReviewOpened') onAlert?.(reviewAlert(orderId, event.data));
      return { state, events };
    },
    read: (orderId) => transactions.read(orderAggregate, orderId),
    observationsOf: async (orderId, payment) => {
      const events = await transactions.history(orderAggregate, orderId);
      return events.flatMap((event) => (event.type === 'PaymentObserved' && event.data.payment.id === payment.id ? [event.data] : []));
    },
  };
}
