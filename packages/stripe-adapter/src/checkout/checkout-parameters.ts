// What is asked of Stripe for an order: the caller's parameters, with what makes the object ours and pins the price.
import { createHash } from 'node:crypto';
import { defined } from '@paidonce/ledger/adapter';
import type Stripe from 'stripe';
import type { CheckedStart, CheckoutUi } from './checkout-terms.ts';

type OwnPage = Exclude<CheckoutUi, 'hosted' | 'intent'>;

const uiModes: Readonly<Record<OwnPage, string>> = { embedded: 'embedded_page', elements: 'elements' };
/** Stripe renamed them in this version. */
const renamedIn = '2026-03-25';
const formerUiModes: Readonly<Record<OwnPage, string>> = { embedded: 'embedded', elements: 'custom' };

/**
 * `currency` is always named: a price in several currencies would otherwise be charged in that of the visitor's country.
 *
 * @param version the one in which Stripe reads them.
 */
export function sessionParameters(
  checked: CheckedStart,
  marks: Stripe.MetadataParam,
  version: string,
): Stripe.Checkout.SessionCreateParams {
  const { order, session = {} } = checked;
  const { plan, amountMinor, currency } = order;
  return {
    line_items: [{ quantity: 1, price_data: { currency, unit_amount: amountMinor, product_data: { name: plan } } }],
    ...session,
    mode: 'payment',
    currency,
    ...pages(checked, version),
    metadata: { ...session.metadata, ...marks },
    payment_intent_data: { ...session.payment_intent_data, metadata: { ...session.payment_intent_data?.metadata, ...marks } },
    expand: [...new Set([...(session.expand ?? []), 'line_items'])],
  };
}

function pages({ ui, successUrl, cancelUrl, returnUrl }: CheckedStart, version: string): Partial<Stripe.Checkout.SessionCreateParams> {
  if (ui === 'embedded' || ui === 'elements') {
    const names = version !== '' && version < renamedIn ? formerUiModes : uiModes;
    return { ui_mode: names[ui], ...defined({ return_url: returnUrl }) };
  }
  return defined({ success_url: successUrl, cancel_url: cancelUrl });
}

export function intentParameters({ order, intent = {} }: CheckedStart, marks: Stripe.MetadataParam): Stripe.PaymentIntentCreateParams {
  const { amountMinor, currency } = order;
  return {
    ...intent,
    amount: amountMinor,
    currency,
    metadata: { ...(intent.metadata || {}), ...marks },
  };
}

/** The idempotency key, from the log and the terms alone, so that every process and every retry uses the same one. */
export function keyFor({ order }: CheckedStart, parameters: object, attached: number, scope: string): string {
  const { orderId, amountMinor, currency } = order;
  return `${scope}-${orderId}-checkout-${attached}-${hashOf([amountMinor, currency, parameters])}`;
}

export function hashOf(values: unknown): string {
  return createHash('sha256').update(JSON.stringify(values)).digest('hex').slice(0, 32);
}

/** Where the customer pays on a session of this `ui_mode`. The names of older API versions are here too. */
export function uiOf(uiMode: unknown): CheckoutUi | undefined {
  if (uiMode === null || uiMode === undefined || uiMode === 'hosted_page' || uiMode === 'hosted') return 'hosted';
  if (uiMode === 'embedded_page' || uiMode === 'embedded') return 'embedded';
  return uiMode === 'elements' || uiMode === 'custom' ? 'elements' : undefined;
}
