// The streams `sweep-{tier}`: who runs a round of the poll. `SweepStarted` at the expected revision elects one
// process. Only `SweepFinished` moves the cursor, so the round of a process that died is read again. Reading twice
// is harmless, so there is no lease, no fencing and no comparison of clocks.
import * as z from 'zod';
import type { SweepPosition, SweepProgress, SweepSummary } from '../adapter-ledger.ts';
import type { EventStore } from '../event-store/event-store.ts';
import { eventReader } from '../event-store/event-versions.ts';
import { parse } from '../input.ts';
import type { Logger } from '../logger.ts';
import { idSchema, timeSchema } from '../observation.ts';
import type { Aggregate } from './aggregate.ts';
import type { Folded } from './state-cache.ts';
import type { Transactions } from './transact.ts';

export type SweepEvent =
  | { readonly type: 'SweepStarted'; readonly data: { readonly round: number } }
  | { readonly type: 'SweepAdvanced'; readonly data: SweepPosition & { readonly round: number } }
  | { readonly type: 'SweepFinished'; readonly data: { readonly round: number; readonly upTo: string; readonly summary: SweepSummary } };

export interface SweepState extends SweepProgress {
  readonly revision: number;
}

const roundSchema = z.number().int().min(1);
const countSchema = z.number().int().min(0);
const positionShape = { from: timeSchema, to: timeSchema, after: idSchema };
const positionSchema: z.ZodType<SweepPosition> = z.strictObject(positionShape);
const startedSchema = z.strictObject({ round: roundSchema });
const advancedSchema: z.ZodType<SweepPosition & { readonly round: number }> = z.strictObject({
  round: roundSchema,
  ...positionShape,
});
const finishedSchema: z.ZodType<Extract<SweepEvent, { type: 'SweepFinished' }>['data']> = z.strictObject({
  round: roundSchema,
  upTo: timeSchema,
  summary: z.strictObject({
    lookedAt: countSchema,
    calls: countSchema,
    found: countSchema,
    rescued: countSchema,
    otherReads: z.exactOptional(countSchema),
    budgetLeft: z.exactOptional(z.number().int()),
  }),
});
/** The shape in which a read model stores the state. A row that does not fit it is not used. */
export const sweepStateSchema: z.ZodType<SweepState> = z.strictObject({
  revision: countSchema,
  round: countSchema,
  finished: z.boolean(),
  upTo: z.exactOptional(timeSchema),
  resume: z.exactOptional(positionSchema),
  spent: z.array(z.strictObject({ day: z.iso.date(), reads: countSchema, others: z.exactOptional(countSchema) })),
});
/** For how many days `spent` keeps the number of reads. */
const spentDays = 31;

export const sweepAggregate: Aggregate<SweepState, SweepEvent> = {
  stream: (tier) => `sweep-${tier}`,
  initial: () => ({ revision: -1, round: 0, finished: true, spent: [] }),
  evolve: (before, event) => {
    const sweep = { ...before, revision: before.revision + 1 };
    if (event.type === 'SweepStarted') return { ...sweep, round: event.data.round, finished: false };
    // A late event of an older round must not undo what a newer round has recorded.
    const isNewest = event.data.round === sweep.round;
    if (event.type === 'SweepAdvanced') {
      const { round: _, ...resume } = event.data;
      return isNewest ? { ...sweep, resume } : sweep;
    }
    const upTo = sweep.upTo !== undefined && sweep.upTo > event.data.upTo ? sweep.upTo : event.data.upTo;
    const { resume, ...rest } = sweep;
    return {
      ...rest,
      ...(resume === undefined || isNewest ? {} : { resume }),
      finished: sweep.finished || isNewest,
      upTo,
      spent: spentAfter(sweep.spent, event.data),
    };
  },
  ...eventReader<SweepEvent>({ SweepStarted: [startedSchema], SweepAdvanced: [advancedSchema], SweepFinished: [finishedSchema] }),
};

/** The folded stream of a tier, as the read models store it. */
export interface FoldedSweep {
  readonly state: SweepState;
  /** Id of its last event: shows whether the state belongs to the stream. */
  readonly eventId: string;
}
/** Where to find the states that the read models store. */
export interface SweepSnapshots {
  readonly store: EventStore;
  readonly log: Logger;
  /** Undefined: they have none for this tier. */
  folded(tier: string): Promise<FoldedSweep | undefined>;
}

/** The sweeps of an `AdapterLedger`, which documents the methods. All throw LedgerError, as `transact` does. */
export interface Sweeps {
  progress(tier: string): Promise<SweepProgress>;
  start(
    tier: string,
    seenRound: number,
    as?: { readonly takesOver?: boolean },
  ): Promise<{ readonly outcome: 'started' | 'lost'; readonly round: number }>;
  advance(tier: string, round: number, position: SweepPosition): Promise<void>;
  finish(tier: string, round: number, result: { readonly upTo: string; readonly summary: SweepSummary }): Promise<void>;
}

/** Adds the reads of a finished round to the UTC day of its end. */
function spentAfter(
  spent: SweepProgress['spent'],
  { upTo, summary: { calls, otherReads = 0 } }: Extract<SweepEvent, { type: 'SweepFinished' }>['data'],
): SweepProgress['spent'] {
  const day = upTo.slice(0, 10);
  const before = spent.find((each) => each.day === day);
  const others = (before?.others ?? 0) + otherReads;
  const today = { day, reads: (before?.reads ?? 0) + calls + otherReads, ...(others === 0 ? {} : { others }) };
  return [...spent.filter((each) => each.day !== day), today].sort((a, b) => (a.day < b.day ? -1 : 1)).slice(-spentDays);
}

/** @param keeping absent: a stream is folded from its start. */
export function openSweeps(transactions: Transactions, snapshots?: SweepSnapshots): Sweeps {
  const aggregate = { ...sweepAggregate, ...(snapshots ? { snapshot: (tier: string) => snapshotOf(tier, snapshots) } : {}) };
  return {
    progress: async (tier) => {
      const { revision: _, ...progress } = await transactions.read(aggregate, tier);
      return progress;
    },
    start: async (tier, seenRound, { takesOver = false } = {}) => {
      const { state, answer } = await transactions.transact(aggregate, tier, { cause: 'sweep' }, ({ round, finished }) =>
        round === seenRound && !(takesOver && finished)
          ? { events: [{ type: 'SweepStarted', data: { round: round + 1 } }], answer: 'started' as const }
          : { events: [], answer: 'lost' as const },
      );
      return { outcome: answer, round: state.round };
    },
    advance: async (tier, round, position) => {
      const data = parse(advancedSchema, { round, ...position }, 'position');
      await transactions.transact(aggregate, tier, { cause: 'sweep' }, () => ({
        events: [{ type: 'SweepAdvanced' as const, data }],
        answer: undefined,
      }));
    },
    finish: async (tier, round, result) => {
      const data = parse(finishedSchema, { round, ...result }, 'result');
      await transactions.transact(aggregate, tier, { cause: 'sweep' }, () => ({
        events: [{ type: 'SweepFinished' as const, data }],
        answer: undefined,
      }));
    },
  };
}

/**
 * Streams of sweeps grow for years, so their fold starts from the state in the read models. That state is used only if its
 * last event is still in the stream. Answers undefined where it is not, or where there is no state.
 */
async function snapshotOf(tier: string, { store, log, folded }: SweepSnapshots): Promise<Folded<SweepState> | undefined> {
  const sweep = await folded(tier).catch((error: unknown) => {
    log.warn({ err: error, tier }, 'the read models cannot be asked; the stream of the tier is read from its start');
    return undefined;
  });
  if (sweep === undefined) return undefined;
  const [last] = await store.readStream(sweepAggregate.stream(tier), { afterRevision: sweep.state.revision - 1 });
  // Another event in its place, or none: the log was restored from a backup, so the row describes events that no longer exist.
  return last?.id === sweep.eventId ? { state: sweep.state, recordedAt: last.metadata['recordedAt'] ?? '' } : undefined;
}
