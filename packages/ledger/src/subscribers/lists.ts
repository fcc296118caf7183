// The lists that a ledger answers from its read models. Each says how far it may be behind the log.
import type { AdapterLedger } from '../adapter-ledger.ts';
import { isUnreadable } from '../errors.ts';
import { pageSchema, parse } from '../input.ts';
import { idSchema, timeSchema } from '../observation.ts';
import { type Page, type PageRequest, pageOf } from '../page.ts';
import type { Backlog, PaymentLedger } from '../payment-ledger.ts';
import { accountQuery } from '../read-models/account-rows.ts';
import { orderKey, pageKey } from '../read-models/order-read-models.ts';
import { dueKey, subscriptionReviewKey } from '../read-models/subscription-read-models.ts';
import type { Runtime } from '../runtime.ts';
import type { OpenedSubscribers, Subscribers } from './subscribers.ts';

type ListsOfLedger = Pick<
  PaymentLedger,
  | 'memberships'
  | 'memberAccess'
  | 'openOrders'
  | 'reviews'
  | 'subscriptionReviews'
  | 'undelivered'
  | 'undeliveredSubscriptions'
  | 'duplicates'
>;
type ListsForAdapters = Pick<
  AdapterLedger,
  | 'catchUp'
  | 'accountOrders'
  | 'unsettledOrders'
  | 'withdrawnOrders'
  | 'samePlanOrder'
  | 'dueSubscriptions'
  | 'openInvoices'
  | 'unsettledSubscriptions'
  | 'hasSubscription'
  | 'accountSubscriptions'
>;

export interface ListsOptions {
  readonly subscribers: Subscribers;
  readonly runtime: Runtime;
  /** False: nothing updates the read models in the background, so each question lets them catch up first. */
  readonly background: boolean;
}

/** All methods throw LedgerError: `invalid_input`, and what opening and reading the read models throws. */
export class Lists implements ListsOfLedger, ListsForAdapters {
  readonly #options: ListsOptions;
  /** The first catch-up, while questions wait for it. Written by `#caughtUpOnce`. */
  #first: Promise<void> | undefined;

  constructor(options: ListsOptions) {
    this.#options = options;
  }

  /**
   * The read models; without a background they catch up first. An event that cannot be read leaves them behind, as with a background:
   * `lagMs` and an alert say so. In a process that has never reached the head of the log they would be taken for whole, so it throws.
   */
  async opened(): Promise<OpenedSubscribers> {
    const subscribers = await this.#options.subscribers.opened();
    if (!this.#options.background) await caughtUp(subscribers, Number.isFinite);
    return subscribers;
  }

  /** As `opened`; where they have never caught up, they do so first: an empty read model would deny a member what was paid. */
  async #caughtUpOnce(): Promise<OpenedSubscribers> {
    const subscribers = await this.opened();
    if (Number.isFinite(subscribers.lagMs())) return subscribers;
    this.#first ??= caughtUp(subscribers, Number.isFinite).finally(() => {
      this.#first = undefined;
    });
    await this.#first;
    return subscribers;
  }

  catchUp: AdapterLedger['catchUp'] = async () => caughtUp(await this.#options.subscribers.opened(), () => true);

  memberships: PaymentLedger['memberships'] = async (memberId) => {
    parse(idSchema, memberId, 'memberId');
    const { models, lagMs } = await this.#caughtUpOnce();
    return { items: models.memberships(memberId), lagMs: lagMs() };
  };

  memberAccess: PaymentLedger['memberAccess'] = async (memberId) => {
    parse(idSchema, memberId, 'memberId');
    const { models, lagMs } = await this.#caughtUpOnce();
    const ofOrders = models.memberships(memberId).filter(({ type, status }) => type === undefined && status === 'active');
    const plans = [...ofOrders.map(({ plan }) => ({ plan, quantity: 1 })), ...models.subscriptions.plans(memberId)];
    return { active: plans.length > 0, plans: plans.sort((a, b) => (a.plan < b.plan ? -1 : a.plan > b.plan ? 1 : 0)), lagMs: lagMs() };
  };

  openOrders: PaymentLedger['openOrders'] = (request) =>
    this.#page(request, ({ models }, after, limit) => models.openOrders(this.#now(), after, limit), orderKey);

  reviews: PaymentLedger['reviews'] = (request) => this.#page(request, ({ models }, after, limit) => models.reviews(after, limit), pageKey);

  undelivered: PaymentLedger['undelivered'] = (request) =>
    this.#page(request, ({ models }, after, limit) => models.undelivered(after, limit), orderKey);

  undeliveredSubscriptions: PaymentLedger['undeliveredSubscriptions'] = (request) =>
    this.#page(
      request,
      ({ models }, after, limit) => models.subscriptions.undelivered(after, limit),
      ({ subscriptionId }) => subscriptionId,
    );

  subscriptionReviews: PaymentLedger['subscriptionReviews'] = (request) =>
    this.#page(request, ({ models }, after, limit) => models.subscriptions.reviews(after, limit), subscriptionReviewKey);

  dueSubscriptions: AdapterLedger['dueSubscriptions'] = async (before, request) => {
    const until = parse(timeSchema, before, 'before');
    return this.#page(request, ({ models }, after, limit) => models.subscriptions.due(until, after, limit), dueKey);
  };

  openInvoices: AdapterLedger['openInvoices'] = (request) =>
    this.#page(
      request,
      ({ models }, after, limit) => models.subscriptions.openInvoices(after, limit),
      ({ subscriptionId }) => subscriptionId,
    );

  unsettledSubscriptions: AdapterLedger['unsettledSubscriptions'] = (request) =>
    this.#page(
      request,
      ({ models }, after, limit) => models.subscriptions.unsettled(after, limit),
      ({ subscriptionId }) => subscriptionId,
    );

  hasSubscription: AdapterLedger['hasSubscription'] = async (customer) =>
    (await this.opened()).models.subscriptions.hasCustomer(parse(idSchema, customer, 'customer'));

  accountSubscriptions: AdapterLedger['accountSubscriptions'] = async (before) =>
    (await this.opened()).models.subscriptions.accounts(parse(timeSchema, before, 'before'));

  duplicates: PaymentLedger['duplicates'] = (request) =>
    this.#page(request, ({ models }, after, limit) => models.duplicates(after, limit), orderKey);

  backlog = async (): Promise<Omit<Backlog, 'shadowDiffers'>> => {
    const { models, lagMs } = await this.opened();
    return { ...models.backlog(this.#now()), lagMs: lagMs() };
  };

  accountOrders: AdapterLedger['accountOrders'] = async (awaitedAt, account) =>
    (await this.opened()).models.accounts(accountQuery(this.#options.runtime.now(), awaitedAt, account));

  unsettledOrders: AdapterLedger['unsettledOrders'] = (request) =>
    this.#page(request, ({ models }, after, limit) => models.unsettled(after, limit), orderKey);

  withdrawnOrders: AdapterLedger['withdrawnOrders'] = (request) =>
    this.#page(request, ({ models }, after, limit) => models.withdrawn(this.#now(), after, limit), orderKey);

  samePlanOrder: AdapterLedger['samePlanOrder'] = async (memberId, plan) => {
    const names = [parse(idSchema, memberId, 'memberId'), parse(idSchema, plan, 'plan')] as const;
    return (await this.#caughtUpOnce()).models.standing(...names, this.#now());
  };

  #now(): string {
    return this.#options.runtime.now().toISOString();
  }

  async #page<T>(
    request: PageRequest | undefined,
    rows: (subscribers: OpenedSubscribers, after: string, limit: number) => readonly T[],
    key: (row: T) => string,
  ): Promise<Page<T>> {
    const { after = '', limit = 100 } = parse(pageSchema, request ?? {}, 'page');
    const subscribers = await this.opened();
    return pageOf(rows(subscribers, after, limit + 1), limit, key, subscribers.lagMs());
  }
}

/** @param maySkip whether an event that cannot be read may leave them so far behind. */
async function caughtUp(subscribers: OpenedSubscribers, maySkip: (lagMs: number) => boolean): Promise<void> {
  try {
    await subscribers.catchUp();
  } catch (error) {
    if (!isUnreadable(error) || !maySkip(subscribers.lagMs())) throw error;
  }
}
