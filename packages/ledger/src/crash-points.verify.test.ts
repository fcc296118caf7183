// The reference protocol, crashed at each of its steps: a scenario is run once for each call that it makes to the
// store, and that call fails before or after it took effect. Then the source tries again, or nobody does and the
// roll-forward finishes. Law 7 and law 8: nothing that was acknowledged is lost.
import { afterAll, describe, expect, test } from 'vitest';
import { createMemoryLog, openMemoryEventStore } from './event-store/memory.ts';
import { openFaultyStore, unknownOutcome, withoutAppendAll } from './faulty-store.test-support.ts';
import { instantRuntime } from './instant-runtime.test-support.ts';
import { type ObservedOptions, paid, payment, paymentObserved, refund } from './order/example-order.test-support.ts';
import {
  checkHandedOn,
  checkOwnership,
  everything,
  observationKey,
  openPaymentProcess,
  type PaymentProcess,
  toObservation,
} from './payment-process.test-support.ts';

type Step = (process: PaymentProcess, acknowledge: (key: string) => void) => Promise<unknown>;

function observes(fact: Parameters<typeof paymentObserved>[0], how: ObservedOptions): Step {
  const observed = paymentObserved(fact, how);
  return async (process, acknowledge) => {
    await process.writer.observe(toObservation(observed));
    acknowledge(observationKey(observed));
  };
}
const places =
  (orderId: string): Step =>
  (process) =>
    process.place(orderId);
const attaches =
  (orderId: string, id: string): Step =>
  (process) =>
    process.attach(orderId, payment(id));

const scenarios: Readonly<Record<string, readonly Step[]>> = {
  'the usual first payment: the session is attached, then paid': [
    places('order-1'),
    attaches('order-1', 'cs_1'),
    observes(paid(), { aliases: ['cs_1'] }),
    observes(paid(), { aliases: ['cs_1'], source: 'poll' }),
  ],
  'held under both names, then the session is attached': [
    observes(paid(), { aliases: ['cs_1'] }),
    observes(refund(400), {}),
    places('order-1'),
    attaches('order-1', 'cs_1'),
  ],
  'a refund is held, then the payment names its order': [
    places('order-1'),
    observes(refund(1_000), {}),
    observes(paid(), { orderId: 'order-1' }),
  ],
  'two payments of one session are held, then it is attached': [
    observes(paid(), { aliases: ['cs_1'] }),
    observes(paid(), { of: payment('pi_2'), aliases: ['cs_1'] }),
    places('order-1'),
    attaches('order-1', 'cs_1'),
  ],
  'a chain: the intent links a second session, which held another payment': [
    observes(refund(1_000), { of: payment('pi_2'), aliases: ['cs_2'] }),
    observes(paid(), { aliases: ['cs_1', 'cs_2'] }),
    places('order-1'),
    attaches('order-1', 'cs_1'),
  ],
  'claimed by two: the sessions of one payment belong to two orders': [
    places('order-1'),
    places('order-2'),
    attaches('order-1', 'cs_1'),
    attaches('order-2', 'cs_2'),
    observes(paid(), { aliases: ['cs_1', 'cs_2'] }),
    observes(paid(), { aliases: ['cs_2'], source: 'poll', orderId: 'order-2' }),
  ],
};

interface Crash {
  /** Number of the call that fails. */
  readonly at: number;
  readonly when: 'before' | 'after';
  /** The process dies with its caches; else it lives on with what it remembers. */
  readonly dies: boolean;
  /** Nobody retries: the next step comes, and the roll-forward. */
  readonly retries: boolean;
}

interface Scenario {
  readonly steps: readonly Step[];
  /** The store appends to several streams in one commit. */
  readonly together: boolean;
}

/** Answers whether the crash was reached, and what the log says in the end. */
async function run({ steps, together }: Scenario, crash: Crash | undefined) {
  const log = createMemoryLog();
  const engine = openMemoryEventStore({ log });
  let crashed = false;
  const store = openFaultyStore(together ? engine : withoutAppendAll(engine), {
    before: ({ number }) => fail(number, 'before'),
    after: ({ number }) => fail(number, 'after'),
  });
  function fail(number: number, when: Crash['when']): void {
    if (crash?.at !== number || crash.when !== when) return;
    crashed = true;
    throw unknownOutcome();
  }
  let processes = 1;
  let process = openPaymentProcess(store, instantRuntime('p1'));
  const acknowledged = new Set<string>();
  const acknowledge = (key: string) => acknowledged.add(key);
  for (const step of steps) {
    try {
      await step(process, acknowledge);
    } catch (error) {
      expect(error).toMatchObject({ code: 'store_unavailable' });
      if (crash?.dies) process = openPaymentProcess(store, instantRuntime(`p${++processes}`));
      if (crash?.retries) await step(process, acknowledge);
    }
  }
  const { length: made } = store.calls;
  if (crash) {
    const next = crash.dies ? openPaymentProcess(store, instantRuntime('next')) : process;
    await next.rollForward();
  }
  const ownership = checkOwnership(await everything(openMemoryEventStore({ log })));
  checkHandedOn(ownership);
  const known = new Set([
    ...ownership.held.map(({ observed }) => observationKey(observed)),
    ...[...ownership.recorded.values()].flatMap((key) => [...key]),
  ]);
  for (const key of acknowledged) expect([...known], 'acknowledged means durable').toContain(key);
  const memberships = await Promise.all(['order-1', 'order-2'].map(async (orderId) => (await process.orders.read(orderId)).membership));
  const outcome = {
    owners: Object.fromEntries([...ownership.owners].sort()),
    recorded: Object.fromEntries([...ownership.recorded].map(([orderId, key]) => [orderId, [...key].sort()])),
    memberships,
  };
  return { crashed, outcome, calls: store.calls.slice(0, made) };
}

const onEachStore = Object.entries(scenarios).flatMap(([name, steps]) =>
  [true, false].map((together) => ({ name, steps, together, store: together ? 'in one commit' : 'one after the other' })),
);

describe.each(onEachStore)('$name, two streams $store', (scenario) => {
  const failed = new Set<string>();
  afterAll(() => expect(failed.size).toBeGreaterThan(4)); // Reads and appends of each kind of stream.

  test.each([
    { when: 'before', dies: true },
    { when: 'after', dies: true },
    { when: 'before', dies: false },
    { when: 'after', dies: false },
  ] as const)('each call fails $when it took effect (the process dies: $dies), and is retried: the end is the same', async (how) => {
    const undisturbed = await run(scenario, undefined);
    for (let at = 1; at <= undisturbed.calls.length; at++) {
      const { crashed, outcome, calls } = await run(scenario, { ...how, at, retries: true });
      expect(crashed).toBe(true);
      expect({ at: calls[at - 1], ...outcome }).toEqual({ at: calls[at - 1], ...undisturbed.outcome });
      failed.add(`${calls[at - 1]?.method} ${calls[at - 1]?.stream.split('-')[0]} ${calls[at - 1]?.types[0] ?? ''}`);
    }
  });

  test.each([
    { when: 'before', dies: true },
    { when: 'after', dies: true },
    { when: 'before', dies: false },
    { when: 'after', dies: false },
  ] as const)(
    'each call fails $when it took effect (the process dies: $dies), and nobody retries: what was acknowledged is there',
    async (how) => {
      const { calls } = await run(scenario, undefined);
      for (let at = 1; at <= calls.length; at++) expect((await run(scenario, { ...how, at, retries: false })).crashed).toBe(true);
    },
  );
});

test('the checks see a protocol that is broken: a link whose held facts nobody hands on', async () => {
  const store = openMemoryEventStore();
  const process = openPaymentProcess(store, instantRuntime());
  await observes(paid(), { aliases: ['cs_1'] })(process, () => undefined);
  await process.references.link('cs_1', 'order-1');
  expect(() => checkHandedOn(checkOwnership([]))).not.toThrow();
  const ownership = checkOwnership(await everything(store));
  expect(() => checkHandedOn(ownership)).toThrow('cs_1 is linked, so pi_1 is');
});
