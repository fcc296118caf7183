// The streams `run-{id}`: a bulk run, from what was asked to how it ended. A run names its orders when it starts, and they are
// handled in that order, so its counts say how far it has come. Whoever appends `RunAdvanced` at the expected revision carries
// it out: there is no lease. A process that falls silent is replaced by another one, which goes on behind the last `RunAdvanced`;
// what the first had done beyond that is done again, and that is harmless.
import * as z from 'zod';
import type { RunKind } from '../bulk-runs.ts';
import { invariant } from '../errors.ts';
import { eventReader } from '../event-store/event-versions.ts';
import { idSchema, type ManualAction, manualActionSchema, timeSchema } from '../observation.ts';
import type { Aggregate } from './aggregate.ts';
import type { Transactions } from './transact.ts';

/** How many orders a run may have. */
export const mostOrders = 5_000;
/** How many failures of a run are kept with their error. */
const mostFailures = 100;

/** A person asked for the run. It begins when the slot (`run-slot.ts`) names it. */
export interface RunStarted {
  readonly kind: RunKind;
  readonly by: ManualAction;
  /** `orders`: all of them, in the order in which they are handled. `undelivered`: how they were found. */
  readonly selection: { readonly orders: readonly string[]; readonly undelivered?: { readonly error?: string } };
  readonly count: number;
  /** Position of the log up to which they were found: a decision behind it is none of this run's. */
  readonly upTo: string;
  /** Our clock, ISO 8601 UTC. */
  readonly startedAt: string;
}
/** The process carries the run out, and has handled these orders since the last one. */
export interface RunAdvanced {
  /** Random for each process. Empty: it gave the run up, and any other takes it at once. */
  readonly process: string;
  readonly done: number;
  readonly skipped: number;
  readonly failed: number;
  /** As far as 100 of the run are kept. */
  readonly failures: readonly RunFailure[];
  /** The last order that was handled. Absent: none yet. */
  readonly after?: string;
  /** Milliseconds until it goes on, since too many failed in a row. Absent: at once. */
  readonly waitMs?: number;
}
export interface RunFailure {
  readonly orderId: string;
  /** Name of the error, and its code behind a slash; or `timeout`. */
  readonly error: string;
}

export type RunEvent =
  | { readonly type: 'RunStarted'; readonly data: RunStarted }
  | { readonly type: 'RunAdvanced'; readonly data: RunAdvanced }
  | { readonly type: 'RunCancelled'; readonly data: { readonly by: ManualAction; readonly at: string } }
  | { readonly type: 'RunFinished'; readonly data: { readonly at: string } };

/** The folded stream of a run. */
export interface RunState {
  readonly runId: string;
  readonly revision: number;
  /** Absent: nobody asked for it. */
  readonly started?: RunStarted;
  readonly done: number;
  readonly skipped: number;
  readonly failed: number;
  readonly failures: readonly RunFailure[];
  /** Who carries it out. Empty: nobody. */
  readonly process: string;
  /** As in the last `RunAdvanced`; 0: it goes on at once. */
  readonly waitMs: number;
  /** Absent: it has not ended. Orders that were under way when it was canceled are still counted. */
  readonly ended?: { readonly how: 'finished' | 'canceled'; readonly at: string };
}

const countSchema = z.number().int().min(0);
const errorText = z.string().regex(/^[A-Za-z0-9._/-]{1,130}$/);
const startedSchema: z.ZodType<RunStarted> = z.strictObject({
  kind: z.enum(['redeliver', 'recheck']),
  by: manualActionSchema,
  selection: z.strictObject({
    orders: z.array(idSchema).min(1).max(mostOrders),
    undelivered: z.exactOptional(z.strictObject({ error: z.exactOptional(errorText) })),
  }),
  count: countSchema,
  upTo: z.string().max(128),
  startedAt: timeSchema,
});
const advancedSchema: z.ZodType<RunAdvanced> = z.strictObject({
  process: z.union([z.literal(''), idSchema]),
  done: countSchema,
  skipped: countSchema,
  failed: countSchema,
  failures: z.array(z.strictObject({ orderId: idSchema, error: errorText })).max(mostFailures),
  after: z.exactOptional(idSchema),
  waitMs: z.exactOptional(z.number().int().min(1)),
});

export const runAggregate: Aggregate<RunState, RunEvent> = {
  stream: (runId) => `run-${runId}`,
  initial: (runId) => ({ runId, revision: -1, done: 0, skipped: 0, failed: 0, failures: [], process: '', waitMs: 0 }),
  evolve: (before, event) => ({ ...before, revision: before.revision + 1, ...changesBy(event, before) }),
  ...eventReader<RunEvent>({
    RunStarted: [startedSchema],
    RunAdvanced: [advancedSchema],
    RunCancelled: [z.strictObject({ by: manualActionSchema, at: timeSchema })],
    RunFinished: [z.strictObject({ at: timeSchema })],
  }),
};

function changesBy(event: RunEvent, run: RunState): Partial<RunState> {
  const { runId, started, ended } = run;
  if (event.type === 'RunStarted') {
    const { count, selection } = event.data;
    invariant(started === undefined, `run ${runId} starts twice`);
    invariant(count === new Set(selection.orders).size && count === selection.orders.length, `run ${runId} counts ${count} orders wrongly`);
    return { started: event.data };
  }
  invariant(started !== undefined, `run ${runId} has ${event.type} before it starts`);
  invariant(ended?.how !== 'finished', `run ${runId} has ${event.type} after its end`);
  switch (event.type) {
    case 'RunAdvanced':
      return advanced(run, started, event.data);
    case 'RunCancelled':
      invariant(ended === undefined, `run ${runId} is canceled twice`);
      return { ended: { how: 'canceled', at: event.data.at } };
    case 'RunFinished':
      invariant(
        ended === undefined && handledOf(run) === started.count,
        `run ${runId} finishes after ${handledOf(run)} of ${started.count}`,
      );
      return { ended: { how: 'finished', at: event.data.at } };
  }
}

function advanced(run: RunState, started: RunStarted, { process, waitMs = 0, after, failures, ...counts }: RunAdvanced): Partial<RunState> {
  const { runId } = run;
  const next = { done: run.done + counts.done, skipped: run.skipped + counts.skipped, failed: run.failed + counts.failed };
  const last = started.selection.orders[handledOf(next) - 1];
  invariant(handledOf(next) <= started.count && last === after, `run ${runId} is after ${after}, and has handled ${handledOf(next)}`);
  invariant(failures.length === keptOf(run, counts.failed), `run ${runId} keeps ${failures.length} of ${counts.failed} failures`);
  return { ...next, failures: [...run.failures, ...failures], process, waitMs };
}

/** How many orders were handled. The next one has this index. */
export function handledOf({ done, skipped, failed }: Pick<RunState, 'done' | 'skipped' | 'failed'>): number {
  return done + skipped + failed;
}

/** How many of the next failures are kept with their error. */
function keptOf({ failures }: RunState, failed: number): number {
  return Math.min(failed, mostFailures - failures.length);
}

/** What became of one order. */
export type Handled = { readonly outcome: 'done' | 'skipped' } | { readonly outcome: 'failed'; readonly error: string };

/** All methods throw LedgerError as `transact`. */
export interface RunStreams {
  /** Strong. A run that nobody asked for has revision −1. */
  read(runId: string): Promise<RunState>;
  start(runId: string, started: RunStarted): Promise<void>;
  /** Makes the process the one that carries the run out, if nothing was appended since `seenRevision`. */
  take(runId: string, process: string, seenRevision: number): Promise<boolean>;
  /** Records what became of the next orders. `lost`: another process carries the run out, or it has finished; nothing was recorded. */
  advance(runId: string, process: string, handled: readonly Handled[], waitMs?: number): Promise<'going' | 'ended' | 'lost'>;
  /** Gives the run up, so that another process takes it at once. */
  leave(runId: string, process: string): Promise<void>;
  cancel(runId: string, by: ManualAction): Promise<'canceled' | 'ended'>;
}

export function openRunStreams(transactions: Transactions, now: () => string): RunStreams {
  const metadata = { cause: 'run' };
  return {
    read: (runId) => transactions.read(runAggregate, runId),
    start: async (runId, data) => {
      await transactions.transact(runAggregate, runId, metadata, ({ started }) => ({
        events: started ? [] : [{ type: 'RunStarted' as const, data }],
        answer: undefined,
      }));
    },
    take: async (runId, process, seenRevision) => {
      const { answer } = await transactions.transact(runAggregate, runId, metadata, (run) => {
        if (run.revision !== seenRevision || run.ended || !run.started) return { events: [], answer: false };
        return { events: [advance(run, run.started, process, [])], answer: true };
      });
      return answer;
    },
    advance: async (runId, process, handled, waitMs) => {
      const { answer } = await transactions.transact(runAggregate, runId, metadata, (run) => {
        if (run.process !== process || run.ended?.how === 'finished' || !run.started) return { events: [], answer: 'lost' as const };
        const event = advance(run, run.started, process, handled, waitMs);
        const isLast = handledOf(run) + handled.length === run.started.count;
        if (run.ended) return { events: handled.length > 0 ? [event] : [], answer: 'ended' as const };
        if (!isLast) return { events: [event], answer: 'going' as const };
        return { events: [event, { type: 'RunFinished' as const, data: { at: now() } }], answer: 'ended' as const };
      });
      return answer;
    },
    leave: async (runId, process) => {
      await transactions.transact(runAggregate, runId, metadata, (run) => ({
        events: run.process === process && !run.ended && run.started ? [advance(run, run.started, '', [])] : [],
        answer: undefined,
      }));
    },
    cancel: async (runId, by) => {
      const { answer } = await transactions.transact(runAggregate, runId, metadata, ({ ended, started }) =>
        ended || !started
          ? { events: [], answer: 'ended' as const }
          : { events: [{ type: 'RunCancelled' as const, data: { by, at: now() } }], answer: 'canceled' as const },
      );
      return answer;
    },
  };
}

function advance(run: RunState, { selection }: RunStarted, process: string, handled: readonly Handled[], waitMs?: number): RunEvent {
  const from = handledOf(run);
  const failures = handled.flatMap((each, index) =>
    each.outcome === 'failed' ? [{ orderId: selection.orders[from + index] ?? '', error: each.error }] : [],
  );
  const after = selection.orders[from + handled.length - 1];
  const count = (outcome: Handled['outcome']): number => handled.filter((each) => each.outcome === outcome).length;
  return {
    type: 'RunAdvanced',
    data: {
      process,
      done: count('done'),
      skipped: count('skipped'),
      failed: failures.length,
      failures: failures.slice(0, keptOf(run, failures.length)),
      ...(after === undefined ? {} : { after }),
      ...(waitMs === undefined ? {} : { waitMs }),
    },
  };
}
