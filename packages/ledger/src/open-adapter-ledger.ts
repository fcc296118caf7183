// The part of the ledger for payment adapters, put together of the streams and lists that it needs.
import type { AdapterLedger } from './adapter-ledger.ts';
import { parse } from './input.ts';
import { idSchema, timeSchema } from './observation.ts';
import type { Page, PageRequest } from './page.ts';
import { orderKey } from './read-models/order-read-models.ts';
import type { Runtime } from './runtime.ts';
import type { LedgerIdentity } from './streams/ledger-stream.ts';
import type { Sweeps } from './streams/sweep-streams.ts';
import type { UnreadableObjects } from './streams/unreadable-streams.ts';
import type { OpenedSubscribers } from './subscribers/subscribers.ts';

export interface AdapterLedgerParts {
  readonly identity: LedgerIdentity;
  readonly sweeps: Sweeps;
  readonly unreadable: UnreadableObjects;
  readonly alert: AdapterLedger['alert'];
  readonly runtime: Pick<Runtime, 'now'>;
  /** Every call passes here. */
  readonly call: <T>(work: () => Promise<T>) => Promise<T>;
  readonly readModels: () => Promise<OpenedSubscribers>;
  /** A page of a list of the read models. */
  readonly page: <T>(
    request: PageRequest | undefined,
    rows: (subscribers: OpenedSubscribers, after: string, limit: number) => readonly T[],
    key: (row: T) => string,
  ) => Promise<Page<T>>;
}

export function openAdapterLedger({
  identity,
  sweeps,
  unreadable,
  alert,
  runtime,
  call,
  readModels,
  page,
}: AdapterLedgerParts): AdapterLedger {
  const tierIn = (tier: string): string => parse(idSchema, tier, 'tier');
  return {
    alert,
    ledgerId: () => call(() => identity.read()),
    ensureLedgerId: () => call(() => identity.ensure()),
    accountOrders: (awaitedAt = runtime.now().toISOString()) =>
      call(async () => (await readModels()).models.accounts(parse(timeSchema, awaitedAt, 'awaitedAt'))),
    unsettledOrders: (request) => call(() => page(request, ({ models }, after, limit) => models.unsettled(after, limit), orderKey)),
    sweepProgress: (tier) => call(async () => sweeps.progress(tierIn(tier))),
    startSweep: (tier, seenRound) => call(async () => sweeps.start(tierIn(tier), seenRound)),
    advanceSweep: (tier, round, at) => call(async () => sweeps.advance(tierIn(tier), round, at)),
    finishSweep: (tier, round, result) => call(async () => sweeps.finish(tierIn(tier), round, result)),
    recordUnreadable: (object) => call(async () => unreadable.record(object)),
  };
}
