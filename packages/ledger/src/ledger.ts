// createPaymentLedger: builds the parts, starts them, and closes them in order.

import { openAdapterLedger } from './adapter-calls.ts';
import type { AdapterLedger } from './adapter-ledger.ts';
import { alertSender } from './alerts.ts';
import { type Delivery, openDelivery } from './delivery/delivery.ts';
import { LedgerError } from './errors.ts';
import type { EventStore } from './event-store/event-store.ts';
import {
  attachOptionsSchema,
  checkOptions,
  importOrderSchema,
  orderPlaced,
  parse,
  placeOrderSchema,
  resolveSchema,
  timeoutSchema,
} from './input.ts';
import { openLists } from './lists.ts';
import { silentLogger } from './logger.ts';
import { idSchema, manualActionSchema, observationSchema, paymentReferenceSchema } from './observation.ts';
import { PaymentWriter } from './observe-payment.ts';

import { isSameOrder } from './order/terms.ts';
import { viewOf } from './order/view.ts';
import type { PaymentLedger, PaymentLedgerOptions } from './payment-ledger.ts';
import { OpenCalls, type Runtime, settledWithin, systemRuntime } from './runtime.ts';
import { orderAggregate } from './streams/order-aggregate.ts';
import { type OrderStreams, openOrderStreams } from './streams/order-streams.ts';
import { openReferences } from './streams/reference-streams.ts';
import { openSweeps } from './streams/sweep-streams.ts';
import { openTransactions } from './streams/transact.ts';
import { openUnreadableObjects } from './streams/unreadable-streams.ts';
import { type OpenedSubscribers, openSubscribers, readModelsPath, type Subscribers } from './subscribers/subscribers.ts';

const drainMs = 10_000;
const stopMs = 500; // Subscribers have at least this long to stop, also where calls took all of `drainMs`.

/**
 * Makes a ledger on an event store, and starts its background work. Any number of processes may run one on the same log.
 *
 * @throws LedgerError `invalid_input`: an option is unknown or cannot be used.
 */
export function createPaymentLedger(options: PaymentLedgerOptions): PaymentLedger {
  checkOptions(options);
  return new Ledger(options);
}

class Ledger implements PaymentLedger {
  readonly forAdapters: AdapterLedger;
  readonly delivers: boolean;
  readonly memberships: PaymentLedger['memberships'];
  readonly openOrders: PaymentLedger['openOrders'];
  readonly reviews: PaymentLedger['reviews'];
  readonly undelivered: PaymentLedger['undelivered'];
  readonly duplicates: PaymentLedger['duplicates'];
  readonly backlog: PaymentLedger['backlog'];
  readonly runtime: Runtime;
  readonly #store: EventStore;
  readonly #background: boolean;
  readonly #orders: OrderStreams;
  readonly #writer: PaymentWriter;
  readonly #delivery: Delivery | undefined;
  readonly #alert: AdapterLedger['alert'];
  readonly #calls = new OpenCalls('The ledger');
  readonly #subscribers: Subscribers;
  #closed: Promise<void> | undefined;

  constructor(options: PaymentLedgerOptions) {
    const {
      eventStore: store,
      deliver,
      background = true,
      log = silentLogger,
      deliverTimeoutMs: timeoutMs = 10_000,
      checkpoints,
      duplicateWithinHours = 24,
    } = options;
    const runtime = { ...systemRuntime, ...options.runtime };
    // Empty where this process delivers nothing: then any instance may take its decisions over at once.
    const instance = deliver ? runtime.uuid() : '';
    const host = { instance, runtime, log, onAlert: alertSender(options.onAlert, log) };
    const transactions = openTransactions({ store, runtime, instance });
    this.#store = store;
    this.#background = background;
    this.runtime = runtime;
    this.delivers = deliver !== undefined;
    this.#alert = ({ message, ...of }) => {
      log.warn(of, message);
      void host.onAlert({ message, ...of });
    };
    const onDecision = (orderId: string) => this.#delivery?.schedule(orderId);
    this.#orders = openOrderStreams(transactions, checkOptions(options), { onDecision, onAlert: this.#alert });
    this.#delivery = deliver && openDelivery({ orders: this.#orders, deliver, timeoutMs, ...host });
    this.#writer = new PaymentWriter(openReferences(transactions), this.#orders, runtime);
    const sweeps = openSweeps(transactions, { store, log, folded: async (tier) => (await this.#readModels()).models.sweep(tier) });
    const path = readModelsPath(options);
    this.#subscribers = openSubscribers({
      store,
      path,
      writer: this.#writer,
      delivery: this.#delivery,
      background,
      checkpoints,
      duplicateWithinHours,
      ...host,
    });
    const lists = openLists({ call: (work) => this.#call(work), subscribers: () => this.#readModels(), runtime });
    ({ memberships: this.memberships, openOrders: this.openOrders, reviews: this.reviews } = lists);
    ({ undelivered: this.undelivered, duplicates: this.duplicates, backlog: this.backlog } = lists);
    const unreadable = openUnreadableObjects(transactions, host);
    this.forAdapters = openAdapterLedger({ alert: this.#alert, lists, sweeps, unreadable, runtime });
    if (!background) return;
    this.#subscribers.follow();
    this.#delivery?.start();
  }

  placeOrder: PaymentLedger['placeOrder'] = (order) =>
    this.#call(async () => {
      const placed = orderPlaced(parse(placeOrderSchema, order, 'order'), this.runtime.now().toISOString());
      const { state, events } = await this.#orders.command(placed.orderId, 'place', { type: 'place', order: placed });
      if (events.length > 0) return { outcome: 'placed' };
      return { outcome: isSameOrder(state.placed, placed) ? 'exists' : 'differs' };
    });

  attachCheckout: PaymentLedger['attachCheckout'] = (orderId, payment, options) =>
    this.#call(async () => {
      parse(idSchema, orderId, 'orderId');
      const checkout = {
        payment: parse(paymentReferenceSchema, payment, 'payment'),
        attachedAt: this.runtime.now().toISOString(),
        ...parse(attachOptionsSchema, options ?? {}, 'options'),
      };
      const { placed } = await this.#orders.read(orderId);
      if (!placed) throw new LedgerError('order_unknown', `Order ${orderId} is not placed. Call placeOrder first`);
      return this.#writer.attach(orderId, checkout);
    });

  observePayment: PaymentLedger['observePayment'] = (observation) =>
    this.#call(async () => this.#writer.observe(parse(observationSchema, observation, 'observation')));

  importOrder: PaymentLedger['importOrder'] = (order, payment, by) =>
    this.#call(async () => {
      const { placedAt, ...placed } = parse(importOrderSchema, order, 'order');
      const observation = parse(observationSchema, { ...payment, source: 'manual', by: parse(manualActionSchema, by, 'by') }, 'payment');
      return this.#writer.importOrder(orderPlaced(placed, placedAt), observation);
    });

  movePayment: PaymentLedger['movePayment'] = (payment, toOrderId, by) =>
    this.#call(async () => {
      const reference = parse(paymentReferenceSchema, payment, 'payment');
      const { placed } = await this.#orders.read(parse(idSchema, toOrderId, 'toOrderId'));
      if (!placed) throw new LedgerError('order_unknown', `Order ${toOrderId} is not placed. Call placeOrder first`);
      return { outcome: await this.#writer.move(reference, toOrderId, parse(manualActionSchema, by, 'by')) };
    });

  withdrawOrder: PaymentLedger['withdrawOrder'] = (orderId, by) =>
    this.#call(async () => {
      const at = this.runtime.now().toISOString();
      const command = { type: 'withdraw', by: parse(manualActionSchema, by, 'by'), at } as const;
      const { events } = await this.#orders.command(parse(idSchema, orderId, 'orderId'), 'withdraw', command);
      return { outcome: events.length > 0 ? 'withdrawn' : 'exists' };
    });

  resolveReview: PaymentLedger['resolveReview'] = (orderId, reviewId, how, by) =>
    this.#call(async () => {
      parse(idSchema, orderId, 'orderId');
      const { resolution, seenRevision } = parse(resolveSchema, how, 'how');
      const { state, events } = await this.#orders.command(orderId, `resolve ${reviewId}`, {
        type: 'resolve',
        reviewId,
        resolution,
        seenRevision,
        by: parse(manualActionSchema, by, 'by'),
        at: this.runtime.now().toISOString(),
      });
      // Where nothing was added, the same resolution again is no contradiction.
      const same = state.reviews.some((review) => review.reviewId === reviewId && review.resolution === resolution);
      return { outcome: events.length > 0 || same ? 'resolved' : 'stale' };
    });

  redeliver: PaymentLedger['redeliver'] = (orderId, by) =>
    this.#call(async () => {
      if (!this.#delivery)
        throw new LedgerError('invalid_input', 'This process has no `deliver`. Call redeliver where createPaymentLedger has one');
      return { outcome: await this.#delivery.redeliver(parse(idSchema, orderId, 'orderId'), parse(manualActionSchema, by, 'by')) };
    });

  order: PaymentLedger['order'] = (orderId) => this.#call(async () => viewOf(await this.#orders.read(parse(idSchema, orderId, 'orderId'))));

  orderOf: PaymentLedger['orderOf'] = (reference) =>
    this.#call(async () => {
      const order = await this.#writer.orderOf(parse(idSchema, reference, 'reference'));
      return order && viewOf(order);
    });

  history: PaymentLedger['history'] = (orderId) =>
    this.#call(async () => this.#store.readStream(orderAggregate.stream(parse(idSchema, orderId, 'orderId'))));

  settle: PaymentLedger['settle'] = ({ timeoutMs = 10_000 } = {}) =>
    this.#call(async () => {
      const deadline = this.runtime.monotonicNowMs() + parse(timeoutSchema, timeoutMs, 'timeoutMs');
      const subscribers = await this.#subscribers.opened();
      await subscribers.catchUp();
      await this.#delivery?.settle(deadline);
      await subscribers.catchUp(); // So that the read models have the deliveries too.
      await this.#subscribers.signCheckpoint();
    });

  [Symbol.asyncDispose](): Promise<void> {
    this.#closed ??= this.#close();
    return this.#closed;
  }

  /** Every call of a user passes here. */
  #call<T>(work: () => Promise<T>): Promise<T> {
    return this.#calls.run(work);
  }

  /** The read models; without a background they catch up first. */
  async #readModels(): Promise<OpenedSubscribers> {
    const subscribers = await this.#subscribers.opened();
    if (!this.#background) await subscribers.catchUp();
    return subscribers;
  }

  async #close(): Promise<void> {
    const deadline = this.runtime.monotonicNowMs() + drainMs;
    // Together: no new attempt starts while calls are awaited.
    await settledWithin(this.runtime, drainMs, [this.#calls.close(), this.#delivery?.stop(deadline)]);
    await settledWithin(this.runtime, Math.max(stopMs, deadline - this.runtime.monotonicNowMs()), [this.#subscribers.stop(deadline)]);
    await this.#store.close();
  }
}
