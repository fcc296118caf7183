import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test as property } from '@fast-check/vitest';
import * as fc from 'fast-check';
import { afterAll, describe, expect, test } from 'vitest';
import type { AccountOrders } from '../adapter-ledger.ts';
import { type EventStore, logStart, type Position } from '../event-store/event-store.ts';
import { openMemoryEventStore } from '../event-store/memory.ts';
import { instantRuntime } from '../instant-runtime.test-support.ts';
import type { OrderCommand } from '../order/decide.ts';
import { isPending } from '../order/delivery-state.ts';
import { at, dispute, order1, paid, payment, paymentObserved, resolve } from '../order/example-order.test-support.ts';
import { anyObservation } from '../order/observations.test-support.ts';
import type { OrderState } from '../order/order.ts';
import { awaitedUntil, listedUntil, openReviews, undeliveredIn, unsettledIn, viewOf } from '../order/view.ts';
import { openPaymentProcess } from '../payment-process.test-support.ts';
import { orderAggregate } from '../streams/order-aggregate.ts';
import { runs } from '../testing/runs.ts';
import { type OrderReadModels, openOrderReadModels, pageKey } from './order-read-models.ts';
import { openReadModelFile } from './read-model-file.ts';

const folder = mkdtempSync(join(tmpdir(), 'paidonce-order-read-models-'));
afterAll(() => rmSync(folder, { recursive: true }));

const now = at(10);
const orderIds = ['order-1', 'order-2', 'order-3', 'order-10'];
const members = ['member-1', 'member-2'];
const openModels = async (store: EventStore, path = ':memory:') =>
  openOrderReadModels(await openReadModelFile(path, store, instantRuntime()), 24);

/** Reads on from `after` and applies each page, as a subscription does. */
async function catchUp(models: OrderReadModels, store: EventStore, after: Position): Promise<Position> {
  let position = after;
  for await (const { events, next } of store.readLog({ after, prefixes: ['order-'] })) {
    await models.apply(events, next);
    position = next;
  }
  return position;
}

function everything(models: OrderReadModels) {
  return {
    memberships: members.map((member) => models.memberships(member)),
    openOrders: models.openOrders(now, '', 1_000),
    reviews: models.reviews('', 1_000),
    pending: models.pendingDeliveries(),
    undelivered: models.undelivered('', 1_000),
    accounts: models.accounts({ awaitedAt: now, paidAfter: now }),
    unsettled: models.unsettled('', 1_000),
  };
}

/** What the streams themselves say. */
async function byTheStreams(store: EventStore) {
  const orders: OrderState[] = [];
  const since = new Map<string, string>();
  for (const orderId of [...orderIds].sort()) {
    let order = orderAggregate.initial(orderId);
    for (const event of await store.readStream(`order-${orderId}`)) {
      order = orderAggregate.evolve(order, orderAggregate.read(event), event.metadata['instance'] ?? '');
      if (event.type.startsWith('Membership') && event.type !== 'MembershipDelivered')
        since.set(orderId, event.metadata['recordedAt'] ?? '');
    }
    orders.push(order);
  }
  return {
    memberships: members.map((member) =>
      orders.flatMap(({ orderId, placed, membership }) =>
        placed?.memberId === member && membership !== 'none'
          ? [{ membershipId: orderId, plan: placed.plan, status: membership, since: since.get(orderId) }]
          : [],
      ),
    ),
    // By their keys as text, as pages are: r10 comes before r9.
    reviews: orders.flatMap((order) => openReviews(order).toSorted((a, b) => (a.reviewId < b.reviewId ? -1 : 1))),
    pending: orders.filter(isPending),
    undelivered: orders.flatMap((order) => undeliveredIn(order) ?? []),
    accounts: orders.some(({ placed }) => placed) ? [accountOf(orders)] : [],
    unsettled: orders.flatMap((order) => (order.placed ? (unsettledIn(order) ?? []) : [])),
  };
}

/** Where each order waits, and since when the oldest, by folding every stream from its start. */
async function queuesByTheStreams(store: EventStore) {
  const waiting = { reviews: [] as string[], undelivered: [] as string[], suspended: [] as string[], awaiting: [] as string[] };
  const summaries = new Map<string, readonly string[]>();
  for (const orderId of orderIds) {
    let [order, decidedAt] = [orderAggregate.initial(orderId), ''];
    for (const event of await store.readStream(`order-${orderId}`)) {
      order = orderAggregate.evolve(order, orderAggregate.read(event), event.metadata['instance'] ?? '');
      if (/^Membership(?:Granted|Suspended|Restored|Revoked)$/.test(event.type)) decidedAt = event.metadata['recordedAt'] ?? '';
    }
    const of = {
      undelivered: undeliveredIn(order) ? [decidedAt] : [],
      reviews: openReviews(order).map(({ openedAt }) => openedAt),
      suspended: order.membership === 'suspended' ? [decidedAt] : [],
      awaiting: (awaitedUntil(order) ?? '') > now ? [order.placed?.placedAt ?? ''] : [],
    };
    for (const queue of ['undelivered', 'reviews', 'suspended', 'awaiting'] as const) waiting[queue].push(...of[queue]);
    if (order.placed)
      summaries.set(
        orderId,
        Object.entries(of).flatMap(([queue, times]) => (times.length > 0 ? [queue] : [])),
      );
  }
  const counted = (times: readonly string[]) => ({
    count: times.length,
    ...(times.length > 0 ? { oldestSince: [...times].sort()[0] } : {}),
  });
  const queues = Object.fromEntries(Object.entries(waiting).map(([queue, times]) => [queue, counted(times)]));
  return { queues, summaries };
}

/** All orders here are of one account and mode. */
function accountOf(orders: readonly OrderState[]): AccountOrders {
  const awaited = orders.flatMap((order) => ((listedUntil(order) ?? '') > now ? (order.placed?.placedAt ?? []) : [])).sort();
  const placed = orders.filter((order) => order.placed);
  const paid = placed.flatMap(({ payments }) => Object.values(payments).flatMap(({ paidAt }) => paidAt ?? [])).sort();
  const newestPaidAt = paid.at(-1);
  const [oldestPlacedAt, newestPlacedAt] = [awaited[0], awaited.at(-1)];
  return {
    account: order1.account,
    livemode: true,
    firstPlacedAt: order1.placedAt,
    everPaid: placed.some(({ payments }) => Object.values(payments).some(({ attempt }) => attempt?.status === 'paid')),
    ...(newestPaidAt === undefined ? {} : { newestPaidAt }),
    paidIn30Days: placed.filter(({ payments }) => Object.values(payments).some(({ paidAt }) => paidAt !== undefined && paidAt > now))
      .length,
    hasUnsettled: placed.some(unsettledIn),
    ...(oldestPlacedAt !== undefined && newestPlacedAt !== undefined ? { awaited: { oldestPlacedAt, newestPlacedAt } } : {}),
  };
}

const anyCommand: fc.Arbitrary<(order: OrderState) => OrderCommand> = fc.oneof(
  { weight: 6, arbitrary: anyObservation.map((observed) => () => ({ type: 'observe', observed }) as const) },
  {
    weight: 3,
    arbitrary: fc
      .constantFrom(paid(), dispute('open'))
      .map((fact) => () => ({ type: 'observe', observed: paymentObserved(fact) }) as const),
  },
  {
    weight: 3,
    arbitrary: fc.constantFrom(...members).map(
      (memberId) =>
        ({ orderId }: OrderState) =>
          ({ type: 'place', order: { ...order1, orderId, memberId } }) as const,
    ),
  },
  {
    weight: 2,
    arbitrary: fc.record({ id: fc.constantFrom('cs_1', 'pi_1'), expiresAt: fc.constantFrom(at(5), at(30)) }).map(
      ({ id, expiresAt }) =>
        () =>
          ({ type: 'attach', checkout: { payment: payment(id), attachedAt: at(0), expiresAt } }) as const,
    ),
  },
  {
    weight: 1,
    arbitrary: fc.constantFrom('grant', 'dismiss').map((how) => (order: OrderState): OrderCommand => {
      const [review] = openReviews(order);
      return review ? resolve(how, order.revision, review.reviewId) : { type: 'observe', observed: paymentObserved(paid()) };
    }),
  },
);

type Story = readonly [string, (order: OrderState) => OrderCommand, boolean][];

/** A payment of a whole order, and a dispute about it: what is drawn seldom leaves an order suspended. */
const disputedStory: Story = [
  ['order-1', ({ orderId }) => ({ type: 'place', order: { ...order1, orderId } }), true],
  ['order-1', () => ({ type: 'observe', observed: paymentObserved(paid()) }), false],
  ['order-1', () => ({ type: 'observe', observed: paymentObserved(dispute('open')) }), true],
];
/** A checkout that may still be paid: what is drawn may pay every order before the end. */
const awaitedStory: Story = [
  ['order-2', ({ orderId }) => ({ type: 'place', order: { ...order1, orderId } }), true],
  ['order-2', () => ({ type: 'attach', checkout: { payment: payment('cs_1'), attachedAt: at(0), expiresAt: at(30) } }), true],
];

describe('rebuilt from the log, the read models are what they are live', () => {
  const met = new Set<string>();
  afterAll(() =>
    expect([...met].sort()).toEqual([
      'accounts',
      'memberships',
      'openOrders',
      'pending',
      'queue awaiting',
      'queue reviews',
      'queue suspended',
      'queue undelivered',
      'reviews',
      'undelivered',
      'unsettled',
    ]),
  );

  property.prop([fc.array(fc.tuple(fc.constantFrom(...orderIds), anyCommand, fc.boolean()), { minLength: 20, maxLength: 40 })], {
    ...runs(20),
    examples: [[[...disputedStory]], [[...awaitedStory]]],
  })('whatever happened, and in whatever pages it was seen', async (happened) => {
    const store = openMemoryEventStore();
    const runtime = instantRuntime();
    const { orders } = openPaymentProcess(store, runtime);
    const live = await openModels(store);
    let position = logStart;
    for (const [orderId, commandOn, sees] of happened) {
      runtime.advance(60_000);
      await orders.command(orderId, 'test', commandOn(await orders.read(orderId)));
      if (sees) position = await catchUp(live, store, position);
    }
    await catchUp(live, store, position);
    const rebuilt = await openModels(store);
    await catchUp(rebuilt, store, logStart);
    const found = everything(live);
    expect(everything(rebuilt)).toEqual(found);
    expect(found).toMatchObject(await byTheStreams(store));
    expect(live.backlog(now)).toEqual({
      openOrders: found.openOrders.length,
      openReviews: found.reviews.length,
      undelivered: found.undelivered.length,
      abandoned: found.undelivered.filter(({ abandoned }) => abandoned).length,
      due: 0,
      doubtful: 0,
    });
    const { queues, summaries } = await queuesByTheStreams(store);
    expect(live.console.queues.counts(now)).toMatchObject(queues);
    expect(rebuilt.console.queues.counts(now)).toEqual(live.console.queues.counts(now));
    const listed = live.console.lists.orders({}, now, { time: '', id: '' }, 100);
    expect(new Map(listed.map((order) => [order.orderId, order.queues]))).toEqual(summaries);
    for (const [queue, { count }] of Object.entries(queues)) if (count > 0) met.add(`queue ${queue}`);
    for (const [name, rows] of Object.entries(found)) if (rows.flat().length > 0) met.add(name);
    expect(found.openOrders.map(({ orderId }) => orderId)).toEqual(
      [...orderIds].sort().filter((orderId) => live.openOrders(now, '', 10).some((order) => order.orderId === orderId)),
    );
  });
});

async function traffic(count: number) {
  const store = openMemoryEventStore();
  const { orders } = openPaymentProcess(store, instantRuntime());
  for (let index = 0; index < count; index++) {
    const orderId = `order-${index}`;
    await orders.command(orderId, 'test', { type: 'place', order: { ...order1, orderId } });
    const checkout = { payment: payment(`cs_${index}`), attachedAt: at(0), expiresAt: at(index % 2 ? 30 : 5) };
    await orders.command(orderId, 'test', { type: 'attach', checkout });
    await orders.command(orderId, 'test', {
      type: 'observe',
      observed: paymentObserved(paid(900), { of: payment(`pi_${index}`, { livemode: false }) }),
    });
  }
  return { store, orders };
}

describe('a page', () => {
  test('that comes twice changes nothing the second time', async () => {
    const { store } = await traffic(3);
    const models = await openModels(store);
    await catchUp(models, store, logStart);
    const once = everything(models);
    await catchUp(models, store, logStart);
    expect(everything(models)).toEqual(once);
  });

  test('that misses an event of an order is refused as corrupt, and nothing of it is kept', async () => {
    const { store } = await traffic(2);
    const models = await openModels(store);
    const events = [...(await store.readStream('order-order-0')), ...(await store.readStream('order-order-1')).slice(1)];
    const { position } = events.at(-1)!;
    await expect(models.apply(events, position)).rejects.toMatchObject({ code: 'corrupt' });
    expect(models.reviews('', 10)).toEqual([]);
  });

  test('two processes on one file: each applies what the other has not', async () => {
    const { store } = await traffic(6);
    const path = join(folder, 'shared');
    const [a, b] = [await openModels(store, path), await openModels(store, path)];
    const events = (await Promise.all(orderIdsOf(6).map((orderId) => store.readStream(`order-${orderId}`)))).flat();
    events.sort((x, y) => (x.position < y.position ? -1 : 1));
    const page = (from: number, to: number) => [events.slice(from, to), events[to - 1]!.position] as const;
    await a.apply(...page(0, 4));
    await b.apply(...page(0, 10));
    await a.apply(...page(4, 7));
    await b.apply(...page(10, events.length));
    await a.apply(...page(7, events.length));
    const alone = await openModels(store);
    await catchUp(alone, store, logStart);
    expect(everything(a)).toEqual(everything(alone));
    expect(everything(b)).toEqual(everything(alone));
  });
});

function orderIdsOf(count: number): readonly string[] {
  return Array.from({ length: count }, (_, index) => `order-${index}`);
}

describe('paging', () => {
  test('walks over all open orders once, by order id', async () => {
    const { store } = await traffic(25);
    const models = await openModels(store);
    await catchUp(models, store, logStart);
    const listed: string[] = [];
    for (let after = ''; ; ) {
      const page = models.openOrders(now, after, 4);
      if (page.length === 0) break;
      expect(page.length).toBeLessThanOrEqual(4);
      listed.push(...page.map(({ orderId }) => orderId));
      after = page.at(-1)!.orderId;
    }
    expect(listed).toEqual(
      orderIdsOf(25)
        .filter((_, index) => index % 2)
        .sort(),
    );
  });

  test('walks over all reviews once, also where a page ends within an order', async () => {
    const { store } = await traffic(5);
    const models = await openModels(store);
    await catchUp(models, store, logStart);
    const listed: string[] = [];
    for (let after = ''; ; ) {
      const page = models.reviews(after, 3);
      if (page.length === 0) break;
      listed.push(...page.map(pageKey));
      after = pageKey(page.at(-1)!);
    }
    expect(listed).toEqual(orderIdsOf(5).flatMap((orderId) => [`${orderId}/r1`, `${orderId}/r2`]));
  });
});

test('an order is open until its checkout expires', async () => {
  const { store } = await traffic(2);
  const models = await openModels(store);
  await catchUp(models, store, logStart);
  const open = (when: string) => models.openOrders(when, '', 10).map(({ orderId }) => orderId);
  expect([open(at(4)), open(at(5)), open(at(29)), open(at(30))]).toEqual([['order-0', 'order-1'], ['order-1'], ['order-1'], []]);
});

test('a resolved review is listed no longer, and a settled delivery is not pending', async () => {
  const { store, orders } = await traffic(1);
  const models = await openModels(store);
  const seen = await orders.read('order-0');
  await orders.command('order-0', 'test', resolve('grant', seen.revision, 'r1'));
  let position = await catchUp(models, store, logStart);
  expect(models.reviews('', 10).map(({ reviewId }) => reviewId)).toEqual(['r2']);
  expect(models.pendingDeliveries().map(({ orderId }) => orderId)).toEqual(['order-0']);
  expect(models.memberships('member-1')).toMatchObject([{ membershipId: 'order-0', plan: 'yearly', status: 'active' }]);
  await orders.append('order-0', 'delivery', () => ({
    events: [{ type: 'MembershipDelivered', data: { sequence: 1 } }],
    answer: undefined,
  }));
  position = await catchUp(models, store, position);
  expect(models.pendingDeliveries()).toEqual([]);
  expect(models.openOrders(now, '', 10)).toEqual([]);
  expect(viewOf(await orders.read('order-0'))?.delivered).toBe(1);
});

describe('what a poll must look for', () => {
  async function withOrders(...changes: readonly Partial<typeof order1>[]) {
    const store = openMemoryEventStore();
    const { orders } = openPaymentProcess(store, instantRuntime());
    for (const [index, change] of changes.entries()) {
      const orderId = `order-${index}`;
      await orders.command(orderId, 'test', { type: 'place', order: { ...order1, orderId, ...change } });
      const checkout = { payment: payment(`cs_${index}`), attachedAt: at(0), expiresAt: at(30) };
      await orders.command(orderId, 'test', { type: 'attach', checkout });
    }
    const models = await openModels(store);
    await catchUp(models, store, logStart);
    return models;
  }

  test('is reported for each account and mode, from its oldest order that may still be paid on', async () => {
    const models = await withOrders({ placedAt: at(3) }, { placedAt: at(1) }, { livemode: false, placedAt: at(2) }, { account: 'acct_2' });
    const awaited = { oldestPlacedAt: at(1), newestPlacedAt: at(3) };
    const rest = { everPaid: false, paidIn30Days: 0, hasUnsettled: false };
    expect(models.accounts({ awaitedAt: now, paidAfter: now })).toMatchObject([
      { account: 'acct_1', livemode: false, firstPlacedAt: at(2), ...rest, awaited: { oldestPlacedAt: at(2), newestPlacedAt: at(2) } },
      { account: 'acct_1', livemode: true, firstPlacedAt: at(1), ...rest, awaited },
      { account: 'acct_2', livemode: true, firstPlacedAt: order1.placedAt, ...rest },
    ]);
  });

  test('is nothing once all checkouts have expired', async () => {
    const models = await withOrders({});
    expect(models.accounts({ awaitedAt: at(31), paidAfter: now })).toEqual([
      { account: 'acct_1', livemode: true, firstPlacedAt: order1.placedAt, everPaid: false, paidIn30Days: 0, hasUnsettled: false },
    ]);
  });

  test('tells how many orders were paid lately, and when the newest payment came', async () => {
    const store = openMemoryEventStore();
    const { orders } = openPaymentProcess(store, instantRuntime());
    for (const [orderId, account, paidAt] of [
      ['order-1', 'acct_1', at(2)],
      ['order-2', 'acct_1', at(9)],
      ['order-3', 'acct_2', at(1)],
    ] as const) {
      await orders.command(orderId, 'test', { type: 'place', order: { ...order1, orderId, account } });
      const observed = paymentObserved(paid(), { of: { ...payment(`pi_${orderId}`), account }, asOf: paidAt });
      await orders.command(orderId, 'test', { type: 'observe', observed });
    }
    const models = await openModels(store);
    await catchUp(models, store, logStart);
    const accounts = (account?: string) => models.accounts({ awaitedAt: now, paidAfter: at(3), ...(account ? { account } : {}) });
    expect(accounts()).toMatchObject([
      { account: 'acct_1', paidIn30Days: 1, newestPaidAt: at(9) },
      { account: 'acct_2', paidIn30Days: 0, newestPaidAt: at(1) },
    ]);
    expect(accounts('acct_2').map(({ account }) => account)).toEqual(['acct_2']);
  });
});
