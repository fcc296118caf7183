// For the tests of delivery: processes on one log and one virtual clock, a shop that does what the test says,
// and a store whose appends can fail, or whose replies can be lost or late.
import type { Alert } from '../alerts.ts';
import { LedgerError } from '../errors.ts';
import type { AppendResult, EventStore, NewEvent, StoredEvent } from '../event-store/event-store.ts';
import { createMemoryLog, openMemoryEventStore } from '../event-store/memory.ts';
import { createPaymentLedger } from '../ledger.ts';
import type { Fact, ManualAction } from '../observation.ts';
import type { MembershipChange, PaymentLedger, PaymentLedgerOptions } from '../payment-ledger.ts';
import type { Runtime } from '../runtime.ts';
import { createVirtualClock, type VirtualClock } from '../testing/virtual-clock.ts';

export const support: ManualAction = { actor: 'support-7', reason: 'the shop was mended' };

/** One log, one clock, one shop; processes come and go. */
export interface World {
  readonly clock: VirtualClock;
  readonly shop: Shop;
  readonly alerts: Alert[];
  /** What the processes warned of. */
  readonly warnings: string[];
  process(options?: ProcessOptions): Process;
  /** As another program on the same log reads it. */
  history(orderId: string): Promise<readonly StoredEvent[]>;
  types(orderId: string): Promise<readonly string[]>;
}

export interface ProcessOptions extends Omit<Partial<PaymentLedgerOptions>, 'eventStore' | 'runtime'> {
  readonly name?: string;
  /** false: this process has no `deliver`. */
  readonly delivers?: boolean;
  readonly wallSkewMs?: number;
}

export interface Process {
  readonly ledger: PaymentLedger;
  readonly store: FaultyStore;
  /** Ends without a word: from now on it neither reads, writes nor calls the shop. */
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
  /** The shop writes, then answers. */
  write(): void;
  /** The shop answers that it cannot. */
  refuse(): void;
}

/** `write` at once; `refuse` at once; `wait` until the test says, or the abort; `hang` until the test says, whatever is aborted. */
export type Manner = 'write' | 'refuse' | 'wait' | 'hang';

export interface Shop {
  /** Of all that comes from now on. */
  manner: Manner;
  readonly calls: readonly ShopCall[];
  /** Its own table: where the stored sequence is lower. */
  readonly memberships: ReadonlyMap<string, { readonly status: string; readonly sequence: number }>;
  /** What a shop has that ignores the sequence. */
  readonly careless: ReadonlyMap<string, string>;
  /** Most calls at once so far. */
  readonly mostAtOnce: number;
  /** Pairs of calls under one key that overlapped in time, as long as nobody was aborted. */
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

/** `lost`: nothing is written, and it fails. `unknown`: it is written, and it fails. */
export type Fate = 'lost' | 'unknown' | { readonly written?: Promise<void>; readonly answered?: Promise<void> } | undefined;

export interface FaultyStore extends EventStore {
  /** What becomes of an append, by its first event. */
  fate: (stream: string, event: NewEvent) => Fate;
  /** Whoever reads an order now is answered when this resolves, with what stood there when he asked. */
  ordersHeld: Promise<void> | undefined;
  /** Readers of the log get no page before this resolves. */
  logHeld: Promise<void> | undefined;
  /** Reads of orders so far. */
  readonly orderReads: number;
  cut(): void;
}

function faultyStore(store: EventStore): FaultyStore {
  let alive = true;
  let orderReads = 0;
  /** A dead process waits for ever; it does not go on with an error. */
  async function living(): Promise<void> {
    if (!alive) await new Promise(() => undefined);
  }
  const faulty: FaultyStore = {
    fate: () => undefined,
    ordersHeld: undefined,
    logHeld: undefined,
    get orderReads() {
      return orderReads;
    },
    append: async (stream, expectedRevision, events): Promise<AppendResult> => {
      await living();
      const [first] = events;
      const fate = first && faulty.fate(stream, first);
      if (fate === 'lost') throw new LedgerError('store_full', 'The disk is full');
      if (typeof fate === 'object') await fate.written;
      const result = await store.append(stream, expectedRevision, events);
      if (fate === 'unknown') throw new LedgerError('store_unavailable', 'The reply was lost');
      if (typeof fate === 'object') await fate.answered;
      await living();
      return result;
    },
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

/** Placed, paid and so granted. */
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

/** The refund did not reach the customer: the membership is restored. */
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
