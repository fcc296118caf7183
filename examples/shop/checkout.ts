// Leads from the order form to the payment page: checks what the customer chose, and starts the checkout.
import { randomUUID } from 'node:crypto';
import type { StripePayments } from '@paidonce/stripe-adapter';
import { BadInput } from './html-answers.ts';
import type { ShopOrder } from './orders.ts';
import { fates } from './pages/home.ts';
import { planNamed } from './plans.ts';

export type OrderForm = Readonly<Record<string, string | undefined>>;

/** Reads the order form. @throws BadInput a field is wrong. */
export function readOrderForm(form: OrderForm, isSandbox: boolean): ShopOrder {
  const { plan = '', memberId = '', fate = 'delivered', afterwards = 'returns' } = form;
  if (!planNamed(plan)) throw new BadInput(`There is no plan "${plan}".`);
  if (!/^[A-Za-z0-9._-]{1,64}$/.test(memberId)) throw new BadInput('A member is 1 to 64 letters, digits, dots, underscores or dashes.');
  if (!fates.some(([name]) => name === fate)) throw new BadInput(`"${fate}" is nothing that can happen to a webhook here.`);
  if (afterwards !== 'returns' && afterwards !== 'leaves') throw new BadInput(`"${afterwards}" is nothing that a customer can do here.`);
  const orderId = randomUUID().slice(0, 8);
  return { orderId, memberId, plan, fate: isSandbox ? fate : null, afterwards, placedAt: new Date().toISOString(), returnedAt: null };
}

/**
 * Returns the address of the payment page. For the same order it returns the checkout that is still open.
 *
 * @throws LedgerError `already_paid`: the order is an active membership. `payment_under_way`: its payment is being processed.
 *   `provider_unavailable`: Stripe did not answer.
 */
export async function startCheckout(payments: StripePayments, order: ShopOrder, shopUrl: string): Promise<string> {
  const { orderId, memberId, plan: planId, fate, afterwards } = order;
  const plan = planNamed(planId);
  if (!plan) throw new BadInput(`There is no plan "${planId}" any more.`);
  const { amountMinor, currency } = plan;
  const name = `Membership, ${plan.name.toLowerCase()}`;
  const { url } = await payments.startCheckout({
    orderId,
    memberId,
    plan: plan.id,
    amountMinor, // The session must cost this, or the customer is not sent to it.
    currency,
    // Stripe adds the session's id. A customer who "leaves" is sent to a page that does not ask for the status.
    successUrl: afterwards === 'returns' ? `${shopUrl}/success` : `${shopUrl}/orders/${orderId}`,
    cancelUrl: `${shopUrl}/orders/${orderId}`,
    session: {
      line_items: [{ quantity: 1, price_data: { unit_amount: amountMinor, currency, product_data: { name } } }],
      ...(fate === null ? {} : { metadata: { sandbox_fate: fate } }), // Only the sandbox reads this.
    },
  });
  return url;
}
