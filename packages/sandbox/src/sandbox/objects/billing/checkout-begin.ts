// A Checkout session of mode `subscription` is completed: its subscription begins, and its payment pays the first invoice.
import type Stripe from 'stripe';
import { defined } from '../../../defined.ts';
import { found } from '../../api/route.ts';
import type { Model } from '../../model.ts';
import type { CatalogPrice, CheckoutRecord } from '../../state/records.ts';
import { couponOfSession } from '../coupons.ts';
import { type Announcement, emitOwn } from '../events.ts';
import { computeAmounts } from '../session-amounts.ts';
import { dueToday, NO_TERMS, sessionLines, trialEndOf } from './checkout-terms.ts';
import { beginSubscription } from './subscription-begin.ts';
import { changeSubscription, putSubscription } from './subscription-record.ts';

/** The session with what is due at this moment, which is what its invoice will say. */
export function withDueToday(model: Model, record: CheckoutRecord): CheckoutRecord {
  const { session, subscription: terms } = record;
  if (!terms) return record;
  const rules = { coupon: couponOfSession(model, session), taxed: session.automatic_tax.enabled };
  const { lineItems, totals } = dueToday(model, record.lineItems, terms, rules);
  const amounts = computeAmounts(lineItems, { ...rules, shippingMinor: 0 });
  const discount = (totals.total_discount_amounts ?? []).reduce((sum, { amount }) => sum + amount, 0);
  const tax = (totals.total_taxes ?? []).reduce((sum, { amount }) => sum + amount, 0);
  return {
    ...record,
    lineItems: amounts.lineItems,
    session: {
      ...session,
      amount_subtotal: totals.subtotal,
      amount_total: totals.total,
      total_details: { amount_discount: discount, amount_shipping: 0, amount_tax: tax },
    },
  };
}

export interface Beginning {
  readonly record: CheckoutRecord;
  /** What it is paid with from now on; null: the customer gave none. */
  readonly method: string | null;
  /** Undefined: nothing was due. */
  readonly intent: Stripe.PaymentIntent | undefined;
  /** The webhooks go with those of the session. */
  readonly about: Announcement;
}

/** Returns what the session shows of it. Call it within a transaction. */
export function beginFromSession(
  model: Model,
  { record, method, intent, about }: Beginning,
): Pick<Stripe.Checkout.Session, 'subscription' | 'invoice'> {
  const { state } = model;
  const { session, lineItems, subscription: terms = NO_TERMS } = record;
  const customer = String(session.customer);
  if (method !== null) attach(model, method, customer);
  for (const { price } of lineItems) if (price && !state.prices.get(price.id)) state.prices.put(price as unknown as CatalogPrice);
  const coupon = couponOfSession(model, session);
  const code = session.discounts?.[0]?.promotion_code;
  const { id } = beginSubscription(model, {
    ...sessionLines(model, lineItems),
    customer,
    currency: session.currency ?? 'usd',
    discounts: coupon ? [{ coupon: coupon.id, promotionCode: typeof code === 'string' ? code : null }] : [],
    trialEnd: trialEndOf(model, terms),
    anchor: terms.anchor,
    prorates: terms.prorates,
    taxed: session.automatic_tax.enabled,
    collect: false,
    intent,
    session: about,
    sessionId: session.id,
    fields: {
      metadata: terms.metadata,
      description: terms.description,
      default_payment_method: method,
      ...defined({ trial_settings: terms.trialSettings ?? undefined }),
    },
  });
  const begun = found(state.subscriptions.get(id), 'subscription', id);
  // A debit that the bank has not decided yet lets the subscription begin.
  const running = begun.subscription.status === 'incomplete' ? changeSubscription(model, begun, { status: 'active' }) : begun;
  putSubscription(model, { ...running, session: null });
  return { subscription: id, invoice: running.subscription.latest_invoice };
}

function attach(model: Model, id: string, customer: string): void {
  const record = model.state.paymentMethods.get(id);
  if (!record || record.method.customer === customer) return;
  const { method } = model.state.paymentMethods.put({ ...record, method: { ...record.method, customer } });
  emitOwn(model, 'payment_method.attached', method);
}
