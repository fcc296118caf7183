// The part of a ledger that is for payment adapters, made of what the ledger opened.
import type { Actions } from './actions.ts';
import type { AdapterLedger } from './adapter-ledger.ts';
import type { AdapterSubscriptions } from './adapter-subscriptions.ts';
import type { WatchedStore } from './event-store/watched-store.ts';
import { parse, readReference } from './input.ts';
import { idSchema } from './observation.ts';
import { viewOf } from './order/view.ts';
import type { ProcessCounter } from './process-counts.ts';
import type { RunCarrier } from './runs/run-carrier.ts';
import type { LedgerIdentity } from './streams/ledger-stream.ts';
import { orderAggregate } from './streams/order-aggregate.ts';
import type { OrderStreams } from './streams/order-streams.ts';
import { orderOf } from './streams/payment-owner.ts';
import type { Previews } from './streams/previews.ts';
import type { References } from './streams/reference-streams.ts';
import type { Sweeps } from './streams/sweep-streams.ts';
import type { UnreadableObjects } from './streams/unreadable-streams.ts';
import type { Lists } from './subscribers/lists.ts';

export interface ForAdapters {
  readonly alert: AdapterLedger['alert'];
  readonly identity: LedgerIdentity;
  readonly orders: Pick<OrderStreams, 'readKnown'>;
  readonly references: References;
  readonly lists: Lists;
  readonly sweeps: Sweeps;
  readonly previews: Previews;
  readonly unreadable: UnreadableObjects;
  readonly actions: Pick<Actions, 'recordRecheck'>;
  readonly store: Pick<WatchedStore, 'nextAppend'>;
  readonly carrier: Pick<RunCarrier, 'carryOutRechecks'>;
  readonly counter: Pick<ProcessCounter, 'counts'>;
  readonly subscriptions: AdapterSubscriptions;
}

/** @param call what the ledger does around each of its calls. */
export function openForAdapters(
  {
    alert,
    identity,
    orders,
    references,
    lists,
    sweeps,
    previews,
    unreadable,
    actions,
    store,
    carrier,
    counter,
    subscriptions,
  }: ForAdapters,
  call: <T>(work: () => Promise<T>) => Promise<T>,
): AdapterLedger {
  return {
    subscriptions,
    alert,
    catchUp: () => call(() => lists.catchUp()),
    knownOrder: (orderId) => call(async () => viewOf(await orders.readKnown(parse(idSchema, orderId, 'orderId')))),
    knownOrderOf: (reference) =>
      call(async () => {
        const order = await orderOf({ references, orders: { read: orders.readKnown } }, readReference(reference));
        return order && viewOf(order);
      }),
    ledgerId: () => call(() => identity.read()),
    ensureLedgerId: () => call(() => identity.ensure()),
    accountOrders: (awaitedAt, account) => call(() => lists.accountOrders(awaitedAt, account)),
    unsettledOrders: (page) => call(() => lists.unsettledOrders(page)),
    withdrawnOrders: (page) => call(() => lists.withdrawnOrders(page)),
    samePlanOrder: (memberId, plan) => call(() => lists.samePlanOrder(memberId, plan)),
    dueSubscriptions: (before, page) => call(() => lists.dueSubscriptions(before, page)),
    hasSubscription: (customer) => call(() => lists.hasSubscription(customer)),
    openInvoices: (page) => call(() => lists.openInvoices(page)),
    unsettledSubscriptions: (page) => call(() => lists.unsettledSubscriptions(page)),
    accountSubscriptions: (before) => call(() => lists.accountSubscriptions(before)),
    sweepProgress: (tier) => call(async () => sweeps.progress(parse(idSchema, tier, 'tier'))),
    startSweep: (tier, seenRound, as) => call(async () => sweeps.start(parse(idSchema, tier, 'tier'), seenRound, as)),
    advanceSweep: (tier, round, at) => call(async () => sweeps.advance(parse(idSchema, tier, 'tier'), round, at)),
    finishSweep: (tier, round, result) => call(async () => sweeps.finish(parse(idSchema, tier, 'tier'), round, result)),
    wouldObserve: (observations) => call(() => previews.wouldObserve(observations)),
    orderChanged: (orderId, signal) => store.nextAppend(orderAggregate.stream(parse(idSchema, orderId, 'orderId')), signal),
    recordRecheck: (...asked) => call(() => actions.recordRecheck(...asked)),
    carryOutRechecks: (recheck) => carrier.carryOutRechecks(recheck),
    processCounts: () => counter.counts(),
    recordUnreadable: (object) => call(async () => unreadable.record(object)),
  };
}
