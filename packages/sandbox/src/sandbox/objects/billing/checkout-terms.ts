// What a Checkout session of mode `subscription` will begin: its terms, and what of that is due today.
import type Stripe from 'stripe';
import type { Parameters } from '../../api/parameters.ts';
import { invalidRequest } from '../../api/stripe-error.ts';
import type { Model } from '../../model.ts';
import type { CheckoutSubscription, LineDraft } from '../../state/billing-records.ts';
import type { CatalogPrice } from '../../state/records.ts';
import { refuseUnknownFate } from '../announcement.ts';
import { DAY_SECONDS } from './calendar.ts';
import { type PricedLines, priceLines } from './invoice-lines.ts';
import { type NewItem, previewLines } from './subscription-begin.ts';
import { readAnchor } from './subscription-create.ts';
import { refuseUnknownDunning } from './subscription-status.ts';
import { readTrialSettings, refuseMissing } from './subscription-terms.ts';

export const NO_TERMS: CheckoutSubscription = {
  metadata: {},
  description: null,
  trialDays: null,
  trialEnd: null,
  anchor: null,
  prorates: true,
  trialSettings: null,
};
/** Stripe keeps a day between the session and the end of its trial. */
const LEAST_TRIAL_SECONDS = 2 * DAY_SECONDS;

/** `subscription_data`. @throws StripeApiError 400 */
export function readCheckoutSubscription(model: Model, parameters: Parameters): CheckoutSubscription {
  const data = parameters.hash('subscription_data');
  if (!data) return NO_TERMS;
  refuseMissing(data);
  data.onlyOneOf('trial_end', 'trial_period_days');
  const now = model.clock.nowSeconds();
  const trialDays = data.integer('trial_period_days', { min: 1, max: 730 }) ?? null;
  const trialEnd = data.integer('trial_end', { max: Number.MAX_SAFE_INTEGER }) ?? null;
  if (trialEnd !== null && trialEnd < now + LEAST_TRIAL_SECONDS) {
    throw invalidRequest('The `trial_end` date has to be at least 2 days in the future.', { param: data.name('trial_end') });
  }
  const metadata = data.metadata() ?? {};
  refuseUnknownFate(metadata);
  refuseUnknownDunning(metadata);
  return {
    metadata,
    description: data.string('description', { maxLength: 500 }) ?? null,
    trialDays,
    trialEnd,
    anchor: readAnchor(now, data, trialEnd ?? trialDays),
    prorates: (data.oneOf('proration_behavior', ['create_prorations', 'none']) ?? 'create_prorations') !== 'none',
    trialSettings: readTrialSettings(data) ?? null,
  };
}

/** The end of a trial that begins now. */
export function trialEndOf({ clock }: Model, { trialDays, trialEnd }: CheckoutSubscription): number | null {
  return trialDays === null ? trialEnd : clock.nowSeconds() + trialDays * DAY_SECONDS;
}

export interface SessionLines {
  readonly items: readonly NewItem[];
  /** One-time prices beside them, e.g. a setup fee. */
  readonly added: readonly LineDraft[];
}

export function sessionLines(model: Model, lines: readonly Stripe.LineItem[]): SessionLines {
  const now = model.clock.nowSeconds();
  const recurring = lines.filter(({ price }) => price?.recurring);
  return {
    items: recurring.map(({ price, quantity, metadata }) => ({
      price: price as unknown as CatalogPrice,
      quantity: quantity ?? 1,
      metadata: metadata ?? {},
    })),
    added: lines
      .filter(({ price }) => !price?.recurring)
      .map((line) => ({
        amountMinor: line.amount_subtotal,
        currency: line.currency,
        description: line.description ?? '',
        discountable: true,
        period: { start: now, end: now },
        price: line.price && { id: line.price.id, product: String(line.price.product), unitAmountMinor: line.price.unit_amount },
        quantity: line.quantity,
        subscription: null,
        subscriptionItem: null,
        invoiceItem: null,
        proration: false,
        credited: null,
        metadata: line.metadata ?? {},
      })),
  };
}

export interface DueToday {
  readonly lineItems: readonly Stripe.LineItem[];
  /** As the first invoice will say. */
  readonly totals: PricedLines['totals'];
}

/** What the session's lines cost today: in a trial nothing, up to an anchor a part. */
export function dueToday(
  model: Model,
  lines: readonly Stripe.LineItem[],
  terms: CheckoutSubscription,
  rules: { readonly coupon: Stripe.Coupon | undefined; readonly taxed: boolean },
): DueToday {
  const { items, added } = sessionLines(model, lines);
  const currency = lines[0]?.currency ?? 'usd';
  const recurring = previewLines(model, {
    currency,
    items,
    trialEnd: trialEndOf(model, terms),
    anchor: terms.anchor,
    prorates: terms.prorates,
  });
  const discounts = rules.coupon ? [{ id: 'di_preview', coupon: rules.coupon }] : [];
  const { totals } = priceLines(model, [...added, ...recurring.flatMap((line) => line ?? [])], { discounts, taxed: rules.taxed }, null);
  const due = [...recurring];
  const lineItems = lines.map((line) => (line.price?.recurring ? { ...line, amount_subtotal: due.shift()?.amountMinor ?? 0 } : line));
  return { lineItems, totals };
}
