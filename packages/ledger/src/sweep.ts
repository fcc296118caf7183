// The streams `sweep-{tier}`: who runs a round of the poll. `SweepStarted` at the expected revision elects;
// only `SweepFinished` moves the cursor, so the round of a process that died is read again. Reading twice is
// harmless, so there is no lease, no fencing and no clock to compare.
import * as z from 'zod';
import type { SweepPosition, SweepProgress, SweepSummary } from './adapter-ledger.ts';
import { invariant, LedgerError } from './errors.ts';
import { parse } from './input.ts';
import { idSchema, timeSchema } from './observation.ts';
import type { Aggregate, Transactions } from './transact.ts';

export type SweepEvent =
  | { readonly type: 'SweepStarted'; readonly data: { readonly round: number } }
  | { readonly type: 'SweepAdvanced'; readonly data: SweepPosition & { readonly round: number } }
  | { readonly type: 'SweepFinished'; readonly data: { readonly round: number; readonly upTo: string; readonly summary: SweepSummary } };

export interface SweepState extends SweepProgress {
  readonly revision: number;
}

const roundSchema = z.number().int().min(1);
const countSchema = z.number().int().min(0);
const startedSchema = z.strictObject({ round: roundSchema });
const advancedSchema: z.ZodType<SweepPosition & { readonly round: number }> = z.strictObject({
  round: roundSchema,
  from: timeSchema,
  to: timeSchema,
  after: idSchema,
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
const schemas: Readonly<Record<SweepEvent['type'], z.ZodType>> = {
  SweepStarted: startedSchema,
  SweepAdvanced: advancedSchema,
  SweepFinished: finishedSchema,
};
/** Days of which the reads are kept. */
const spentDays = 31;

export const sweepAggregate: Aggregate<SweepState, SweepEvent> = {
  stream: (tier) => `sweep-${tier}`,
  initial: () => ({ revision: -1, round: 0, finished: true, spent: [] }),
  read: ({ stream, revision, type, data, metadata }) => {
    if (!isSweepEvent(type) || Number(metadata['version']) > 1) {
      throw new LedgerError('file_newer', `${stream}@${revision} (${type}) was written by a newer release. Upgrade @paidonce/ledger`);
    }
    const parsed = schemas[type].safeParse(data);
    invariant(parsed.success, `${stream}@${revision}: not a ${type}`);
    return { type, data: parsed.data } as SweepEvent;
  },
  evolve: (before, event) => {
    const sweep = { ...before, revision: before.revision + 1 };
    if (event.type === 'SweepStarted') return { ...sweep, round: event.data.round, finished: false };
    // A slow round that says something after a newer one began must not take anything back.
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
  versionOf: () => 1,
};

export interface Sweeps {
  progress(tier: string): Promise<SweepProgress>;
  start(tier: string, seenRound: number): Promise<{ readonly outcome: 'started' | 'taken'; readonly round: number }>;
  advance(tier: string, round: number, position: SweepPosition): Promise<void>;
  finish(tier: string, round: number, result: { readonly upTo: string; readonly summary: SweepSummary }): Promise<void>;
}

function isSweepEvent(type: string): type is SweepEvent['type'] {
  return Object.hasOwn(schemas, type);
}

/** The days up to the newest one, with what the round has read. */
function spentAfter(
  spent: SweepProgress['spent'],
  { upTo, summary: { calls, otherReads = 0 } }: Extract<SweepEvent, { type: 'SweepFinished' }>['data'],
): SweepProgress['spent'] {
  const day = upTo.slice(0, 10);
  const reads = (spent.find((each) => each.day === day)?.reads ?? 0) + calls + otherReads;
  return [...spent.filter((each) => each.day !== day), { day, reads }].sort((a, b) => (a.day < b.day ? -1 : 1)).slice(-spentDays);
}

export function openSweeps(transactions: Transactions): Sweeps {
  return {
    progress: async (tier) => {
      const { revision: _, ...progress } = await transactions.read(sweepAggregate, tier);
      return progress;
    },
    start: async (tier, seenRound) => {
      const { state, answer } = await transactions.transact(sweepAggregate, tier, { cause: 'sweep' }, ({ round }) =>
        round === seenRound
          ? { events: [{ type: 'SweepStarted', data: { round: round + 1 } }], answer: 'started' as const }
          : { events: [], answer: 'taken' as const },
      );
      return { outcome: answer, round: state.round };
    },
    advance: async (tier, round, position) => {
      const data = parse(advancedSchema, { round, ...position }, 'position');
      await transactions.transact(sweepAggregate, tier, { cause: 'sweep' }, () => ({
        events: [{ type: 'SweepAdvanced' as const, data }],
        answer: undefined,
      }));
    },
    finish: async (tier, round, result) => {
      const data = parse(finishedSchema, { round, ...result }, 'result');
      await transactions.transact(sweepAggregate, tier, { cause: 'sweep' }, () => ({
        events: [{ type: 'SweepFinished' as const, data }],
        answer: undefined,
      }));
    },
  };
}
