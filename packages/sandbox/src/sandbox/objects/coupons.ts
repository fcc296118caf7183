// Coupons and promotion codes: why a session's total differs from its subtotal.
import type Stripe from 'stripe';
import { listPage } from '../api/lists.ts';
import type { Parameters } from '../api/parameters.ts';
import { type Call, found, type Route } from '../api/route.ts';
import { invalidRequest, missingParameter, noSuchParameterObject } from '../api/stripe-error.ts';
import type { Model } from '../model.ts';

function createCoupon({ model, parameters }: Call): object {
  const id = parameters.string('id', { maxLength: 100 }) ?? model.newId('', 8);
  const percentOff = parameters.decimal('percent_off', { min: 0.01, max: 100 }) ?? null;
  const amountOff = parameters.integer('amount_off', { min: 1 }) ?? null;
  const currency = parameters.currency('currency') ?? null;
  const duration = parameters.oneOf('duration', ['once', 'forever', 'repeating']) ?? 'once';
  const durationInMonths = parameters.integer('duration_in_months', { min: 1, max: 36 }) ?? null;
  if ((percentOff === null) === (amountOff === null)) throw invalidRequest('You must specify exactly one of percent_off or amount_off.');
  if (amountOff !== null && currency === null) throw missingParameter('currency');
  if (model.state.coupons.get(id)) throw invalidRequest(`Coupon already exists: ${id}`, { code: 'resource_already_exists' });
  return model.state.coupons.put({
    id,
    object: 'coupon',
    amount_off: amountOff,
    created: model.clock.nowSeconds(),
    currency: amountOff === null ? null : currency,
    duration,
    duration_in_months: durationInMonths,
    livemode: false,
    max_redemptions: parameters.integer('max_redemptions', { min: 1 }) ?? null,
    metadata: parameters.metadata() ?? {},
    name: parameters.string('name', { maxLength: 40 }) ?? null,
    percent_off: percentOff,
    redeem_by: parameters.integer('redeem_by', { max: Number.MAX_SAFE_INTEGER }) ?? null,
    times_redeemed: 0,
    valid: true,
  });
}

function createPromotionCode({ model, parameters }: Call): object {
  const promotion = parameters.hash('promotion');
  promotion?.oneOf('type', ['coupon']);
  // Before 2025-09 the coupon was a top-level parameter.
  const couponId = promotion?.string('coupon') ?? parameters.string('coupon');
  if (couponId === undefined) throw missingParameter('promotion[coupon]');
  if (!model.state.coupons.get(couponId)) throw noSuchParameterObject('coupon', couponId, 'promotion[coupon]');
  return model.state.promotionCodes.put({
    id: model.newId('promo_'),
    object: 'promotion_code',
    active: parameters.boolean('active') ?? true,
    code: parameters.string('code', { maxLength: 500 }) ?? model.newId('', 8).toUpperCase(),
    created: model.clock.nowSeconds(),
    customer: null,
    customer_account: null,
    expires_at: parameters.integer('expires_at', { max: Number.MAX_SAFE_INTEGER }) ?? null,
    livemode: false,
    max_redemptions: parameters.integer('max_redemptions', { min: 1 }) ?? null,
    metadata: parameters.metadata() ?? {},
    promotion: { coupon: couponId, type: 'coupon' },
    restrictions: { first_time_transaction: false, minimum_amount: null, minimum_amount_currency: null },
    times_redeemed: 0,
  });
}

export interface ChosenDiscount {
  readonly coupon: Stripe.Coupon;
  /** The discount as the session shows it. */
  readonly discount: Stripe.Checkout.Session.Discount;
}

/** Reads `discounts[0][coupon]` or `[promotion_code]` when a session is created. Undefined: there is none. @throws StripeApiError 400 */
export function readDiscount(model: Model, parameters: Parameters): ChosenDiscount | undefined {
  const [first, ...more] = parameters.hashes('discounts');
  if (!first) return undefined;
  if (more.length > 0) throw invalidRequest('At most one discount can be applied to a Checkout Session.', { param: 'discounts' });
  const couponId = first.string('coupon');
  const promotionId = first.string('promotion_code');
  if (promotionId !== undefined) {
    const code = model.state.promotionCodes.get(promotionId);
    if (!code) throw noSuchParameterObject('promotion_code', promotionId, first.name('promotion_code'));
    return { coupon: couponOf(model, code), discount: { coupon: null, promotion_code: code.id } };
  }
  if (couponId === undefined) throw missingParameter(first.name('coupon'));
  const coupon = model.state.coupons.get(couponId);
  if (!coupon) throw noSuchParameterObject('coupon', couponId, first.name('coupon'));
  return { coupon, discount: { coupon: coupon.id, promotion_code: null } };
}

/** The discount of a code that the customer typed. Undefined: there is no such code. */
export function discountByCode(model: Model, text: string): ChosenDiscount | undefined {
  const wanted = text.trim().toLowerCase();
  const now = model.clock.nowSeconds();
  for (const code of model.state.promotionCodes.newestFirst()) {
    if (code.code.toLowerCase() !== wanted || !code.active || (code.expires_at ?? now + 1) <= now) continue;
    return { coupon: couponOf(model, code), discount: { coupon: null, promotion_code: code.id } };
  }
  return undefined;
}

export function couponOfSession(model: Model, session: Stripe.Checkout.Session): Stripe.Coupon | undefined {
  const discount = session.discounts?.[0];
  if (typeof discount?.coupon === 'string') return model.state.coupons.get(discount.coupon);
  const code = typeof discount?.promotion_code === 'string' ? model.state.promotionCodes.get(discount.promotion_code) : undefined;
  return code && couponOf(model, code);
}

function couponOf(model: Model, code: Stripe.PromotionCode): Stripe.Coupon {
  const id = String(code.promotion.coupon);
  const coupon = model.state.coupons.get(id);
  if (!coupon) throw noSuchParameterObject('coupon', id, 'promotion_code');
  return coupon;
}

function listCodes({ model, parameters }: Call): object {
  const code = parameters.string('code')?.toLowerCase();
  const active = parameters.boolean('active');
  return listPage(model.state.promotionCodes, parameters, '/v1/promotion_codes', (row) => {
    return (code ?? row.code.toLowerCase()) === row.code.toLowerCase() && (active ?? row.active) === row.active;
  });
}

export const couponRoutes: readonly Route[] = [
  { method: 'POST', path: '/v1/coupons', handle: createCoupon },
  { method: 'GET', path: '/v1/coupons', handle: ({ model, parameters }) => listPage(model.state.coupons, parameters, '/v1/coupons') },
  { method: 'GET', path: '/v1/coupons/:coupon', handle: ({ model, id }) => found(model.state.coupons.get(id), 'coupon', id) },
  { method: 'POST', path: '/v1/promotion_codes', handle: createPromotionCode },
  { method: 'GET', path: '/v1/promotion_codes', handle: listCodes },
  {
    method: 'GET',
    path: '/v1/promotion_codes/:code',
    handle: ({ model, id }) => found(model.state.promotionCodes.get(id), 'promotion_code', id),
  },
];
