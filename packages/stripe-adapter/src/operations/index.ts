// @paidonce/stripe-adapter/operations: `import`, `backfill` and `reconcile` as calls, for a job of your own or a test. The commands
// of `paidonce-stripe` do the same.
import { type EventStore, LedgerError, type Logger, type ManualAction, type PaymentLedger } from '@paidonce/ledger';
import { defined, isId, silentLogger } from '@paidonce/ledger/adapter';
import type Stripe from 'stripe';
import { addressOf, checkKeyMayGoTo } from '../stripe/api-address.ts';
import { backfill as backfillWork } from './backfill.ts';
import { backfillSubscriptions as backfillSubscriptionsWork } from './backfill-subscriptions.ts';
import type { Backfilled } from './backfilled.ts';
import { type BatchContext, openBatchContext } from './batch-context.ts';
import { type ImportOptions, importSubscriptions as importSubscriptionsWork } from './import-subscriptions.ts';
import type { ImportedSubscriptions } from './imported-subscriptions.ts';
import { type Reconciled, reconcile as reconcileWork } from './reconcile.ts';
import { checkShopOrders, type ShopOrder } from './shop-orders.ts';
import { checkShopSubscriptions, type ShopSubscription } from './shop-subscriptions.ts';

export type { Backfilled } from './backfilled.ts';
export type { Mismatch, MismatchKind } from './compare-payment.ts';
export type { SubscriptionMismatch, SubscriptionMismatchKind } from './compare-subscription.ts';
export type {
  DifferenceKind,
  DifferingSubscription,
  ImportedSubscription,
  ImportedSubscriptions,
  ImportOutcome,
} from './imported-subscriptions.ts';
export type { Reconciled } from './reconcile.ts';
export { readShopOrders, type ShopOrder } from './shop-orders.ts';
export { readShopSubscriptions, type ShopSubscription } from './shop-subscriptions.ts';

/** What the operations work on: as for `stripePayments`. */
export interface OperationsShop {
  readonly ledger: PaymentLedger;
  readonly stripe: Stripe;
  /** As in `stripePayments`. Default: `paidonce`. */
  readonly scope?: string;
  /** As in `stripePayments`. Default: none. */
  readonly formerLedgers?: readonly string[];
  /** The account of the key, where the key may not read it. Default: Stripe is asked. */
  readonly account?: string;
  /** The mode of the key, where the key may not read it. Default: Stripe is asked. */
  readonly livemode?: boolean;
  /** As in `stripePayments`. Default: none. */
  readonly trustedApiHost?: string;
  /** Default: nothing is logged. */
  readonly log?: Logger;
}

export interface BackfillSettings {
  /** Sessions and charges since then. */
  readonly since: Date;
  /** The shop's own orders from before it had a ledger. Default: none. */
  readonly orders?: Iterable<ShopOrder>;
  /** True: count, and change nothing. Default false. */
  readonly dryRun?: boolean;
  /** Who imports, and why: it stays in the log. Default: `backfill`. */
  readonly by?: ManualAction;
  readonly onProgress?: (what: string, count: number) => void;
}

export interface ImportSubscriptionsSettings {
  /** The subscriptions that the shop serves today. */
  readonly subscriptions: Iterable<ShopSubscription>;
  /** True: decide and compare, and change nothing. Default false. */
  readonly dryRun?: boolean;
  /** Who imports, and why: it stays in the log. Default: `import`. */
  readonly by?: ManualAction;
  readonly onProgress?: (what: string, count: number) => void;
}

export interface BackfillSubscriptionsSettings extends Omit<ImportSubscriptionsSettings, 'subscriptions'> {
  /** The subscriptions that the shop knows. Default: none, and what bears our mark is found all the same. */
  readonly subscriptions?: Iterable<ShopSubscription>;
}

export interface ReconcileSettings {
  /** The store of the ledger: the log is read from it, and nothing is written. */
  readonly eventStore: EventStore;
  /** Payments since then, and memberships whose payment is not older. */
  readonly since: Date;
  /** True: what Stripe reports goes into the ledger as an observation. Default false. */
  readonly repair?: boolean;
  readonly onProgress?: (what: string, count: number) => void;
}

/**
 * Brings in paid orders that never became members, and the orders that the shop fulfilled before it had a ledger, which are
 * imported and never delivered again. After a break, call it again. It is right where `review` is 0 and `fulfilledUnpaid` empty.
 *
 * @throws LedgerError `invalid_input`: names what is wrong, also in the orders, before anything is done. `provider_unavailable`,
 *   or a code of the store: what was done until then stays.
 */
export async function backfill(shop: OperationsShop, settings: BackfillSettings): Promise<Backfilled> {
  const { since, dryRun = false, onProgress } = settings;
  const by = settings.by ?? { actor: 'backfill', reason: 'Fulfilled by the shop before it had a ledger' };
  const orders = checkShopOrders(settings.orders ?? []);
  return withWork(shop, since, (work) => backfillWork(work, { since, orders, dryRun, by, ...defined({ onProgress }) }));
}

/**
 * Compares every payment and every subscription in scope with the ledger, and every active membership with Stripe. All agree where
 * `mismatches`, `subscriptionMismatches` and `unproved` are empty. `since` leaves out no subscription.
 *
 * @throws LedgerError `invalid_input`, `provider_unavailable`, or a code of the store: nothing is proved then.
 */
export async function reconcile(shop: OperationsShop, { eventStore, since, ...rest }: ReconcileSettings): Promise<Reconciled> {
  return withWork(shop, since, (work) => reconcileWork(work, eventStore, { since, ...rest }));
}

/**
 * Takes over the subscriptions of a shop that runs them by its own webhooks. Each is read at Stripe, five calls for most, and decided;
 * where the shop and Stripe agree, it is placed and settled: the shop has it, and is not informed. Where they differ, it is left
 * alone. Call it again until `differing` and `problems` are empty.
 *
 * @throws LedgerError `invalid_input`: names every subscription that is wrong, before anything is done; or the ledger keeps no
 *   subscriptions. `provider_unavailable`, or a code of the store: what was done until then stays.
 */
export async function importSubscriptions(shop: OperationsShop, settings: ImportSubscriptionsSettings): Promise<ImportedSubscriptions> {
  const options = importOptions(settings, 'import');
  return withContext(shop, (work) => importSubscriptionsWork(work, options));
}

/**
 * Brings in the subscriptions at Stripe that bear our mark, or that the shop lists, and that the ledger lacks. What the shop serves is
 * imported and settled; what is paid and not active at the shop becomes a membership, and is delivered.
 *
 * @throws LedgerError as `importSubscriptions`.
 */
export async function backfillSubscriptions(
  shop: OperationsShop,
  { subscriptions = [], ...settings }: BackfillSubscriptionsSettings = {},
): Promise<ImportedSubscriptions> {
  const options = importOptions({ ...settings, subscriptions }, 'backfill');
  return withContext(shop, (work) => backfillSubscriptionsWork(work, options));
}

function importOptions({ subscriptions, dryRun = false, by, onProgress }: ImportSubscriptionsSettings, actor: string): ImportOptions {
  const signed = by ?? { actor, reason: 'Served by the shop before it had a ledger' };
  return { subscriptions: checkShopSubscriptions(subscriptions), dryRun, by: signed, ...defined({ onProgress }) };
}

async function withWork<T>(shop: OperationsShop, since: Date, work: (context: BatchContext) => Promise<T>): Promise<T> {
  if (!(since instanceof Date && Number.isFinite(since.getTime()))) throw new LedgerError('invalid_input', 'since must be a valid Date');
  return withContext(shop, work);
}

async function withContext<T>(shop: OperationsShop, work: (context: BatchContext) => Promise<T>): Promise<T> {
  const { ledger, stripe, scope = 'paidonce', log = silentLogger, trustedApiHost, ...given } = shop;
  if (!isId(scope)) throw new LedgerError('invalid_input', `scope is "${scope}"; it must be the one of stripePayments`);
  const address = addressOf(stripe);
  checkKeyMayGoTo(address, trustedApiHost, `give the option trustedApiHost: '${address.host}'`);
  const context = openBatchContext({ ledger, stripe, scope, log, ...given });
  const result = await work(context);
  await context.siblings.settled();
  return result;
}
