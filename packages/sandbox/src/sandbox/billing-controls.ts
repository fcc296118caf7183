// What a test, a demo or a page can do about subscriptions: act as the customer in the portal and on an invoice's page.
import type Stripe from 'stripe';
import { parseForm } from './api/form.ts';
import { Parameters } from './api/parameters.ts';
import { invalidRequest, noSuchObject } from './api/stripe-error.ts';
import type { SandboxCore } from './core.ts';
import type { Model } from './model.ts';
import { collectInvoice } from './objects/billing/invoice-collect.ts';
import { renderInvoice } from './objects/billing/invoice-record.ts';
import { isEnded, renderSubscription } from './objects/billing/subscription-record.ts';
import { updateSubscription } from './objects/billing/subscription-update.ts';
import { challengeUrl } from './objects/challenge.ts';
import { emitOwn } from './objects/events.ts';
import { makeMethod } from './objects/payment-method-record.ts';
import type { SubscriptionRecord } from './state/billing-records.ts';
import { optionNamed } from './test-cards.ts';

/** What became of a payment on an invoice's page. */
export type InvoicePaid =
  | { readonly outcome: 'paid' | 'processing'; readonly invoice: Stripe.Invoice }
  | { readonly outcome: 'declined'; readonly message: string; readonly invoice: Stripe.Invoice }
  /** The customer's bank asks first (3-D Secure), at `url`. */
  | { readonly outcome: 'requires_action'; readonly url: string; readonly invoice: Stripe.Invoice };

export class BillingControls {
  readonly #core: SandboxCore;

  constructor(core: SandboxCore) {
    this.#core = core;
  }

  /**
   * The customer pays an invoice by the link in its mail, also after the subscription has ended. Default card `success`.
   *
   * @throws StripeApiError 404 for an unknown invoice, 400 for one that is not owed.
   * @throws Error for an unknown card.
   */
  payInvoice(invoiceId: string, { card = 'success' }: { readonly card?: string } = {}): InvoicePaid {
    const option = optionNamed(card);
    return this.#core.change(invoiceId, (model) => {
      const record = model.state.invoices.get(invoiceId);
      if (!record) throw noSuchObject('invoice', invoiceId);
      if (record.invoice.status !== 'open' && record.invoice.status !== 'uncollectible') {
        throw invalidRequest(`The invoice ${invoiceId} is ${record.invoice.status}: nothing is owed.`);
      }
      const method = makeMethod(model, option, {
        billing: { email: record.invoice.customer_email },
        customer: String(record.invoice.customer),
      }).id;
      const collected = collectInvoice(model, record, { method, automatic: false });
      const invoice = renderInvoice(model, model.state.invoices.get(invoiceId) ?? record);
      if (collected.outcome === 'failed') return { outcome: 'declined', message: collected.failure.message, invoice };
      if (collected.outcome === 'action') return { outcome: 'requires_action', url: challengeUrl(model, collected.intent.id), invoice };
      return { outcome: collected.outcome === 'processing' ? 'processing' : 'paid', invoice };
    });
  }

  /**
   * The customer gives another card, which pays all further invoices. Returns its id.
   *
   * @throws StripeApiError 404 for an unknown customer.
   * @throws Error for an unknown card.
   */
  changeCard(customerId: string, card: string): string {
    const option = optionNamed(card);
    return this.#core.change(customerId, (model) => {
      const { state } = model;
      const customer = state.customers.get(customerId);
      if (!customer) throw noSuchObject('customer', customerId);
      const { id, method } = makeMethod(model, option, { billing: { email: customer.email }, customer: customerId });
      emitOwn(model, 'payment_method.attached', method);
      const before = customer.invoice_settings;
      const changed = state.customers.put({ ...customer, invoice_settings: { ...before, default_payment_method: id } });
      emitOwn(model, 'customer.updated', changed, { invoice_settings: before });
      for (const record of state.subscriptions.withKey(customerId)) {
        if (!isEnded(record) && record.subscription.default_payment_method !== null) update(model, record, `default_payment_method=${id}`);
      }
      return id;
    });
  }

  /** The customer changes a subscription in the portal. `form`: parameters of Stripe's update. @throws StripeApiError 400, 404 */
  changeSubscription(subscriptionId: string, form: string): Stripe.Subscription {
    return this.#core.change(subscriptionId, (model) => {
      update(model, subscriptionOf(model, subscriptionId), form);
      return renderSubscription(subscriptionOf(model, subscriptionId));
    });
  }
}

function subscriptionOf({ state }: Model, id: string): SubscriptionRecord {
  const record = state.subscriptions.get(id);
  if (!record) throw noSuchObject('subscription', id);
  return record;
}

function update(model: Model, record: SubscriptionRecord, form: string): void {
  if (isEnded(record)) throw invalidRequest(`The subscription ${record.id} has ended.`);
  const parameters = new Parameters(parseForm(form));
  updateSubscription({ model, parameters, version: model.apiVersion, id: record.id }, record);
}
