// The streams `sweep-{tier}`: who runs a round of the poll. `SweepStarted` at the expected revision elects;
// only `SweepFinished` moves the cursor, so the round of a process that died is read again. Reading twice is
// harmless, so there is no lease, no fencing and no clock to compare.
import * as z from 'zod';
import { invariant, LedgerError } from './errors.ts';
import { parse } from './input.ts';
import { timeSchema } from './observation.ts';
import type { SweepProgress, SweepSummary } from './payment-ledger.ts';
import type { Aggregate, Transactions } from './transact.ts';

export type SweepEvent =
  | { readonly type: 'SweepStarted'; readonly data: { readonly round: number } }
  | { readonly type: 'SweepFinished'; readonly data: { readonly round: number; readonly upTo: string; readonly summary: SweepSummary } };

export interface SweepState extends SweepProgress {
  readonly revision: number;
}

const roundSchema = z.number().int().min(1);
const countSchema = z.number().int().min(0);
const startedSchema = z.strictObject({ round: roundSchema });
const finishedSchema: z.ZodType<Extract<SweepEvent, { type: 'SweepFinished' }>['data']> = z.strictObject({
  round: roundSchema,
  upTo: timeSchema,
  summary: z.strictObject({ lookedAt: countSchema, calls: countSchema, found: countSchema, rescued: countSchema }),
});

export const sweepAggregate: Aggregate<SweepState, SweepEvent> = {
  stream: (tier) => `sweep-${tier}`,
  initial: () => ({ revision: -1, round: 0, finished: true }),
  read: ({ stream, revision, type, data, metadata }) => {
    if ((type !== 'SweepStarted' && type !== 'SweepFinished') || Number(metadata['version']) > 1) {
      throw new LedgerError('file_newer', `${stream}@${revision} (${type}) was written by a newer release. Upgrade @paidonce/ledger`);
    }
    const parsed = (type === 'SweepStarted' ? startedSchema : finishedSchema).safeParse(data);
    invariant(parsed.success, `${stream}@${revision}: not a ${type}`);
    return { type, data: parsed.data } as SweepEvent;
  },
  evolve: (before, event) => {
    const sweep = { ...before, revision: before.revision + 1 };
    if (event.type === 'SweepStarted') return { ...sweep, round: event.data.round, finished: false };
    // A slow round that ends after a newer one began must not take the cursor back.
    const upTo = sweep.upTo !== undefined && sweep.upTo > event.data.upTo ? sweep.upTo : event.data.upTo;
    return { ...sweep, finished: sweep.finished || event.data.round === sweep.round, upTo };
  },
  versionOf: () => 1,
};

export interface Sweeps {
  progress(tier: string): Promise<SweepProgress>;
  start(tier: string, seenRound: number): Promise<{ readonly outcome: 'started' | 'taken'; readonly round: number }>;
  finish(tier: string, round: number, result: { readonly upTo: string; readonly summary: SweepSummary }): Promise<void>;
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
    finish: async (tier, round, result) => {
      const data = parse(finishedSchema, { round, ...result }, 'result');
      await transactions.transact(sweepAggregate, tier, { cause: 'sweep' }, () => ({
        events: [{ type: 'SweepFinished' as const, data }],
        answer: undefined,
      }));
    },
  };
}
