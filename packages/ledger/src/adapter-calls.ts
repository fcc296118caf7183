// The methods of a ledger that payment adapters call, on the parts that `createPaymentLedger` has built.
import type { AdapterLedger } from './adapter-ledger.ts';
import { parse } from './input.ts';
import { idSchema, timeSchema } from './observation.ts';
import type { Page, PageRequest } from './page.ts';
import { type OrderReadModels, orderKey } from './read-models/order-read-models.ts';
import type { Runtime } from './runtime.ts';
import type { Sweeps } from './streams/sweep-streams.ts';
import type { UnreadableObjects } from './streams/unreadable-streams.ts';
import type { OpenedSubscribers } from './subscribers/subscribers.ts';

interface AdapterParts {
  readonly alert: AdapterLedger['alert'];
  /** Every call of a user passes here. */
  readonly call: <T>(work: () => Promise<T>) => Promise<T>;
  readonly page: <T>(
    request: PageRequest | undefined,
    rows: (subscribers: OpenedSubscribers, after: string, limit: number) => readonly T[],
    key: (row: T) => string,
  ) => Promise<Page<T>>;
  readonly models: () => Promise<OrderReadModels>;
  readonly sweeps: Sweeps;
  readonly unreadable: UnreadableObjects;
  readonly runtime: Runtime;
}

export function openAdapterLedger({ alert, call, page, models, sweeps, unreadable, runtime }: AdapterParts): AdapterLedger {
  const tierOf = (tier: string): string => parse(idSchema, tier, 'tier');
  return {
    alert,
    accountOrders: (awaitedAt = runtime.now().toISOString()) =>
      call(async () => (await models()).accounts(parse(timeSchema, awaitedAt, 'awaitedAt'))),
    unsettledOrders: (request) => call(() => page(request, ({ models }, after, limit) => models.unsettled(after, limit), orderKey)),
    sweepProgress: (tier) => call(async () => sweeps.progress(tierOf(tier))),
    startSweep: (tier, seenRound) => call(async () => sweeps.start(tierOf(tier), seenRound)),
    advanceSweep: (tier, round, at) => call(async () => sweeps.advance(tierOf(tier), round, at)),
    finishSweep: (tier, round, result) => call(async () => sweeps.finish(tierOf(tier), round, result)),
    recordUnreadable: (object) => call(async () => unreadable.record(object)),
  };
}
