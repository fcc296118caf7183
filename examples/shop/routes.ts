// The shop's pages. What changes a payment is not here: the plugin's routes and Stripe do that.
// There is no log-in, so anybody on this machine sees each order: in a shop of your own, ask who is there first.
import { randomUUID } from 'node:crypto';
import { readFileSync } from 'node:fs';
import formBody from '@fastify/formbody';
import { LedgerError, type OrderView, type PaymentLedger } from '@paidonce/ledger';
import type { PaymentState, StripePayments } from '@paidonce/stripe-adapter';
import type { FastifyInstance } from 'fastify';
import type { Memberships } from './memberships.ts';
import type { ShopOrder, ShopOrders } from './orders.ts';
import { fates, homePage } from './pages/home.ts';
import { messagePage } from './pages/layout.ts';
import { memberPage, membersPage, ordersPage } from './pages/lists.ts';
import { orderPage } from './pages/order.ts';
import { messages, successPage } from './pages/success.ts';
import { type Plan, planNamed } from './plans.ts';

export interface ShopRoutesOptions {
  readonly ledger: PaymentLedger;
  readonly payments: StripePayments;
  readonly orders: ShopOrders;
  readonly memberships: Memberships;
  readonly url: string;
  readonly paymentOrigin: string;
  readonly isSandbox: boolean;
  readonly pollSeconds: number;
}

const publicFiles = [
  ['base.css', 'text/css'],
  ['form.css', 'text/css'],
  ['order.css', 'text/css'],
  ['list.css', 'text/css'],
  ['shop.js', 'text/javascript'],
  ['icon.svg', 'image/svg+xml'],
] as const;

const listedOrders = 50;

export async function shopRoutes(app: FastifyInstance, options: ShopRoutesOptions): Promise<void> {
  const { ledger, orders, memberships, paymentOrigin, isSandbox, pollSeconds } = options;
  await app.register(formBody);
  answerInHtml(app, paymentOrigin);

  for (const [name, type] of publicFiles) {
    const text = readFileSync(new URL(`public/${name}`, import.meta.url), 'utf8');
    app.get(`/public/${name}`, (_request, reply) => reply.type(`${type}; charset=utf-8`).send(text));
  }
  orderRoutes(app, options);

  app.get('/', () => homePage({ isSandbox, pollSeconds }));
  app.get('/orders', async () => {
    const listed = orders.list(listedOrders);
    return ordersPage(await Promise.all(listed.map(async (shopOrder) => ({ shopOrder, order: await ledger.order(shopOrder.orderId) }))));
  });
  app.get('/members', () => membersPage(memberships.list()));
  app.get<{ Params: { memberId: string } }>('/members/:memberId', ({ params: { memberId } }) =>
    memberPage({ memberId, hasAccess: memberships.hasAccess(memberId), memberships: memberships.list(memberId) }),
  );

  // Where Stripe sends the browser. Whoever opens it, with whatever query: it reads the ledger and asks nobody.
  app.get<{ Querystring: { session_id?: string } }>('/success', async ({ query: { session_id: sessionId = '' } }) => {
    const order = await orderOfSession(ledger, sessionId);
    if (!order) throw new NotFound();
    orders.noteReturn(order.orderId, new Date().toISOString());
    return successPage({ sessionId, order });
  });
}

function orderRoutes(app: FastifyInstance, { ledger, payments, orders, url, isSandbox, pollSeconds }: ShopRoutesOptions): void {
  type OnOrder = { Params: { orderId: string }; Querystring: { asked?: string } };
  const known = (orderId: string): ShopOrder => {
    const order = orders.find(orderId);
    if (!order) throw new NotFound();
    return order;
  };

  /** Answers where to pay. Called again for the same order, it leads to the checkout that is still open. */
  const startCheckout = async ({ orderId, memberId, plan: planId, fate, afterwards }: ShopOrder): Promise<string> => {
    const plan = planNamed(planId);
    if (!plan) throw new BadInput(`There is no plan "${planId}" any more.`);
    const checkout = await payments.startCheckout({
      orderId,
      memberId,
      plan: plan.id,
      amountMinor: plan.amountMinor,
      currency: plan.currency,
      // Stripe fills in the session's id: the braces must stay as they are.
      successUrl: afterwards === 'returns' ? `${url}/success?session_id={CHECKOUT_SESSION_ID}` : `${url}/orders/${orderId}`,
      cancelUrl: `${url}/orders/${orderId}`,
      session: {
        line_items: [{ quantity: 1, price_data: { ...priceOf(plan), product_data: { name: `Membership, ${plan.name.toLowerCase()}` } } }],
        ...(fate === null ? {} : { metadata: { sandbox_fate: fate } }), // Only the sandbox reads it.
      },
    });
    return checkout.url;
  };

  app.post<{ Body: OrderForm | undefined }>('/orders', async ({ body = {} }, reply) => {
    const order = readOrderForm(body, isSandbox);
    orders.add(order);
    return reply.redirect(await startCheckout({ ...order, returnedAt: null }), 303);
  });
  app.get<OnOrder>('/orders/:orderId', async ({ params: { orderId }, query: { asked = '' } }) => {
    const shopOrder = known(orderId);
    const [order, history] = await Promise.all([ledger.order(orderId), ledger.history(orderId)]);
    const answer = Object.hasOwn(messages, asked) ? messages[asked as PaymentState]?.[0] : undefined;
    return orderPage({ shopOrder, order, history, pollSeconds, ...(answer === undefined ? {} : { answer }) });
  });
  // For the page's script: a new revision means a new line in the timeline.
  app.get<OnOrder>('/orders/:orderId/revision', async ({ params: { orderId } }, reply) => {
    const order = await ledger.order(known(orderId).orderId);
    return reply.type('application/json').send({ state: order?.revision ?? -1, nextPollAfterMs: 1_500 });
  });
  app.post<OnOrder>('/orders/:orderId/pay', async ({ params: { orderId } }, reply) =>
    reply.redirect(await startCheckout(known(orderId)), 303),
  );
  // The status query of each checkout of the order: the same as the success page's script asks.
  app.post<OnOrder>('/orders/:orderId/check', async ({ params: { orderId } }, reply) => {
    const order = await ledger.order(known(orderId).orderId);
    let asked: PaymentState | undefined;
    for (const { payment } of order?.checkouts ?? []) asked = (await payments.status(payment.id))?.state;
    return reply.redirect(`/orders/${orderId}${asked === undefined ? '' : `?asked=${asked}`}`, 303);
  });
}

function priceOf({ amountMinor, currency }: Plan): { readonly unit_amount: number; readonly currency: string } {
  return { unit_amount: amountMinor, currency };
}

/** An id that the ledger does not take is as unknown as any other. */
async function orderOfSession(ledger: PaymentLedger, sessionId: string): Promise<OrderView | undefined> {
  try {
    return await ledger.orderOf(sessionId);
  } catch (error) {
    if (error instanceof LedgerError && error.code === 'invalid_input') return undefined;
    throw error;
  }
}

type OrderForm = Readonly<Record<string, string | undefined>>;

function readOrderForm(form: OrderForm, isSandbox: boolean): Omit<ShopOrder, 'returnedAt'> {
  const { plan = '', memberId = '', fate = 'delivered', afterwards = 'returns' } = form;
  if (!planNamed(plan)) throw new BadInput(`There is no plan "${plan}".`);
  if (!/^[A-Za-z0-9._-]{1,64}$/.test(memberId)) throw new BadInput('A member is 1 to 64 letters, digits, dots, underscores or dashes.');
  if (!fates.some(([name]) => name === fate)) throw new BadInput(`"${fate}" is nothing that can happen to a webhook here.`);
  if (afterwards !== 'returns' && afterwards !== 'leaves') throw new BadInput(`"${afterwards}" is nothing that a customer can do here.`);
  const orderId = randomUUID().slice(0, 8);
  return { orderId, memberId, plan, fate: isSandbox ? fate : null, afterwards, placedAt: new Date().toISOString() };
}

class NotFound extends Error {}
class BadInput extends Error {}

function answerInHtml(app: FastifyInstance, paymentOrigin: string): void {
  const policy = [
    "default-src 'none'",
    "script-src 'self'",
    "style-src 'self'",
    "img-src 'self'",
    "connect-src 'self'",
    // Browsers hold this against the redirect to the payment page, too.
    `form-action 'self' ${paymentOrigin}`,
    "base-uri 'none'",
    "frame-ancestors 'none'",
  ].join('; ');
  app.addHook('onRequest', async (_request, reply) => {
    void reply.headers({
      'content-security-policy': policy,
      'referrer-policy': 'no-referrer', // The session's id stands in an address.
      'x-content-type-options': 'nosniff',
      'cache-control': 'no-store',
    });
    void reply.type('text/html; charset=utf-8');
  });
  app.setNotFoundHandler((_request, reply) => reply.code(404).send(messagePage('Not here', 'There is no such page in this shop.')));
  app.setErrorHandler((error: Error & { statusCode?: number }, _request, reply) => {
    if (error instanceof NotFound) return reply.callNotFound();
    if (error instanceof BadInput) return reply.code(400).send(messagePage('That does not work', error.message));
    if (error.statusCode !== undefined && error.statusCode < 500)
      return reply.code(error.statusCode).send(messagePage('That does not work', error.message));
    console.error(error);
    return reply.code(503).send(messagePage('The shop cannot do that now', 'Nothing was taken from you. Please try again in a minute.'));
  });
}
