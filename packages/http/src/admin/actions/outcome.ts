// How an action is answered: 303 to the order with the position of its event, 409 with what is new where the order has moved on, and
// 422 with the form where a field is wrong.
import { LedgerError, type OrderEvent, readOrderEvent, type StaleAction, type StoredEvent } from '@paidonce/ledger';
import { type Console, type ConsoleCall, ConsoleProblem, type ConsoleRoute } from '../../console-call.ts';
import { jsonReply, type Reply, redirectReply } from '../../reply.ts';
import type { OrderForm, OrderFormName } from '../forms.ts';
import { catalogues } from '../words.ts';
import { FormProblem } from './form.ts';
import { formReply, staleReply } from './returned-form.ts';

/** What an action did. */
export type Done =
  | {
      /** One word, for the log and for JSON. */
      readonly outcome: string;
      readonly orderId: string;
      /** Position of the event that says it. Absent: there is none, as where nothing was to do. */
      readonly did?: string;
      /** True: it had been done before, by an earlier press of the same button or by somebody else. */
      readonly again?: boolean;
      /** For JSON, beside `outcome`. */
      readonly data?: object;
    }
  | StaleAction;

/** A route for one of the forms of an order's page. */
export function orderAction(
  console: Console,
  name: OrderFormName,
  { path, may }: OrderForm,
  act: (call: ConsoleCall, orderId: string) => Promise<Done>,
): ConsoleRoute {
  return {
    method: 'POST',
    pattern: `orders/:orderId/${path}`,
    may,
    answer: async (call) => {
      const { orderId = '' } = call.params;
      try {
        return await answered(console, call, name, await act(call, orderId));
      } catch (error) {
        if (error instanceof FormProblem) return formReply(console, call, name, error);
        if (error instanceof LedgerError && error.code === 'provider_unavailable')
          throw new ConsoleProblem(503, error.code, catalogues[call.language].actions.stripeSilent);
        throw error;
      }
    },
  };
}

async function answered(console: Console, call: ConsoleCall, name: OrderFormName, done: Done): Promise<Reply> {
  const { operator, log, root } = call;
  log.info({ actor: operator.actor, orderId: done.orderId, what: name, outcome: done.outcome }, 'paidonce: console');
  if ('revision' in done) return staleReply(console, call, name, done);
  const { outcome, orderId, did, again = false, data = {} } = done;
  if (!call.wantsPage) return jsonReply(200, { outcome, ...(again ? { again } : {}), ...(did === undefined ? {} : { did }), ...data });
  const query = new URLSearchParams({ ...(did === undefined ? {} : { did }), ...(again ? { again: '1' } : {}) }).toString();
  return redirectReply(303, `${root}orders/${encodeURIComponent(orderId)}${query === '' ? '' : `?${query}`}`);
}

/** The newest event of the order that fits. */
export async function eventOf(
  { payments: { ledger } }: Console,
  orderId: string,
  fits: (event: OrderEvent) => boolean,
): Promise<StoredEvent | undefined> {
  return (await ledger.history(orderId)).findLast((stored) => fits(readOrderEvent(stored)));
}

/** True if both sign for the same person, in the same words. */
function isSameHand(by: { actor: string; reason: string } | undefined, other: { actor: string; reason: string }): boolean {
  return by?.actor === other.actor && by.reason === other.reason;
}

/** Who resolved a review, on which page. */
interface Ruling {
  readonly by: { readonly actor: string; readonly reason: string };
  readonly seenRevision: number;
}

/** True: a review was resolved by somebody else, or from another page. @param resolved the event that says so. */
export function isEarlier(resolved: object, { by, seenRevision }: Ruling): boolean {
  const ruling = resolved as Partial<Ruling>;
  return !isSameHand(ruling.by, by) || ruling.seenRevision !== seenRevision;
}
