// The protocol of subscriptions, crashed at each of its steps: a scenario is run once for each call that it makes to the store, and
// that call fails before or after it took effect. Then the source tries again, or nobody does and the roll-forward finishes.
import { afterAll, describe, expect, test } from 'vitest';
import { createMemoryLog, type MemoryLog, openMemoryEventStore } from './event-store/memory.ts';
import { openFaultyStore, unknownOutcome } from './faulty-store.test-support.ts';
import { instantRuntime } from './instant-runtime.test-support.ts';
import { paid as orderPaid } from './order/example-order.test-support.ts';
import { everything } from './payment-process.test-support.ts';
import { openReferences } from './streams/reference-streams.ts';
import { openTransactions } from './streams/transact.ts';
import { rollForward } from './subscribers/roll-forward.ts';
import type { MoneyBack, SubscriptionFact, SubscriptionObservation, SubscriptionReference } from './subscription/observation.ts';
import { allocation, day, dispute, lifecycle, month, reference1, refund } from './subscription/story.test-support.ts';
import {
  checkForwarded,
  checkSubscriptions,
  openSubscriptionProcess,
  type SubscriptionProcess,
  toldKey,
} from './subscription-process.test-support.ts';

type Step = (process: SubscriptionProcess, acknowledge: (key: string) => void) => Promise<unknown>;

interface How {
  readonly of?: string;
  readonly named?: string;
  readonly source?: 'webhook' | 'poll';
}

/** One event, or read, tells all of the facts. */
function tells(days: number, facts: readonly SubscriptionFact[], { of = 'sub_1', named = 's1', source = 'webhook' }: How = {}): Step {
  const subscription: SubscriptionReference = { ...reference1, id: of };
  const statements = facts.map((fact) => ({ fact, asOf: day(days), evidence: { objectId: of } }));
  const said: SubscriptionObservation = { source, subscription, subscriptionId: named, statements };
  return async (process, acknowledge) => {
    await process.writer.observe(said);
    for (const fact of facts) if (fact.kind !== 'lifecycle') acknowledge(toldKey({ source, subscription, fact }));
  };
}
/** As a refund or a dispute comes, by the payment alone. */
function givesBack(
  days: number,
  { payment, ...fact }: MoneyBack,
  aliases: readonly string[] = [],
  source: 'webhook' | 'poll' = 'webhook',
): Step {
  return async (process, acknowledge) => {
    await process.payments.observe({ payment, aliases, fact, asOf: day(days), evidence: { objectId: fact.id }, source });
    acknowledge(toldKey({ source, subscription: reference1, fact: { ...fact, payment } }));
  };
}
const places =
  (id: string): Step =>
  (process) =>
    process.place(id);
const attaches =
  (id: string, session: string): Step =>
  (process) =>
    process.writer.attach(id, { payment: { ...reference1, id: session }, attachedAt: day(0) });
const pays =
  (payment: string, aliases: readonly string[]): Step =>
  (process) =>
    process.payments.observe({
      payment: { ...reference1, id: payment },
      aliases,
      fact: orderPaid(),
      asOf: day(0),
      evidence: { objectId: payment },
      source: 'webhook',
    });

const first = [month('in_1', 0, { reason: 'create' }), lifecycle('active'), allocation('inpay_1', 'in_1', 'pi_1')];
const second = [month('in_2', 30), allocation('inpay_2', 'in_2', 'pi_2')];

const scenarios: Readonly<Record<string, readonly Step[]>> = {
  'the invoice comes first, then the shop places it, and a renewal follows': [
    tells(0, first),
    places('s1'),
    attaches('s1', 'cs_1'),
    tells(30, second),
    tells(30, second, { source: 'poll' }),
  ],
  'a refund is held under two names before anything is known, then all is told': [
    pays('pi_1', ['cs_1']),
    givesBack(1, refund('pi_1', 400), ['ch_1']),
    places('s1'),
    attaches('s1', 'cs_1'),
    tells(0, first),
    givesBack(2, refund('pi_1', 400), [], 'poll'),
  ],
  'a refund names the session, before any invoice is told': [
    places('s1'),
    attaches('s1', 'cs_1'),
    givesBack(1, refund('pi_1', 400), ['cs_1']),
    tells(0, first),
  ],
  'a chargeback comes for the renewal, and is won': [
    places('s1'),
    tells(0, first),
    tells(30, second),
    givesBack(31, dispute('pi_2', 'open')),
    givesBack(40, dispute('pi_2', 'won', { movements: 2 }), ['ch_2']),
  ],
  'a payment is for invoices of two subscriptions': [
    places('s1'),
    places('s2'),
    tells(0, first),
    tells(0, [month('in_9', 0), allocation('inpay_9', 'in_9', 'pi_1')], { of: 'sub_2', named: 's2' }),
    givesBack(1, refund('pi_1', 100)),
  ],
  'a second subscription of the provider names the same one': [
    places('s1'),
    tells(0, first),
    tells(1, [month('in_9', 1, { reason: 'create' }), lifecycle('active'), allocation('inpay_9', 'in_9', 'pi_9')], { of: 'sub_2' }),
    tells(31, [month('in_10', 31)], { of: 'sub_2', source: 'poll' }),
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

/** Answers whether the crash was reached, and what the log says in the end. */
async function run(steps: readonly Step[], crash: Crash | undefined) {
  const log = createMemoryLog();
  let crashed = false;
  const fail = (number: number, when: Crash['when']): void => {
    if (crash?.at !== number || crash.when !== when) return;
    crashed = true;
    throw unknownOutcome();
  };
  const store = openFaultyStore(openMemoryEventStore({ log }), {
    before: ({ number }) => fail(number, 'before'),
    after: ({ number }) => fail(number, 'after'),
  });
  let processes = 1;
  let process = openSubscriptionProcess(store, instantRuntime('p1'));
  const acknowledged = new Set<string>();
  const acknowledge = (key: string) => acknowledged.add(key);
  for (const step of steps) {
    try {
      await step(process, acknowledge);
    } catch (error) {
      expect(error).toMatchObject({ code: 'store_unavailable' });
      if (crash?.dies) process = openSubscriptionProcess(store, instantRuntime(`p${++processes}`));
      if (crash?.retries) await step(process, acknowledge);
    }
  }
  const { length: made } = store.calls;
  const next = crash?.dies ? openSubscriptionProcess(store, instantRuntime('next')) : process;
  if (crash) await next.rollForward();
  const found = checkSubscriptions(await everything(openMemoryEventStore({ log })));
  checkForwarded(found);
  const known = [...found.recorded.values()].flatMap((keys) => [...keys]);
  const held = found.held.flatMap(({ source, payment, fact }) =>
    fact.kind === 'attempt' ? [] : [toldKey({ source, subscription: payment, fact: { ...fact, payment } })],
  );
  for (const key of acknowledged) expect([...known, ...held], 'acknowledged means durable').toContain(key);
  const subscriptions = await Promise.all(['s1', 's2', 'sub_2'].map((id) => next.subscriptions.read(id)));
  const outcome = {
    owners: Object.fromEntries([...found.owners].sort()),
    recorded: Object.fromEntries([...found.recorded].map(([id, keys]) => [id, [...keys].sort()])),
    subscriptions: subscriptions.map(({ membership, decided, reviews }) => [
      membership,
      decided?.validUntil,
      reviews.map(({ kind, invoice }) => `${kind} ${invoice}`),
    ]),
  };
  return { crashed, outcome, calls: store.calls.slice(0, made) };
}

const ways = [
  { when: 'before', dies: true },
  { when: 'after', dies: true },
  { when: 'before', dies: false },
  { when: 'after', dies: false },
] as const;

describe.each(Object.entries(scenarios))('%s', (_, steps) => {
  const failed = new Set<string>();
  afterAll(() => expect(failed.size).toBeGreaterThan(4)); // Reads and appends of each kind of stream.

  test.each(ways)('each call fails $when it took effect (the process dies: $dies), and is retried: the end is the same', async (how) => {
    const undisturbed = await run(steps, undefined);
    for (let at = 1; at <= undisturbed.calls.length; at++) {
      const { crashed, outcome, calls } = await run(steps, { ...how, at, retries: true });
      expect(crashed).toBe(true);
      expect({ at: calls[at - 1], ...outcome }).toEqual({ at: calls[at - 1], ...undisturbed.outcome });
      failed.add(`${calls[at - 1]?.method} ${calls[at - 1]?.stream.split('-')[0]} ${calls[at - 1]?.types[0] ?? ''}`);
    }
  });

  test.each(ways)(
    'each call fails $when it took effect (the process dies: $dies), and nobody retries: what was acknowledged is there',
    async (how) => {
      const { calls } = await run(steps, undefined);
      for (let at = 1; at <= calls.length; at++) expect((await run(steps, { ...how, at, retries: false })).crashed).toBe(true);
    },
  );
});

test('a process dies between its claims and its append: who follows the log hands on what the payment held', async () => {
  const log = createMemoryLog();
  const store = openMemoryEventStore({ log });
  const process = openSubscriptionProcess(store, instantRuntime());
  await givesBack(1, refund('pi_1'), ['ch_1'])(process, () => undefined);
  const before = await everything(store);
  expect(await rollForward(before, process.payments)).toEqual([]);
  for (const reference of ['sub_1', 'in_1', 'pi_1']) await links(reference, 's1', 'sub_1', log);
  const found = checkSubscriptions(await everything(store));
  expect(() => checkForwarded(found)).toThrow('what pi_1 held reached s1');
  const follower = openSubscriptionProcess(store, instantRuntime('next'));
  expect(await rollForward((await everything(store)).slice(before.length), follower.payments)).toEqual([]);
  checkForwarded(checkSubscriptions(await everything(store)));
  expect(await follower.subscriptions.read('s1')).toMatchObject({ reference: reference1, facts: { payments: [{ refunds: [{}] }] } });
});

/** What a process does that dies after this claim. */
async function links(reference: string, subscriptionId: string, of: string, log: MemoryLog): Promise<void> {
  const transactions = openTransactions({ store: openMemoryEventStore({ log }), runtime: instantRuntime('dies'), instance: '' });
  await openReferences(transactions).linkSubscription(reference, { subscriptionId, of });
}
