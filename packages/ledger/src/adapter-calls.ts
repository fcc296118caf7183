// The methods of a ledger that payment adapters call, on the parts that `createPaymentLedger` has built.
import type { AdapterLedger } from './adapter-ledger.ts';
import { parse } from './input.ts';
import type { Lists } from './lists.ts';
import { idSchema, timeSchema } from './observation.ts';
import { orderKey } from './read-models/order-read-models.ts';
import type { Runtime } from './runtime.ts';
import type { Sweeps } from './streams/sweep-streams.ts';
import type { UnreadableObjects } from './streams/unreadable-streams.ts';

interface AdapterParts {
  readonly alert: AdapterLedger['alert'];
  readonly lists: Lists;
  readonly sweeps: Sweeps;
  readonly unreadable: UnreadableObjects;
  readonly runtime: Runtime;
}

export function openAdapterLedger({ alert, lists, sweeps, unreadable, runtime }: AdapterParts): AdapterLedger {
  const { call, page, subscribers } = lists;
  const tierOf = (tier: string): string => parse(idSchema, tier, 'tier');
  return {
    alert,
    accountOrders: (awaitedAt = runtime.now().toISOString()) =>
      call(async () => (await subscribers()).models.accounts(parse(timeSchema, awaitedAt, 'awaitedAt'))),
    unsettledOrders: (request) => page(request, ({ models }, after, limit) => models.unsettled(after, limit), orderKey),
    withdrawnOrders: (request) => {
      const now = runtime.now().toISOString();
      return page(request, ({ models }, after, limit) => models.withdrawn(now, after, limit), orderKey);
    },
    samePlanOrder: (memberId, plan) =>
      call(async () => {
        const names = [parse(idSchema, memberId, 'memberId'), parse(idSchema, plan, 'plan')] as const;
        return (await subscribers()).models.standing(...names, runtime.now().toISOString());
      }),
    sweepProgress: (tier) => call(async () => sweeps.progress(tierOf(tier))),
    startSweep: (tier, seenRound) => call(async () => sweeps.start(tierOf(tier), seenRound)),
    advanceSweep: (tier, round, at) => call(async () => sweeps.advance(tierOf(tier), round, at)),
    finishSweep: (tier, round, result) => call(async () => sweeps.finish(tierOf(tier), round, result)),
    recordUnreadable: (object) => call(async () => unreadable.record(object)),
  };
}
