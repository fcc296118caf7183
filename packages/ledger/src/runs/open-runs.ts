// The bulk runs of a ledger: the desk where they are asked for, and the carrier that carries them out in this process.
import type { BulkRuns } from '../bulk-runs.ts';
import type { ConsoleReads } from '../console-reads.ts';
import { defined } from '../defined.ts';
import { openRunSlot } from '../streams/run-slot.ts';
import { openRunStreams } from '../streams/run-streams.ts';
import type { Transactions } from '../streams/transact.ts';
import type { Lists } from '../subscribers/lists.ts';
import { RunCarrier, type RunCarrierParts } from './run-carrier.ts';
import { openRunDesk, type RunDeskParts } from './run-desk.ts';

export interface RunsParts extends Omit<RunCarrierParts, 'runs' | 'slot'> {
  readonly transactions: Transactions;
  readonly lists: Lists;
  readonly console: Pick<ConsoleReads, 'undelivered'>;
}

/** @param call what the ledger does around each of its calls. */
export function openRuns(
  { transactions, lists, console, ...parts }: RunsParts,
  call: <T>(work: () => Promise<T>) => Promise<T>,
): { readonly desk: BulkRuns; readonly carrier: RunCarrier } {
  const { runtime } = parts;
  const runs = openRunStreams(transactions, () => runtime.now().toISOString());
  const slot = openRunSlot(transactions);
  const carrier = new RunCarrier({ ...parts, runs, slot });
  const upTo: RunDeskParts['upTo'] = async () => {
    const { cursor, lagMs } = await lists.opened();
    return { upTo: cursor(), lagMs: lagMs() };
  };
  const desk = openRunDesk({
    runs,
    slot,
    runtime,
    upTo,
    wake: () => carrier.wake(),
    undelivered: async (error, limit) => {
      const from = await upTo(); // First: what enters the list while it is read is none of the run's.
      const orders: string[] = [];
      for (let after: string | undefined; orders.length < limit; ) {
        const page = await console.undelivered({ limit: Math.min(1_000, limit), ...defined({ after, error }) });
        orders.push(...page.items.map(({ orderId }) => orderId));
        after = page.next;
        if (after === undefined) break;
      }
      // An order that was decided anew between two pages may stand in both.
      return { ...from, orders: [...new Set(orders)].slice(0, limit) };
    },
    summaries: async (orderIds) => (await lists.opened()).models.console.lists.summaries(orderIds, runtime.now().toISOString()),
  });
  return {
    carrier,
    desk: {
      plan: (...asked) => call(() => desk.plan(...asked)),
      start: (...asked) => call(() => desk.start(...asked)),
      run: (...asked) => call(() => desk.run(...asked)),
      runs: (...asked) => call(() => desk.runs(...asked)),
      cancel: (...asked) => call(() => desk.cancel(...asked)),
    },
  };
}
