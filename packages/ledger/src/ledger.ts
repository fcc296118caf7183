// createPaymentLedger: builds the parts, starts them, and closes them in order.
import type { AdapterLedger } from './adapter-ledger.ts';
import { alertSender } from './alerts.ts';
import { type Delivery, openDelivery } from './delivery/delivery.ts';
import { LedgerError } from './errors.ts';
import type { EventStore } from './event-store/event-store.ts';
import { watchedStore } from './event-store/watched-store.ts';
import {
  attachOptionsSchema,
  checkOptions,
  importOrderSchema,
  orderPlaced,
  pageSchema,
  parse,
  placeOrderSchema,
  resolveSchema,
  timeoutSchema,
} from './input.ts';
import { silentLogger } from './logger.ts';
import { idSchema, manualActionSchema, observationSchema, paymentReferenceSchema, timeSchema } from './observation.ts';
import { PaymentWriter } from './observe-payment.ts';
import { isSameOrder } from './order/order.ts';
import { viewOf } from './order/view.ts';
import { type Page, type PageRequest, pageOf } from './page.ts';
import type { PaymentLedger, PaymentLedgerOptions } from './payment-ledger.ts';
import { orderKey, pageKey } from './read-models/order-read-models.ts';
import { OpenCalls, type Runtime, settledWithin, systemRuntime } from './runtime.ts';
import { orderAggregate } from './streams/order-aggregate.ts';
import { type OrderStreams, openOrderStreams } from './streams/order-streams.ts';
import { openReferences } from './streams/reference-streams.ts';
import { openSweeps, type Sweeps } from './streams/sweep-streams.ts';
import { openTransactions } from './streams/transact.ts';
import { openUnreadableObjects, type UnreadableObjects } from './streams/unreadable-streams.ts';
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
  readonly delivers: boolean;
  readonly runtime: Runtime;
  readonly #store: EventStore;
  readonly #background: boolean;
  readonly #orders: OrderStreams;
  readonly #writer: PaymentWriter;
  readonly #delivery: Delivery | undefined;
  readonly #sweeps: Sweeps;
  readonly #unreadable: UnreadableObjects;
  readonly #alert: AdapterLedger['alert'];
  readonly #calls = new OpenCalls('The ledger');
  readonly #subscribers: Subscribers;
  #closed: Promise<void> | undefined;
  /** Set once the store has found that its log went back. */
  #lost: LedgerError | undefined;

  constructor(options: PaymentLedgerOptions) {
    const { eventStore, deliver, background = true, log = silentLogger, deliverTimeoutMs: timeoutMs = 10_000, checkpoints } = options;
    const runtime = { ...systemRuntime, ...options.runtime };
    // Empty where this process delivers nothing: then any instance may take its decisions over at once.
    const instance = deliver ? runtime.uuid() : '';
    const host = { instance, runtime, log, onAlert: alertSender(options.onAlert, log) };
    const store = watchedStore(eventStore, (error) => {
      this.#lost = error;
      this.#alert({ kind: 'log_went_back', message: error.message });
    });
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
    this.#sweeps = openSweeps(transactions, { store, log, folded: async (tier) => (await this.#readModels()).models.sweep(tier) });
    this.#unreadable = openUnreadableObjects(transactions, host);
    const path = readModelsPath(options);
    this.#subscribers = openSubscribers({ store, path, writer: this.#writer, delivery: this.#delivery, background, checkpoints, ...host });
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

  memberships: PaymentLedger['memberships'] = (memberId) =>
    this.#call(async () => {
      parse(idSchema, memberId, 'memberId');
      const { models, lagMs } = await this.#readModels();
      return { items: models.memberships(memberId), lagMs: lagMs() };
    });

  openOrders: PaymentLedger['openOrders'] = (request) =>
    this.#call(() => {
      const now = this.runtime.now().toISOString();
      return this.#page(request, ({ models }, after, limit) => models.openOrders(now, after, limit), orderKey);
    });

  reviews: PaymentLedger['reviews'] = (request) =>
    this.#call(() => this.#page(request, ({ models }, after, limit) => models.reviews(after, limit), pageKey));
  undelivered: PaymentLedger['undelivered'] = (request) =>
    this.#call(() => this.#page(request, ({ models }, after, limit) => models.undelivered(after, limit), orderKey));

  backlog: PaymentLedger['backlog'] = () =>
    this.#call(async () => {
      const { models, lagMs } = await this.#readModels();
      return { ...models.backlog(this.runtime.now().toISOString()), lagMs: lagMs() };
    });

  settle: PaymentLedger['settle'] = ({ timeoutMs = 10_000 } = {}) =>
    this.#call(async () => {
      const deadline = this.runtime.monotonicNowMs() + parse(timeoutSchema, timeoutMs, 'timeoutMs');
      const subscribers = await this.#subscribers.opened();
      await subscribers.catchUp();
      await this.#delivery?.settle(deadline);
      await subscribers.catchUp(); // So that the read models have the deliveries too.
      await this.#subscribers.signCheckpoint();
    });

  readonly forAdapters: AdapterLedger = {
    alert: (alert) => this.#alert(alert),
    accountOrders: (awaitedAt = this.runtime.now().toISOString()) =>
      this.#call(async () => (await this.#readModels()).models.accounts(parse(timeSchema, awaitedAt, 'awaitedAt'))),
    unsettledOrders: (request) =>
      this.#call(() => this.#page(request, ({ models }, after, limit) => models.unsettled(after, limit), orderKey)),
    sweepProgress: (tier) => this.#call(async () => this.#sweeps.progress(parse(idSchema, tier, 'tier'))),
    startSweep: (tier, seenRound) => this.#call(async () => this.#sweeps.start(parse(idSchema, tier, 'tier'), seenRound)),
    advanceSweep: (tier, round, at) => this.#call(async () => this.#sweeps.advance(parse(idSchema, tier, 'tier'), round, at)),
    finishSweep: (tier, round, result) => this.#call(async () => this.#sweeps.finish(parse(idSchema, tier, 'tier'), round, result)),
    recordUnreadable: (object) => this.#call(async () => this.#unreadable.record(object)),
  };

  [Symbol.asyncDispose](): Promise<void> {
    this.#closed ??= this.#close();
    return this.#closed;
  }

  /** Every call of a user passes here. Folded states of a log that went back answer nothing more. */
  #call<T>(work: () => Promise<T>): Promise<T> {
    return this.#lost ? Promise.reject(this.#lost) : this.#calls.run(work);
  }

  /** The read models; without a background they catch up first. */
  async #readModels(): Promise<OpenedSubscribers> {
    const subscribers = await this.#subscribers.opened();
    if (!this.#background) await subscribers.catchUp();
    return subscribers;
  }

  async #page<T>(
    request: PageRequest | undefined,
    rows: (subscribers: OpenedSubscribers, after: string, limit: number) => readonly T[],
    key: (row: T) => string,
  ): Promise<Page<T>> {
    const { after = '', limit = 100 } = parse(pageSchema, request ?? {}, 'page');
    const subscribers = await this.#readModels();
    return pageOf(rows(subscribers, after, limit + 1), limit, key, subscribers.lagMs());
  }

  async #close(): Promise<void> {
    const deadline = this.runtime.monotonicNowMs() + drainMs;
    // Together: no new attempt starts while calls are awaited.
    await settledWithin(this.runtime, drainMs, [this.#calls.close(), this.#delivery?.stop(deadline)]);
    await settledWithin(this.runtime, Math.max(stopMs, deadline - this.runtime.monotonicNowMs()), [this.#subscribers.stop(deadline)]);
    await this.#store.close();
  }
}
