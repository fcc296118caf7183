// The console's reads as calls of a ledger: what a ledger does around each of its calls is done around these too.
import type { ConsoleReads } from '../console-reads.ts';
import type { EventStore } from '../event-store/event-store.ts';
import type { PaymentWriter } from '../observe-payment.ts';
import type { Runtime } from '../runtime.ts';
import { orderAggregate } from '../streams/order-aggregate.ts';
import { ConsoleLists } from './console-lists.ts';
import { openConsoleSubscriptions, type ReadSubscriptions } from './console-subscriptions.ts';
import type { Lists } from './lists.ts';

type Call = <T>(work: () => Promise<T>) => Promise<T>;

export interface ConsoleParts {
  readonly lists: Lists;
  readonly writer: PaymentWriter;
  /** Undefined: the ledger keeps no subscriptions. */
  readonly subscriptions: ReadSubscriptions | undefined;
  readonly store: EventStore;
  readonly runtime: Runtime;
}

/** @param call what the ledger does around each of its calls. */
export function openConsole({ lists, writer, subscriptions, store, runtime }: ConsoleParts, call: Call): ConsoleReads {
  const reads = new ConsoleLists({
    opened: () => lists.opened(),
    runtime,
    strong: {
      history: (orderId) => store.readStream(orderAggregate.stream(orderId)),
      ownerOf: async (id) => (await writer.orderOf(id))?.orderId,
    },
  });
  return {
    find: (...of) => call(async () => reads.find(...of)),
    orders: (...of) => call(async () => reads.orders(...of)),
    memberOrders: (...of) => call(async () => reads.memberOrders(...of)),
    queues: () => call(async () => reads.queues()),
    reviews: (...of) => call(async () => reads.reviews(...of)),
    undelivered: (...of) => call(async () => reads.undelivered(...of)),
    undeliveredByError: () => call(async () => reads.undeliveredByError()),
    awaiting: (...of) => call(async () => reads.awaiting(...of)),
    held: (...of) => call(async () => reads.held(...of)),
    suspended: (...of) => call(async () => reads.suspended(...of)),
    unreadable: (...of) => call(async () => reads.unreadable(...of)),
    activity: (...of) => call(async () => reads.activity(...of)),
    statistics: (...of) => call(async () => reads.statistics(...of)),
    totals: () => call(async () => reads.totals()),
    accountHealth: () => call(async () => reads.accountHealth()),
    ...(subscriptions ? { subscriptions: openConsoleSubscriptions({ lists, subscriptions, store, runtime }, call) } : {}),
  };
}
