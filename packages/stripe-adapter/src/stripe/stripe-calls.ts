// Every call to Stripe: own deadlines, no retries of the SDK (it ignores `Retry-After` and waits up to 80 s), and
// each failure as one LedgerError (`stripe-failure.ts`).

import type { Runtime } from '@paidonce/ledger';
import { defined } from '@paidonce/ledger/adapter';
import type Stripe from 'stripe';

import { type Asked, type Listed, notAnAnswer } from './answer-check.ts';
import { type ListWindow, pageLimit, pageOf } from './list-window.ts';
import type { RefundsOf } from './money-objects.ts';
import type { ReadableType } from './readable-types.ts';
import { failureOf, NoAnswer, type Refused, stripeErrorIn } from './stripe-failure.ts';

/** What Stripe answered, and when, by Stripe's own clock. */
export interface Answer<T = unknown> {
  readonly object: T;
  /** The `Date` header, ISO 8601; our own time if there is none. */
  readonly asOf: string;
  /** The version that shaped the object. Absent: the response names none. */
  readonly apiVersion?: string;
  /** Stripe repeated its stored answer to an earlier request with this idempotency key; the object may have changed since. */
  readonly isReplayed?: true;
}

export interface ListPage {
  readonly objects: readonly unknown[];
  readonly hasMore: boolean;
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
/** The row of a refund tells whether money moved. The charge of a dispute tells in which currency it was paid. */
const refundRow = 'balance_transaction';
const disputedCharge = 'charge';

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
    const call: Call<Stripe.Account> = (options) => this.#stripe.accounts.retrieveCurrent({}, options);
    const { object } = await this.#ask('GET /v1/account', call, readTimeoutMs, { object: 'account' });
    return object.id;
  }

  /** The key's mode; true is live. Nothing else shows it while there are no objects yet. */
  async livemode(): Promise<boolean> {
    const call: Call<Stripe.Balance> = (options) => this.#stripe.balance.retrieve({}, options);
    const { object } = await this.#ask('GET /v1/balance', call, readTimeoutMs, { object: 'balance' });
    return object.livemode;
  }

  /** @throws LedgerError `invalid_input`: Stripe refuses the parameters. */
  createSession(parameters: Stripe.Checkout.SessionCreateParams, idempotencyKey: string): Promise<Answer<Stripe.Checkout.Session>> {
    const { sessions } = this.#stripe.checkout;
    const call: Call<Stripe.Checkout.Session> = (options) => sessions.create(parameters, { ...options, idempotencyKey });
    const asked = { object: 'checkout.session', metadata: parameters.metadata || {} };
    return this.#ask('POST /v1/checkout/sessions', call, createTimeoutMs, asked, 'invalid_input');
  }

  /** @throws LedgerError `invalid_input`: Stripe refuses, as it does for a session that is not open. */
  expireSession(sessionId: string, idempotencyKey: string): Promise<Answer> {
    const { sessions } = this.#stripe.checkout;
    const what = `POST /v1/checkout/sessions/${sessionId}/expire`;
    const call: Call<Stripe.Checkout.Session> = (options) => sessions.expire(sessionId, {}, { ...options, idempotencyKey });
    return this.#ask(what, call, readTimeoutMs, { object: 'checkout.session', id: sessionId }, 'invalid_input');
  }

  /** @throws LedgerError `invalid_input`: Stripe refuses the parameters. */
  createIntent(parameters: Stripe.PaymentIntentCreateParams, idempotencyKey: string): Promise<Answer<Stripe.PaymentIntent>> {
    const { paymentIntents } = this.#stripe;
    const call: Call<Stripe.PaymentIntent> = (options) => paymentIntents.create(parameters, { ...options, idempotencyKey });
    const asked = { object: 'payment_intent', metadata: parameters.metadata || {} };
    return this.#ask('POST /v1/payment_intents', call, createTimeoutMs, asked, 'invalid_input');
  }

  /** @throws LedgerError `invalid_input`: Stripe refuses, as it does once the intent is paid or being collected. */
  cancelIntent(id: string, idempotencyKey: string): Promise<Answer> {
    const { paymentIntents } = this.#stripe;
    const what = `POST /v1/payment_intents/${id}/cancel`;
    const call: Call<Stripe.PaymentIntent> = (options) => paymentIntents.cancel(id, {}, { ...options, idempotencyKey });
    return this.#ask(what, call, readTimeoutMs, { object: 'payment_intent', id }, 'invalid_input');
  }

  /** All line items of a session, of which its own answer has the first ten. */
  async lineItems(sessionId: string): Promise<readonly Stripe.LineItem[]> {
    const { sessions } = this.#stripe.checkout;
    const call: Call<Stripe.ApiList<Stripe.LineItem>> = (options) => sessions.listLineItems(sessionId, { limit: pageLimit }, options);
    const asked = { object: 'list', of: { object: 'item' } };
    return (await this.#ask(`GET /v1/checkout/sessions/${sessionId}/line_items`, call, readTimeoutMs, asked)).object.data;
  }

  /** The session with its payment intent and charge expanded. Undefined: Stripe has none of this id in our account and mode. */
  session(sessionId: string, timeoutMs: number = readTimeoutMs): Promise<Answer | undefined> {
    const { sessions } = this.#stripe.checkout;
    const parameters = { expand: ['payment_intent.latest_charge'] };
    const call: Call<unknown> = (options) => sessions.retrieve(sessionId, parameters, options);
    return this.#find(`GET /v1/checkout/sessions/${sessionId}`, call, { object: 'checkout.session', id: sessionId }, timeoutMs);
  }

  /** The payment intent with its charge expanded. Undefined: Stripe has none of this id in our account and mode. */
  intent(intentId: string, timeoutMs: number = readTimeoutMs): Promise<Answer | undefined> {
    const { paymentIntents } = this.#stripe;
    const parameters = { expand: ['latest_charge'] };
    const call: Call<unknown> = (options) => paymentIntents.retrieve(intentId, parameters, options);
    return this.#find(`GET /v1/payment_intents/${intentId}`, call, { object: 'payment_intent', id: intentId }, timeoutMs);
  }

  /** Expanded by what its meaning depends on. Undefined: Stripe has none of this id in our account and mode. */
  object(type: ReadableType, id: string): Promise<Answer | undefined> {
    const { charges, refunds, disputes } = this.#stripe;
    const asked = { object: type, id };
    switch (type) {
      case 'checkout.session':
        return this.session(id);
      case 'payment_intent':
        return this.intent(id);
      case 'charge':
        return this.#find(`GET /v1/charges/${id}`, (options) => charges.retrieve(id, {}, options), asked);
      case 'refund':
        return this.#find(`GET /v1/refunds/${id}`, (options) => refunds.retrieve(id, { expand: [refundRow] }, options), asked);
      case 'dispute':
        return this.#find(`GET /v1/disputes/${id}`, (options) => disputes.retrieve(id, { expand: [disputedCharge] }, options), asked);
    }
  }

  /** The session that made the intent, with the intent and its charge expanded. Undefined: no session made it. */
  async sessionOfIntent(intentId: string): Promise<Answer | undefined> {
    const { sessions } = this.#stripe.checkout;
    const of = { payment_intent: intentId };
    const parameters = { ...of, limit: 1, expand: ['data.payment_intent.latest_charge'] };
    const what = `GET /v1/checkout/sessions?payment_intent=${intentId}`;
    const found = await this.#listOf(what, (options) => sessions.list(parameters, options), { object: 'checkout.session', where: of });
    const [session] = found?.object.objects ?? [];
    return found && session !== undefined ? { ...found, object: session } : undefined;
  }

  /** The newest hundred refunds. Undefined: Stripe has no such payment in our account and mode. */
  refunds(of: RefundsOf): Promise<Answer<ListPage> | undefined> {
    const what = `GET /v1/refunds?${new URLSearchParams({ ...of })}`;
    const parameters = { ...of, limit: pageLimit, expand: [`data.${refundRow}`] };
    return this.#listOf(what, (options) => this.#stripe.refunds.list(parameters, options), { object: 'refund', where: of });
  }

  /** The newest hundred disputes. Undefined: Stripe has no such payment in our account and mode. */
  disputes(intentId: string): Promise<Answer<ListPage> | undefined> {
    const of = { payment_intent: intentId };
    const parameters = { ...of, limit: pageLimit, expand: [`data.${disputedCharge}`] };
    const what = `GET /v1/disputes?payment_intent=${intentId}`;
    return this.#listOf(what, (options) => this.#stripe.disputes.list(parameters, options), { object: 'dispute', where: of });
  }

  /** Completed sessions, each with its payment intent and charge expanded. */
  completeSessions(window: ListWindow): Promise<Answer<ListPage>> {
    const { sessions } = this.#stripe.checkout;
    const parameters = { status: 'complete' as const, ...pageOf(window), expand: ['data.payment_intent.latest_charge'] };
    const what = 'GET /v1/checkout/sessions?status=complete';
    return this.#list(what, (options) => sessions.list(parameters, options), { object: 'checkout.session' }, listTimeoutMs);
  }

  /** Snapshot events of these types, at most twenty; Stripe keeps them for 30 days. */
  events(types: readonly string[], window: ListWindow): Promise<Answer<ListPage>> {
    const { events } = this.#stripe;
    const parameters = { types: [...types], ...pageOf(window) };
    return this.#list('GET /v1/events', (options) => events.list(parameters, options), { object: 'event' }, listTimeoutMs);
  }

  /** Every movement of money, with its source object expanded. */
  balanceTransactions(window: ListWindow): Promise<Answer<ListPage>> {
    const { balanceTransactions } = this.#stripe;
    const call: Call<Stripe.ApiList<unknown>> = (options) =>
      balanceTransactions.list({ ...pageOf(window), expand: ['data.source'] }, options);
    return this.#list('GET /v1/balance_transactions', call, { object: 'balance_transaction' }, listTimeoutMs);
  }

  async #ask<T>(
    what: string,
    call: Call<T>,
    timeoutMs: number,
    asked: Asked,
    refusedAs: Refused = 'provider_unavailable',
  ): Promise<Answer<T>> {
    const { runtime, connected, around = (_what, once) => once() } = this.#options;
    const options = { timeout: timeoutMs * runtime.patience, maxNetworkRetries: 0, ...defined({ stripeAccount: connected }) };
    const response = await around(what, async () => {
      try {
        const body = await call(options);
        const { statusCode, headers } = body.lastResponse;
        const found = notAnAnswer(statusCode, body, asked);
        if (found !== undefined) throw new NoAnswer(found, { statusCode, headers });
        return body;
      } catch (error) {
        throw failureOf(what, error, refusedAs);
      }
    });
    const { date, 'stripe-version': apiVersion, 'idempotent-replayed': replayed } = response.lastResponse.headers;
    const at = new Date(date ?? '');
    const asOf = (Number.isNaN(at.getTime()) ? runtime.now() : at).toISOString();
    return { object: response, asOf, ...(replayed === 'true' ? { isReplayed: true } : {}), ...defined({ apiVersion }) };
  }

  #find<T>(what: string, call: Call<T>, asked: Asked, timeoutMs: number = readTimeoutMs): Promise<Answer<T> | undefined> {
    return this.#ask(what, call, timeoutMs, asked).catch(undefinedWhereMissing);
  }

  /** A list that belongs to one payment. Undefined: Stripe has no such payment. */
  #listOf<T>(what: string, call: Call<Stripe.ApiList<T>>, of: Listed): Promise<Answer<ListPage> | undefined> {
    return this.#list(what, call, of, readTimeoutMs).catch(undefinedWhereMissing);
  }

  async #list<T>(what: string, call: Call<Stripe.ApiList<T>>, of: Listed, timeoutMs: number): Promise<Answer<ListPage>> {
    const { object: list, ...answer } = await this.#ask(what, call, timeoutMs, { object: 'list', of });
    return { ...answer, object: { objects: list.data, hasMore: list.has_more === true } };
  }
}

/** "No such object" is an answer like any other: asking again would bring the same. */
function undefinedWhereMissing(error: unknown): undefined {
  if (stripeErrorIn(error)?.code !== 'resource_missing') throw error;
}
