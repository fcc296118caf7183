// Where bulk runs are asked for, looked at and canceled, in any process. Starting one:
//   1. Look which run goes on: the answer is that one.
//   2. Find the orders, and append `RunStarted` to a stream of its own. A crash here leaves a run that never begins.
//   3. Append `RunAdmitted` to the slot, if that is free by then: the commit point. Else cancel the run of step 2.
// What follows is the carrier's, in whichever process can.
import * as z from 'zod';
import type { BulkRuns, Run, RunKind, RunSelection } from '../bulk-runs.ts';
import { LedgerError } from '../errors.ts';
import { pageSchema, parse } from '../input.ts';
import { givenActionSchema, idSchema } from '../observation.ts';
import { pageOf } from '../page.ts';
import type { Runtime } from '../runtime.ts';
import type { RunSlot } from '../streams/run-slot.ts';
import { mostOrders, type RunState, type RunStreams } from '../streams/run-streams.ts';

/** The orders that a selection means now. */
export interface FoundOrders {
  readonly orders: readonly string[];
  /** Position of the log up to which they were found. */
  readonly upTo: string;
  readonly lagMs: number;
}

export interface RunDeskParts {
  readonly runs: RunStreams;
  readonly slot: RunSlot;
  readonly runtime: Runtime;
  /** Orders whose newest decision the shop does not have, of one error if it is named; at most `limit`. */
  undelivered(error: string | undefined, limit: number): Promise<FoundOrders>;
  /** For a selection that names its orders. */
  upTo(): Promise<Omit<FoundOrders, 'orders'>>;
  /** The rows of these orders. */
  summaries(orderIds: readonly string[]): Promise<Awaited<ReturnType<BulkRuns['plan']>>['orders']>;
  /** Wakes the carrier of this process. */
  wake(): void;
}

const kindSchema: z.ZodType<RunKind> = z.enum(['redeliver', 'recheck']);
const selectionSchema: z.ZodType<RunSelection> = z.union([
  z.strictObject({ orders: z.array(idSchema) }),
  z.strictObject({ undelivered: z.strictObject({ error: z.exactOptional(z.string().min(1).max(130)) }) }),
]);
const shown = 100;

export function openRunDesk({ runs, slot, runtime, undelivered, upTo, summaries, wake }: RunDeskParts): BulkRuns {
  async function found(selection: RunSelection): Promise<FoundOrders> {
    if ('undelivered' in selection) return undelivered(selection.undelivered.error, mostOrders + 1);
    return { orders: [...new Set(selection.orders)], ...(await upTo()) };
  }

  /** Which run goes on; undefined: none. Frees the slot of one that has ended. */
  async function goingOn(): Promise<string | undefined> {
    const runId = await slot.current();
    if (runId === undefined || !(await runs.read(runId)).ended) return runId;
    await slot.release(runId); // A crash before it: whoever looks next does it.
    return goingOn();
  }

  async function read(runId: string): Promise<Run | undefined> {
    const current = await slot.current(); // First: what ends after it shows as ended.
    const run = await runs.read(runId);
    return runOf(run, current === runId);
  }

  return {
    plan: async (kind, selection) => {
      parse(kindSchema, kind, 'kind');
      const { orders, lagMs } = await found(parse(selectionSchema, selection, 'selection'));
      return { count: orders.length, orders: await summaries(orders.slice(0, shown)), lagMs };
    },
    start: async (kind, asked, by) => {
      const selection = parse(selectionSchema, asked, 'selection');
      const signed = { kind: parse(kindSchema, kind, 'kind'), by: parse(givenActionSchema, by, 'by') };
      const busy = await goingOn(); // 1
      if (busy !== undefined) return { outcome: 'running', runId: busy };
      const { orders, upTo: position } = await found(selection); // 2
      checkCount(orders.length);
      const runId = runtime.uuid();
      await runs.start(runId, {
        ...signed,
        selection: { orders, ...('undelivered' in selection ? selection : {}) },
        count: orders.length,
        upTo: position,
        startedAt: runtime.now().toISOString(),
      });
      for (;;) {
        const admitted = await slot.admit(runId); // 3
        if (admitted === runId) {
          wake();
          return { outcome: 'started', runId };
        }
        const other = await goingOn();
        if (other === undefined) continue; // It has ended since.
        await runs.cancel(runId, signed.by);
        return { outcome: 'running', runId: other };
      }
    },
    run: (runId) => read(parse(idSchema, runId, 'runId')),
    runs: async (request) => {
      const { after, limit = shown } = parse(pageSchema, request ?? {}, 'page');
      const ids = (await slot.admitted()).toReversed();
      const from = after === undefined ? 0 : ids.indexOf(after) + 1;
      const rows = await Promise.all(ids.slice(from, from + limit + 1).map(read));
      return pageOf(
        rows.filter((row) => row !== undefined),
        limit,
        ({ runId }) => runId,
        0,
      );
    },
    cancel: async (runId, by) => {
      const signed = parse(givenActionSchema, by, 'by');
      if (!(await runs.read(parse(idSchema, runId, 'runId'))).started)
        throw new LedgerError('invalid_input', `There is no run ${runId}. \`ledger.runs.runs()\` lists them`);
      const outcome = await runs.cancel(runId, signed);
      await slot.release(runId); // A crash before it: whoever looks next does it.
      return { outcome };
    },
  };
}

/** @throws LedgerError `invalid_input` */
function checkCount(count: number): void {
  if (count === 0) throw new LedgerError('invalid_input', 'No order is left to do anything with. Nothing was started');
  if (count > mostOrders) {
    const found = count > mostOrders + 1 ? `${count} orders are` : `more than ${mostOrders} orders are`;
    throw new LedgerError('invalid_input', `${found} too many for one run. Name at most ${mostOrders}, or one error of the deliveries`);
  }
}

function runOf(run: RunState, goesOn: boolean): Run | undefined {
  const { runId, started, done, skipped, failed, failures, waitMs, ended } = run;
  if (started === undefined) return undefined;
  const { kind, by, count, startedAt } = started;
  const counts = { runId, kind, by, count, done, skipped, failed, failures, startedAt };
  if (ended) return { ...counts, state: ended.how, endedAt: ended.at };
  // The slot is freed after the end alone: a run that it does not name, and that has not ended, never began.
  if (!goesOn) return { ...counts, state: 'canceled', endedAt: startedAt };
  return { ...counts, state: waitMs > 0 ? 'paused' : 'running' };
}
