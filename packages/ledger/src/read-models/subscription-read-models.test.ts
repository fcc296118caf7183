// What the lists and the member's page answer of subscriptions, through a ledger.
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fc, test } from '@fast-check/vitest';
import { afterEach, beforeEach, describe, expect } from 'vitest';
import { writeSubscriptionStories } from '../audit/subscription-stories.test-support.ts';
import { type EventStore, logStart, type StoredEvent } from '../event-store/event-store.ts';
import { createMemoryLog, type MemoryLog, openMemoryEventStore } from '../event-store/memory.ts';
import { instantRuntime } from '../instant-runtime.test-support.ts';
import { createPaymentLedger } from '../ledger.ts';
import type { PaymentLedger } from '../payment-ledger.ts';
import type { SubscriptionFact } from '../subscription/observation.ts';
import type { SubscriptionPolicy } from '../subscription/policy.ts';
import { allocation, day, dispute, lifecycle, line, month, paid, policy1, reference1, refund } from '../subscription/story.test-support.ts';
import { runs } from '../testing/runs.ts';
import { allRows } from '../testing/simulation/all-rows.ts';
import { createVirtualClock } from '../testing/virtual-clock.ts';
import { openOrderReadModels } from './order-read-models.ts';
import { openReadModelFile, readModelPrefixes } from './read-model-file.ts';

async function toldLog(): Promise<MemoryLog> {
  const log = createMemoryLog();
  await writeSubscriptionStories(openMemoryEventStore({ log }));
  return log;
}
/** The same log for all runs of a property. */
let kept: Promise<MemoryLog> | undefined;
function told(): Promise<MemoryLog> {
  kept ??= toldLog();
  return kept;
}
function over(log: MemoryLog): PaymentLedger {
  return createPaymentLedger({
    eventStore: openMemoryEventStore({ log }),
    runtime: instantRuntime(),
    background: false,
    readModels: ':memory:',
  });
}

const { type: _, ...policy } = policy1;

function world() {
  const [log, clock] = [createMemoryLog(), createVirtualClock({ startsAt: day(40) })];
  const open = (differs: Partial<SubscriptionPolicy> = {}) =>
    createPaymentLedger({
      eventStore: openMemoryEventStore({ log }),
      runtime: clock.runtime(),
      background: false,
      readModels: ':memory:',
      subscriptions: { policy: { ...policy, ...differs } },
    });
  return { log, clock, open };
}
function place(ledger: PaymentLedger, subscriptionId: string): Promise<unknown> {
  return ledger.placeSubscription({ subscriptionId, memberId: 'member-1', plan: 'silver', account: 'acct_1', livemode: true });
}
function observe(ledger: PaymentLedger, id: string, facts: readonly SubscriptionFact[], at: string, look?: string): Promise<unknown> {
  return ledger.observeSubscription({
    source: 'poll',
    subscription: { ...reference1, id: `sub_${id}` },
    subscriptionId: id,
    statements: facts.map((fact) => ({ fact, asOf: at, evidence: { objectId: `sub_${id}` } })),
    ...(look === undefined ? {} : { look }),
  });
}

describe('a member', () => {
  test('has the memberships of orders and of subscriptions on one page, and access by either', async () => {
    const log = await toldLog();
    await using ledger = over(log);
    await ledger.placeOrder({
      orderId: 'lifetime',
      memberId: 'member-upgraded',
      plan: 'archive',
      amountMinor: 100,
      currency: 'usd',
      account: 'acct_1',
      livemode: true,
    });
    await ledger.observePayment({
      payment: { provider: 'stripe', account: 'acct_1', livemode: true, id: 'pi_9' },
      orderId: 'lifetime',
      fact: { kind: 'attempt', status: 'paid', amount: { totalMinor: 100, currency: 'usd' } },
      asOf: day(200),
      evidence: { objectId: 'pi_9' },
      source: 'poll',
    });
    const { items } = await ledger.memberships('member-upgraded');
    expect(items).toMatchObject([
      { membershipId: 'lifetime', plan: 'archive', status: 'active' },
      { type: 'subscription', membershipId: 'upgraded', plan: 'gold', quantity: 1, status: 'active', validUntil: day(143) },
    ]);
    expect(items[0]).not.toHaveProperty('type');
    expect(await ledger.memberAccess('member-upgraded')).toEqual({
      active: true,
      plans: [
        { plan: 'archive', quantity: 1 },
        { plan: 'gold', quantity: 1, validUntil: day(143) },
      ],
      lagMs: expect.any(Number),
    });
  });
  test('whose subscription ended has no access, whatever the time of its end', async () => {
    await using ledger = over(await toldLog());
    expect(await ledger.memberAccess('member-renewed')).toMatchObject({ active: false, plans: [] });
    expect(await ledger.memberAccess('member-refunded')).toMatchObject({ active: false, plans: [] });
    expect(await ledger.memberAccess('nobody')).toMatchObject({ active: false, plans: [] });
    expect((await ledger.memberships('member-renewed')).items).toMatchObject([{ status: 'revoked', validUntil: day(63) }]);
  });
  test('who is past what was paid keeps access until somebody looks: no clock of ours ends it', async () => {
    await using ledger = over(await toldLog()); // Its runtime is of today, long after all these ends.
    expect(await ledger.memberAccess('member-late')).toMatchObject({ active: true, plans: [{ plan: 'silver', validUntil: day(128) }] });
  });
});

describe('what is due', () => {
  test('comes oldest first, page by page, up to the time that was asked for', async () => {
    await using ledger = over(await toldLog());
    const all = await ledger.forAdapters.dueSubscriptions(day(1_000));
    expect(all.items.map(({ dueAt }) => dueAt)).toEqual(all.items.map(({ dueAt }) => dueAt).sort());
    expect(all.items.map(({ subscriptionId }) => subscriptionId)).not.toContain('renewed');
    expect(all.items.map(({ subscriptionId }) => subscriptionId)).not.toContain('refunded');
    expect(all.items[0]).toEqual({
      subscriptionId: 'early',
      reference: { provider: 'stripe', account: 'acct_1', livemode: true, id: 'sub_early' },
      customer: 'cus_1',
      dueAt: day(97),
      validUntil: day(97),
    });
    expect((await ledger.forAdapters.dueSubscriptions(day(97))).items).toHaveLength(1);
    expect((await ledger.forAdapters.dueSubscriptions(day(96.9))).items).toEqual([]);
    const paged: string[] = [];
    for (let after: string | undefined = ''; after !== undefined; ) {
      const page: Awaited<ReturnType<PaymentLedger['forAdapters']['dueSubscriptions']>> = await ledger.forAdapters.dueSubscriptions(
        day(1_000),
        { after, limit: 2 },
      );
      paged.push(...page.items.map(({ subscriptionId }) => subscriptionId));
      after = page.next;
    }
    expect(paged).toEqual(all.items.map(({ subscriptionId }) => subscriptionId));
    await expect(ledger.forAdapters.dueSubscriptions('soon')).rejects.toMatchObject({ code: 'invalid_input' });
  });
  test('is counted for each account, with what lives and what is open', async () => {
    await using ledger = over(await toldLog());
    expect(await ledger.forAdapters.accountSubscriptions(day(97))).toEqual([
      {
        account: 'acct_1',
        livemode: true,
        firstPlacedAt: day(0),
        begun: 13,
        living: 12,
        due: 1,
        oldestDueAt: day(97),
        withOpenInvoices: 1,
        newestWaitingAt: day(162),
      },
    ]);
  });
});

test('refunds on their way and open disputes are walked page by page, until they have ended', async () => {
  await using ledger = world().open();
  for (const id of ['a', 'b', 'c', 'd']) {
    await place(ledger, id);
    await observe(ledger, id, [month(`in_${id}`, 0, { reason: 'create' }), allocation(`inpay_${id}`, `in_${id}`, `pi_${id}`)], day(0));
  }
  const unsettled = ledger.forAdapters.unsettledSubscriptions;
  expect(await unsettled()).toEqual({ items: [], lagMs: 0 });
  await observe(ledger, 'a', [refund('pi_a', 400, 'pending')], day(1));
  await observe(ledger, 'b', [refund('pi_b', 400, 'succeeded'), dispute('pi_b', 'lost')], day(1));
  await observe(ledger, 'c', [refund('pi_c', 400, 'requires_action'), dispute('pi_c', 'open')], day(1));
  await observe(ledger, 'd', [dispute('pi_d', 'open')], day(1));
  const [a, c, d] = ['a', 'c', 'd'].map((id) => ({ subscriptionId: id, reference: { ...reference1, id: `sub_${id}` } }));
  const first = await unsettled({ limit: 2 });
  expect(first).toEqual({
    items: [
      { ...a, refunds: ['re_pi_a'], disputes: [] },
      { ...c, refunds: ['re_pi_c'], disputes: ['dp_pi_c'] },
    ],
    next: 'c',
    lagMs: 0,
  });
  expect(await unsettled({ limit: 2, after: String(first.next) })).toEqual({
    items: [{ ...d, refunds: [], disputes: ['dp_pi_d'] }],
    lagMs: 0,
  });
  await observe(ledger, 'a', [refund('pi_a', 400, 'failed')], day(2));
  await observe(ledger, 'c', [refund('pi_c', 400, 'canceled')], day(2));
  await observe(ledger, 'd', [dispute('pi_d', 'won')], day(2));
  expect(await unsettled()).toEqual({ items: [{ ...c, refunds: [], disputes: ['dp_pi_c'] }], lagMs: 0 });
});

describe('what was paid at a price that no plan named', () => {
  const plans = { ...policy.plans, gold: ['price_gold', 'price_new'] };
  /** A member whose renewal was at another price, and who is out since a look. */
  async function isOut(ledger: PaymentLedger, id: string, price: string): Promise<void> {
    await place(ledger, id);
    await observe(ledger, id, [month(`in_${id}_1`, 0, { reason: 'create' }), lifecycle('active')], day(0));
    await observe(ledger, id, [paid(`in_${id}_2`, [line(30, 60, { price })])], day(30));
    await observe(ledger, id, [lifecycle('active')], day(34), day(34));
  }
  const dueIn = async (ledger: PaymentLedger) =>
    (await ledger.forAdapters.dueSubscriptions(day(1_000))).items.map(({ subscriptionId, dueAt }) => [subscriptionId, dueAt]);

  test('is due once when a policy names the price, and the look decides', async () => {
    const { clock, open } = world();
    await using before = open();
    await isOut(before, 'new', 'price_new');
    await isOut(before, 'other', 'price_other');
    expect((await before.subscriptionReviews()).items.map(({ kind }) => kind)).toEqual(['unknown_price', 'unknown_price']);
    expect(await dueIn(before)).toEqual([]);
    await using after = open({ plans });
    await clock.advance(Date.parse(day(41)) - Date.parse(day(40)));
    await place(after, 'third'); // The first append under a policy adopts it.
    expect(await dueIn(before)).toEqual([['new', day(41)]]);
    expect(await dueIn(after)).toEqual([['new', day(41)]]);
    await using rebuilt = open();
    expect(await dueIn(rebuilt)).toEqual([['new', day(41)]]);
    expect(await observe(after, 'new', [lifecycle('active')], day(42), day(42))).toMatchObject({ outcome: 'restored' });
    expect(await dueIn(after)).toEqual([['new', day(63)]]);
    expect(await after.subscription('new')).toMatchObject({ plan: 'gold', status: 'active', validUntil: day(63) });
  });

  test('is not due where a person has dismissed the question', async () => {
    const { open } = world();
    await using before = open();
    await isOut(before, 'new', 'price_new');
    const { revision: seenRevision, openReviews } = (await before.subscription('new'))!;
    const by = { actor: 'support-7', reason: 'it was given back' };
    await before.resolveSubscriptionReview('new', openReviews[0]!.reviewId, { resolution: 'dismiss', seenRevision }, by);
    await using after = open({ plans });
    await place(after, 'third');
    expect(await dueIn(after)).toEqual([]);
  });
});

describe('a policy of a newer release', () => {
  let folder: string;
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'paidonce-policies-'));
  });
  afterEach(() => rmSync(folder, { recursive: true }));

  /** The store as an earlier release sees it: each policy of subscriptions has a field that it does not know. */
  function ofEarlierRelease(store: EventStore): EventStore {
    const seen = (event: StoredEvent): StoredEvent => {
      const { hash, policy: adopted } = event.data as { hash?: unknown; policy?: { type?: unknown } };
      return adopted?.type === 'subscription' ? { ...event, data: { hash, policy: { ...adopted, later: 'keep' } } } : event;
    };
    return {
      ...store,
      async *readLog(options) {
        for await (const page of store.readLog(options)) yield { ...page, events: page.events.map(seen) };
      },
    };
  }

  test('stops the lists of an older process by name, and what is due is told after the upgrade, from the file that both used', async () => {
    const { log, clock, open } = world();
    const alerts: string[] = [];
    const on = (eventStore: EventStore) =>
      createPaymentLedger({
        eventStore,
        runtime: clock.runtime(),
        background: false,
        onAlert: ({ kind, message }) => void alerts.push(`${kind}: ${message}`),
        readModels: join(folder, 'shared'),
        subscriptions: { policy },
      });
    await using newer = open();
    await place(newer, 'a');
    await observe(newer, 'a', [month('in_a', 0, { reason: 'create' }), lifecycle('active')], day(0));
    await using older = on(ofEarlierRelease(openMemoryEventStore({ log })));
    await expect(older.forAdapters.dueSubscriptions(day(1_000))).rejects.toMatchObject({ code: 'file_newer' });
    expect(alerts).toEqual([expect.stringMatching(/^read_models_stuck: .*Upgrade @paidonce\/ledger/)]);
    expect(await older.subscription('a')).toMatchObject({ status: 'active' });
    await using upgraded = on(openMemoryEventStore({ log }));
    expect((await upgraded.forAdapters.dueSubscriptions(day(1_000))).items).toMatchObject([{ subscriptionId: 'a', dueAt: day(33) }]);
  });
});

test('the backlog counts both kinds, what is due, and what came under a doubtful clock', async () => {
  await using ledger = over(await toldLog());
  const { items } = await ledger.undeliveredSubscriptions();
  expect(await ledger.backlog()).toMatchObject({ openOrders: 0, openReviews: 1, undelivered: items.length, abandoned: 0, doubtful: 1 });
  expect(items).toContainEqual({
    subscriptionId: 'renewed',
    memberId: 'member-renewed',
    status: 'revoked',
    sequence: 3,
    failures: 0,
    abandoned: false,
  });
  expect((await ledger.subscriptionReviews()).items).toMatchObject([
    { subscriptionId: 'sub_second', reviewId: 'r1', kind: 'double_subscription' },
  ]);
});

test('without subscriptions all of it is empty', async () => {
  await using ledger = over(createMemoryLog());
  expect(await ledger.memberAccess('member-1')).toMatchObject({ active: false, plans: [] });
  expect((await ledger.forAdapters.dueSubscriptions(day(1))).items).toEqual([]);
  expect(await ledger.forAdapters.accountSubscriptions(day(1))).toEqual([]);
  expect(await ledger.backlog()).toMatchObject({ due: 0, doubtful: 0 });
});

describe('rebuilt from the log, the rows are what they are live', () => {
  test.prop([fc.array(fc.integer({ min: 1, max: 40 }), { minLength: 1, maxLength: 30 })], runs(50))(
    'in whatever pages they were seen, and with each page told twice',
    async (sizes) => {
      const store = openMemoryEventStore({ log: await told() });
      const events: StoredEvent[] = [];
      for await (const page of store.readLog({ prefixes: readModelPrefixes })) {
        events.push(...page.events);
        if (page.events.length === 0) break;
      }
      const rowsAfter = async (pages: readonly number[]): Promise<unknown> => {
        const file = await openReadModelFile(':memory:', store, instantRuntime());
        const models = openOrderReadModels(file, 24);
        for (let from = 0, turn = 0; from < events.length; turn += 1) {
          const page = events.slice(from, from + (pages[turn % pages.length] ?? 1));
          const next = page.at(-1)?.position ?? logStart;
          await models.apply(page, next);
          await models.apply(page, next);
          from += page.length;
        }
        const rows = [...allRows(file.db)].filter(([table]) => table.startsWith('subscription'));
        file.close();
        return rows;
      };
      const live = await rowsAfter(sizes);
      expect(live).toEqual(await rowsAfter([events.length]));
      expect((live as readonly (readonly [string, readonly string[]])[]).map(([table, rows]) => [table, rows.length > 0])).toEqual([
        ['subscription_policies', true],
        ['subscription_reviews', true],
        ['subscriptions', true],
      ]);
    },
  );
});
