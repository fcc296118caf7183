// createPaymentLedger: builds the parts, starts them, and closes them in order.
import { type Actions, openActions } from './actions.ts';
import type { AdapterLedger } from './adapter-ledger.ts';
import { alertSender } from './alerts.ts';
import type { BulkRuns } from './bulk-runs.ts';
import type { ConsoleReads } from './console-reads.ts';
import { deliveredOrders } from './delivery/delivered-orders.ts';
import { type DecisionFollower, type Delivery, openDelivery } from './delivery/delivery.ts';
import { openShadow, type ShadowFollower } from './delivery/shadow.ts';
import { isUnreadable, type LedgerError } from './errors.ts';
import { type WatchedStore, watchedStore } from './event-store/watched-store.ts';
import { openForAdapters } from './for-adapters.ts';
import { checkOptions, parse, readReference, subscriptionPolicyIn, timeoutSchema } from './input.ts';
import { silentLogger } from './logger.ts';
import { idSchema } from './observation.ts';
import { PaymentWriter } from './observe-payment.ts';
import { type OpenedSubscriptions, openSubscriptions } from './open-subscriptions.ts';
import { viewOf } from './order/view.ts';
import type { PaymentLedger, PaymentLedgerOptions } from './payment-ledger.ts';
import { type OrderPlacing, openPlacing } from './place-orders.ts';
import { ProcessCounter } from './process-counts.ts';
import { openRuns } from './runs/open-runs.ts';
import type { RunCarrier } from './runs/run-carrier.ts';
import { OpenCalls, type Runtime, settledWithin, systemRuntime } from './runtime.ts';
import { type LedgerIdentity, openLedgerIdentity } from './streams/ledger-stream.ts';
import { orderAggregate } from './streams/order-aggregate.ts';
import { type OrderStreams, openOrderStreams } from './streams/order-streams.ts';
import { openPreviews, type Previews } from './streams/previews.ts';
import { openReferences } from './streams/reference-streams.ts';
import { openSweeps, type Sweeps } from './streams/sweep-streams.ts';
import { openTransactions } from './streams/transact.ts';
import { openUnreadableObjects } from './streams/unreadable-streams.ts';
import { openConsole } from './subscribers/console-calls.ts';
import { Lists } from './subscribers/lists.ts';
import { readModelsPath } from './subscribers/read-models-path.ts';
import { openSubscribers, type Subscribers } from './subscribers/subscribers.ts';

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
  readonly console: ConsoleReads;
  readonly runs: BulkRuns;
  readonly forAdapters: AdapterLedger;
  readonly #store: WatchedStore;
  readonly #lists: Lists;
  readonly #identity: LedgerIdentity;
  readonly #orders: OrderStreams;
  readonly #writer: PaymentWriter;
  readonly #delivery: Delivery | undefined;
  readonly #shadow: ShadowFollower | undefined;
  /** Whichever of the two this process has. */
  readonly #follower: DecisionFollower | undefined;
  readonly #placing: OrderPlacing;
  readonly #subscriptions: OpenedSubscriptions;
  readonly #actions: Actions;
  readonly #carrier: RunCarrier;
  readonly #previews: Previews;
  readonly #sweeps: Sweeps;
  readonly #alert: AdapterLedger['alert'];
  readonly #calls = new OpenCalls('The ledger');
  readonly #subscribers: Subscribers;
  #closed: Promise<void> | undefined;
  readonly #background: boolean;
  /** Set once the store has found that its log went back. */
  #lost: LedgerError | undefined;

  constructor(options: PaymentLedgerOptions) {
    const { eventStore, deliver, shadow, background = true, log = silentLogger, deliverTimeoutMs: timeoutMs = 10_000 } = options;
    const runtime = { ...systemRuntime, ...options.runtime };
    // Empty where this process delivers nothing: then any instance may take its decisions over at once.
    const instance = deliver ? runtime.uuid() : '';
    const counter = new ProcessCounter();
    const host = { instance, runtime, log, onAlert: alertSender(options.onAlert, log, ({ kind }) => counter.alert(kind)) };
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
    const policy = checkOptions(options);
    const onDecision = (orderId: string) => this.#follower?.schedule(orderId);
    this.#orders = openOrderStreams(transactions, policy, { onDecision, onAlert: this.#alert });
    const of = deliveredOrders(this.#orders, policy);
    this.#delivery = deliver && openDelivery({ of, deliver, timeoutMs, ...host });
    this.#shadow = shadow && openShadow({ of, shadow, timeoutMs, runtime, log });
    this.#follower = this.#delivery ?? this.#shadow;
    this.#identity = openLedgerIdentity(transactions, runtime);
    const references = openReferences(transactions);
    const streamed = { store, transactions, references, identity: this.#identity };
    const shared = { ...streamed, timeoutMs, counter, background, alert: this.#alert, ...host };
    const call = <T>(work: () => Promise<T>): Promise<T> => this.#call(work);
    this.#subscriptions = openSubscriptions(options.subscriptions, subscriptionPolicyIn(options), shared, call);
    this.#writer = new PaymentWriter(references, this.#orders, runtime, this.#subscriptions.writer);
    this.#placing = openPlacing({ orders: this.#orders, writer: this.#writer, identity: this.#identity, runtime });
    this.#actions = openActions({ orders: this.#orders, writer: this.#writer, delivery: this.#delivery, runtime, counter });
    this.#previews = openPreviews({ orders: this.#orders, references, policy, runtime });
    this.#sweeps = openSweeps(transactions, { store, log, folded: async (tier) => (await this.#lists.opened()).models.sweep(tier) });
    this.#subscribers = openSubscribers({
      store,
      path: readModelsPath(options, () => runtime.uuid()),
      writer: this.#writer,
      delivery: this.#follower,
      subscriptions: this.#subscriptions.deliverer,
      onRuns: () => this.#carrier.wake(),
      background,
      checkpoints: options.checkpoints,
      duplicateWithinHours: options.duplicateWithinHours ?? 24,
      ...host,
    });
    this.#lists = new Lists({ subscribers: this.#subscribers, runtime, background });
    const [alert, identity, lists, sweeps] = [this.#alert, this.#identity, this.#lists, this.#sweeps];
    this.console = openConsole({ lists, writer: this.#writer, subscriptions: this.#subscriptions.reads, store, runtime }, call);
    const unreadable = openUnreadableObjects(transactions, host);
    const [orders, delivery] = [this.#orders, this.#delivery];
    const runs = openRuns({ transactions, store, orders, delivery, lists, console: this.console, runtime, log }, call);
    this.runs = runs.desk;
    this.#carrier = runs.carrier;
    const [previews, actions, carrier] = [this.#previews, this.#actions, this.#carrier];
    const { forAdapters: subscriptions } = this.#subscriptions;
    const adapters = { alert, identity, lists, sweeps, previews, unreadable, actions, store, carrier, counter, subscriptions };
    this.forAdapters = openForAdapters({ ...adapters, orders, references }, call);
    if (!background) return;
    this.#subscribers.follow();
    this.#carrier.start();
    this.#follower?.start();
    this.#subscriptions.deliverer?.delivery.start();
  }

  placeOrder: PaymentLedger['placeOrder'] = (...asked) => this.#call(() => this.#placing.placeOrder(...asked));
  attachCheckout: PaymentLedger['attachCheckout'] = (...asked) => this.#call(() => this.#placing.attachCheckout(...asked));
  importOrder: PaymentLedger['importOrder'] = (...asked) => this.#call(() => this.#placing.importOrder(...asked));
  observePayment = ((...asked: Parameters<Actions['observePayment']>) =>
    this.#call(() => this.#actions.observePayment(...asked))) as PaymentLedger['observePayment'];
  movePayment = ((...asked: Parameters<Actions['movePayment']>) =>
    this.#call(() => this.#actions.movePayment(...asked))) as PaymentLedger['movePayment'];
  linkPayment: PaymentLedger['linkPayment'] = (...asked) => this.#call(() => this.#actions.linkPayment(...asked));
  withdrawOrder = ((...asked: Parameters<Actions['withdrawOrder']>) =>
    this.#call(() => this.#actions.withdrawOrder(...asked))) as PaymentLedger['withdrawOrder'];
  resolveReview: PaymentLedger['resolveReview'] = (...asked) => this.#call(() => this.#actions.resolveReview(...asked));
  redeliver = ((...asked: Parameters<Actions['redeliver']>) =>
    this.#call(() => this.#actions.redeliver(...asked))) as PaymentLedger['redeliver'];

  previewResolution: PaymentLedger['previewResolution'] = (orderId, reviewId, how) =>
    this.#call(() => this.#previews.previewResolution(orderId, reviewId, how));
  previewMove: PaymentLedger['previewMove'] = (payment, toOrderId) => this.#call(() => this.#previews.previewMove(payment, toOrderId));

  order: PaymentLedger['order'] = (orderId) => this.#call(async () => viewOf(await this.#orders.read(parse(idSchema, orderId, 'orderId'))));

  orderOf: PaymentLedger['orderOf'] = (reference) =>
    this.#call(async () => {
      const order = await this.#writer.orderOf(readReference(reference));
      return order && viewOf(order);
    });

  placeSubscription: PaymentLedger['placeSubscription'] = (...asked) =>
    this.#call(() => this.#subscriptions.calls.placeSubscription(...asked));
  attachSubscription: PaymentLedger['attachSubscription'] = (...asked) =>
    this.#call(() => this.#subscriptions.calls.attachSubscription(...asked));
  observeSubscription: PaymentLedger['observeSubscription'] = (said) =>
    this.#call(() => this.#subscriptions.calls.observeSubscription(said));
  importSubscription: PaymentLedger['importSubscription'] = (...asked) =>
    this.#call(() => this.#subscriptions.calls.importSubscription(...asked));
  resolveSubscriptionReview: PaymentLedger['resolveSubscriptionReview'] = (...asked) =>
    this.#call(() => this.#subscriptions.calls.resolveSubscriptionReview(...asked));
  redeliverSubscription: PaymentLedger['redeliverSubscription'] = (...asked) =>
    this.#call(() => this.#subscriptions.calls.redeliverSubscription(...asked));
  subscription: PaymentLedger['subscription'] = (id) => this.#call(() => this.#subscriptions.calls.subscription(id));
  subscriptionOf: PaymentLedger['subscriptionOf'] = (reference) => this.#call(() => this.#subscriptions.calls.subscriptionOf(reference));

  history: PaymentLedger['history'] = (orderId) =>
    this.#call(async () => this.#store.readStream(orderAggregate.stream(parse(idSchema, orderId, 'orderId'))));

  memberships: PaymentLedger['memberships'] = (memberId) => this.#call(() => this.#lists.memberships(memberId));
  memberAccess: PaymentLedger['memberAccess'] = (memberId) => this.#call(() => this.#lists.memberAccess(memberId));
  openOrders: PaymentLedger['openOrders'] = (page) => this.#call(() => this.#lists.openOrders(page));
  reviews: PaymentLedger['reviews'] = (page) => this.#call(() => this.#lists.reviews(page));
  undelivered: PaymentLedger['undelivered'] = (page) => this.#call(() => this.#lists.undelivered(page));
  subscriptionReviews: PaymentLedger['subscriptionReviews'] = (page) => this.#call(() => this.#lists.subscriptionReviews(page));
  undeliveredSubscriptions: PaymentLedger['undeliveredSubscriptions'] = (page) =>
    this.#call(() => this.#lists.undeliveredSubscriptions(page));
  duplicates: PaymentLedger['duplicates'] = (page) => this.#call(() => this.#lists.duplicates(page));
  backlog: PaymentLedger['backlog'] = () =>
    this.#call(async () => ({ ...(await this.#lists.backlog()), shadowDiffers: this.#shadow?.differing ?? 0 }));

  settle: PaymentLedger['settle'] = ({ timeoutMs = 10_000 } = {}) =>
    this.#call(async () => {
      const windowMs = parse(timeoutSchema, timeoutMs, 'timeoutMs');
      const subscribers = await this.#subscribers.opened();
      const [caughtUp] = await Promise.allSettled([subscribers.catchUp()]);
      if (caughtUp.status === 'rejected' && !isUnreadable(caughtUp.reason)) throw caughtUp.reason;
      const deadline = this.runtime.monotonicNowMs() + windowMs; // Only now: a long log must not take the time of the deliveries.
      await Promise.all([this.#follower?.settle(deadline), this.#subscriptions.deliverer?.delivery.settle(deadline)]);
      if (caughtUp.status === 'rejected') throw caughtUp.reason; // An event that stops the rows has not stopped the deliveries.
      if (!this.#background) await this.#carrier.settle(deadline);
      await subscribers.catchUp(); // So that the read models have the deliveries too.
      await this.#subscribers.signCheckpoint();
    });

  [Symbol.asyncDispose](): Promise<void> {
    this.#closed ??= this.#close();
    return this.#closed;
  }

  /** Every call of a user passes here. Folded states of a log that went back answer nothing more. */
  #call<T>(work: () => Promise<T>): Promise<T> {
    return this.#lost ? Promise.reject(this.#lost) : this.#calls.run(work);
  }

  async #close(): Promise<void> {
    const patientMs = drainMs * this.runtime.patience;
    const deadline = this.runtime.monotonicNowMs() + patientMs;
    // Together: no new attempt starts while calls are awaited.
    await settledWithin(this.runtime, patientMs, [
      this.#calls.close(),
      this.#follower?.stop(deadline),
      this.#subscriptions.deliverer?.delivery.stop(deadline),
      this.#carrier.stop(),
    ]);
    await settledWithin(this.runtime, Math.max(stopMs, deadline - this.runtime.monotonicNowMs()), [this.#subscribers.stop(deadline)]);
    await this.#store.close();
  }
}
