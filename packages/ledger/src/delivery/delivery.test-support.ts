// The world for tests of delivery: processes on one log and one virtual clock, a shop that the test controls, and a store whose
// appends can fail, or whose replies can be lost or late.
import type { Alert } from '../alerts.ts';
import { LedgerError } from '../errors.ts';
import type { EventStore, NewEvent, StoredEvent, StreamAppend } from '../event-store/event-store.ts';
import { createMemoryLog, type MemoryLog, openMemoryEventStore } from '../event-store/memory.ts';
import { createPaymentLedger } from '../ledger.ts';
import type { Fact, ManualAction } from '../observation.ts';
import type { MembershipChange, PaymentLedger, PaymentLedgerOptions } from '../payment-ledger.ts';
import type { Runtime } from '../runtime.ts';
import { createVirtualClock, type VirtualClock } from '../testing/virtual-clock.ts';

export const support: ManualAction = { actor: 'support-7', reason: 'the shop was mended' };

/** One log, one clock and one shop. The test starts and kills processes. */
export interface World {
  readonly log: MemoryLog;
  readonly clock: VirtualClock;
  readonly shop: Shop;
  readonly alerts: Alert[];
  /** The warnings of all processes. */
  readonly warnings: string[];
  process(options?: ProcessOptions): Process;
  /** Reads an order's stream as another program on the same log does. */
  history(orderId: string): Promise<readonly StoredEvent[]>;
  types(orderId: string): Promise<readonly string[]>;
}

export interface ProcessOptions extends Omit<Partial<PaymentLedgerOptions>, 'eventStore' | 'runtime'> {
  readonly name?: string;
  /** False: this process has no `deliver`. Default: true. */
  readonly delivers?: boolean;
  readonly wallSkewMs?: number;
}

export interface Process {
  readonly ledger: PaymentLedger;
  readonly store: FaultyStore;
  /** Ends the process at once: from now on it neither reads nor writes, nor calls the shop. */
  kill(): void;
}

export function world(): World {
  const clock = createVirtualClock();
  const log = createMemoryLog();
  const outside = openMemoryEventStore({ log });
  const shop = createShop(clock);
  const alerts: Alert[] = [];
  const warnings: string[] = [];
  const history = (orderId: string) => outside.readStream(`order-${orderId}`);
  return {
    log,
    clock,
    shop,
    alerts,
    warnings,
    process: ({ name = 'a', delivers = true, wallSkewMs = 0, ...options } = {}) => {
      const store = faultyStore(openMemoryEventStore({ log }));
      const runtime = mortal(clock.runtime({ wallSkewMs }));
      const ledger = createPaymentLedger({
        eventStore: store,
        runtime,
        onAlert: (alert) => alerts.push(alert),
        log: { info: () => undefined, warn: (_, message) => warnings.push(message), error: () => undefined },
        ...(delivers ? { deliver: (change, signal) => shop.take(name, change, signal) } : {}),
        ...options,
      });
      return {
        ledger,
        store,
        kill: () => {
          store.cut();
          runtime.kill();
        },
      };
    },
    history,
    types: async (orderId) => (await history(orderId)).map(({ type }) => type),
  };
}

function mortal(runtime: Runtime): Runtime & { kill(): void } {
  let alive = true;
  return {
    ...runtime,
    sleep: async (ms, signal) => {
      await runtime.sleep(ms, signal);
      if (!alive) await new Promise(() => undefined);
    },
    kill: () => {
      alive = false;
    },
  };
}

// ── the shop

export interface ShopCall {
  readonly process: string;
  readonly change: MembershipChange;
  readonly signal: AbortSignal;
  readonly startedAtMs: number;
  endedAtMs?: number;
  /** Lets the shop write and answer. */
  write(): void;
  /** Lets the shop answer with an error. */
  refuse(): void;
}

/**
 * How the shop answers. `write`: it writes at once. `refuse`: it fails at once. `wait`: it waits for the test or the abort.
 * `hang`: it waits for the test, and ignores the abort.
 */
export type Manner = 'write' | 'refuse' | 'wait' | 'hang';

export interface Shop {
  /** How the shop answers the next calls. Written by the test. */
  manner: Manner;
  readonly calls: readonly ShopCall[];
  /** The shop's own table, which stores a status if the stored sequence is lower. */
  readonly memberships: ReadonlyMap<string, { readonly status: string; readonly sequence: number }>;
  /** The table of a shop that ignores the sequence. */
  readonly careless: ReadonlyMap<string, string>;
  /** The largest number of calls that ran at the same time. */
  readonly mostAtOnce: number;
  /** Pairs of calls with one key that ran at the same time, without an abort. */
  readonly overlaps: readonly string[];
  keys(orderId?: string): readonly string[];
  take(process: string, change: MembershipChange, signal: AbortSignal): Promise<void>;
}

function createShop(clock: VirtualClock): Shop {
  const calls: ShopCall[] = [];
  const running = new Set<ShopCall>();
  const memberships = new Map<string, { status: string; sequence: number }>();
  const careless = new Map<string, string>();
  const overlaps: string[] = [];
  let mostAtOnce = 0;

  function write({ membershipId, sequence, status }: MembershipChange): void {
    careless.set(membershipId, status);
    if ((memberships.get(membershipId)?.sequence ?? 0) < sequence) memberships.set(membershipId, { status, sequence });
  }

  const shop: Shop = {
    manner: 'write',
    calls,
    memberships,
    careless,
    overlaps,
    get mostAtOnce() {
      return mostAtOnce;
    },
    keys: (orderId) =>
      calls.filter(({ change }) => orderId === undefined || change.membershipId === orderId).map(({ change }) => change.idempotencyKey),
    take: (process, change, signal) => {
      const { promise, resolve, reject } = Promise.withResolvers<void>();
      const call: ShopCall = {
        process,
        change,
        signal,
        startedAtMs: clock.nowMs,
        write: () => {
          write(change);
          end(resolve);
        },
        refuse: () => end(() => reject(new Error('the shop is closed'))),
      };
      const end = (answer: () => void): void => {
        running.delete(call);
        call.endedAtMs = clock.nowMs;
        answer();
      };
      for (const other of running) {
        const sameKey = other.change.idempotencyKey === change.idempotencyKey;
        if (sameKey && !other.signal.aborted) overlaps.push(`${change.idempotencyKey}: ${other.process}, ${process}`);
      }
      calls.push(call);
      running.add(call);
      mostAtOnce = Math.max(mostAtOnce, running.size);
      if (shop.manner === 'write') call.write();
      if (shop.manner === 'refuse') call.refuse();
      if (shop.manner === 'wait') signal.addEventListener('abort', () => call.refuse());
      return promise;
    },
  };
  return shop;
}

// ── the store

/** What happens to an append. `lost`: it fails, and is not written. `unknown`: it fails, but is written. */
export type Fate = 'lost' | 'unknown' | { readonly written?: Promise<void>; readonly answered?: Promise<void> } | undefined;

export interface FaultyStore extends EventStore {
  /** Decides what happens to an append, by its first event. Written by the test. */
  fate: (stream: string, event: NewEvent) => Fate;
  /** If set, a read of an order is answered only when this resolves, with the events at the time of the call. */
  ordersHeld: Promise<void> | undefined;
  /** If set, readers of the log get no page before this resolves. */
  logHeld: Promise<void> | undefined;
  /** How many reads of orders there were. */
  readonly orderReads: number;
  cut(): void;
}

function faultyStore(store: EventStore): FaultyStore {
  let alive = true;
  let orderReads = 0;
  /** Never resolves once the process is dead, so that it does not continue with an error. */
  async function living(): Promise<void> {
    if (!alive) await new Promise(() => undefined);
  }
  async function fated<Result>(appends: readonly StreamAppend[], append: () => Promise<Result>): Promise<Result> {
    await living();
    const fates = appends.map(({ stream, events: [first] }) => first && faulty.fate(stream, first));
    const fate = fates.find((each) => each !== undefined);
    if (fate === 'lost') throw new LedgerError('store_full', 'The disk is full');
    if (typeof fate === 'object') await fate.written;
    const result = await append();
    if (fate === 'unknown') throw new LedgerError('store_unavailable', 'The reply was lost');
    if (typeof fate === 'object') await fate.answered;
    await living();
    return result;
  }

  const faulty: FaultyStore = {
    fate: () => undefined,
    ordersHeld: undefined,
    logHeld: undefined,
    get orderReads() {
      return orderReads;
    },
    append: (stream, expectedRevision, events) =>
      fated([{ stream, expectedRevision, events }], () => store.append(stream, expectedRevision, events)),
    appendAll: (appends) => fated(appends, async () => (await store.appendAll?.(appends)) ?? []),
    readStream: async (stream, options) => {
      await living();
      const found = await store.readStream(stream, options);
      if (!stream.startsWith('order-')) return found;
      orderReads += 1;
      await faulty.ordersHeld;
      return found;
    },
    readLog: async function* (options) {
      for await (const page of store.readLog(options)) {
        await living();
        await faulty.logHeld;
        yield page;
      }
    },
    close: () => store.close(),
    cut: () => {
      alive = false;
    },
  };
  return faulty;
}

// ── what happens to an order

let observedCount = 0;

/** Places and pays an order, so that it is granted. */
export async function buy(ledger: PaymentLedger, orderId: string): Promise<void> {
  await ledger.placeOrder({
    orderId,
    memberId: `member-of-${orderId}`,
    plan: 'yearly',
    amountMinor: 1_000,
    currency: 'usd',
    account: 'acct_1',
    livemode: true,
  });
  await observeFact(ledger, orderId, { kind: 'attempt', status: 'paid', amount: { totalMinor: 1_000, currency: 'usd' } });
}

export async function refund(ledger: PaymentLedger, orderId: string): Promise<void> {
  await observeFact(ledger, orderId, { kind: 'refund', id: `re_${orderId}`, status: 'succeeded', amountMinor: 1_000 });
}

/** Lets the refund fail: the membership is restored. */
export async function refundFails(ledger: PaymentLedger, orderId: string): Promise<void> {
  await observeFact(ledger, orderId, { kind: 'refund', id: `re_${orderId}`, status: 'failed', amountMinor: 1_000 });
}

export async function dispute(ledger: PaymentLedger, orderId: string): Promise<void> {
  const opened = { kind: 'dispute', status: 'open', amountMinor: 1_000, returnedDebit: false, movements: 1 } as const;
  await observeFact(ledger, orderId, { ...opened, id: `dp_${orderId}` });
}

async function observeFact(ledger: PaymentLedger, orderId: string, fact: Fact): Promise<void> {
  observedCount += 1;
  await ledger.observePayment({
    source: 'webhook',
    payment: { provider: 'stripe', account: 'acct_1', livemode: true, id: `pi_${orderId}` },
    orderId,
    fact,
    asOf: '2026-01-01T00:00:00.000Z',
    evidence: { objectId: `evt_${observedCount}` },
  });
}
