// Three ledgers on one server of any kind, while it and its network fail as a seed decides: once the faults stop, the laws hold.
import { expect, onTestFinished } from 'vitest';
import { LedgerError } from '../errors.ts';
import { createPaymentLedger } from '../ledger.ts';
import type { Observation, PaymentReference, Source } from '../observation.ts';
import type { PaymentLedger } from '../payment-ledger.ts';
import { checkHandedOn, checkOwnership, everything } from '../payment-process.test-support.ts';
import { type Runtime, systemRuntime } from '../runtime.ts';
import { randomFrom } from '../testing/virtual-clock.ts';
import type { EventStore } from './event-store.ts';

const orders = 6;
const observationCount = 72;

export interface FaultyServer {
  /** Opens the store, as a process does. */
  open(): Promise<EventStore>;
  /** Each fault by its name. One is drawn after the other, until all facts are recorded. */
  readonly faults: Readonly<Record<string, () => unknown>>;
  /** Called with the name of each fault that was drawn. */
  readonly onFault: (name: string) => void;
  /** Ends all faults. */
  heal(): Promise<void>;
}

export async function expectLawsUnderFaults(server: FaultyServer, seed: number): Promise<void> {
  const random = randomFrom(seed);
  const delivered = new Map<string, { sequence: number; status: string }>();
  const ledgers: PaymentLedger[] = [];
  for (let n = 0; n < 3; n++) ledgers.push(await openLedger(server, delivered));
  const any = (): PaymentLedger => ledgers[Math.floor(random() * ledgers.length)] as PaymentLedger;

  for (let n = 0; n < orders; n++) await acknowledged(() => any().placeOrder(placed(n)));
  const work = { running: true };
  const faults = injectFaults(server, random, work);
  const observations = Array.from({ length: observationCount }, (_, index) => observationAt(index, random));
  const attached = Array.from({ length: orders }, (_, n) => acknowledged(() => any().attachCheckout(orderOf(n), payment(n))));
  await Promise.all([...attached, ...observations.map((observation) => acknowledged(() => any().observePayment(observation)))]);
  work.running = false;
  await faults;

  for (const ledger of ledgers) await acknowledged(() => ledger.settle({ timeoutMs: 30_000 }));
  const store = await server.open();
  onTestFinished(() => store.close());
  checkHandedOn(checkOwnership(await everything(store))); // Laws 2, 3, 5 and 7.
  for (let n = 0; n < orders; n++) {
    const paid = observations.some(
      ({ payment: { id }, fact }) => id === payment(n).id && fact.kind === 'attempt' && fact.status === 'paid',
    );
    const order = await any().order(orderOf(n));
    expect(order?.membership).toBe(paid ? 'active' : 'none'); // Law 4.
    if (paid) expect(delivered.get(orderOf(n))).toEqual({ sequence: order?.sequence, status: 'active' });
  }
}

async function injectFaults({ faults, onFault, heal }: FaultyServer, random: () => number, work: { running: boolean }): Promise<void> {
  const kinds = Object.entries(faults);
  for (let drawn = 0; work.running && drawn < 30; drawn++) {
    const [name, inject] = kinds[Math.floor(random() * kinds.length)] as (typeof kinds)[number];
    onFault(name);
    await inject();
    await pause(10 + random() * 40);
  }
  await heal();
}

/** A runtime on which time runs faster: the half minute before a ledger takes over a delivery lasts one or two seconds. */
const fast: Partial<Runtime> = {
  monotonicNowMs: () => systemRuntime.monotonicNowMs() * 20,
  sleep: (ms, signal) => systemRuntime.sleep(ms / 20, signal),
};

async function openLedger(server: FaultyServer, delivered: Map<string, { sequence: number; status: string }>): Promise<PaymentLedger> {
  const ledger = createPaymentLedger({
    eventStore: await server.open(),
    readModels: ':memory:',
    runtime: fast,
    deliver: async ({ membershipId, sequence, status: now }) => {
      if ((delivered.get(membershipId)?.sequence ?? 0) < sequence) delivered.set(membershipId, { sequence, status: now });
    },
  });
  onTestFinished(() => ledger[Symbol.asyncDispose]());
  return ledger;
}

/** Repeats a call until it is accepted, as a source does. */
async function acknowledged<T>(call: () => Promise<T>): Promise<T> {
  for (;;) {
    try {
      return await call();
    } catch (error) {
      const passing = ['store_unavailable', 'store_busy', 'contention'];
      if (!(error instanceof LedgerError) || !passing.includes(error.code)) throw error;
    }
  }
}

function orderOf(n: number): string {
  return `order-${n}`;
}

function payment(n: number): PaymentReference {
  return { provider: 'stripe', account: 'acct_1', livemode: false, id: `pi_${n}` };
}

function placed(n: number) {
  return {
    orderId: orderOf(n),
    memberId: `member-${n}`,
    plan: 'pro',
    amountMinor: 4_900,
    currency: 'usd',
    account: 'acct_1',
    livemode: false,
  };
}

function observationAt(index: number, random: () => number): Observation {
  const n = Math.floor(random() * orders);
  const sources: readonly Source[] = ['webhook', 'poll', 'status_query', 'manual'];
  const source = sources[Math.floor(random() * sources.length)] as Source;
  const statement = {
    payment: payment(n),
    ...(random() < 0.5 && { orderId: orderOf(n) }), // Without it the fact is held until the checkout is attached.
    fact:
      random() < 0.6
        ? ({ kind: 'attempt', status: 'paid', amount: { totalMinor: 4_900, currency: 'usd' } } as const)
        : ({ kind: 'attempt', status: 'processing' } as const),
    asOf: `2026-01-01T00:00:${String(index % 60).padStart(2, '0')}.000Z`,
    evidence: { objectId: `pi_${n}`, eventId: `evt_${index}` },
  };
  return source === 'manual' ? { ...statement, source, by: { actor: 'support-1', reason: 'test' } } : { ...statement, source };
}

function pause(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms));
}
