// What the console shows: what waits, and why an order is in its state. Nothing here changes anything.

import { LedgerError, type PageRequest } from '@paidonce/ledger';
import { type Console, ConsoleProblem, type ConsoleRoute, eitherReply } from '../console-call.ts';
import { redirectReply } from '../reply.ts';
import { homePage, type ListName, type Lists, listNames, listPage } from './pages.ts';

const shownAtHome = 20;
const shownOnPage = 100;

export function readingRoutes({ payments: { ledger } }: Console): readonly ConsoleRoute[] {
  const read: { readonly [List in ListName]: (page: PageRequest) => Promise<Lists[List]> } = {
    reviews: (page) => ledger.reviews(page),
    undelivered: (page) => ledger.undelivered(page),
    'open-orders': (page) => ledger.openOrders(page),
  };
  const route = (pattern: string, answer: ConsoleRoute['answer']): ConsoleRoute => ({ method: 'GET', pattern, may: 'read', answer });

  const home = route('', async (call) => {
    const page = { limit: shownAtHome };
    const [reviews, undelivered, openOrders] = await Promise.all([read.reviews(page), read.undelivered(page), read['open-orders'](page)]);
    const lists = { reviews, undelivered, 'open-orders': openOrders };
    return eitherReply(call, { data: lists, page: () => homePage({ path: call.root, actor: call.operator.actor, lists }) });
  });
  const listRoute = <List extends ListName>(list: List): ConsoleRoute =>
    route(`queues/${list === 'open-orders' ? 'awaiting' : list}`, async (call) => {
      const after = call.query.get('after');
      const page = await read[list]({ limit: shownOnPage, ...(after === null ? {} : { after }) });
      return eitherReply(call, { data: page, page: () => listPage({ path: call.root, actor: call.operator.actor, list, page }) });
    });
  const find = route('find', async ({ query, root }) => {
    const id = (query.get('q') ?? query.get('id') ?? '').trim();
    const order = (await strict(() => ledger.order(id))) ?? (await strict(() => ledger.orderOf(id)));
    if (!order) throw unknown(id);
    return redirectReply(303, `${root}orders/${order.orderId}`);
  });
  return [home, ...listNames.map(listRoute), find];
}

function unknown(id: string): ConsoleProblem {
  return new ConsoleProblem(404, 'not_found', `There is no order ${id}, nor one that a checkout session or payment of that id belongs to.`);
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
