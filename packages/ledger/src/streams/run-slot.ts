// The stream `runs`: which bulk run goes on. There is one at a time, by the expected revision of this stream. A run that was asked
// for and is not named here never begins. It is freed once the run has ended, by whoever finds that first.
import * as z from 'zod';
import { invariant } from '../errors.ts';
import { eventReader } from '../event-store/event-versions.ts';
import { idSchema } from '../observation.ts';
import type { Aggregate } from './aggregate.ts';
import type { Transactions } from './transact.ts';

export type SlotEvent =
  /** From here on this run goes on, and no other. */
  | { readonly type: 'RunAdmitted'; readonly data: { readonly runId: string } }
  /** The run has ended. */
  | { readonly type: 'RunReleased'; readonly data: { readonly runId: string } };

export interface SlotState {
  readonly revision: number;
  /** Absent: none goes on. */
  readonly runId?: string;
}

const ofRun: z.ZodType<{ readonly runId: string }> = z.strictObject({ runId: idSchema });

/** The one id of this kind of stream. */
const only = '';

export const slotAggregate: Aggregate<SlotState, SlotEvent> = {
  stream: () => 'runs',
  initial: () => ({ revision: -1 }),
  evolve: ({ revision, runId }, { type, data }) => {
    const isAdmitted = type === 'RunAdmitted';
    invariant(isAdmitted ? runId === undefined : runId === data.runId, `${type} of run ${data.runId} while ${runId ?? 'none'} goes on`);
    return { revision: revision + 1, ...(isAdmitted ? { runId: data.runId } : {}) };
  },
  ...eventReader<SlotEvent>({ RunAdmitted: [ofRun], RunReleased: [ofRun] }),
};

/** All methods throw LedgerError as `transact`. */
export interface RunSlot {
  /** Strong. Undefined: no run goes on. */
  current(): Promise<string | undefined>;
  /** Lets the run go on if no other does. Answers which one does. */
  admit(runId: string): Promise<string>;
  /** Does nothing where another run goes on, or none. */
  release(runId: string): Promise<void>;
  /** Strong: all runs that ever went on, oldest first. */
  admitted(): Promise<readonly string[]>;
}

export function openRunSlot(transactions: Transactions): RunSlot {
  return {
    current: async () => (await transactions.read(slotAggregate, only)).runId,
    admit: async (runId) => {
      const { answer } = await transactions.transact(slotAggregate, only, { cause: 'run' }, (slot) =>
        slot.runId === undefined
          ? { events: [{ type: 'RunAdmitted', data: { runId } }], answer: runId }
          : { events: [], answer: slot.runId },
      );
      return answer;
    },
    release: async (runId) => {
      await transactions.transact(slotAggregate, only, { cause: 'run' }, (slot) => ({
        events: slot.runId === runId ? [{ type: 'RunReleased', data: { runId } }] : [],
        answer: undefined,
      }));
    },
    admitted: async () =>
      (await transactions.history(slotAggregate, only)).flatMap(({ type, data }) => (type === 'RunAdmitted' ? [data.runId] : [])),
  };
}
