// Every call to Stripe: own deadlines, no retries of the SDK (it ignores `Retry-After` and waits up to 80 s), and
// each failure as one LedgerError (`stripe-failure.ts`).

import { LedgerError, type Runtime } from '@paidonce/ledger';
import { defined } from '@paidonce/ledger/adapter';
import type Stripe from 'stripe';

import { failureOf, type Refused, stripeErrorIn } from './stripe-failure.ts';
import type { RefundsOf } from './stripe-objects.ts';

/** What Stripe answered, and when, by Stripe's own clock. */
export interface Answer<T = unknown> {
  readonly object: T;
  /** The `Date` header, ISO 8601; our own time if there is none. */
  readonly asOf: string;
  /** The version that shaped the object. Absent: the response names none. */
  readonly apiVersion?: string;
}

export interface ListPage {
  readonly objects: readonly unknown[];
  readonly hasMore: boolean;
}

/** Part of a list, newest first, in pages of a hundred. */
export interface ListWindow {
  /** Unix seconds of the objects' creation, both inclusive. */
  readonly createdFrom: number;
  readonly createdTo: number;
  /** Id of the last object on the page before. Absent: the first page. */
  readonly after?: string;
}

/** Objects that report on a payment and can be read by id. */
export const readableTypes = ['checkout.session', 'payment_intent', 'charge', 'refund', 'dispute'] as const;
export type ReadableType = (typeof readableTypes)[number];

const prefixes: readonly (readonly [prefix: RegExp, type: ReadableType])[] = [
  [/^cs_/, 'checkout.session'],
  [/^pi_/, 'payment_intent'],
  [/^(?:re|pyr)_/, 'refund'],
  [/^(?:dp|du)_/, 'dispute'],
  [/^(?:ch|py)_/, 'charge'],
];

/** The type that the prefix of an id shows. Undefined: none of these types. */
export function readableTypeOf(id: string): ReadableType | undefined {
  return prefixes.find(([prefix]) => prefix.test(id))?.[1];
}

export interface StripeCallsOptions {
  readonly stripe: Stripe;
  readonly runtime: Runtime;
  /** The connected account to act on. Absent: the key's own account. */
  readonly connected?: string;
  /** Wraps each request, to count, pace or retry it. Default: one request, at once. */
  readonly around?: <T>(what: string, call: () => Promise<T>) => Promise<T>;
}

/** Short: a webhook waits for this read, and Stripe does not wait long for a webhook. */
const readTimeoutMs = 5_000;
const listTimeoutMs = 20_000;
const createTimeoutMs = 20_000;
const pageLimit = 100;

type Call<T> = (options: Stripe.RequestOptions) => Promise<Stripe.Response<T>>;

/**
 * Each method throws LedgerError: `provider_unavailable` if the answer is unknown for now; `invalid_input` if Stripe
 * refuses a change as it was requested. A refused read leaves the question open, so it is never `invalid_input`.
 */
export class StripeCalls {
  readonly #options: StripeCallsOptions;
  readonly #stripe: Stripe;

  constructor(options: StripeCallsOptions) {
    this.#options = options;
    this.#stripe = options.stripe;
  }

  /** The same calls on a connected account. */
  on(connected: string): StripeCalls {
    return new StripeCalls({ ...this.#options, connected });
  }

  /** The id of the key's own account. */
  async account(): Promise<string> {
    const { object } = await this.#ask('GET /v1/account', (options) => this.#stripe.accounts.retrieveCurrent({}, options), readTimeoutMs);
    return object.id;
  }

  /** The key's mode; true is live. Nothing else shows it while there are no objects yet. */
  async livemode(): Promise<boolean> {
    const { object } = await this.#ask('GET /v1/balance', (options) => this.#stripe.balance.retrieve({}, options), readTimeoutMs);
    return object.livemode;
  }

  /** @throws LedgerError `invalid_input`: Stripe refuses the parameters. */
  createSession(parameters: Stripe.Checkout.SessionCreateParams, idempotencyKey: string): Promise<Answer<Stripe.Checkout.Session>> {
    const { sessions } = this.#stripe.checkout;
    const call: Call<Stripe.Checkout.Session> = (options) => sessions.create(parameters, { ...options, idempotencyKey });
    return this.#ask('POST /v1/checkout/sessions', call, createTimeoutMs, 'invalid_input');
  }

  /** @throws LedgerError `invalid_input`: Stripe refuses, as it does for a session that is not open. */
  expireSession(sessionId: string, idempotencyKey: string): Promise<Answer> {
    const { sessions } = this.#stripe.checkout;
    const what = `POST /v1/checkout/sessions/${sessionId}/expire`;
    return this.#ask(what, (options) => sessions.expire(sessionId, {}, { ...options, idempotencyKey }), readTimeoutMs, 'invalid_input');
  }

  /** @throws LedgerError `invalid_input`: Stripe refuses, as it does for an intent that is paid, or that a session made. */
  cancelIntent(intentId: string, idempotencyKey: string): Promise<Answer> {
    const { paymentIntents } = this.#stripe;
    const call: Call<Stripe.PaymentIntent> = (options) => paymentIntents.cancel(intentId, {}, { ...options, idempotencyKey });
    return this.#ask(`POST /v1/payment_intents/${intentId}/cancel`, call, readTimeoutMs, 'invalid_input');
  }

  /** The session with its payment intent expanded. Undefined: Stripe has none of this id in our account and mode. */
  session(sessionId: string, timeoutMs: number = readTimeoutMs): Promise<Answer | undefined> {
    const { sessions } = this.#stripe.checkout;
    const parameters = { expand: ['payment_intent'] };
    return this.#find(`GET /v1/checkout/sessions/${sessionId}`, (options) => sessions.retrieve(sessionId, parameters, options), timeoutMs);
  }

  /** Undefined: Stripe has none of this id in our account and mode. */
  intent(intentId: string): Promise<Answer | undefined> {
    const { paymentIntents } = this.#stripe;
    return this.#find(`GET /v1/payment_intents/${intentId}`, (options) => paymentIntents.retrieve(intentId, {}, options), readTimeoutMs);
  }

  /** Undefined: Stripe has none of this id in our account and mode. */
  object(type: ReadableType, id: string): Promise<Answer | undefined> {
    const { charges, refunds, disputes } = this.#stripe;
    switch (type) {
      case 'checkout.session':
        return this.session(id);
      case 'payment_intent':
        return this.intent(id);
      case 'charge':
        return this.#find(`GET /v1/charges/${id}`, (options) => charges.retrieve(id, {}, options), readTimeoutMs);
      case 'refund':
        return this.#find(`GET /v1/refunds/${id}`, (options) => refunds.retrieve(id, {}, options), readTimeoutMs);
      case 'dispute':
        return this.#find(`GET /v1/disputes/${id}`, (options) => disputes.retrieve(id, {}, options), readTimeoutMs);
    }
  }

  /** The session that made the intent, with the intent expanded. Undefined: no session made it. */
  async sessionOfIntent(intentId: string): Promise<Answer | undefined> {
    const { sessions } = this.#stripe.checkout;
    const parameters = { payment_intent: intentId, limit: 1, expand: ['data.payment_intent'] };
    const what = `GET /v1/checkout/sessions?payment_intent=${intentId}`;
    const found = await this.#listOf(what, (options) => sessions.list(parameters, options));
    const [session] = found?.object.objects ?? [];
    return found && session !== undefined ? { ...found, object: session } : undefined;
  }

  /** The newest hundred refunds. Undefined: Stripe has no such payment in our account and mode. */
  refunds(of: RefundsOf): Promise<Answer<ListPage> | undefined> {
    const what = `GET /v1/refunds?${new URLSearchParams({ ...of })}`;
    return this.#listOf(what, (options) => this.#stripe.refunds.list({ ...of, limit: pageLimit }, options));
  }

  /** The newest hundred disputes. Undefined: Stripe has no such payment in our account and mode. */
  disputes(intentId: string): Promise<Answer<ListPage> | undefined> {
    const parameters = { payment_intent: intentId, limit: pageLimit };
    const what = `GET /v1/disputes?payment_intent=${intentId}`;
    return this.#listOf(what, (options) => this.#stripe.disputes.list(parameters, options));
  }

  /** Completed sessions, each with its payment intent expanded. */
  completeSessions(window: ListWindow): Promise<Answer<ListPage>> {
    const { sessions } = this.#stripe.checkout;
    const parameters = { status: 'complete' as const, ...pageOf(window), expand: ['data.payment_intent'] };
    return this.#list('GET /v1/checkout/sessions?status=complete', (options) => sessions.list(parameters, options), listTimeoutMs);
  }

  /** Snapshot events of these types, at most twenty; Stripe keeps them for 30 days. */
  events(types: readonly string[], window: ListWindow): Promise<Answer<ListPage>> {
    const { events } = this.#stripe;
    const parameters = { types: [...types], ...pageOf(window) };
    return this.#list('GET /v1/events', (options) => events.list(parameters, options), listTimeoutMs);
  }

  /** Every movement of money, with its source object expanded. */
  balanceTransactions(window: ListWindow): Promise<Answer<ListPage>> {
    const { balanceTransactions } = this.#stripe;
    const parameters = { ...pageOf(window), expand: ['data.source'] };
    return this.#list('GET /v1/balance_transactions', (options) => balanceTransactions.list(parameters, options), listTimeoutMs);
  }

  async #ask<T>(what: string, call: Call<T>, timeoutMs: number, refusedAs: Refused = 'provider_unavailable'): Promise<Answer<T>> {
    const { runtime, connected, around = (_what, once) => once() } = this.#options;
    const options = { timeout: timeoutMs * runtime.patience, maxNetworkRetries: 0, ...defined({ stripeAccount: connected }) };
    const response = await around(what, async () => {
      try {
        return await call(options);
      } catch (error) {
        throw failureOf(what, error, refusedAs);
      }
    });
    const { date, 'stripe-version': apiVersion } = response.lastResponse.headers;
    const at = new Date(date ?? '');
    const asOf = (Number.isNaN(at.getTime()) ? runtime.now() : at).toISOString();
    return { object: response, asOf, ...defined({ apiVersion }) };
  }

  #find<T>(what: string, call: Call<T>, timeoutMs: number): Promise<Answer<T> | undefined> {
    return this.#ask(what, call, timeoutMs).catch(undefinedWhereMissing);
  }

  /** A list that belongs to one payment. Undefined: Stripe has no such payment. */
  #listOf<T>(what: string, call: Call<Stripe.ApiList<T>>): Promise<Answer<ListPage> | undefined> {
    return this.#list(what, call, readTimeoutMs).catch(undefinedWhereMissing);
  }

  async #list<T>(what: string, call: Call<Stripe.ApiList<T>>, timeoutMs: number): Promise<Answer<ListPage>> {
    const { object: list, ...answer } = await this.#ask(what, call, timeoutMs);
    if (!Array.isArray(list.data))
      throw new LedgerError('provider_unavailable', `${what} was answered without a list. Is this Stripe's address?`);
    return { ...answer, object: { objects: list.data, hasMore: list.has_more === true } };
  }
}

/** "No such object" is an answer like any other: asking again would bring the same. */
function undefinedWhereMissing(error: unknown): undefined {
  if (stripeErrorIn(error)?.code !== 'resource_missing') throw error;
}

function pageOf({ createdFrom, createdTo, after }: ListWindow) {
  return {
    created: { gte: createdFrom, lte: createdTo },
    limit: pageLimit,
    ...defined({ starting_after: after }),
  };
}
