// Bulk runs: the list, one of them, and what one would do. Starting and canceling are POST.
import type { Run, RunKind } from '@paidonce/ledger';
import { isId } from '@paidonce/ledger/adapter';
import { ConsoleProblem } from '../../console-call.ts';
import type { Loaded, PageCall } from '../page-route.ts';
import { cancelRunPage, mostOrders, newRunPage, runPage, runsPage } from '../pages/runs.ts';
import { oneOf, pageFrom, textOf, unreadable } from './parameters.ts';

export async function loadRuns(call: PageCall): Promise<Loaded> {
  const data = await call.ledger.runs.runs(pageFrom(call));
  return { data, page: (context) => runsPage(context, data) };
}

async function runOf({ ledger, params }: PageCall): Promise<Run> {
  const runId = params['runId'] ?? '';
  const run = isId(runId) ? await ledger.runs.run(runId) : undefined;
  if (run === undefined) throw new ConsoleProblem(404, 'not_found', `${runId.slice(0, 128)}: not found.`);
  return run;
}

export async function loadRun(call: PageCall): Promise<Loaded> {
  const run = await runOf(call);
  return { data: run, page: (context) => runPage(context, run) };
}

/** GET `runs/:runId/cancel`. Over already: back to the run. */
export async function loadCancelRun(call: PageCall): Promise<Loaded> {
  const run = await runOf(call);
  if (run.state === 'finished' || run.state === 'canceled') return { redirect: `runs/${encodeURIComponent(run.runId)}` };
  return { data: run, page: (context) => cancelRunPage(context, run) };
}

const kinds: readonly RunKind[] = ['redeliver', 'recheck'];

/** GET `runs/new?kind=&id=…`, or `pick=all` with the error that is meant. */
export async function loadNewRun({ ledger, query }: PageCall): Promise<Loaded> {
  const kind = oneOf(query, 'kind', kinds) ?? 'redeliver';
  const isAll = oneOf(query, 'pick', ['some', 'all']) === 'all';
  const error = textOf(query, 'error', 130);
  const ids = [...new Set(query.getAll('id'))];
  if (ids.length > mostOrders) throw unreadable('id', `is there ${ids.length} times; a run has at most ${mostOrders} orders`);
  if (!ids.every(isId)) throw unreadable('id', 'must be ids of orders');
  if (!isAll && ids.length === 0) return { redirect: kind === 'redeliver' ? 'queues/undelivered' : 'orders' };
  const only = error === undefined ? {} : { error };
  const planned = await ledger.runs.plan(kind, isAll ? { undelivered: only } : { orders: ids });
  const data = { kind, ...planned, selection: isAll ? only : { orders: ids } };
  return { data, page: (context) => newRunPage(context, data) };
}
