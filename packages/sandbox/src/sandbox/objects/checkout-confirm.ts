// The customer pays: what the button of the hosted page does to the session, its intent and its charge.
import type Stripe from 'stripe';
import { invalidRequest } from '../api/stripe-error.ts';
import type { Fate } from '../fate.ts';
import type { Model } from '../model.ts';
import type { CheckoutRecord } from '../state/records.ts';
import type { PaymentOption } from '../test-cards.ts';
import { releaseReordered } from '../webhooks/enqueue.ts';
import { fateOfSession } from './announcement.ts';
import { beginFromSession, withDueToday } from './billing/checkout-begin.ts';
import { DESCRIPTIONS } from './billing/invoice-finalize.ts';
import { challengeUrl } from './challenge.ts';
import { refuseUnchargeable } from './charge-limits.ts';
import { filledSuccessUrl, renderSession } from './checkout-record.ts';
import { couponOfSession } from './coupons.ts';
import { type CustomerChoices, choose } from './customer-choices.ts';
import { addCustomer } from './customers.ts';
import { disputeByItself } from './disputes.ts';
import { type Announcement, emit, emitOwn } from './events.ts';
import { type Confirmed, confirmIntent } from './intent-confirm.ts';
import { buildIntent } from './intent-object.ts';
import { countCompleted } from './payment-link-record.ts';
import { makeMethod } from './payment-method-record.ts';
import { present } from './presentment.ts';
import { computeAmounts } from './session-amounts.ts';

/** What happened to a payment on the hosted page. */
export type Confirmation =
  /** The session is complete; the customer goes to `successUrl`. */
  | { readonly outcome: 'completed'; readonly successUrl: string; readonly session: Stripe.Checkout.Session }
  /** The session stays open: the customer may try again. */
  | { readonly outcome: 'declined'; readonly message: string; readonly session: Stripe.Checkout.Session }
  /** The session stays open until the customer's bank answers (3-D Secure). The customer answers at `url`. */
  | { readonly outcome: 'requires_action'; readonly url: string; readonly session: Stripe.Checkout.Session };

export interface CheckoutChoice extends CustomerChoices {
  readonly fate?: Fate | undefined;
  /** With adaptive pricing: the currency that the customer sees and pays. */
  readonly presentmentCurrency?: string | undefined;
}

/** Call it within a transaction. @throws StripeApiError 400 if the session is not open. */
export function confirm(model: Model, id: string, option: PaymentOption, choice: CheckoutChoice = {}): Confirmation {
  const { state } = model;
  const found = state.sessions.get(id);
  if (found?.session.status !== 'open') {
    throw invalidRequest(`Checkout session ${id} is ${found?.session.status ?? 'unknown'}: it cannot be paid.`, {
      code: 'resource_missing',
    });
  }
  const chosen = withDueToday(model, choose(model, { ...found, fate: choice.fate ?? found.fate }, choice));
  const withTax = taxed(couponOfSession(model, chosen.session), chosen);
  if (found.session.mode === 'payment') refuseUnchargeable(withTax.session.amount_total ?? 0, withTax.session.currency ?? 'usd', 'amount');
  const record = state.sessions.put(withCustomer(model, present(withTax, choice.presentmentCurrency)));
  const about: Announcement = { group: id, fate: fateOfSession(record) };
  const { mode } = record.session;
  if (mode !== 'setup' && record.session.amount_total !== 0) {
    const linked = withIntent(model, record, option, about);
    const intent = state.intents.get(intentIdOf(linked)) as Stripe.PaymentIntent;
    const voucherUrl = `${model.baseUrl}/c/pay/${id}`;
    return finish(model, linked, option, confirmIntent(model, intent, option, about, { voucherUrl }));
  }
  if (mode === 'subscription') return beginFree(model, record, option, about);
  return complete(model, record, about, {
    payment_status: mode === 'setup' ? 'no_payment_required' : model.zeroAmountStatus,
    ...(mode === 'setup' ? { setup_intent: model.newId('seti_') } : {}),
  });
}

/** Nothing is due today. The payment method is kept for later, and one that cannot even be kept is declined. */
function beginFree(model: Model, record: CheckoutRecord, option: PaymentOption, about: Announcement): Confirmation {
  const { session } = record;
  const isAsked = session.payment_method_collection !== 'if_required';
  if (isAsked && option.behaviour === 'declined' && !option.savedOnly) {
    return { outcome: 'declined', message: option.failure?.message ?? 'Your card was declined.', session: renderSession(model, record) };
  }
  const method = isAsked ? makeMethod(model, option, { billing: { email: session.customer_email } }).id : null;
  const begun = beginFromSession(model, { record, method, intent: undefined, about });
  return complete(model, record, about, { payment_status: 'no_payment_required', ...begun });
}

/** The state of the intent decides that of the session. Call it within a transaction. */
export function finish(model: Model, record: CheckoutRecord, option: PaymentOption, confirmed: Confirmed): Confirmation {
  const about: Announcement = { group: record.id, fate: fateOfSession(record) };
  switch (confirmed.outcome) {
    case 'declined':
      return { outcome: 'declined', message: confirmed.failure.message, session: renderSession(model, record) };
    case 'challenge':
      return { outcome: 'requires_action', url: challengeUrl(model, confirmed.intent.id), session: renderSession(model, record) };
    default: {
      const { intent } = confirmed;
      const method = String(intent.payment_method);
      const begun = record.session.mode === 'subscription' ? beginFromSession(model, { record, method, intent, about }) : {};
      const completed = complete(model, record, about, { payment_status: confirmed.outcome === 'paid' ? 'paid' : 'unpaid', ...begun });
      if (confirmed.outcome === 'paid') disputeByItself(model, confirmed.intent, option);
      return completed;
    }
  }
}

/** `customer_creation: 'always'`, or a subscription: whoever pays becomes a customer of the shop. */
function withCustomer(model: Model, record: CheckoutRecord): CheckoutRecord {
  const { session } = record;
  const isWanted = session.customer_creation === 'always' || session.mode === 'subscription';
  if (!isWanted || session.customer !== null) return record;
  const customer = addCustomer(model, { email: emailOf(session), name: CUSTOMER_NAME, phone: null, description: null, metadata: {} });
  emitOwn(model, 'customer.created', customer);
  return { ...record, session: { ...session, customer: customer.id } };
}

const CUSTOMER_NAME = 'A. Customer';

function emailOf({ customer_email: email }: Stripe.Checkout.Session): string {
  return email ?? 'customer@example.com';
}

/** The session's one intent, created at the first confirmation; a retry after a decline uses it again. */
function withIntent(model: Model, record: CheckoutRecord, option: PaymentOption, about: Announcement): CheckoutRecord {
  const { state } = model;
  const { session, intentData } = record;
  const method = makeMethod(model, option, { billing: { email: session.customer_email } });
  const chosen = {
    payment_method: method.id,
    ...(session.presentment_details ? { presentment_details: session.presentment_details } : {}),
  };
  const known = state.intents.get(intentIdOf(record));
  if (known) {
    state.challenges.remove(known.id);
    state.intents.put({ ...known, ...chosen, next_action: null });
    return record;
  }
  const isSubscription = session.mode === 'subscription';
  const intent = buildIntent(model, {
    ...intentData,
    ...(isSubscription ? { description: DESCRIPTIONS.subscription_create ?? null, setupFutureUsage: 'off_session' as const } : {}),
    amountMinor: session.amount_total ?? 0,
    currency: session.currency ?? 'usd',
    customer: typeof session.customer === 'string' ? session.customer : null,
    methodTypes: session.payment_method_types,
  });
  emit(model, 'payment_intent.created', intent, about);
  state.intents.put({ ...intent, ...chosen, payment_method_types: [option.type] });
  if (isSubscription) return state.sessions.put({ ...record, intent: intent.id });
  return state.sessions.put({ ...record, session: { ...session, payment_intent: intent.id } });
}

/** A session of a subscription shows its intent on the first invoice only. */
function intentIdOf({ session, intent }: CheckoutRecord): string {
  return intent ?? String(session.payment_intent);
}

function complete(model: Model, record: CheckoutRecord, about: Announcement, fields: Partial<Stripe.Checkout.Session>): Confirmation {
  const { session } = record;
  const completed = model.state.sessions.put({
    ...record,
    session: {
      ...session,
      ...fields,
      status: 'complete',
      customer_details: {
        address: null,
        business_name: null,
        email: emailOf(session),
        individual_name: null,
        name: CUSTOMER_NAME,
        phone: null,
        tax_exempt: 'none',
        tax_ids: [],
      },
    },
  });
  countCompleted(model, completed.session.payment_link);
  const rendered = renderSession(model, completed);
  emit(model, 'checkout.session.completed', rendered, about);
  // An unpaid payment goes on: its settlement or capture releases the held webhooks.
  if (completed.session.payment_status !== 'unpaid') releaseReordered(model, about);
  return { outcome: 'completed', successUrl: filledSuccessUrl(model, completed), session: rendered };
}

/** Adds automatic tax: it needs an address, so it is known only now. */
function taxed(coupon: Stripe.Coupon | undefined, record: CheckoutRecord): CheckoutRecord {
  const { session } = record;
  if (!session.automatic_tax.enabled) return record;
  const amounts = computeAmounts(record.lineItems, { coupon, shippingMinor: session.total_details?.amount_shipping ?? 0, taxed: true });
  return {
    ...record,
    lineItems: amounts.lineItems,
    session: {
      ...session,
      amount_total: amounts.totalMinor,
      total_details: amounts.details,
      automatic_tax: { ...session.automatic_tax, status: 'complete' },
    },
  };
}
