// A promotion code that the customer types on the hosted page.
import { invalidRequest } from '../api/stripe-error.ts';
import type { Model } from '../model.ts';
import type { CheckoutRecord } from '../state/records.ts';
import { discountByCode } from './coupons.ts';
import { computeAmounts } from './session-amounts.ts';

/** Call it within a transaction. @throws StripeApiError 400 if the session takes no codes or there is none like it. */
export function enterPromotionCode(model: Model, record: CheckoutRecord, text: string): CheckoutRecord {
  const { session } = record;
  if (!session.allow_promotion_codes) throw invalidRequest('This session takes no promotion codes.', { param: 'promotion_code' });
  const chosen = discountByCode(model, text);
  if (!chosen) throw invalidRequest(`The code ${text} is invalid.`, { param: 'promotion_code' });
  const amounts = computeAmounts(record.lineItems, {
    coupon: chosen.coupon,
    shippingMinor: session.total_details?.amount_shipping ?? 0,
    taxed: false,
  });
  return model.state.sessions.put({
    ...record,
    lineItems: amounts.lineItems,
    session: { ...session, discounts: [chosen.discount], amount_total: amounts.totalMinor, total_details: amounts.details },
  });
}
