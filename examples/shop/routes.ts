// The routes of the shop's pages. They never change a payment: the plugin's routes and Stripe do that. There is no log-in, so
// everybody on this machine can see each order: in your own shop, check first who the visitor is.
import { readFileSync } from 'node:fs';
import formBody from '@fastify/formbody';
import { LedgerError, type OrderView, type PaymentLedger } from '@paidonce/ledger';
import type { StripePayments } from '@paidonce/stripe-adapter';
import type { FastifyInstance } from 'fastify';
import { type OrderForm, readOrderForm, startCheckout } from './checkout.ts';
import { answerInHtml, NotFound } from './html-answers.ts';
import { answerLabels } from './labels.ts';
import type { Members } from './members.ts';
import type { Memberships } from './memberships.ts';
import type { ShopOrder, ShopOrders } from './orders.ts';
import { homePage } from './pages/home.ts';
import { memberPage, membersPage, ordersPage } from './pages/lists.ts';
import { orderPage } from './pages/order.ts';
import { successPage } from './pages/success.ts';
import { watchPaymentScript } from './watch-payment-script.ts';

export interface ShopRoutesOptions {
  readonly ledger: PaymentLedger;
  readonly payments: StripePayments;
  readonly orders: ShopOrders;
  readonly members: Pick<Members, 'add'>;
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
  ['success.js', 'text/javascript'],
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
  app.get('/public/watch-payment.js', (_request, reply) => reply.type('text/javascript; charset=utf-8').send(watchPaymentScript()));
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

  // Stripe sends the browser here. Anybody can open it with any query, so it only reads the ledger.
  app.get<{ Querystring: { session_id?: string } }>('/success', async ({ query: { session_id: sessionId = '' } }) => {
    const order = await orderOfSession(ledger, sessionId);
    if (!order) throw new NotFound('The shop knows no such checkout. Whether you are a member, your order tells.');
    orders.noteReturn(order.orderId, new Date().toISOString());
    return successPage({ sessionId, order });
  });
}

function orderRoutes(app: FastifyInstance, { ledger, payments, orders, members, url, isSandbox, pollSeconds }: ShopRoutesOptions): void {
  type OnOrder = { Params: { orderId: string }; Querystring: { asked?: string } };
  const known = (orderId: string): ShopOrder => {
    const order = orders.find(orderId);
    if (!order) throw new NotFound('The shop knows no such order.');
    return order;
  };

  app.post<{ Body: OrderForm | undefined }>('/orders', async ({ body = {} }, reply) => {
    const order = readOrderForm(body, isSandbox);
    orders.add(order);
    members.add(order.memberId);
    return reply.redirect(await startCheckout(payments, order, url), 303);
  });
  app.get<OnOrder>('/orders/:orderId', async ({ params: { orderId }, query: { asked = '' } }) => {
    const shopOrder = known(orderId);
    const [order, history] = await Promise.all([ledger.order(orderId), ledger.history(orderId)]);
    const answer = Object.hasOwn(answerLabels, asked) ? answerLabels[asked as keyof typeof answerLabels] : undefined;
    return orderPage({ shopOrder, order, history, pollSeconds, ...(answer === undefined ? {} : { answer }) });
  });
  // The page's script asks this: a new revision means a new line in the timeline.
  app.get<OnOrder>('/orders/:orderId/revision', async ({ params: { orderId } }, reply) => {
    const order = await ledger.order(known(orderId).orderId);
    return reply.type('application/json').send({ state: order?.revision ?? -1, nextPollAfterMs: 1_500 });
  });
  app.post<OnOrder>('/orders/:orderId/pay', async ({ params: { orderId } }, reply) => {
    try {
      return reply.redirect(await startCheckout(payments, known(orderId), url), 303);
    } catch (error) {
      if (!(error instanceof LedgerError && (error.code === 'already_paid' || error.code === 'payment_under_way'))) throw error;
      return reply.redirect(`/orders/${orderId}`, 303); // It was paid meanwhile, or soon will be: its page shows that.
    }
  });
  // Makes a status query for each checkout of the order, as the success page's script does.
  app.post<OnOrder>('/orders/:orderId/check', async ({ params: { orderId } }, reply) => {
    const order = await ledger.order(known(orderId).orderId);
    let asked = '';
    for (const { payment } of order?.checkouts ?? []) {
      const status = await payments.status(payment.id);
      if (status) asked = `?asked=${status.stale ? 'stale' : status.state}`;
    }
    return reply.redirect(`/orders/${orderId}${asked}`, 303);
  });
}

/** Finds the order of a session. Undefined: there is none, or the id is not valid. */
async function orderOfSession(ledger: PaymentLedger, sessionId: string): Promise<OrderView | undefined> {
  try {
    return await ledger.orderOf(sessionId);
  } catch (error) {
    if (error instanceof LedgerError && error.code === 'invalid_input') return undefined;
    throw error;
  }
}
