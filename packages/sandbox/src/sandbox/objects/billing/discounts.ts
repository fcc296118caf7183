// Discounts: a coupon that lies on a subscription, for its first invoice, for some months, or for good.
import type Stripe from 'stripe';
import type { Parameters } from '../../api/parameters.ts';
import { missingParameter, noSuchParameterObject } from '../../api/stripe-error.ts';
import type { Model } from '../../model.ts';
import type { SubscriptionRecord } from '../../state/billing-records.ts';
import { addIntervals } from './calendar.ts';
import type { AppliedDiscount } from './invoice-lines.ts';

export interface WantedDiscount {
  readonly coupon: string;
  readonly promotionCode: string | null;
}

/** `discounts[0][coupon]`, `[promotion_code]`, or `[discount]` for one that is there. Undefined: not sent; empty: none any more. */
export function readDiscounts({ state }: Model, parameters: Parameters): (WantedDiscount | { readonly known: string })[] | undefined {
  if (!parameters.has('discounts')) return undefined;
  return parameters.hashes('discounts').map((each) => {
    const known = each.string('discount');
    if (known !== undefined && state.discounts.get(known)) return { known };
    const codeId = each.string('promotion_code');
    const code = codeId === undefined ? undefined : state.promotionCodes.get(codeId);
    if (codeId !== undefined && !code) throw noSuchParameterObject('promotion_code', codeId, each.name('promotion_code'));
    const coupon = code ? String(code.promotion.coupon) : each.string('coupon');
    if (coupon === undefined) throw missingParameter(each.name('coupon'));
    if (!state.coupons.get(coupon)) throw noSuchParameterObject('coupon', coupon, each.name('coupon'));
    return { coupon, promotionCode: code?.id ?? null };
  });
}

export interface DiscountPlace {
  readonly customer: string;
  readonly subscription: string;
  readonly session: string | null;
}

/** Call it within a transaction. */
export function putDiscount(model: Model, { coupon: couponId, promotionCode }: WantedDiscount, place: DiscountPlace): Stripe.Discount {
  const start = model.clock.nowSeconds();
  const coupon = model.state.coupons.get(couponId);
  const months = coupon?.duration === 'repeating' ? coupon.duration_in_months : null;
  return model.state.discounts.put({
    id: model.newId('di_'),
    object: 'discount',
    checkout_session: place.session,
    customer: place.customer,
    customer_account: null,
    end: months === null ? null : addIntervals(start, { interval: 'month', interval_count: 1 }, months),
    invoice: null,
    invoice_item: null,
    promotion_code: promotionCode,
    source: { coupon: couponId, type: 'coupon' },
    start,
    subscription: place.subscription,
    subscription_item: null,
  });
}

/** Those of a subscription that are in force at this time. */
export function discountsInForce(model: Model, { subscription }: SubscriptionRecord, at: number): AppliedDiscount[] {
  return subscription.discounts.flatMap((each) => {
    const discount = model.state.discounts.get(String(each));
    const coupon = model.state.coupons.get(String(discount?.source.coupon));
    return discount && coupon && (discount.end ?? at + 1) > at ? [{ id: discount.id, coupon }] : [];
  });
}

/** What is left once an invoice was made: a coupon that lasts `once` is used up. */
export function discountsLeft(model: Model, record: SubscriptionRecord, at: number): string[] {
  return discountsInForce(model, record, at).flatMap(({ id, coupon }) => (coupon.duration === 'once' ? [] : [id]));
}
