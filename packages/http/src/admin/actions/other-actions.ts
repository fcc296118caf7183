// What people do beside one order's page: ask Stripe about an id, and start or cancel a bulk run.
import { LedgerError, type RunSelection } from '@paidonce/ledger';
import { isId } from '@paidonce/ledger/adapter';
import { type Console, type ConsoleCall, ConsoleProblem, type ConsoleRoute, eitherReply } from '../../console-call.ts';
import { jsonReply, type Reply, redirectReply } from '../../reply.ts';
import { catalogues } from '../words.ts';
import { FormProblem, requiredText, signedBy, textOf } from './form.ts';
import { eventOf } from './outcome.ts';

export function otherActionRoutes(console: Console): readonly ConsoleRoute[] {
  const route = (pattern: string, act: (console: Console, call: ConsoleCall) => Promise<Reply>): ConsoleRoute => ({
    method: 'POST',
    pattern,
    may: 'repair',
    answer: async (call) => {
      try {
        return await act(console, call);
      } catch (error) {
        throw plainProblem(call, error);
      }
    },
  });
  return [route('recheck', askStripe), route('runs', startRun), route('runs/:runId/cancel', cancelRun)];
}

/** A form that has no page of its own to come back to gets the sentence alone. */
function plainProblem(call: ConsoleCall, error: unknown): unknown {
  const { actions } = catalogues[call.language];
  if (error instanceof FormProblem) {
    const said = error.problem === 'amount_unclear' ? error.problem : actions.problem[error.problem];
    const label = error.field in actions.field ? actions.field[error.field as keyof typeof actions.field] : error.field;
    return new ConsoleProblem(422, 'invalid_input', `${label}: ${error.detail ?? said}`);
  }
  if (error instanceof LedgerError && error.code === 'provider_unavailable')
    return new ConsoleProblem(503, error.code, actions.stripeSilent);
  return error;
}

/** From the page that found nothing: Stripe may know an id that has not reached this ledger yet. */
async function askStripe(console: Console, call: ConsoleCall): Promise<Reply> {
  const id = requiredText(call, 'id');
  const { actor } = call.operator;
  if (!isId(id)) throw new ConsoleProblem(404, 'not_found', catalogues[call.language].actions.stripeHasNone(id));
  const by = { actor, reason: textOf(call, 'reason') || 'asked in the console' };
  const { objects, order, subscription } = await recheckOf(console, id, by);
  call.log.info({ actor, id, what: 'recheck', outcome: order || subscription ? 'found' : 'nothing' }, 'paidonce: console');
  if (subscription) {
    if (!call.wantsPage) return jsonReply(200, { objects, subscription });
    return redirectReply(303, `${call.root}subscriptions/${encodeURIComponent(subscription.subscriptionId)}`);
  }
  if (!order) {
    if (!call.wantsPage) return jsonReply(404, { error: 'not_found', objects });
    throw new ConsoleProblem(404, 'not_found', catalogues[call.language].actions.stripeHasNone(id));
  }
  const said = await eventOf(console, order.orderId, ({ type, data }) => type === 'StripeRechecked' && data.by.actor === actor);
  if (!call.wantsPage) return jsonReply(200, { objects, order });
  return redirectReply(303, `${call.root}orders/${encodeURIComponent(order.orderId)}${said ? `?did=${said.position}` : ''}`);
}

async function recheckOf(
  { payments }: Console,
  id: string,
  by: { readonly actor: string; readonly reason: string },
): ReturnType<Console['payments']['recheck']> {
  try {
    return await payments.recheck(id, { by });
  } catch (error) {
    // It is no order, and no id of Stripe's either.
    if (error instanceof LedgerError && error.code === 'order_unknown') return { objects: [] };
    throw error;
  }
}

async function startRun({ payments: { ledger } }: Console, call: ConsoleCall): Promise<Reply> {
  const by = signedBy(call);
  const kind = requiredText(call, 'kind');
  if (kind !== 'redeliver' && kind !== 'recheck')
    throw new ConsoleProblem(400, 'invalid_input', 'kind must be redeliver or recheck. Nothing was done.');
  const { outcome, runId } = await ledger.runs.start(kind, selectionIn(call), by);
  call.log.info({ actor: by.actor, runId, what: 'run', outcome }, 'paidonce: console');
  if (outcome === 'running') {
    if (!call.wantsPage) return jsonReply(409, { error: 'run_under_way', runId });
    throw new ConsoleProblem(409, 'run_under_way', catalogues[call.language].actions.runUnderWay(runId));
  }
  return call.wantsPage ? redirectReply(303, `${call.root}runs/${encodeURIComponent(runId)}`) : jsonReply(200, { outcome, runId });
}

function selectionIn(call: ConsoleCall): RunSelection {
  if (textOf(call, 'pick') === 'all') {
    const error = textOf(call, 'error');
    return { undelivered: error === '' ? {} : { error } };
  }
  const { id = [] } = call.fields;
  const orders = (Array.isArray(id) ? id : [id]).filter((each) => typeof each === 'string' && each !== '');
  if (orders.length === 0) throw new FormProblem('id', 'missing');
  return { orders };
}

async function cancelRun({ payments: { ledger } }: Console, call: ConsoleCall): Promise<Reply> {
  const { runId = '' } = call.params;
  const by = signedBy(call);
  if (!isId(runId) || (await ledger.runs.run(runId)) === undefined) throw new ConsoleProblem(404, 'not_found', runId);
  const { outcome } = await ledger.runs.cancel(runId, by);
  call.log.info({ actor: by.actor, runId, what: 'cancel_run', outcome }, 'paidonce: console');
  if (outcome === 'ended' && call.wantsPage) throw new ConsoleProblem(409, 'run_ended', catalogues[call.language].actions.runEnded);
  if (!call.wantsPage) return eitherReply(call, { status: outcome === 'ended' ? 409 : 200, data: { outcome, runId }, page: () => '' });
  return redirectReply(303, `${call.root}runs/${encodeURIComponent(runId)}`);
}
