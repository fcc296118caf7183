// Every call that we make to Stripe. How one is made, and what counts as its answer, is in `stripe-request.ts`.
import type Stripe from 'stripe';
import * as z from 'zod';
import { BillingCalls } from './billing-calls.ts';
import { checkBillingClient, type StripeRequestOptions as Options, type StripeClient, settingOf } from './client.ts';
import { type CreatedIntent, type CreatedSession, createdIntentSchema, createdSessionSchema } from './created-objects.ts';
import { eventTypes } from './event-types.ts';
import { lineItemsSchema, type StripeLineItem } from './line-items.ts';
import { type ListWindow, pageLimit, pageOf } from './list-window.ts';
import type { RefundsOf } from './money-objects.ts';
import type { ReadableType } from './readable-types.ts';
import { stripeAccountSchema } from './stripe-objects.ts';
import { type Answer, type ListPage, type StripeCallsOptions, type StripeRequest, StripeRequests } from './stripe-request.ts';

const listTimeoutMs = 20_000;
const createTimeoutMs = 20_000;
/** The row of a refund tells whether money moved. Where there is none, its charge tells whether any was captured. */
const refundParts = ['balance_transaction', 'charge'];
/** The charge of a dispute tells in which currency it was paid. */
const disputedCharge = 'charge';

const accountSchema = z.object({ id: stripeAccountSchema });
const balanceSchema = z.object({ livemode: z.boolean() });
const anySchema = z.unknown();

/**
 * Each method throws LedgerError: `provider_unavailable` if the answer is unknown for now; `invalid_input` if Stripe
 * refuses a change as it was requested. A refused read leaves the question open, so it is never `invalid_input`.
 */
export class StripeCalls {
  readonly #options: StripeCallsOptions;
  readonly #stripe: StripeClient;
  readonly #requests: StripeRequests;

  constructor(options: StripeCallsOptions) {
    this.#options = options;
    this.#stripe = options.stripe;
    this.#requests = new StripeRequests(options);
  }

  /** The version of the shop's SDK: Stripe reads the parameters of a creation in it. Empty: the account's. */
  get shopsVersion(): string {
    return settingOf(this.#stripe, 'version');
  }

  /** The same calls on a connected account. */
  on(connected: string): StripeCalls {
    return new StripeCalls({ ...this.#options, connected });
  }

  /** The calls of subscriptions. @throws LedgerError `invalid_input`: the client lacks one, which the start refuses too. */
  get billing(): BillingCalls {
    checkBillingClient(this.#stripe);
    return new BillingCalls(this.#stripe, this.#requests);
  }

  /** Stripe's own time, by a read that every key of ours may make. ISO 8601. Undefined: the answer bore no `Date`. */
  async now(): Promise<string | undefined> {
    const { asOf, isUndated } = await this.events(eventTypes, { createdFrom: 0, createdTo: 0 });
    return isUndated ? undefined : asOf;
  }

  /** The id of the key's own account. */
  async account(): Promise<string> {
    const call = (options: Options) => this.#stripe.accounts.retrieveCurrent({}, options);
    const { object } = await this.#requests.ask({ what: 'GET /v1/account', call, asked: { object: 'account' } }, accountSchema);
    return object.id;
  }

  /** The key's mode; true is live. Nothing else shows it while there are no objects yet. */
  async livemode(): Promise<boolean> {
    const call = (options: Options) => this.#stripe.balance.retrieve({}, options);
    const { object } = await this.#requests.ask({ what: 'GET /v1/balance', call, asked: { object: 'balance' } }, balanceSchema);
    return object.livemode;
  }

  /** @throws LedgerError `invalid_input`: Stripe refuses the parameters. */
  createSession(parameters: Stripe.Checkout.SessionCreateParams, idempotencyKey: string): Promise<Answer<CreatedSession>> {
    const { sessions } = this.#stripe.checkout;
    const call = (options: Options) => sessions.create(parameters, { ...options, idempotencyKey });
    const asked = { object: 'checkout.session', metadata: parameters.metadata || {} };
    return this.#requests.ask(creation('POST /v1/checkout/sessions', call, asked), createdSessionSchema);
  }

  /** @throws LedgerError `invalid_input`: Stripe refuses, as it does for a session that is not open. */
  expireSession(sessionId: string, idempotencyKey: string): Promise<Answer> {
    const { sessions } = this.#stripe.checkout;
    const what = `POST /v1/checkout/sessions/${sessionId}/expire`;
    const call = (options: Options) => sessions.expire(sessionId, {}, { ...options, idempotencyKey });
    const asked = { object: 'checkout.session', id: sessionId };
    return this.#requests.ask({ what, call, asked, refusedAs: 'invalid_input' }, anySchema);
  }

  /** @throws LedgerError `invalid_input`: Stripe refuses the parameters. */
  createIntent(parameters: Stripe.PaymentIntentCreateParams, idempotencyKey: string): Promise<Answer<CreatedIntent>> {
    const { paymentIntents } = this.#stripe;
    const call = (options: Options) => paymentIntents.create(parameters, { ...options, idempotencyKey });
    const asked = { object: 'payment_intent', metadata: parameters.metadata || {} };
    return this.#requests.ask(creation('POST /v1/payment_intents', call, asked), createdIntentSchema);
  }

  /** @throws LedgerError `invalid_input`: Stripe refuses, as it does once the intent is paid or being collected. */
  cancelIntent(id: string, idempotencyKey: string): Promise<Answer> {
    const { paymentIntents } = this.#stripe;
    const call = (options: Options) => paymentIntents.cancel(id, {}, { ...options, idempotencyKey });
    const asked = { object: 'payment_intent', id };
    return this.#requests.ask({ what: `POST /v1/payment_intents/${id}/cancel`, call, asked, refusedAs: 'invalid_input' }, anySchema);
  }

  /** All line items of a session, of which its own answer has the first ten. */
  async lineItems(sessionId: string): Promise<readonly StripeLineItem[]> {
    const { sessions } = this.#stripe.checkout;
    const what = `GET /v1/checkout/sessions/${sessionId}/line_items`;
    const call = (options: Options) => sessions.listLineItems(sessionId, { limit: pageLimit }, options);
    const asked = { object: 'list', of: { object: 'item' } };
    return (await this.#requests.ask({ what, call, asked }, lineItemsSchema)).object.data;
  }

  /** The session with its payment intent and charge expanded. Undefined: Stripe has none of this id in our account and mode. */
  session(id: string, timeoutMs?: number): Promise<Answer | undefined> {
    const { sessions } = this.#stripe.checkout;
    const parameters = { expand: ['payment_intent.latest_charge'] };
    const call = (options: Options) => sessions.retrieve(id, parameters, options);
    return this.#find(`GET /v1/checkout/sessions/${id}`, call, { object: 'checkout.session', id }, timeoutMs);
  }

  /** The payment intent with its charge expanded. Undefined: Stripe has none of this id in our account and mode. */
  intent(id: string, timeoutMs?: number): Promise<Answer | undefined> {
    const { paymentIntents } = this.#stripe;
    const parameters = { expand: ['latest_charge'] };
    const call = (options: Options) => paymentIntents.retrieve(id, parameters, options);
    return this.#find(`GET /v1/payment_intents/${id}`, call, { object: 'payment_intent', id }, timeoutMs);
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
        return this.#find(`GET /v1/refunds/${id}`, (options) => refunds.retrieve(id, { expand: refundParts }, options), asked);
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
    const call = (options: Options) => sessions.list(parameters, options);
    const found = await this.#requests.listOf({ what, call }, { object: 'checkout.session', where: of });
    const [session] = found?.object.objects ?? [];
    return found && session !== undefined ? { ...found, object: session } : undefined;
  }

  /** The newest hundred refunds. Undefined: Stripe has no such payment in our account and mode. */
  refunds(of: RefundsOf): Promise<Answer<ListPage> | undefined> {
    const what = `GET /v1/refunds?${new URLSearchParams({ ...of })}`;
    const parameters = { ...of, limit: pageLimit, expand: refundParts.map((part) => `data.${part}`) };
    const call = (options: Options) => this.#stripe.refunds.list(parameters, options);
    return this.#requests.listOf({ what, call }, { object: 'refund', where: of });
  }

  /** The newest hundred disputes. Undefined: Stripe has no such payment in our account and mode. */
  disputes(intentId: string): Promise<Answer<ListPage> | undefined> {
    const of = { payment_intent: intentId };
    const what = `GET /v1/disputes?payment_intent=${intentId}`;
    const parameters = { ...of, limit: pageLimit, expand: [`data.${disputedCharge}`] };
    const call = (options: Options) => this.#stripe.disputes.list(parameters, options);
    return this.#requests.listOf({ what, call }, { object: 'dispute', where: of });
  }

  /** Completed sessions, each with its payment intent and charge expanded. */
  completeSessions(window: ListWindow): Promise<Answer<ListPage>> {
    const { sessions } = this.#stripe.checkout;
    const parameters = { status: 'complete', ...pageOf(window), expand: ['data.payment_intent.latest_charge'] };
    const call = (options: Options) => sessions.list(parameters, options);
    const what = 'GET /v1/checkout/sessions?status=complete';
    return this.#requests.list({ what, call, timeoutMs: listTimeoutMs }, { object: 'checkout.session' });
  }

  /** Snapshot events of these types, at most twenty; Stripe keeps them for 30 days. */
  events(types: readonly string[], window: ListWindow): Promise<Answer<ListPage>> {
    const parameters = { types: [...types], ...pageOf(window) };
    const call = (options: Options) => this.#stripe.events.list(parameters, options);
    return this.#requests.list({ what: 'GET /v1/events', call, timeoutMs: listTimeoutMs }, { object: 'event' });
  }

  /** Every movement of money, with its source object expanded. */
  balanceTransactions(window: ListWindow): Promise<Answer<ListPage>> {
    const parameters = { ...pageOf(window), expand: ['data.source'] };
    const call = (options: Options) => this.#stripe.balanceTransactions.list(parameters, options);
    const what = 'GET /v1/balance_transactions';
    return this.#requests.list({ what, call, timeoutMs: listTimeoutMs }, { object: 'balance_transaction' });
  }

  #find(what: string, call: StripeRequest['call'], asked: StripeRequest['asked'], timeoutMs?: number): Promise<Answer | undefined> {
    return this.#requests.find({ what, call, asked, ...(timeoutMs === undefined ? {} : { timeoutMs }) });
  }
}

/** Its parameters are those of the caller, typed by the SDK of the shop, and so in its release. */
function creation(what: string, call: StripeRequest['call'], asked: StripeRequest['asked']): StripeRequest {
  return { what, call, asked, timeoutMs: createTimeoutMs, refusedAs: 'invalid_input', release: 'of the shop' };
}
