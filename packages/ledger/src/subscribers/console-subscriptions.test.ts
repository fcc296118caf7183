// What a console is answered about subscriptions, on the real ledger over a log of told stories.
import { describe, expect, test } from 'vitest';
import { writeSubscriptionStories } from '../audit/subscription-stories.test-support.ts';
import type { SubscriptionReads } from '../console-subscriptions.ts';
import { createMemoryLog, type MemoryLog, openMemoryEventStore } from '../event-store/memory.ts';
import { instantRuntime } from '../instant-runtime.test-support.ts';
import { createPaymentLedger } from '../ledger.ts';
import type { PaymentLedger } from '../payment-ledger.ts';
import type { SubscriptionFact } from '../subscription/observation.ts';
import { day, lifecycle, month, policy1, reference1, unpaid } from '../subscription/story.test-support.ts';
import { createVirtualClock } from '../testing/virtual-clock.ts';

const { type: _, ...policy } = policy1;

function over(log: MemoryLog, now?: string): PaymentLedger {
  return createPaymentLedger({
    eventStore: openMemoryEventStore({ log }),
    runtime: { ...instantRuntime(), ...(now ? { now: () => new Date(now) } : {}) },
    background: false,
    readModels: ':memory:',
    subscriptions: { policy },
  });
}
function readsOf({ console: { subscriptions } }: PaymentLedger): SubscriptionReads {
  if (subscriptions === undefined) throw new Error('the ledger keeps no subscriptions');
  return subscriptions;
}
async function toldLog(): Promise<MemoryLog> {
  const log = createMemoryLog();
  await writeSubscriptionStories(openMemoryEventStore({ log }));
  return log;
}
/** A month that was paid, of which the renewal is tried again since day 30. */
async function inDunning(ledger: PaymentLedger, subscriptionId: string): Promise<void> {
  const subscription = { ...reference1, id: `sub_${subscriptionId}` };
  await ledger.placeSubscription({ subscriptionId, memberId: `m-${subscriptionId}`, plan: 'silver', account: 'acct_1', livemode: true });
  const told = (days: number, fact: Parameters<typeof ledger.observeSubscription>[0]['statements'][number]['fact']) =>
    ledger.observeSubscription({
      subscription,
      subscriptionId,
      source: 'webhook',
      statements: [{ fact, asOf: day(days), evidence: { objectId: subscription.id } }],
    });
  await told(0, month(`in_${subscriptionId}_1`, 0, { reason: 'create' }));
  await told(0.1, lifecycle('active'));
  await told(30, unpaid(`in_${subscriptionId}_2`));
  await told(30.1, lifecycle('past_due'));
}

test('a ledger without subscriptions has none of these lists', async () => {
  await using ledger = createPaymentLedger({ eventStore: openMemoryEventStore(), background: false });
  expect(ledger.console.subscriptions).toBeUndefined();
});

describe('the search', () => {
  test.each(['renewed', 'sub_renewed', 'in_renewed_2', 'cs_renewed', 'pi_renewed_1'])(
    '%s finds the subscription, from its stream',
    async (text) => {
      await using ledger = over(await toldLog());
      expect(await readsOf(ledger).find(text)).toMatchObject([
        {
          subscriptionId: 'renewed',
          memberId: 'member-renewed',
          reference: 'sub_renewed',
          status: 'revoked',
          plan: 'silver',
          isUndelivered: true,
        },
      ]);
    },
  );
  test('a beginning finds ids and members; fewer than 3 characters find what is named so alone', async () => {
    await using ledger = over(await toldLog());
    const found = async (text: string) => (await readsOf(ledger).find(text)).map(({ subscriptionId }) => subscriptionId);
    expect(await found('ren')).toEqual(['renewed']);
    expect(await found('member-ren')).toEqual(['renewed']);
    expect(await found('re')).toEqual([]);
    expect(await found('nothing-like-it')).toEqual([]);
  });
});

test('what is due comes longest due first, with its member; nothing is due before its time', async () => {
  await using ledger = over(await toldLog(), day(97));
  const { items } = await readsOf(ledger).due();
  expect(items).toMatchObject([{ subscriptionId: 'early', memberId: 'member-early', dueAt: day(97), validUntil: day(97) }]);
  expect(await readsOf(ledger).counts()).toMatchObject({ due: { count: 1, oldestSince: day(97) } });
  await using before = over(await toldLog(), day(96));
  expect((await readsOf(before).due()).items).toEqual([]);
});

describe('a renewal that the provider tries to collect', () => {
  test('stands in the list since it was past due, also where that is said again, and leaves it when it is paid', async () => {
    await using ledger = over(createMemoryLog(), day(31));
    await inDunning(ledger, 's-1');
    expect((await readsOf(ledger).inDunning()).items).toMatchObject([
      {
        subscriptionId: 's-1',
        dunningSince: day(30.1),
        lifecycle: 'past_due',
        status: 'active',
        paidThrough: day(30),
        validUntil: day(46),
      },
    ]);
    expect(await readsOf(ledger).counts()).toMatchObject({ dunning: { count: 1, oldestSince: day(30.1) }, inGrace: 1 });
    await ledger.observeSubscription({
      subscription: { ...reference1, id: 'sub_s-1' },
      source: 'webhook',
      statements: [
        { fact: month('in_s-1_2', 30), asOf: day(32), evidence: { objectId: 'in_s-1_2' } },
        { fact: lifecycle('active'), asOf: day(32), evidence: { objectId: 'sub_s-1' } },
      ],
    });
    expect((await readsOf(ledger).inDunning()).items).toEqual([]);
    expect(await readsOf(ledger).counts()).toMatchObject({ dunning: { count: 0 }, inGrace: 0 });
  });
});

test('a member has his subscriptions newest first, page by page', async () => {
  await using ledger = over(createMemoryLog());
  for (const [at, subscriptionId] of ['a', 'b', 'c'].entries()) {
    await ledger.placeSubscription({
      subscriptionId,
      memberId: 'm-1',
      plan: 'silver',
      kind: `kind-${at}`,
      account: 'acct_1',
      livemode: true,
    });
  }
  const first = await readsOf(ledger).ofMember('m-1', { limit: 2 });
  expect(first.items).toHaveLength(2);
  const { items, next } = await readsOf(ledger).ofMember('m-1', { limit: 2, after: first.next ?? '' });
  expect([...first.items, ...items].map(({ subscriptionId }) => subscriptionId).toSorted()).toEqual(['a', 'b', 'c']);
  expect(next).toBeUndefined();
});

test('reviews and undelivered decisions come oldest first, and are counted', async () => {
  await using ledger = over(await toldLog());
  const reads = readsOf(ledger);
  const reviews = await reads.reviews();
  expect(reviews.items).toMatchObject([{ subscriptionId: 'sub_second', reviewId: 'r1', kind: 'double_subscription', plan: 'silver' }]);
  const { items } = await reads.undelivered();
  expect(items.map(({ decidedAt }) => decidedAt)).toEqual(items.map(({ decidedAt }) => decidedAt).toSorted());
  expect(items).toContainEqual(expect.objectContaining({ subscriptionId: 'renewed', status: 'revoked', sequence: 3, plan: 'silver' }));
  expect(await reads.counts()).toMatchObject({ reviews: { count: 1 }, undelivered: { count: items.length } });
  const one = await reads.undelivered({ limit: 1 });
  expect((await reads.undelivered({ after: one.next ?? '', limit: 1 })).items[0]?.subscriptionId).toBe(items[1]?.subscriptionId);
});

test('all come newest first, page by page, and one that is only reported is not among them', async () => {
  const clock = createVirtualClock();
  await using ledger = createPaymentLedger({
    eventStore: openMemoryEventStore(),
    runtime: clock.runtime(),
    background: false,
    readModels: ':memory:',
    subscriptions: { policy },
  });
  expect((await readsOf(ledger).newest()).items).toEqual([]);
  for (const subscriptionId of ['a', 'b', 'c']) {
    await clock.advance(1_000);
    await ledger.placeSubscription({ subscriptionId, memberId: `m-${subscriptionId}`, plan: 'silver', account: 'acct_1', livemode: true });
  }
  const statement = { fact: lifecycle('active'), asOf: day(1), evidence: { objectId: 'sub_d' } };
  const told = { subscription: { ...reference1, id: 'sub_d' }, subscriptionId: 'd', source: 'webhook', statements: [statement] } as const;
  await ledger.observeSubscription(told);
  const first = await readsOf(ledger).newest({ limit: 2 });
  expect(first.items.map(({ subscriptionId, livemode }) => [subscriptionId, livemode])).toEqual([
    ['c', true],
    ['b', true],
  ]);
  expect((await readsOf(ledger).newest({ after: first.next ?? '' })).items.map(({ subscriptionId }) => subscriptionId)).toEqual(['a']);
});

test('what is not delivered is grouped by the error of the last attempt, until the shop has it', async () => {
  const clock = createVirtualClock();
  const refused = new Map<string, unknown>();
  const open = (log: MemoryLog, delivers: boolean) =>
    createPaymentLedger({
      eventStore: openMemoryEventStore({ log }),
      runtime: clock.runtime(),
      background: false,
      readModels: ':memory:',
      subscriptions: {
        policy,
        ...(delivers
          ? {
              deliver: ({ membershipId }) => {
                if (refused.has(membershipId)) throw refused.get(membershipId);
              },
            }
          : {}),
      },
    });
  const log = createMemoryLog();
  await using quiet = open(log, false);
  const sell = async (subscriptionId: string): Promise<void> => {
    await quiet.placeSubscription({ subscriptionId, memberId: `m-${subscriptionId}`, plan: 'silver', account: 'acct_1', livemode: true });
    const statement = {
      fact: month(`in_${subscriptionId}`, 0, { reason: 'create' }),
      asOf: day(0),
      evidence: { objectId: subscriptionId },
    };
    const subscription = { ...reference1, id: `sub_${subscriptionId}` };
    await quiet.observeSubscription({ subscription, subscriptionId, source: 'webhook', statements: [statement] });
  };
  for (const id of ['s-1', 's-2', 's-3']) await sell(id);
  const decidedAt = clock.runtime().now().toISOString();
  // Nobody has tried them yet.
  expect(await readsOf(quiet).undeliveredByError()).toEqual([{ error: 'none', count: 3, firstAt: decidedAt, nextTryAt: decidedAt }]);

  await using ledger = open(log, true);
  const by = { actor: 'sup-1', reason: 'ticket 1' };
  refused.set('s-1', Object.assign(new Error('no'), { code: 'ECONNREFUSED' }));
  refused.set('s-2', Object.assign(new Error('no'), { code: 'ECONNREFUSED' }));
  for (const id of ['s-1', 's-2', 's-3']) await ledger.redeliverSubscription(id, by);
  const groups = await readsOf(ledger).undeliveredByError();
  expect(groups).toEqual([{ error: 'Error/ECONNREFUSED', count: 2, firstAt: decidedAt, nextTryAt: expect.any(String) }]);
  expect(groups[0]?.nextTryAt && groups[0].nextTryAt > decidedAt).toBe(true);
  expect(await readsOf(quiet).undeliveredByError()).toEqual(groups);

  // After 72 hours nobody tries any more.
  for (let hour = 0; hour < 120; hour++) {
    const settled = ledger.settle();
    await clock.advance(3_600_000);
    await settled;
  }
  expect(await readsOf(ledger).undeliveredByError()).toEqual([{ error: 'Error/ECONNREFUSED', count: 2, firstAt: decidedAt }]);
  refused.clear();
  for (const id of ['s-1', 's-2']) expect(await ledger.redeliverSubscription(id, by)).toEqual({ outcome: 'delivered' });
  expect(await readsOf(ledger).undeliveredByError()).toEqual([]);
});

test('a dry run says what a resolution would do, and writes nothing', async () => {
  await using ledger = over(await toldLog());
  const reads = readsOf(ledger);
  const seen = await ledger.subscription('sub_second');
  const how = { resolution: 'dismiss', seenRevision: seen?.revision ?? -1 } as const;
  expect(await reads.previewResolution('sub_second', 'r1', how)).toMatchObject({
    outcome: 'resolved',
    membership: seen?.status,
    openReviews: 0,
  });
  expect(await ledger.subscription('sub_second')).toEqual(seen);
  await ledger.resolveSubscriptionReview('sub_second', 'r1', how, { actor: 'sup-1', reason: 'ticket 1' });
  expect(await reads.previewResolution('sub_second', 'r1', how)).toEqual({ outcome: 'stale' });
  expect(reads.delivers).toBe(false);
});

test('what people did with subscriptions stands in the activity, with what came of it, newest first', async () => {
  const by = { actor: 'sup-1', reason: 'ticket 1' };
  let refuses = true;
  await using ledger = createPaymentLedger({
    eventStore: openMemoryEventStore(),
    runtime: createVirtualClock().runtime(),
    background: false,
    readModels: ':memory:',
    subscriptions: {
      policy,
      deliver: () => {
        if (refuses) throw new Error('locked');
      },
    },
  });
  const terms = { memberId: 'm-1', plan: 'silver', account: 'acct_1', livemode: true };
  const told = (subscriptionId: string, days: number, ...facts: readonly SubscriptionFact[]) => ({
    subscription: { ...reference1, id: `sub_${subscriptionId}` },
    subscriptionId,
    statements: facts.map((fact) => ({ fact, asOf: day(days), evidence: { objectId: subscriptionId } })),
  });
  const { subscriptionId: _, ...read } = told('was-there', 5, month('in_0', 0, { reason: 'create' }), lifecycle('active'));
  const imported = { ...terms, subscriptionId: 'was-there', kind: 'other', placedAt: day(0) };
  expect(await ledger.importSubscription(imported, { ...read, look: day(5) }, by)).toEqual({ outcome: 'imported' });
  await ledger.placeSubscription({ ...terms, subscriptionId: 's-1' });
  await ledger.observeSubscription({
    ...told('s-1', 31, month('in_1', 0, { reason: 'create' }), lifecycle('canceled', { endedAt: day(30) })),
    source: 'webhook',
  });
  await ledger.observeSubscription({ ...told('s-1', 32, month('in_2', 30)), source: 'webhook' });
  const { revision: seenRevision = -1, openReviews: [review] = [] } = (await ledger.subscription('s-1')) ?? {};
  await ledger.resolveSubscriptionReview('s-1', review?.reviewId ?? '', { resolution: 'grant', seenRevision }, by);
  await ledger.redeliverSubscription('s-1', by);
  refuses = false;
  await ledger.redeliverSubscription('s-1', { ...by, actor: 'sup-2' });
  await ledger.forAdapters.subscriptions.recordRecheck('s-1', by, { looked: 1, recorded: 0 });

  const { activity } = ledger.console;
  const { items } = await activity();
  expect(items.map(({ action, outcome, subscriptionId }) => [action, outcome, subscriptionId])).toEqual([
    ['recheck', 'nothing_new', 's-1'],
    ['redeliver', 'delivered', 's-1'],
    ['redeliver', 'failed', 's-1'],
    ['resolve', 'granted', 's-1'],
    ['import', 'imported', 'was-there'],
  ]);
  expect(items.at(-1)).toMatchObject(by);
  expect(items.some(({ orderId }) => orderId !== undefined)).toBe(false);
  expect((await activity({ subscriptionId: 'was-there' })).items).toEqual(items.slice(4));
  expect((await activity({ memberId: 'm-1' })).items).toEqual(items);
  expect((await activity({ memberId: 'm-1', actor: 'sup-2' })).items).toEqual(items.slice(1, 2));
  expect((await activity({ memberId: 'm-2' })).items).toEqual([]);
});
