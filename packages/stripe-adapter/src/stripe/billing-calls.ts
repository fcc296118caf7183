// The calls that subscriptions need, each in our own release of Stripe's API as the others are.
import { defined } from '@paidonce/ledger/adapter';
import type { BillingType } from './billing-types.ts';
import type { BillingClient, StripeRequestOptions as Options, StripeClient } from './client.ts';
import { type ListWindow, pageLimit, pageOf } from './list-window.ts';
import { identityOf } from './stripe-objects.ts';
import type { Answer, ListPage, StripeRequest, StripeRequests } from './stripe-request.ts';
import { portalSessionSchema, priceSchema, type StripePrice } from './subscription-objects.ts';

const listTimeoutMs = 20_000;
const createTimeoutMs = 20_000;
/** Stripe expands four levels, and the payments of an invoice are never in it unasked. */
const newestInvoice = 'latest_invoice.payments';
/** Pages of a hundred. More than 250 lines of an invoice are not taken, and of all invoices the newest are enough. */
const mostPages = 3;

/** All objects of a list, as of the first of its reads. */
export interface WholeList extends Pick<Answer, 'asOf' | 'isUndated' | 'apiVersion'> {
  readonly objects: readonly unknown[];
}

/** Each method throws LedgerError as those of `StripeCalls`. */
export class BillingCalls {
  readonly #stripe: StripeClient & BillingClient;
  readonly #requests: StripeRequests;

  constructor(stripe: StripeClient & BillingClient, requests: StripeRequests) {
    this.#stripe = stripe;
    this.#requests = requests;
  }

  /** Expanded by what its meaning depends on. Undefined: Stripe has none of this id in our account and mode. */
  object(type: BillingType, id: string): Promise<Answer | undefined> {
    const { subscriptions, invoices, invoicePayments, creditNotes } = this.#stripe;
    const asked = { object: type, id };
    switch (type) {
      case 'subscription': {
        const call = (options: Options) => subscriptions.retrieve(id, { expand: [newestInvoice] }, options);
        return this.#requests.find({ what: `GET /v1/subscriptions/${id}`, call, asked });
      }
      case 'invoice': {
        const call = (options: Options) => invoices.retrieve(id, { expand: ['payments'] }, options);
        return this.#requests.find({ what: `GET /v1/invoices/${id}`, call, asked });
      }
      case 'invoice_payment': {
        const call = (options: Options) => invoicePayments.retrieve(id, {}, options);
        return this.#requests.find({ what: `GET /v1/invoice_payments/${id}`, call, asked });
      }
      case 'credit_note': {
        const call = (options: Options) => creditNotes.retrieve(id, {}, options);
        return this.#requests.find({ what: `GET /v1/credit_notes/${id}`, call, asked });
      }
    }
  }

  /** A session with the subscription that it began, and that one's newest invoice. Undefined: as `object`. */
  session(id: string, timeoutMs?: number): Promise<Answer | undefined> {
    const { sessions } = this.#stripe.checkout;
    const call = (options: Options) => sessions.retrieve(id, { expand: [`subscription.${newestInvoice}`] }, options);
    const asked = { object: 'checkout.session', id };
    return this.#requests.find({ what: `GET /v1/checkout/sessions/${id}`, call, asked, ...defined({ timeoutMs }) });
  }

  /** All lines of an invoice: those that came with it are the first ten, prorations before the rest. Undefined: as `object`. */
  invoiceLines(invoiceId: string): Promise<WholeList | undefined> {
    const what = `GET /v1/invoices/${invoiceId}/lines`;
    const page = (after: object) => (options: Options) =>
      this.#stripe.invoices.listLineItems(invoiceId, { limit: pageLimit, ...after }, options);
    return this.#whole(what, page, 'line_item');
  }

  /** All items of a subscription. Undefined: as `object`. */
  items(subscription: string): Promise<WholeList | undefined> {
    const what = `GET /v1/subscription_items?subscription=${subscription}`;
    const page = (after: object) => (options: Options) =>
      this.#stripe.subscriptionItems.list({ subscription, limit: pageLimit, ...after }, options);
    return this.#whole(what, page, 'subscription_item');
  }

  /**
   * The invoices of a subscription with their payments, the newest first. Undefined: as `object`.
   *
   * @param createdFrom Unix seconds. Default: all.
   */
  invoicesOf(subscription: string, createdFrom?: number): Promise<WholeList | undefined> {
    const what = `GET /v1/invoices?subscription=${subscription}`;
    const since = createdFrom === undefined ? {} : { created: { gte: createdFrom } };
    const parameters = { subscription, ...since, limit: pageLimit, expand: ['data.payments'] };
    const page = (after: object) => (options: Options) => this.#stripe.invoices.list({ ...parameters, ...after }, options);
    return this.#whole(what, page, 'invoice');
  }

  /** Paid invoices by their creation, with their payments. */
  paidInvoices(window: ListWindow): Promise<Answer<ListPage>> {
    const parameters = { status: 'paid', ...pageOf(window), expand: ['data.payments'] };
    const call = (options: Options) => this.#stripe.invoices.list(parameters, options);
    return this.#requests.list({ what: 'GET /v1/invoices?status=paid', call, timeoutMs: listTimeoutMs }, { object: 'invoice' });
  }

  /**
   * Subscriptions of every status: by default Stripe leaves the canceled ones out.
   *
   * @param expansion `newest_invoice`: each with its newest invoice and that one's payments, as `object` reads it.
   */
  subscriptions(window: ListWindow, expansion?: 'newest_invoice'): Promise<Answer<ListPage>> {
    const expanded = expansion === undefined ? {} : { expand: [`data.${newestInvoice}`] };
    const parameters = { status: 'all', ...pageOf(window), ...expanded };
    const call = (options: Options) => this.#stripe.subscriptions.list(parameters, options);
    return this.#requests.list({ what: 'GET /v1/subscriptions?status=all', call, timeoutMs: listTimeoutMs }, { object: 'subscription' });
  }

  /** What a payment intent paid for, each with its invoice. Undefined: as `object`. */
  paymentsOfIntent(intentId: string): Promise<Answer<ListPage> | undefined> {
    const payment = { type: 'payment_intent', payment_intent: intentId };
    const parameters = { payment, limit: pageLimit, expand: ['data.invoice'] };
    const call = (options: Options) => this.#stripe.invoicePayments.list(parameters, options);
    const what = `GET /v1/invoice_payments?payment[payment_intent]=${intentId}`;
    return this.#requests.listOf({ what, call }, { object: 'invoice_payment' });
  }

  /** Credit notes by their creation. */
  creditNotes(window: ListWindow): Promise<Answer<ListPage>> {
    const call = (options: Options) => this.#stripe.creditNotes.list(pageOf(window), options);
    return this.#requests.list({ what: 'GET /v1/credit_notes', call, timeoutMs: listTimeoutMs }, { object: 'credit_note' });
  }

  /** The newest hundred credit notes of an invoice. Undefined: as `object`. */
  creditNotesOf(invoice: string): Promise<Answer<ListPage> | undefined> {
    const call = (options: Options) => this.#stripe.creditNotes.list({ invoice, limit: pageLimit }, options);
    const what = `GET /v1/credit_notes?invoice=${invoice}`;
    return this.#requests.listOf({ what, call }, { object: 'credit_note' });
  }

  /** Undefined: as `object`. */
  async price(id: string): Promise<StripePrice | undefined> {
    const call = (options: Options) => this.#stripe.prices.retrieve(id, {}, options);
    const answer = await this.#requests.find({ what: `GET /v1/prices/${id}`, call, asked: { object: 'price', id } }, priceSchema);
    return answer?.object;
  }

  /** The address of a page of Stripe's for this customer. @throws LedgerError `invalid_input`: Stripe refuses. */
  async portalUrl(customer: string, returnUrl: string, idempotencyKey: string): Promise<string> {
    const { sessions } = this.#stripe.billingPortal;
    const call = (options: Options) => sessions.create({ customer, return_url: returnUrl }, { ...options, idempotencyKey });
    const request: StripeRequest = {
      what: 'POST /v1/billing_portal/sessions',
      call,
      asked: { object: 'billing_portal.session' },
      timeoutMs: createTimeoutMs,
      refusedAs: 'invalid_input',
    };
    return (await this.#requests.ask(request, portalSessionSchema)).object.url;
  }

  async #whole(what: string, page: (after: object) => StripeRequest['call'], object: string): Promise<WholeList | undefined> {
    const objects: unknown[] = [];
    let first: Answer<ListPage> | undefined;
    for (let pages = 0, after = {}; pages < mostPages; pages++) {
      const answer = await this.#requests.listOf({ what, call: page(after), timeoutMs: listTimeoutMs }, { object });
      if (answer === undefined) return undefined;
      first ??= answer;
      objects.push(...answer.object.objects);
      const last = identityOf(answer.object.objects.at(-1)).id;
      if (!answer.object.hasMore || last === undefined) break;
      after = { starting_after: last };
    }
    return first && { objects, asOf: first.asOf, ...defined({ isUndated: first.isUndated, apiVersion: first.apiVersion }) };
  }
}
