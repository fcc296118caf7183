// What the adapter needs of the `stripe` package, as an interface: any copy of it fits, CommonJS or ES module, of majors 17 to
// 23. What Stripe answers is `unknown` here; each answer is parsed by a schema beside it.
import { LedgerError } from '@paidonce/ledger';

/**
 * The release of Stripe's API whose shapes our schemas read. Every call names it, so that the shop's own version does not
 * matter; but two do not: `checkout.sessions.create` and `paymentIntents.create`. Their parameters are typed by the shop's
 * SDK, so Stripe must read them in that SDK's release. Of their answers only fields that all releases share are read
 * (`created-objects.ts`).
 */
export const apiVersion = '2026-10-28.endive';

/** The last argument of each call. */
export interface StripeRequestOptions {
  apiVersion?: string;
  timeout?: number;
  maxNetworkRetries?: number;
  stripeAccount?: string;
  idempotencyKey?: string;
}

/** What the SDK adds to each object and list that Stripe answers. */
export interface StripeAnswer {
  readonly lastResponse: { readonly headers: { readonly [name: string]: string }; readonly statusCode: number };
}

// Methods, not function properties: their parameters are compared in both directions then, so that `object` fits the
// parameters of each major.
interface Retrieves {
  retrieve(id: string, parameters: object, options: StripeRequestOptions): Promise<StripeAnswer>;
}

interface Lists {
  list(parameters: object, options: StripeRequestOptions): PromiseLike<StripeAnswer>;
}

interface Creates {
  create(parameters: object, options: StripeRequestOptions): Promise<StripeAnswer>;
}

interface Sessions extends Retrieves, Lists, Creates {
  expire(id: string, parameters: object, options: StripeRequestOptions): Promise<StripeAnswer>;
  listLineItems(id: string, parameters: object, options: StripeRequestOptions): PromiseLike<StripeAnswer>;
}

interface PaymentIntents extends Retrieves, Creates {
  cancel(id: string, parameters: object, options: StripeRequestOptions): Promise<StripeAnswer>;
}

interface Invoices extends Retrieves, Lists {
  listLineItems(id: string, parameters: object, options: StripeRequestOptions): PromiseLike<StripeAnswer>;
}

interface WebhookSignature {
  /** Majors 17 to 21 declare `body` as text. They take bytes too. */
  verifyHeaderAsync(
    body: Uint8Array | string,
    header: string,
    secret: string,
    toleranceSeconds?: number,
    cryptoProvider?: undefined,
    receivedAtMs?: number,
  ): Promise<boolean>;
}

/** What subscriptions need of a client beyond one-time payments. Stripe 18 and newer have all of it. */
export interface BillingClient {
  readonly subscriptions: Retrieves & Lists;
  readonly subscriptionItems: Lists;
  readonly invoices: Invoices;
  readonly invoicePayments: Retrieves & Lists;
  readonly creditNotes: Retrieves & Lists;
  readonly prices: Retrieves;
  readonly billingPortal: { readonly sessions: Creates };
}

/** A client of Stripe with the shop's key. `new Stripe(key)` is one, of stripe 17 to 23; for subscriptions of 18 to 23. */
export interface StripeClient extends Partial<BillingClient> {
  readonly accounts: { retrieveCurrent(parameters: object, options: StripeRequestOptions): Promise<StripeAnswer> };
  readonly balance: { retrieve(parameters: object, options: StripeRequestOptions): Promise<StripeAnswer> };
  readonly checkout: { readonly sessions: Sessions };
  readonly paymentIntents: PaymentIntents;
  readonly charges: Retrieves;
  readonly refunds: Retrieves & Lists;
  readonly disputes: Retrieves & Lists;
  readonly events: Lists;
  readonly balanceTransactions: Lists;
  /** For `paidonce-stripe doctor` alone, as `rawRequest`. */
  readonly webhookEndpoints: Lists;
  /** Instead of `v2.core.eventDestinations.list`, which ends the process where Stripe refuses, before 20.3.1. */
  rawRequest(method: string, path: string, parameters: undefined, options: StripeRequestOptions): Promise<unknown>;
  /** Majors 22 and 23 declare that `signature` may be null. */
  readonly webhooks: { readonly signature: WebhookSignature | null };
}

const needed: readonly string[] = [
  'getApiField', // No declaration of majors 17 to 21 names it.
  'accounts.retrieveCurrent',
  'balance.retrieve',
  'checkout.sessions.create',
  'checkout.sessions.retrieve',
  'checkout.sessions.list',
  'checkout.sessions.expire',
  'checkout.sessions.listLineItems',
  'paymentIntents.create',
  'paymentIntents.retrieve',
  'paymentIntents.cancel',
  'charges.retrieve',
  'refunds.retrieve',
  'refunds.list',
  'disputes.retrieve',
  'disputes.list',
  'events.list',
  'balanceTransactions.list',
  'webhooks.signature.verifyHeaderAsync',
];

const neededForSubscriptions: readonly string[] = [
  'subscriptions.retrieve',
  'subscriptions.list',
  'subscriptionItems.list',
  'invoices.retrieve',
  'invoices.list',
  'invoices.listLineItems',
  'invoicePayments.retrieve',
  'invoicePayments.list',
  'creditNotes.retrieve',
  'creditNotes.list',
  'prices.retrieve',
  'billingPortal.sessions.create',
];

/** @throws LedgerError `invalid_input`: the client lacks a method, which the message names. */
export function checkClient(stripe: StripeClient): void {
  const lacking = lackingOf(stripe, needed);
  if (lacking === undefined) return;
  throw new LedgerError('invalid_input', `stripe has no ${lacking}; pass new Stripe(key) of stripe 17 or newer`);
}

/** @throws LedgerError `invalid_input`: the client lacks a method that subscriptions need, which the message names. */
export function checkBillingClient(stripe: StripeClient): asserts stripe is StripeClient & BillingClient {
  const lacking = lackingOf(stripe, neededForSubscriptions);
  if (lacking === undefined) return;
  throw new LedgerError('invalid_input', `stripe has no ${lacking}, which subscriptions need; pass new Stripe(key) of stripe 18 or newer`);
}

function lackingOf(stripe: StripeClient, paths: readonly string[]): string | undefined {
  return paths.find((path) => typeof memberOf(stripe, path) !== 'function');
}

function memberOf(client: unknown, path: string): unknown {
  return path
    .split('.')
    .reduce<unknown>((found, name) => (isObject(found) ? (found as Readonly<Record<string, unknown>>)[name] : undefined), client);
}

function isObject(value: unknown): boolean {
  return typeof value === 'function' || (typeof value === 'object' && value !== null);
}

/** A setting of the client: `host`, `protocol`, or `version`, the release in which it asks where a call names none. */
export function settingOf(stripe: StripeClient, name: 'host' | 'protocol' | 'version'): string {
  const { getApiField } = stripe as unknown as { readonly getApiField: (this: unknown, name: string) => unknown };
  return String(getApiField.call(stripe, name) ?? '');
}

/** `endive` in `2026-10-28.endive`: versions of one release have the same shapes. An older version is a date alone, and its own release. */
export function releaseOf(version: string): string {
  return version.split('.')[1] ?? version;
}
