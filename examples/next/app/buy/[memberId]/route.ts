// Starts an order, and sends the customer to Stripe.
// #region route
import { randomUUID } from 'node:crypto';
import { setting, shop } from '../../../lib/shop';

export const runtime = 'nodejs';

export async function POST(_: Request, { params }: RouteContext<'/buy/[memberId]'>) {
  const { payments } = await shop();
  const { memberId } = await params;
  const order = { orderId: randomUUID(), memberId, plan: 'lifetime', amountMinor: 24_000, currency: 'usd' };
  const checkout = await payments.startCheckout({ ...order, successUrl: `${setting('SHOP_URL')}/thanks` });
  return new Response(null, { status: 303, headers: { location: checkout.url } });
}
// #endregion route
