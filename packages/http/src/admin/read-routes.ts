// What the console shows: what waits, and why an order is in its state. Nothing here changes anything.

import { LedgerError, type OrderView, type PageRequest } from '@paidonce/ledger';
import { defined } from '@paidonce/ledger/adapter';
import { explainHistory, explanationLines } from '@paidonce/ledger/audit';
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import { answerEither } from './answer-page.ts';
import type { Console } from './console.ts';
import { homePage, type ListName, type Lists, listNames, listPage, orderPage, orderPath, problemPage } from './pages.ts';

const shownAtHome = 20;
const shownOnPage = 100;

export function readingRoutes(scope: FastifyInstance, { payments: { ledger }, path, actorOf }: Console): void {
  const read: { readonly [List in ListName]: (page: PageRequest) => Promise<Lists[List]> } = {
    reviews: (page) => ledger.reviews(page),
    undelivered: (page) => ledger.undelivered(page),
    'open-orders': (page) => ledger.openOrders(page),
  };

  scope.get(path, async (request, reply) => {
    const page = { limit: shownAtHome };
    const [reviews, undelivered, openOrders] = await Promise.all([read.reviews(page), read.undelivered(page), read['open-orders'](page)]);
    const lists = { reviews, undelivered, 'open-orders': openOrders };
    return answerEither(request, reply, { data: lists, page: () => homePage({ path, actor: actorOf(request), lists }) });
  });

  const listRoute = <List extends ListName>(list: List): void => {
    scope.get<{ Querystring: { after?: string } }>(`${path}/${list}`, async (request, reply) => {
      const { after } = request.query;
      const page = await read[list]({ limit: shownOnPage, ...(typeof after === 'string' ? { after } : {}) });
      return answerEither(request, reply, { data: page, page: () => listPage({ path, actor: actorOf(request), list, page }) });
    });
  };
  for (const list of listNames) listRoute(list);

  scope.get<{ Querystring: { id?: string } }>(`${path}/find`, async (request, reply) => {
    const id = typeof request.query.id === 'string' ? request.query.id.trim() : '';
    const order = await find(id);
    if (!order) return unknown(request, reply, id);
    return reply.redirect(orderPath(path, order.orderId), 303);
  });

  scope.get<{ Params: { orderId: string }; Querystring: { did?: string } }>(`${path}/orders/:orderId`, async (request, reply) => {
    const { orderId } = request.params;
    const history = await strict(() => ledger.history(orderId));
    const explanation = history && explainHistory(orderId, history);
    if (!explanation) return unknown(request, reply, orderId);
    const order = await ledger.order(orderId);
    const data = { ...defined({ order }), timeline: explanation.entries };
    const view = { path, actor: actorOf(request), orderId, order, lines: explanationLines(explanation), delivers: ledger.delivers };
    const did = typeof request.query.did === 'string' ? request.query.did : '';
    return answerEither(request, reply, { data, page: () => orderPage({ ...view, did }) });
  });

  function unknown(request: FastifyRequest, reply: FastifyReply, id: string): FastifyReply {
    const message = `There is no order ${id}, nor one that a checkout session or payment of that id belongs to.`;
    return answerEither(request, reply, {
      status: 404,
      data: { error: 'not_found' },
      page: () => problemPage({ path, message, isSignedIn: true }),
    });
  }

  /** The order of this id, or of the checkout session or payment of this id. */
  async function find(id: string): Promise<OrderView | undefined> {
    return (await strict(() => ledger.order(id))) ?? (await strict(() => ledger.orderOf(id)));
  }
}

/** Undefined: no order, or an id that the ledger refuses, which is just as unknown. */
async function strict<T>(ask: () => Promise<T>): Promise<T | undefined> {
  try {
    return await ask();
  } catch (error) {
    if (error instanceof LedgerError && error.code === 'invalid_input') return undefined;
    throw error;
  }
}
