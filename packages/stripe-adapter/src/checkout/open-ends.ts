// What lets the customer change the price on Stripe's page: the quantity, further items, a price of his own choice, another
// currency. Each is allowed by the order (`allow.more`) or refused, so that no customer pays what opens a review.
import { LedgerError } from '@paidonce/ledger';
import type { CreatedSession } from '../stripe/created-objects.ts';
import type { StripeLineItem } from '../stripe/line-items.ts';
import type { CheckedStart, OrderTerms } from './checkout-terms.ts';

/** Refuses what the input itself shows. @throws LedgerError `invalid_input`, `amount_differs`: a line item has another currency. */
export function refuseOpenEnds({ order, session }: Pick<CheckedStart, 'order' | 'session'>): void {
  const { orderId, currency, allow } = order;
  const lines = session?.line_items ?? [];
  const currencies = [session?.currency, ...lines.map(({ price_data: data }) => data?.currency)];
  const other = currencies.find((each) => each !== undefined && each.toLowerCase() !== currency);
  if (other !== undefined) {
    throw new LedgerError('amount_differs', `Order ${orderId} is in ${currency}, but its session is in ${other}. Use one currency in both`);
  }
  if (allow?.more === true) return;
  const adjustable = lines.findIndex((line) => line.adjustable_quantity?.enabled === true);
  const found =
    adjustable >= 0
      ? `session.line_items.${adjustable}.adjustable_quantity`
      : session?.optional_items?.length
        ? 'session.optional_items'
        : undefined;
  if (found === undefined) return;
  throw new LedgerError(
    'invalid_input',
    `order.${found}: lets the customer pay more than ${order.amountMinor} ${currency}. Leave it out, or give \`allow: { more: true }\``,
  );
}

/**
 * Refuses a session that costs something else than the order, or could.
 *
 * @param lines its line items: what they are only Stripe knows, where a price is named by its id.
 * @throws LedgerError `amount_differs`
 */
export function checkAmount(
  { id, amount_subtotal: subtotal, currency: its }: Pick<CreatedSession, 'id' | 'amount_subtotal' | 'currency'>,
  lines: readonly StripeLineItem[],
  { orderId, amountMinor, currency, allow }: OrderTerms,
): void {
  const costs = `costs ${subtotal} ${its} before discounts, tax and shipping`;
  const differs = (why: string) =>
    new LedgerError('amount_differs', `Order ${orderId} is ${amountMinor} ${currency}, but session ${id} ${why}`);
  if (its !== currency) throw differs(`${costs}. Check its line items`);
  if (allow?.more !== true) {
    if (lines.some(({ price }) => isChosen(price)))
      throw differs('lets the customer choose the price. Use another price, or give `allow: { more: true }`');
    if (subtotal !== amountMinor) throw differs(`${costs}. Check its line items`);
    return;
  }
  const least = lines.reduce((sum, line) => sum + leastOf(line), 0);
  if (least < amountMinor) {
    throw differs(`can be paid with ${least}. Give each adjustable quantity and each price that the customer chooses a \`minimum\``);
  }
}

function isChosen(price: StripeLineItem['price']): boolean {
  return price !== null && price.custom_unit_amount !== null;
}

/** The least that the customer can make of a line. Stripe's own minimum of an adjustable quantity is 0. */
function leastOf({ price, quantity, amount_subtotal: subtotal, adjustable_quantity: adjustable }: StripeLineItem): number {
  if (isChosen(price)) return price?.custom_unit_amount?.minimum ?? 0; // Stripe takes one of it, and no more.
  if (adjustable?.enabled !== true) return subtotal;
  return quantity ? (subtotal / quantity) * Math.min(quantity, adjustable.minimum ?? 0) : 0;
}
