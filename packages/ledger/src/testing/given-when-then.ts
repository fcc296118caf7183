// Tests decisions of an order as sentences: given these events, when this command comes, the order adds those events. It also
// checks that the added events read back from the log unchanged, and that the same command adds nothing the second time.
import { deepStrictEqual } from 'node:assert/strict';
import { LedgerError, type LedgerErrorCode } from '../errors.ts';
import { decide, type OrderCommand } from '../order/decide.ts';
import { readOrderEvent, versionOf } from '../order/event-schemas.ts';
import type { OrderEvent, OrderEventType } from '../order/events.ts';
import { evolve, initialState, type OrderState } from '../order/order.ts';
import { defaultPolicy, type Policy } from '../order/policy.ts';

export type { OrderCommand } from '../order/decide.ts';

/** An order with its events, before a command. */
export interface GivenOrder {
  /** Runs a command. @param policy the fields that differ from the default policy. Default: none. */
  when(command: OrderCommand, policy?: Partial<Policy>): Decided;
}

/** What a command led to. Each method throws an `AssertionError` if it led to something else. */
export interface Decided {
  readonly events: readonly OrderEvent[];
  /** The order after the command. */
  readonly order: OrderState;
  /** Expects exactly these events, in this order. Pass the type of an event, or the whole event. */
  adds(...expected: readonly (OrderEventType | OrderEvent)[]): Decided;
  addsNothing(): Decided;
  refuses(code: LedgerErrorCode): void;
}

/** Makes an order whose stream has these events. Without `OrderPlaced` its id is `order-1`. */
export function given(...events: readonly OrderEvent[]): GivenOrder {
  const placed = events.find((event) => event.type === 'OrderPlaced');
  const before = events.reduce((order, event) => evolve(order, event), initialState(placed?.data.orderId ?? 'order-1'));
  return {
    when: (command, some = {}) => {
      const policy = { ...defaultPolicy, ...some };
      let events: readonly OrderEvent[];
      try {
        events = decide(before, command, policy);
      } catch (error) {
        if (error instanceof LedgerError) return refused(before, error);
        throw error;
      }
      return decided(before, events, command, policy);
    },
  };
}

function decided(before: OrderState, events: readonly OrderEvent[], command: OrderCommand, policy: Policy): Decided {
  const order = events.reduce((to, event) => evolve(to, event), before);
  for (const event of events) deepStrictEqual(readBack(event), event, `${event.type} does not read back as it was decided`);
  deepStrictEqual(decide(order, command, policy), [], `${command.type}, asked again, adds something`);
  const outcome: Decided = {
    events,
    order,
    adds: (...expected) => {
      const found = events.map((event, index) => (typeof expected[index] === 'string' ? event.type : event));
      deepStrictEqual(found, expected);
      return outcome;
    },
    addsNothing: () => outcome.adds(),
    refuses: (code) => {
      throw new Error(`${command.type} was not refused as ${code}: it added ${events.length} events`);
    },
  };
  return outcome;
}

function refused(order: OrderState, error: LedgerError): Decided {
  return {
    events: [],
    order,
    adds: () => {
      throw error;
    },
    addsNothing: () => {
      throw error;
    },
    refuses: (code) => deepStrictEqual(error.code, code, error.message),
  };
}

function readBack({ type, data }: OrderEvent): OrderEvent {
  const stored = JSON.parse(JSON.stringify(data)) as object;
  return readOrderEvent({ stream: 'order-1', revision: 0, type, data: stored, metadata: { version: String(versionOf(type)) } });
}
