// The GET routes of an order: its page, the ticket, and the pages before a payment is moved or linked. They read, and never write.
import { LedgerError, type OrderView, readOrderEvent, type StoredEvent } from '@paidonce/ledger';
import { defined, isId } from '@paidonce/ledger/adapter';
import { type Explanation, explainHistory } from '@paidonce/ledger/audit';
import { type Console, ConsoleProblem, type ConsoleRoute } from '../../console-call.ts';
import { statusOf } from '../../reply.ts';
import { heldPayment, paymentOf } from '../actions/references.ts';
import { type Loaded, type PageCall, pageRoute } from '../page-route.ts';
import { catalogues } from '../words.ts';
import { orderPage } from './order.ts';
import { asOfIn, upTo } from './order-as-of.ts';
import type { OrderPageData } from './order-data.ts';
import { deliveryAlike, memberOrders, previewsOf } from './order-loads.ts';
import { movePage } from './order-move.ts';
import { orderTicket } from './order-ticket.ts';
import { unreadableOrderPage } from './order-unreadable.ts';

/** A page with something to type must not be loaded anew by a timer. */
const withForms = { refreshes: false } as const;

export function orderRoutes(console: Console): readonly ConsoleRoute[] {
  return [
    pageRoute(console, 'orders/:orderId', orderLoaded, withForms),
    pageRoute(console, 'orders/:orderId/move', (call) => moveLoaded(call, 'move'), withForms),
    pageRoute(console, 'orders/:orderId/link', (call) => moveLoaded(call, 'link'), withForms),
    ticketRoute(console),
    pageRoute(console, 'orders/:orderId/events.ndjson', eventsLoaded, withForms),
  ];
}

async function orderLoaded(call: PageCall): Promise<Loaded> {
  const read = await historyOf(call);
  if ('unreadable' in read) {
    const { error, history, orderId } = read.unreadable;
    const event = history.find((stored) => !isReadable(stored));
    const { message } = error;
    return {
      status: statusOf(error),
      data: { error: error.code, message },
      page: (context) => unreadableOrderPage(context, { orderId, message, ...defined({ event }) }),
    };
  }
  const data = await pageData(call, read);
  const { order, explanation } = data;
  const { entries: timeline, standing } = explanation;
  return { data: { ...defined({ order }), standing, timeline }, page: (context) => orderPage(context, data) };
}

interface ReadOrder {
  readonly orderId: string;
  readonly history: readonly StoredEvent[];
  readonly explanation: Explanation;
  readonly asOf: string | undefined;
}
type Unreadable = {
  readonly unreadable: { readonly orderId: string; readonly history: readonly StoredEvent[]; readonly error: LedgerError };
};

/** @throws ConsoleProblem 400: `as-of` is no time. 404: there is no such order, or was none then. */
async function historyOf({ ledger, params, query, language }: PageCall): Promise<ReadOrder | Unreadable> {
  const { orderId = '' } = params;
  const words = catalogues[language].order;
  const asOf = asOfIn(query.get('as-of'));
  if (asOf === 'wrong') throw new ConsoleProblem(400, 'invalid_input', words.asOfWrong);
  const unknown = (): ConsoleProblem => new ConsoleProblem(404, 'not_found', words.unknown(orderId));
  if (!isId(orderId)) throw unknown();
  const history = upTo(await ledger.history(orderId), asOf);
  try {
    const explanation = explainHistory(orderId, history);
    if (explanation === undefined) throw unknown();
    return { orderId, history, explanation, asOf };
  } catch (error) {
    if (!(error instanceof LedgerError) || (error.code !== 'corrupt' && error.code !== 'file_newer')) throw error;
    return { unreadable: { orderId, history, error } };
  }
}

function isReadable(stored: StoredEvent): boolean {
  try {
    readOrderEvent(stored);
    return true;
  } catch {
    return false;
  }
}

/** @throws ConsoleProblem 400: `skip` is no whole number. */
async function pageData(call: PageCall, { orderId, history, explanation, asOf }: ReadOrder): Promise<OrderPageData> {
  const { ledger, query, language } = call;
  const skip = query.get('skip') ?? '0';
  if (!/^\d{1,7}$/.test(skip)) throw new ConsoleProblem(400, 'invalid_input', catalogues[language].order.skipWrong);
  const order = asOf === undefined ? await ledger.order(orderId) : undefined;
  const did = query.get('did');
  const stored = did === null ? undefined : history.find(({ position }) => position === did);
  const [previews, alike, ofMember] = await Promise.all([
    order ? previewsOf(ledger, order) : {},
    asOf === undefined && !explanation.standing.isSaved ? deliveryAlike(ledger, explanation) : undefined,
    explanation.memberId === undefined ? undefined : memberOrders(ledger, explanation.memberId),
  ]);
  return {
    orderId,
    explanation,
    history,
    previews,
    delivers: ledger.delivers,
    showsAll: query.get('all') === '1',
    skip: Number(skip),
    manualId: `manual:${ledger.runtime.uuid()}`,
    ...defined({ order, asOf, alike, memberOrders: ofMember }),
    ...(stored ? { did: { stored, again: query.get('again') === '1' } } : {}),
  };
}

function ticketRoute(console: Console): ConsoleRoute {
  return pageRoute(
    console,
    'orders/:orderId/ticket',
    async (call) => {
      const read = await historyOf(call);
      if ('unreadable' in read) throw read.unreadable.error;
      const data = await pageData(call, read);
      return { text: (context) => orderTicket(context, data) };
    },
    withForms,
  );
}

/** The events as they are stored, one a line. Also of an order that this release cannot read. */
async function eventsLoaded({ ledger, params, language }: PageCall): Promise<Loaded> {
  const { orderId = '' } = params;
  const history = isId(orderId) ? await ledger.history(orderId) : [];
  if (history.length === 0) throw new ConsoleProblem(404, 'not_found', catalogues[language].order.unknown(orderId));
  const body = history.map((stored) => `${JSON.stringify(stored)}\n`).join('');
  // A file name of letters, digits and dashes alone, whatever the id has.
  return { file: { type: 'application/x-ndjson; charset=utf-8', name: `${orderId.replaceAll(/[^A-Za-z0-9-]/g, '_')}.ndjson`, body } };
}

/** What moving a payment, or linking a held one, would do. @throws ConsoleProblem 404: one of the orders is not placed. */
async function moveLoaded({ ledger, params, query, language }: PageCall, name: 'move' | 'link'): Promise<Loaded> {
  const words = catalogues[language].order;
  const placed = async (orderId: string): Promise<OrderView> => {
    const order = isId(orderId) ? await ledger.order(orderId) : undefined;
    if (order === undefined) throw new ConsoleProblem(404, 'not_found', words.unknown(orderId));
    return order;
  };
  const order = await placed(params['orderId'] ?? '');
  const payment = (query.get('payment') ?? '').trim();
  const target = name === 'move' ? await placed((query.get('to') ?? '').trim()) : undefined;
  if (!isId(payment)) throw new ConsoleProblem(400, 'invalid_input', words.paymentWrong);
  const reference = await (target ? paymentOf(ledger, order, payment) : heldPayment(ledger, order, payment));
  const owner = await ledger.orderOf(reference);
  if (owner && owner.orderId !== order.orderId && owner.orderId !== target?.orderId)
    throw new ConsoleProblem(409, 'belongs_to', catalogues[language].actions.belongsTo(owner.orderId));
  const preview = await ledger.previewMove(reference, (target ?? order).orderId);
  return {
    data: preview,
    page: (context) => movePage(context, { order, payment, preview, ...defined({ target }) }),
  };
}
