// The page of an order: why it is in its state. Nothing here changes anything.

import { LedgerError, type OrderView } from '@paidonce/ledger';
import { defined } from '@paidonce/ledger/adapter';
import { explainHistory, explanationLines } from '@paidonce/ledger/audit';
import { type Console, type ConsoleCall, ConsoleProblem, type ConsoleRoute, eitherReply } from '../console-call.ts';
import type { Reply } from '../reply.ts';
import { orderPage } from './pages.ts';

export function readingRoutes({ payments: { ledger } }: Console): readonly ConsoleRoute[] {
  return [{ method: 'GET', pattern: 'orders/:orderId', may: 'read', answer: (call) => orderAnswer(ledger, call) }];
}

async function orderAnswer(ledger: Console['payments']['ledger'], call: ConsoleCall): Promise<Reply> {
  const orderId = call.params['orderId'] ?? '';
  const history = await strict(() => ledger.history(orderId));
  const explanation = history && explainHistory(orderId, history);
  if (!explanation) throw unknown(orderId);
  const order: OrderView | undefined = await ledger.order(orderId);
  const data = { ...defined({ order }), timeline: explanation.entries };
  const view = {
    path: call.root,
    actor: call.operator.actor,
    orderId,
    order,
    lines: explanationLines(explanation),
    delivers: ledger.delivers,
  };
  return eitherReply(call, { data, page: () => orderPage({ ...view, did: call.query.get('did') ?? '' }) });
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
