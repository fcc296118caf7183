// What a console is answered, on the real ledger with a clock that the test moves.
import { describe, expect, test } from 'vitest';
import type { ConsoleReads } from '../console-reads.ts';
import type { EventStore } from '../event-store/event-store.ts';
import { createMemoryLog, openMemoryEventStore } from '../event-store/memory.ts';
import { createPaymentLedger } from '../ledger.ts';
import type { Fact, Observation, PaymentReference, Source } from '../observation.ts';
import { dispute, paid, payment, refund, support } from '../order/example-order.test-support.ts';
import type { MembershipChange, PaymentLedgerOptions } from '../payment-ledger.ts';
import { createVirtualClock } from '../testing/virtual-clock.ts';

const minute = 60_000;
const hour = 60 * minute;
const day = 24 * hour;

/** A shop's process on a log, and short words for what is done in it. Its clock begins at 2026-01-01T00:00Z. */
function shop(options: Partial<PaymentLedgerOptions> = {}) {
  const clock = createVirtualClock();
  const runtime = clock.runtime();
  const refused = new Map<string, Error>();
  const deliver = async ({ membershipId }: MembershipChange): Promise<void> => {
    const error = refused.get(membershipId);
    if (error) throw error;
  };
  const log = createMemoryLog();
  const ledger = createPaymentLedger({ eventStore: openMemoryEventStore({ log }), background: false, runtime, deliver, ...options });
  const observe = (source: Source, id: string, fact: Fact, more: Partial<Observation> & { at?: string } = {}) => {
    const { at = runtime.now().toISOString(), ...rest } = more;
    const evidence = { objectId: id, ...(source === 'webhook' ? { eventId: `evt_${id.slice(3)}_${runtime.now().getTime()}` } : {}) };
    const statement = { payment: payment(id), fact, asOf: at, evidence, ...rest };
    return ledger.observePayment((source === 'manual' ? { ...statement, source, by: support } : { ...statement, source }) as Observation);
  };
  const place = async (orderId: string, { memberId = `member-${orderId}`, plan = 'pro', account = 'acct_1' } = {}) => {
    await ledger.placeOrder({ orderId, memberId, plan, amountMinor: 1_000, currency: 'usd', account, livemode: true });
    await clock.advance(1_000);
  };
  const attach = (orderId: string, of: PaymentReference, expiresInMs = day) =>
    ledger.attachCheckout(orderId, of, { expiresAt: new Date(runtime.now().getTime() + expiresInMs).toISOString() });
  /** Time passes meanwhile, where a delivery fails. */
  const settle = async (): Promise<void> => {
    let isSettled = false;
    const settling = ledger.settle().finally(() => {
      isSettled = true;
    });
    while (!isSettled) {
      await clock.flush();
      if (!isSettled) await clock.advance(100);
    }
    await settling;
  };
  /** Places an order and attaches its session `cs_…`. */
  const sell = async (orderId: string, how: Parameters<typeof place>[1] = {}) => {
    await place(orderId, how);
    await attach(orderId, payment(`cs_${orderId}`, { account: how.account ?? 'acct_1' }));
  };
  const pay = (source: Source, orderId: string, fact: Fact = paid()) =>
    observe(source, `pi_${orderId}`, fact, { aliases: [`cs_${orderId}`], orderId });
  return {
    ledger,
    reads: ledger.console,
    runtime,
    clock,
    settle,
    refused,
    log,
    observe,
    place,
    attach,
    sell,
    pay,
    [Symbol.asyncDispose]: () => ledger[Symbol.asyncDispose](),
  };
}

const ids = (items: readonly { readonly orderId: string }[]): readonly string[] => items.map(({ orderId }) => orderId);

/** The whole of a list, read in pages of two. */
async function inPages<T>(
  list: (page: { after?: string; limit: number }) => Promise<{ items: readonly T[]; next?: string }>,
): Promise<T[]> {
  const all: T[] = [];
  for (let after: string | undefined; ; ) {
    const { items, next } = await list({ limit: 2, ...(after === undefined ? {} : { after }) });
    all.push(...items);
    if (next === undefined) return all;
    after = next;
  }
}

/** Every list, one after the other. */
const lists: Readonly<Record<string, (reads: ConsoleReads) => Promise<{ readonly items: readonly unknown[]; readonly lagMs: number }>>> = {
  orders: (reads) => reads.orders(),
  memberOrders: (reads) => reads.memberOrders('member-1'),
  reviews: (reads) => reads.reviews(),
  undelivered: (reads) => reads.undelivered(),
  awaiting: (reads) => reads.awaiting(),
  held: (reads) => reads.held(),
  suspended: (reads) => reads.suspended(),
  unreadable: (reads) => reads.unreadable(),
  activity: (reads) => reads.activity(),
};

describe('a ledger without orders', () => {
  test.each(Object.keys(lists))('%s: an empty page', async (name) => {
    await using empty = shop();
    expect(await lists[name]?.(empty.reads)).toEqual({ items: [], lagMs: 0 });
  });

  test('nothing waits, nothing is counted, nothing is found', async () => {
    await using empty = shop();
    const { queues, lagMs } = await empty.reads.queues();
    expect(Object.values(queues)).toEqual(Array.from({ length: 6 }, () => ({ count: 0 })));
    expect(lagMs).toBe(0);
    expect(await empty.reads.find('o-1')).toEqual({ query: 'o-1', hits: [], more: false, lagMs: 0 });
    expect(await empty.reads.undeliveredByError()).toEqual([]);
    expect(await empty.reads.accountHealth()).toEqual([]);
    const { days, latency, oldest } = await empty.reads.statistics({ from: '2026-01-01T00:00:00Z', to: '2026-01-03T00:00:00Z' });
    expect(days.map((each) => each.day)).toEqual(['2026-01-01', '2026-01-02']);
    expect(latency.paid_to_granted).toEqual({ buckets: Array.from({ length: 10 }, () => 0), count: 0 });
    expect(oldest).toHaveLength(84);
  });
});

describe('read models that never caught up', () => {
  /** Reads of the log never end. */
  const stuck = (store: EventStore): EventStore => ({
    ...store,
    append: (...of) => store.append(...of),
    readStream: (...of) => store.readStream(...of),
    close: () => store.close(),
    readLog: () =>
      ({ [Symbol.asyncIterator]: () => ({ next: () => new Promise(() => undefined) }) }) as unknown as ReturnType<EventStore['readLog']>,
  });

  test('every answer says so by an infinite lag, and what is named exactly is found all the same', async () => {
    const behind = shop({ background: true, eventStore: stuck(openMemoryEventStore()), readModels: ':memory:' });
    await behind.sell('o-1');
    await behind.pay('webhook', 'o-1');
    for (const list of Object.values(lists)) expect(await list(behind.reads)).toEqual({ items: [], lagMs: Number.POSITIVE_INFINITY });
    expect((await behind.reads.queues()).lagMs).toBe(Number.POSITIVE_INFINITY);
    expect((await behind.reads.statistics({ from: '2026-01-01T00:00:00Z', to: '2026-01-02T00:00:00Z' })).lagMs).toBe(
      Number.POSITIVE_INFINITY,
    );
    const { hits, lagMs } = await behind.reads.find('o-1');
    expect(hits).toMatchObject([{ kind: 'order', order: { orderId: 'o-1', status: 'active', grantedBy: 'webhook' } }]);
    expect(lagMs).toBe(Number.POSITIVE_INFINITY);
    expect((await behind.reads.find('pi_o-1')).hits).toMatchObject([{ kind: 'object', type: 'pi', order: { orderId: 'o-1' } }]);
    expect((await behind.reads.find('cs_o-1')).hits).toMatchObject([{ kind: 'object', type: 'cs', order: { orderId: 'o-1' } }]);
    expect((await behind.reads.find('O-1')).hits).toEqual([]);
  });
});

describe('find', () => {
  test('an id of any kind, in any case, whole or from its third character on', async () => {
    await using a = shop();
    await a.sell('Ord-7', { memberId: 'Mem-7' });
    await a.pay('webhook', 'Ord-7');
    await a.observe('webhook', 'pi_Ord-7', refund(1_000, 'succeeded', 're_Back'), {
      evidence: { objectId: 're_Back', eventId: 'evt_Back' },
    });
    await a.observe('webhook', 'pi_Ord-7', dispute('open', { id: 'dp_Angry' }));
    await a.observe('manual', 'manual:5f2b', paid(), { payment: payment('manual:5f2b', { provider: 'manual' }), orderId: 'Ord-7' });
    const order = { orderId: 'Ord-7', memberId: 'Mem-7' };
    const object = (objectId: string, type: string) => ({ kind: 'object', objectId, type, order });
    for (const [text, hit] of [
      ['ord-7', { kind: 'order', order }],
      ['mem-7', { kind: 'member', memberId: 'Mem-7', orders: 1, newest: order }],
      ['CS_ORD-7', object('cs_Ord-7', 'cs')],
      ['PI_ord-7', object('pi_Ord-7', 'pi')],
      ['re_back', object('re_Back', 're')],
      ['dp_ang', object('dp_Angry', 'dp')],
      ['evt_ba', object('evt_Back', 'evt')],
      ['https://dashboard.stripe.com/test/refunds/re_Back', object('re_Back', 're')],
      ['MANUAL:5f2b', object('manual:5f2b', 'manual')],
    ] as const) {
      const { hits } = await a.reads.find(text);
      expect([text, hits]).toMatchObject([text, [hit]]);
    }
    expect((await a.reads.find('or')).hits).toEqual([]);
    expect((await a.reads.find('ord-8')).hits).toEqual([]);
    expect((await a.reads.find('ann@example.com')).query).toBe('ann@example.com');
  });

  test('the newest first, at most as many as are asked for, and of one kind alone', async () => {
    await using a = shop();
    for (const orderId of ['abc-2', 'abc-1', 'abc-3']) await a.sell(orderId, { memberId: 'abc' });
    const { hits, more } = await a.reads.find('abc-', { kind: 'order', limit: 2 });
    expect(hits.map((hit) => 'order' in hit && hit.order.orderId)).toEqual(['abc-3', 'abc-1']);
    expect(more).toBe(true);
    expect((await a.reads.find('abc', { kind: 'member' })).hits).toMatchObject([
      { kind: 'member', orders: 3, newest: { orderId: 'abc-3' } },
    ]);
  });

  test('a payment that nobody has claimed', async () => {
    await using a = shop();
    await a.observe('webhook', 'pi_Alone', paid());
    expect((await a.reads.find('pi_al')).hits).toMatchObject([{ kind: 'held', payment: { id: 'pi_Alone' } }]);
    await a.place('o-1');
    await a.attach('o-1', payment('pi_Alone'));
    expect((await a.reads.find('pi_al')).hits).toMatchObject([{ kind: 'object', order: { orderId: 'o-1', status: 'active' } }]);
  });

  test('where a payment was moved, both orders are found by it, its owner first', async () => {
    await using a = shop();
    await a.place('o-1');
    await a.place('o-2');
    await a.observe('webhook', 'pi_1', paid(10), { orderId: 'o-1' });
    await a.ledger.movePayment(payment('pi_1'), 'o-2', support);
    expect((await a.reads.find('pi_1')).hits.map((hit) => 'order' in hit && hit.order.orderId)).toEqual(['o-2', 'o-1']);
  });

  test('a text of more than 400 characters is refused', async () => {
    await using a = shop();
    await expect(a.reads.find('x'.repeat(401))).rejects.toMatchObject({ code: 'invalid_input' });
  });
});

describe('lists of orders', () => {
  test('newest first, in pages, and filtered', async () => {
    await using a = shop();
    for (const [orderId, plan] of [
      ['o-3', 'pro'],
      ['o-1', 'max'],
      ['o-2', 'pro'],
      ['o-4', 'max'],
      ['o-5', 'pro'],
    ] as const)
      await a.sell(orderId, { plan, memberId: 'm' });
    await a.pay('webhook', 'o-2');
    expect(ids(await inPages((page) => a.reads.orders(page)))).toEqual(['o-5', 'o-4', 'o-2', 'o-1', 'o-3']);
    expect(ids(await inPages((page) => a.reads.orders({ ...page, plan: 'pro' })))).toEqual(['o-5', 'o-2', 'o-3']);
    expect(ids((await a.reads.orders({ status: 'active' })).items)).toEqual(['o-2']);
    expect(ids((await a.reads.orders({ account: 'acct_2' })).items)).toEqual([]);
    expect(ids(await inPages((page) => a.reads.memberOrders('m', page)))).toEqual(['o-5', 'o-4', 'o-2', 'o-1', 'o-3']);
    expect(ids((await a.reads.memberOrders('M')).items)).toEqual([]);
    await expect(a.reads.orders({ after: 'x' })).rejects.toMatchObject({
      code: 'invalid_input',
      message: expect.stringContaining('after'),
    });
  });

  test('a summary tells the money, the source of the grant, and when the shop had it', async () => {
    await using a = shop();
    await a.sell('o-1');
    await a.pay('webhook', 'o-1', paid(1_200));
    await a.clock.advance(157);
    await a.settle();
    const [order] = (await a.reads.orders()).items;
    expect(order).toMatchObject({
      status: 'active',
      paidMinor: 1_200,
      expectedMinor: 1_000,
      currency: 'usd',
      grantedBy: 'webhook',
      rescued: false,
      queues: ['reviews'],
      savedAfterMs: 157,
    });
  });
});

describe('what waits', () => {
  test('in each list, with its age, until it waits no more', async () => {
    await using a = shop();
    await a.sell('awaits');
    await a.sell('short');
    await a.pay('webhook', 'short', paid(900));
    await a.sell('fought');
    await a.pay('webhook', 'fought');
    await a.settle();
    await a.observe('webhook', 'pi_fought', dispute('open'));
    await a.observe('webhook', 'pi_nobody', paid(), { orderId: 'later' });
    await a.settle();
    const { queues } = await a.reads.queues();
    expect(Object.fromEntries(Object.entries(queues).map(([queue, { count }]) => [queue, count]))).toEqual({
      reviews: 1,
      undelivered: 0,
      awaiting: 1,
      held: 0,
      suspended: 1,
      unreadable: 0,
    });
    expect(queues.awaiting.oldestSince).toBe('2026-01-01T00:00:00.000Z');
    expect((await a.reads.awaiting()).items).toMatchObject([
      { orderId: 'awaits', until: '2026-01-02T00:00:01.000Z', queues: ['awaiting'] },
    ]);
    expect((await a.reads.suspended()).items).toMatchObject([
      { orderId: 'fought', because: { kind: 'dispute', id: 'dp_1', amountMinor: 1_000 }, queues: ['suspended'] },
    ]);
    expect((await a.reads.reviews()).items).toMatchObject([
      {
        orderId: 'short',
        kind: 'amount',
        came: { totalMinor: 900 },
        expectedMinor: 1_000,
        owedMinor: 1_000,
        access: 'none',
        memberId: 'member-short',
      },
    ]);
    await a.clock.advance(2 * day);
    expect((await a.reads.queues()).queues.awaiting).toEqual({ count: 0 });
    expect((await a.reads.awaiting()).items).toEqual([]);
    expect((await a.reads.orders()).items.find(({ orderId }) => orderId === 'awaits')?.queues).toEqual([]);
  });

  test('reviews are sorted by their age; the order that also claims a payment is named', async () => {
    await using a = shop();
    await a.sell('z-first');
    await a.sell('a-second');
    await a.pay('webhook', 'z-first', paid(1));
    await a.clock.advance(minute);
    await a.pay('webhook', 'a-second', paid(2));
    await a.observe('poll', 'pi_z-first', paid(1), { orderId: 'a-second' });
    const reviews = await inPages((page) => a.reads.reviews(page));
    expect(reviews.map(({ orderId, kind, otherOrderId }) => [orderId, kind, otherOrderId])).toEqual([
      ['z-first', 'amount', undefined],
      ['a-second', 'amount', undefined],
      ['z-first', 'claimed_by_two', 'a-second'],
    ]);
    expect((await a.reads.reviews({ kind: 'claimed_by_two' })).items).toHaveLength(1);
  });

  test('money of no order is held once, under its own name, and says who claims it', async () => {
    await using a = shop();
    await a.observe('poll', 'pi_1', { kind: 'attempt', status: 'processing' }, { aliases: ['cs_1'] });
    await a.clock.advance(minute);
    await a.observe('webhook', 'pi_1', paid(), { aliases: ['cs_1'] });
    await a.observe('webhook', 'pi_2', paid(50));
    expect(await inPages((page) => a.reads.held(page))).toMatchObject([
      { payment: { id: 'pi_1' }, amount: { totalMinor: 1_000 }, source: 'poll', heldSince: '2026-01-01T00:00:00.000Z' },
      { payment: { id: 'pi_2' }, amount: { totalMinor: 50 }, source: 'webhook' },
    ]);
    await a.place('o-1');
    await a.attach('o-1', payment('cs_1'));
    await a.settle();
    expect((await a.reads.held()).items).toMatchObject([{ payment: { id: 'pi_2' } }]);
  });

  test('an object that could not be read waits until a fact about it is recorded', async () => {
    await using a = shop();
    const object = {
      objectId: 're_9',
      type: 'refund',
      apiVersion: '2031-01-01',
      account: 'acct_1',
      livemode: true,
      sha256: 'ab'.repeat(32),
      path: 'amount',
    };
    await a.sell('o-1');
    await a.pay('webhook', 'o-1');
    await a.ledger.forAdapters.recordUnreadable(object);
    const { sha256: _, ...entry } = object;
    expect((await a.reads.unreadable()).items).toEqual([{ ...entry, since: '2026-01-01T00:00:01.000Z' }]);
    expect((await a.reads.queues()).queues.unreadable).toEqual({ count: 1, oldestSince: '2026-01-01T00:00:01.000Z' });
    await a.clock.advance(minute);
    await a.observe('poll', 'pi_o-1', refund(1_000, 'succeeded', 're_9'), { evidence: { objectId: 're_9' } });
    expect((await a.reads.unreadable()).items).toMatchObject([{ objectId: 're_9', readSince: '2026-01-01T00:01:01.000Z' }]);
    expect((await a.reads.queues()).queues.unreadable).toEqual({ count: 0 });
    await a.clock.advance(minute);
    await a.ledger.forAdapters.recordUnreadable({ ...object, path: 'currency' });
    expect((await a.reads.unreadable()).items).toEqual([{ ...entry, path: 'currency', since: '2026-01-01T00:02:01.000Z' }]);
  });
});

describe('what the shop does not have', () => {
  test('with its error, the next attempt and the end of all attempts, and in groups', async () => {
    await using a = shop();
    for (const orderId of ['o-1', 'o-2', 'o-3']) {
      a.refused.set(orderId, new Error('locked'));
      await a.sell(orderId);
      await a.pay('webhook', orderId);
    }
    await a.sell('o-4');
    await a.pay('webhook', 'o-4');
    await a.settle();
    const items = await inPages((page) => a.reads.undelivered(page));
    expect(ids(items)).toEqual(['o-1', 'o-2', 'o-3']);
    const [first] = items;
    expect(first).toMatchObject({
      status: 'active',
      sequence: 1,
      abandoned: false,
      decidedAt: '2026-01-01T00:00:01.000Z',
      lastError: { name: expect.any(String) },
    });
    expect(Date.parse(first?.givesUpAt ?? '') - Date.parse(first?.decidedAt ?? '')).toBe(3 * day + 3_000); // From the first attempt on, 3 s later.
    expect(first?.nextTryAt && first.nextTryAt > first.decidedAt).toBe(true);
    const [group] = await a.reads.undeliveredByError();
    expect(group).toMatchObject({ count: 3, firstAt: first?.decidedAt });
    expect(ids((await a.reads.undelivered({ error: group?.error ?? '' })).items)).toEqual(['o-1', 'o-2', 'o-3']);
    expect(ids((await a.reads.undelivered({ error: 'none' })).items)).toEqual([]);
    expect(ids((await a.reads.undelivered({ error: 'other' })).items)).toEqual([]);
    a.refused.clear();
    expect(await a.ledger.redeliver('o-2', support)).toEqual({ outcome: 'delivered' });
    expect(ids((await a.reads.undelivered()).items)).toEqual(['o-1', 'o-3']);
  });

  test('a process without `deliver` leaves decisions that nobody has tried', async () => {
    await using a = shop();
    const log = createMemoryLog();
    await using quiet = createPaymentLedger({ eventStore: openMemoryEventStore({ log }), background: false, runtime: a.runtime });
    await quiet.placeOrder({
      orderId: 'o-1',
      memberId: 'm',
      plan: 'pro',
      amountMinor: 1_000,
      currency: 'usd',
      account: 'acct_1',
      livemode: true,
    });
    await quiet.observePayment({
      payment: payment('pi_1'),
      orderId: 'o-1',
      source: 'webhook',
      fact: paid(),
      asOf: '2026-01-01T00:00:00Z',
      evidence: { objectId: 'pi_1' },
    });
    expect(await quiet.console.undeliveredByError()).toMatchObject([{ error: 'none', count: 1 }]);
    const { oldest } = await quiet.console.statistics({ from: '2025-12-31T00:00:00Z', to: '2026-01-01T00:00:00Z' });
    expect(oldest.every(({ ageMs }) => ageMs === 0)).toBe(true);
    await a.clock.advance(2 * hour);
    const later = await quiet.console.statistics({ from: '2025-12-29T12:00:00Z', to: '2026-01-02T00:00:00Z' }); // Slots of an hour.
    expect(later.oldest.map(({ ageMs }) => ageMs).slice(59, 63)).toEqual([0, hour, 2 * hour, 0].map((ms) => (ms === 0 ? 0 : ms)));
  });
});

describe('rescued', () => {
  const span = { from: '2026-01-01T00:00:00Z', to: '2026-01-02T00:00:00Z' };

  test.each(['poll', 'status_query'] as const)('a grant by %s counts, until a webhook reports the payment within 120 s', async (source) => {
    await using a = shop();
    await a.sell('o-1');
    await a.sell('o-2');
    await a.sell('o-3');
    for (const orderId of ['o-1', 'o-2', 'o-3']) await a.pay(source, orderId);
    const counted = async () => (await a.reads.statistics(span)).days[0];
    expect(await counted()).toMatchObject({ grants: { [source]: 3, webhook: 0 }, rescued: { [source]: 3 } });
    expect(await a.reads.accountHealth()).toMatchObject([{ missed: 3 }]);
    await a.clock.advance(120_000);
    await a.pay('webhook', 'o-1');
    expect(await counted()).toMatchObject({ grants: { [source]: 3, webhook: 0 }, rescued: { [source]: 2 } });
    await a.clock.advance(1);
    await a.pay('webhook', 'o-2');
    expect(await counted()).toMatchObject({ grants: { [source]: 3, webhook: 0 }, rescued: { [source]: 2 } });
    expect(await a.reads.accountHealth()).toMatchObject([{ missed: 2 }]);
    const rescued = (await a.reads.orders()).items.map(({ orderId, rescued: is }) => [orderId, is]);
    expect(rescued).toEqual([
      ['o-3', true],
      ['o-2', true],
      ['o-1', false],
    ]);
  });

  test('a webhook about another payment, or one that does not say paid, takes nothing back', async () => {
    await using a = shop();
    await a.sell('o-1');
    await a.pay('poll', 'o-1');
    await a.observe('webhook', 'pi_o-1', refund(1, 'pending'));
    await a.observe('webhook', 'pi_other', paid(), { orderId: 'o-1' });
    expect((await a.reads.statistics(span)).days[0]?.rescued.poll).toBe(1);
  });

  test('a webhook that came first, before the order was placed, leaves nothing to rescue', async () => {
    await using a = shop();
    await a.observe('poll', 'pi_1', paid(), { orderId: 'o-1' });
    await a.observe('webhook', 'pi_1', paid(), { orderId: 'o-1' });
    await a.place('o-1');
    expect((await a.reads.orders()).items).toMatchObject([{ status: 'active', grantedBy: 'poll', rescued: false }]);
  });

  test('an imported order counts neither as granted nor as rescued', async () => {
    await using a = shop();
    const order = { orderId: 'o-1', memberId: 'm', plan: 'pro', amountMinor: 1_000, currency: 'usd', account: 'acct_1', livemode: true };
    const statement = { payment: payment('pi_1'), fact: paid(), asOf: '2025-01-01T00:00:00Z', evidence: { objectId: 'pi_1' } };
    expect(await a.ledger.importOrder({ ...order, placedAt: '2025-01-01T00:00:00Z' }, statement, support)).toEqual({ outcome: 'imported' });
    const { days, latency } = await a.reads.statistics(span);
    expect(days[0]?.grants).toEqual({ webhook: 0, poll: 0, status_query: 0, manual: 0 });
    expect([latency.paid_to_granted.count, latency.granted_to_saved.count]).toEqual([0, 0]);
    expect((await a.reads.activity()).items).toMatchObject([{ action: 'import', outcome: 'imported', orderId: 'o-1' }]);
  });
});

describe('statistics', () => {
  test('by local days, of one account or of all, with how long each stage took', async () => {
    await using a = shop();
    await a.clock.advance(15 * hour + 30 * minute); // 2026-01-01 15:30Z: in Taipei, 23:30.
    await a.sell('o-1');
    await a.pay('webhook', 'o-1');
    await a.clock.advance(hour); // 00:30 of the second.
    await a.place('o-2');
    await a.observe('poll', 'pi_o-2', paid(), { orderId: 'o-2', at: new Date(a.runtime.now().getTime() - 10 * minute).toISOString() });
    await a.place('o-3', { account: 'acct_2' });
    await a.observe('manual', 'pi_3', paid(), { orderId: 'o-3', payment: payment('pi_3', { account: 'acct_2' }) });
    await a.settle();
    const span = { from: '2025-12-31T16:00:00Z', to: '2026-01-02T16:00:00Z' };
    const grants = async (more: object) =>
      (await a.reads.statistics({ ...span, ...more })).days.map((each) => [each.day, Object.values(each.grants).join()]);
    expect(await grants({ utcOffsetHours: 8 })).toEqual([
      ['2026-01-01', '1,0,0,0'],
      ['2026-01-02', '0,1,0,1'],
    ]);
    expect(await grants({})).toEqual([
      ['2025-12-31', '0,0,0,0'],
      ['2026-01-01', '1,1,0,1'],
      ['2026-01-02', '0,0,0,0'],
    ]);
    expect(await grants({ account: 'acct_2' })).toEqual([
      ['2025-12-31', '0,0,0,0'],
      ['2026-01-01', '0,0,0,1'],
      ['2026-01-02', '0,0,0,0'],
    ]);
    const { latency } = await a.reads.statistics(span);
    expect(latency.paid_to_granted).toMatchObject({ count: 3, buckets: [2, 0, 0, 0, 0, 1, 0, 0, 0, 0] });
    expect(latency.paid_to_granted.p50Ms).toBe(750);
    expect(latency.granted_to_saved.count).toBe(3);
  });

  test.each([
    [{ from: '2026-01-01T00:00:00Z', to: '2027-02-06T00:00:00Z' }, /400 days/],
    [{ from: '2026-01-01T00:00:00Z', to: '2026-01-01T00:00:00Z' }, /not after/],
    [{ from: 'yesterday', to: '2026-01-01T00:00:00Z' }, /span.from/],
    [{ from: '2026-01-01T00:00:00Z', to: '2026-01-02T00:00:00Z', utcOffsetHours: 5.5 }, /utcOffsetHours/],
  ])('%j is refused', async (span, message) => {
    await using a = shop();
    await expect(a.reads.statistics(span)).rejects.toMatchObject({ code: 'invalid_input', message: expect.stringMatching(message) });
  });
});

test('activity: who did what, why, and what came of it, newest first', async () => {
  await using a = shop();
  await a.sell('o-1', { memberId: 'm-1' });
  await a.observe('manual', 'pi_o-1', paid(900), { orderId: 'o-1' });
  const { revision = 0 } = (await a.ledger.order('o-1')) ?? {};
  await a.ledger.resolveReview('o-1', 'r1', { resolution: 'grant', seenRevision: revision }, support);
  a.refused.set('o-1', new Error('locked'));
  await a.ledger.redeliver('o-1', support);
  a.refused.clear();
  await a.ledger.redeliver('o-1', support);
  await a.place('o-2');
  await a.ledger.withdrawOrder('o-2', { actor: 'support-9', reason: 'ordered anew' });
  await a.observe('webhook', 'pi_2', paid(5), { orderId: 'o-2' });
  await a.ledger.movePayment(payment('pi_2'), 'o-1', support);
  const all = await inPages((page) => a.reads.activity(page));
  expect(all.map(({ action, outcome, orderId }) => [action, outcome, orderId])).toEqual([
    ['move', 'moved', 'o-2'],
    ['withdraw', 'withdrawn', 'o-2'],
    ['redeliver', 'delivered', 'o-1'],
    ['redeliver', 'failed', 'o-1'],
    ['resolve', 'granted', 'o-1'],
    ['observe', 'review', 'o-1'],
  ]);
  expect(all.at(-1)).toMatchObject({ actor: support.actor, reason: support.reason, position: expect.stringMatching(/^\d+$/) });
  const some = async (filter: object) => (await a.reads.activity(filter)).items.map(({ action }) => action);
  expect(await some({ actor: 'support-9' })).toEqual(['withdraw']);
  expect(await some({ action: 'move' })).toEqual(['move']);
  expect(await some({ orderId: 'o-2' })).toEqual(['move', 'withdraw']);
  expect(await some({ memberId: 'm-1', action: 'resolve' })).toEqual(['resolve']);
});

test('account health: webhooks and what they missed, hour by hour', async () => {
  await using a = shop();
  await a.sell('o-1');
  await a.observe('webhook', 'pi_o-1', paid(), { orderId: 'o-1', at: '2025-12-31T23:59:00.000Z' });
  await a.clock.advance(hour);
  await a.sell('o-2');
  await a.pay('poll', 'o-2');
  const [health, ...others] = await a.reads.accountHealth();
  expect(others).toEqual([]);
  expect(health).toMatchObject({ account: 'acct_1', livemode: true, missed: 1, lastWebhookAt: '2026-01-01T00:00:01.000Z' });
  expect(health?.latency).toMatchObject({ count: 1, buckets: [0, 0, 0, 0, 1, 0, 0, 0, 0, 0] });
  expect(health?.hours).toHaveLength(24);
  expect(health?.hours.slice(-2)).toEqual([
    { from: '2026-01-01T00:00:00.000Z', webhooks: 1, missed: 0 },
    { from: '2026-01-01T01:00:00.000Z', webhooks: 0, missed: 1 },
  ]);
});
