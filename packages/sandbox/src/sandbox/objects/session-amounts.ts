// What a session costs, by parts: total = subtotal − discount + tax + shipping, for each line and in all.
import type Stripe from 'stripe';

/** `automatic_tax` charges this much here, whatever the address: enough to make totals differ. */
export const TAX_PERCENT = 10;

export interface SessionAmounts {
  readonly lineItems: readonly Stripe.LineItem[];
  readonly subtotalMinor: number;
  readonly totalMinor: number;
  readonly details: Stripe.Checkout.Session.TotalDetails;
}

export interface AmountRules {
  readonly coupon: Stripe.Coupon | undefined;
  readonly shippingMinor: number;
  readonly taxed: boolean;
}

export function computeAmounts(items: readonly Stripe.LineItem[], { coupon, shippingMinor, taxed }: AmountRules): SessionAmounts {
  const subtotalMinor = sum(items.map((item) => item.amount_subtotal));
  const discountMinor = coupon ? discountOf(coupon, subtotalMinor) : 0;
  const shares = shareOut(
    discountMinor,
    items.map((item) => item.amount_subtotal),
  );
  const lineItems = items.map((item, index) => {
    const discount = shares[index] ?? 0;
    const tax = taxed ? Math.round(((item.amount_subtotal - discount) * TAX_PERCENT) / 100) : 0;
    return { ...item, amount_discount: discount, amount_tax: tax, amount_total: item.amount_subtotal - discount + tax };
  });
  const taxMinor = sum(lineItems.map((item) => item.amount_tax));
  return {
    lineItems,
    subtotalMinor,
    totalMinor: subtotalMinor - discountMinor + taxMinor + shippingMinor,
    details: { amount_discount: discountMinor, amount_shipping: shippingMinor, amount_tax: taxMinor },
  };
}

function discountOf(coupon: Stripe.Coupon, subtotalMinor: number): number {
  if (coupon.percent_off !== null) return Math.round((subtotalMinor * coupon.percent_off) / 100);
  return Math.min(coupon.amount_off ?? 0, subtotalMinor);
}

/** In proportion, whole units, nothing lost: each line gets what is left of the running total. */
export function shareOut(amount: number, weights: readonly number[]): number[] {
  const total = sum(weights);
  let weightSoFar = 0;
  let sharedSoFar = 0;
  return weights.map((weight) => {
    weightSoFar += weight;
    const share = total === 0 ? 0 : Math.round((amount * weightSoFar) / total) - sharedSoFar;
    sharedSoFar += share;
    return share;
  });
}

function sum(numbers: readonly number[]): number {
  return numbers.reduce((total, number) => total + number, 0);
}
