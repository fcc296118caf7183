// The public face: what a shop and an adapter call, on real stores.

import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, test } from 'vitest';
import { defined } from './defined.ts';
import { LedgerError } from './errors.ts';
import type { EventStore } from './event-store/event-store.ts';
import { createMemoryLog, openMemoryEventStore } from './event-store/memory.ts';
import { openSqliteEventStore } from './event-store/sqlite/sqlite.ts';
import { type Faults, openFaultyStore, unknownOutcome } from './faulty-store.test-support.ts';
import { createPaymentLedger } from './ledger.ts';
import type { Observation } from './observation.ts';
import {
  at,
  attempt,
  dispute,
  type ObservedOptions,
  paid,
  payment,
  paymentObserved,
  pi1,
  refund,
  support,
} from './order/example-order.test-support.ts';
import type { MembershipChange, PaymentLedger, PaymentLedgerOptions, PlaceOrder } from './payment-ledger.ts';
import { toObservation } from './payment-process.test-support.ts';

const folder = mkdtempSync(join(tmpdir(), 'paidonce-ledger-'));
afterAll(() => rmSync(folder, { recursive: true }));

const order: PlaceOrder = {
  orderId: 'order-1',
  memberId: 'member-1',
  plan: 'yearly',
  amountMinor: 1_000,
  currency: 'usd',
  account: 'acct_1',
  livemode: true,
};
const session = payment('cs_1');

function open(options: Partial<PaymentLedgerOptions> = {}): PaymentLedger {
  return createPaymentLedger({ eventStore: openMemoryEventStore(), background: false, ...options });
}

function observation(fact: Parameters<typeof paymentObserved>[0], how: ObservedOptions = {}): Observation {
  return toObservation(paymentObserved(fact, how));
}

async function refusal(work: () => Promise<unknown> | unknown): Promise<{ readonly code: string; readonly message: string }> {
  try {
    await work();
  } catch (error) {
    return error as { code: string; message: string };
  }
  throw new Error('it was not refused');
}

describe('createPaymentLedger', () => {
  // biome-ignore format: a table
  const refused: readonly (readonly [string, object, string])[] = [
    ['a misspelt option is named', { eventStor: openMemoryEventStore() }, 'createPaymentLedger knows no option eventStor; it knows eventStore, policy'],
    ['no event store', { eventStore: undefined }, 'eventStore: '],
    ['an event store that is still being opened', { eventStore: Promise.resolve(openMemoryEventStore()) }, 'await openSqliteEventStore(path)'],
    ['an unknown policy field', { policy: { refunds: 'keep' } }, 'policy: Unrecognized key: "refunds"'],
    ['an unknown policy value', { policy: { fullRefund: 'maybe' } }, 'policy.fullRefund: '],
    ['a policy that gives access back once all is refunded', { policy: { fullRefund: 'keep', partialRefund: 'revoke' } }, 'would give access back'],
    ['no time to deliver', { deliverTimeoutMs: 0 }, 'deliverTimeoutMs is 0'],
    ['more time than a timer can wait', { deliverTimeoutMs: 2 ** 31 }, 'deliverTimeoutMs is 2147483648'],
    ['a time to deliver as text, which no timer takes', { deliverTimeoutMs: '10000' }, 'deliverTimeoutMs is 10000'],
    ['a background as text', { background: 'false' }, 'background is "false"'],
    ['an endless time to deliver', { deliverTimeoutMs: Number.POSITIVE_INFINITY }, 'deliverTimeoutMs is Infinity'],
  ];
  test.each(refused)('%s', async (_, options, expected) => {
    const { code, message } = await refusal(() => open(options as Partial<PaymentLedgerOptions>));
    expect(code).toBe('invalid_input');
    expect(message).toContain(expected);
  });
  test('tells whether it delivers', () => {
    expect(open().delivers).toBe(false);
    expect(open({ deliver: async () => undefined }).delivers).toBe(true);
  });
});

describe('what a caller gives is refused at the door, by name, and leaves no event', () => {
  const by = support;
  const how = { resolution: 'grant', seenRevision: 0 } as const;
  // biome-ignore format: a table
  const calls: readonly (readonly [string, (ledger: PaymentLedger) => Promise<unknown>])[] = [
    ['order.orderId', (ledger) => ledger.placeOrder({ ...order, orderId: 'order 1' })],
    ['order.memberId', (ledger) => ledger.placeOrder({ ...order, memberId: 'jane@example.org' })],
    ['order.plan', (ledger) => ledger.placeOrder({ ...order, plan: '' })],
    ['order.amountMinor', (ledger) => ledger.placeOrder({ ...order, amountMinor: -1 })],
    ['order.amountMinor', (ledger) => ledger.placeOrder({ ...order, amountMinor: 9.99 })],
    ['order.currency', (ledger) => ledger.placeOrder({ ...order, currency: 'USD' })],
    ['order.currency', (ledger) => ledger.placeOrder({ ...order, currency: 'zzq' })],
    ['order.livemode', (ledger) => ledger.placeOrder({ ...order, livemode: 'yes' as unknown as boolean })],
    ['order.allow.tax', (ledger) => ledger.placeOrder({ ...order, allow: { tax: 1 as unknown as boolean } })],
    ['order: Unrecognized key: "price"', (ledger) => ledger.placeOrder({ ...order, price: 9 } as PlaceOrder)],
    ['orderId', (ledger) => ledger.attachCheckout('order/1', session)],
    ['payment.id', (ledger) => ledger.attachCheckout('order-1', { ...session, id: '' })],
    ['options.expiresAt', (ledger) => ledger.attachCheckout('order-1', session, { expiresAt: 'tomorrow' })],
    ['observation.fact.amountMinor', (ledger) => ledger.observePayment(observation(refund(-1)))],
    ['observation.fact.amount.currency', (ledger) => ledger.observePayment(observation(paid(1, { currency: 'zzq' })))],
    ['observation.payment.account', (ledger) => ledger.observePayment(observation(paid(), { of: { ...pi1, account: 'a b' } }))],
    ['how.resolution', (ledger) => ledger.resolveReview('order-1', 'r1', { ...how, resolution: 'keep' as 'grant' }, by)],
    ['how.seenRevision', (ledger) => ledger.resolveReview('order-1', 'r1', { ...how, seenRevision: -1 }, by)],
    ['by.actor', (ledger) => ledger.resolveReview('order-1', 'r1', how, { ...by, actor: 'Jane Doe' })],
    ['by.reason', (ledger) => ledger.resolveReview('order-1', 'r1', how, { ...by, reason: '' })],
    ['Order order-1 has no review r1', (ledger) => ledger.resolveReview('order-1', 'r1', how, by)],
    ['orderId', (ledger) => ledger.order('')],
    ['reference', (ledger) => ledger.orderOf('pi 1')],
    ['reference.account', (ledger) => ledger.orderOf({ ...pi1, account: 'acct/1' })],
    ['orderId', (ledger) => ledger.history('x'.repeat(129))],
    ['memberId', (ledger) => ledger.memberships('jane@example.org')],
    ['page.limit', (ledger) => ledger.openOrders({ limit: 0 })],
    ['page.limit', (ledger) => ledger.reviews({ limit: 1_001 })],
    ['page: Unrecognized key: "offset"', (ledger) => ledger.reviews({ offset: 3 } as object)],
    ['This process has no `deliver`', (ledger) => ledger.redeliver('order-1', by)],
    ['timeoutMs', (ledger) => ledger.settle({ timeoutMs: Number.NaN })],
    ['timeoutMs', (ledger) => ledger.settle({ timeoutMs: 2 ** 31 })],
    ['tier', (ledger) => ledger.forAdapters.startSweep('', 0)],
    ['object.sha256', (ledger) => ledger.forAdapters.recordUnreadable({ objectId: 'cs_1', type: 'checkout.session', sha256: '', path: '' })],
  ];
  test.each(calls)('%s', async (expected, call) => {
    const eventStore = openMemoryEventStore();
    const { code, message } = await refusal(() => call(open({ eventStore })));
    expect(code).toBe('invalid_input');
    expect(message.startsWith(expected)).toBe(true);
    for await (const { events } of eventStore.readLog()) expect(events.filter(({ type }) => type !== 'PolicyAdopted')).toEqual([]);
  });
});

describe('placeOrder', () => {
  test('placed, then it exists, whichever process asks and in whatever order its fields stand', async () => {
    const log = createMemoryLog();
    const [a, b] = [open({ eventStore: openMemoryEventStore({ log }) }), open({ eventStore: openMemoryEventStore({ log }) })];
    expect(await a.placeOrder(order)).toEqual({ outcome: 'placed' });
    expect(await b.placeOrder({ ...order, allow: { more: false, shipping: true, discount: true } })).toEqual({ outcome: 'exists' });
    expect(await a.history('order-1')).toHaveLength(1);
  });
  // biome-ignore format: a table
  test.each([
    [{ memberId: 'member-2' }, 'memberId', 'member-1', 'member-2'],
    [{ plan: 'monthly' }, 'plan', 'yearly', 'monthly'],
    [{ amountMinor: 999 }, 'amountMinor', 1_000, 999],
    [{ currency: 'eur' }, 'currency', 'usd', 'eur'],
    [{ account: 'acct_2' }, 'account', 'acct_1', 'acct_2'],
    [{ livemode: false }, 'livemode', true, false],
    [{ allow: { discount: false } }, 'allow.discount', true, false],
    [{ allow: { tax: false } }, 'allow.tax', true, false],
    [{ allow: { shipping: false } }, 'allow.shipping', true, false],
    [{ allow: { more: true } }, 'allow.more', false, true],
  ])('differs: %o, and says in what', async (other, term, placed, given) => {
    const ledger = open();
    await ledger.placeOrder(order);
    expect(await ledger.placeOrder({ ...order, ...other })).toEqual({ outcome: 'differs', terms: [{ term, placed, given }] });
    expect(await ledger.order('order-1')).toMatchObject({ memberId: 'member-1', plan: 'yearly' });
  });
  test('a payment that waited for it grants', async () => {
    const ledger = open();
    await ledger.observePayment(observation(paid(), { orderId: 'order-1' }));
    expect(await ledger.order('order-1')).toBeUndefined();
    await ledger.placeOrder(order);
    expect(await ledger.order('order-1')).toMatchObject({ membership: 'active', grantedBy: 'webhook' });
  });
});

describe('attachCheckout', () => {
  test('attached, then it exists; both names lead to the order', async () => {
    const ledger = open();
    await ledger.placeOrder(order);
    expect(await ledger.attachCheckout('order-1', session, { expiresAt: '2026-01-01T01:30:00+01:00' })).toEqual({ outcome: 'attached' });
    expect(await ledger.attachCheckout('order-1', session)).toEqual({ outcome: 'exists' });
    expect((await ledger.orderOf('cs_1'))?.checkouts).toMatchObject([{ payment: session, expiresAt: at(30) }]);
    expect(await ledger.orderOf('cs_2')).toBeUndefined();
  });
  test('belongs to the order that was first', async () => {
    const ledger = open();
    await ledger.placeOrder(order);
    await ledger.placeOrder({ ...order, orderId: 'order-2' });
    await ledger.attachCheckout('order-1', session);
    expect(await ledger.attachCheckout('order-2', session)).toEqual({ outcome: 'belongs_to', orderId: 'order-1' });
    expect((await ledger.order('order-2'))?.checkouts).toEqual([]);
  });
  test('an order that is not placed is unknown, and the session stays free', async () => {
    const ledger = open();
    const { code, message } = await refusal(() => ledger.attachCheckout('order-1', session));
    expect({ code, message }).toEqual({ code: 'order_unknown', message: 'Order order-1 is not placed. Call placeOrder first' });
    expect(await ledger.orderOf('cs_1')).toBeUndefined();
  });
  test('what was held before is decided when it answers', async () => {
    const ledger = open();
    expect(await ledger.observePayment(observation(paid(), { aliases: ['cs_1'] }))).toEqual({ outcome: 'held', payment: pi1 });
    await ledger.placeOrder(order);
    await ledger.attachCheckout('order-1', session);
    expect(await ledger.orderOf('pi_1')).toMatchObject({ membership: 'active' });
  });
});

describe('the same id of two providers is two payments', () => {
  const theirs = payment('pi_1', { provider: 'other' });
  const theirsElsewhere = payment('pi_1', { provider: 'other', account: 'acct_2' });
  const by = { actor: 'support', reason: 'ticket 1' };

  test('each grants its own order, and each is found by its reference; an id alone is Stripe’s', async () => {
    const ledger = open();
    for (const orderId of ['order-1', 'order-2', 'order-3']) await ledger.placeOrder({ ...order, orderId });
    expect(await ledger.observePayment(observation(paid(), { orderId: 'order-1' }))).toMatchObject({ outcome: 'granted' });
    expect(await ledger.observePayment(observation(paid(), { of: theirs, orderId: 'order-2' }))).toEqual({
      outcome: 'granted',
      orderId: 'order-2',
      membership: 'active',
    });
    await ledger.attachCheckout('order-3', theirsElsewhere);
    expect((await ledger.orderOf('pi_1'))?.orderId).toBe('order-1');
    expect((await ledger.orderOf(pi1))?.orderId).toBe('order-1');
    expect((await ledger.orderOf(theirs))?.orderId).toBe('order-2');
    expect((await ledger.orderOf(theirsElsewhere))?.orderId).toBe('order-3');
    expect(await ledger.orderOf(payment('pi_1', { provider: 'nobody' }))).toBeUndefined();
  });
  test('what one is held for is not given to the other, and aliases are apart too', async () => {
    const ledger = open();
    await ledger.placeOrder(order);
    await ledger.placeOrder({ ...order, orderId: 'order-2' });
    await ledger.observePayment(observation(paid(), { of: theirs, aliases: ['cs_1'] }));
    await ledger.attachCheckout('order-1', session);
    expect(await ledger.order('order-1')).toMatchObject({ payment: 'none', membership: 'none' });
    await ledger.attachCheckout('order-2', { ...theirs, id: 'cs_1' });
    expect(await ledger.order('order-2')).toMatchObject({ membership: 'active' });
    expect((await ledger.orderOf({ ...theirs, id: 'cs_1' }))?.orderId).toBe('order-2');
    expect((await ledger.orderOf('cs_1'))?.orderId).toBe('order-1');
  });
  test('one moves, and the other stays', async () => {
    const ledger = open();
    await ledger.placeOrder(order);
    await ledger.placeOrder({ ...order, orderId: 'order-2' });
    await ledger.observePayment(observation(paid(400), { orderId: 'order-1' }));
    await ledger.observePayment(observation(paid(400), { of: theirs, orderId: 'order-1' }));
    expect(await ledger.movePayment(theirs, 'order-2', by)).toEqual({ outcome: 'moved' });
    expect((await ledger.order('order-1'))?.openReviews.map((review) => review.payment)).toEqual([pi1]);
    expect((await ledger.order('order-2'))?.openReviews.map((review) => review.payment)).toEqual([theirs]);
    expect((await ledger.orderOf('pi_1'))?.orderId).toBe('order-1');
    expect((await ledger.orderOf(theirs))?.orderId).toBe('order-2');
    expect(await ledger.observePayment(observation(paid(), { orderId: 'order-1' }))).toMatchObject({ outcome: 'granted' });
    expect(await ledger.movePayment(pi1, 'order-2', by)).toEqual({ outcome: 'already_granted' });
  });
});

describe('resolveReview', () => {
  async function tooLittle() {
    const ledger = open();
    await ledger.placeOrder(order);
    expect(await ledger.observePayment(observation(paid(900), { orderId: 'order-1' }))).toMatchObject({
      outcome: 'review',
      membership: 'none',
    });
    return { ledger, before: (await ledger.order('order-1'))! };
  }
  test('grant: the payment counts', async () => {
    const { ledger, before } = await tooLittle();
    const [review] = before.openReviews;
    expect(review).toMatchObject({ kind: 'amount', orderId: 'order-1', reviewId: 'r1' });
    const how = { resolution: 'grant', seenRevision: before.revision } as const;
    expect(await ledger.resolveReview('order-1', 'r1', how, support)).toEqual({ outcome: 'resolved' });
    expect(await ledger.order('order-1')).toMatchObject({ membership: 'active', grantedBy: 'manual', openReviews: [] });
    expect(await ledger.resolveReview('order-1', 'r1', how, support)).toEqual({ outcome: 'resolved' }); // A retry.
    const other = { resolution: 'revoke', seenRevision: before.revision } as const;
    expect(await ledger.resolveReview('order-1', 'r1', other, support)).toMatchObject({ outcome: 'stale' });
  });
  test('stale where a fact came since', async () => {
    const { ledger, before } = await tooLittle();
    await ledger.observePayment(observation(refund(100)));
    const how = { resolution: 'grant', seenRevision: before.revision } as const;
    expect(await ledger.resolveReview('order-1', 'r1', how, support)).toMatchObject({ outcome: 'stale' });
    expect(await ledger.order('order-1')).toMatchObject({ membership: 'none', openReviews: [{ reviewId: 'r1' }] });
  });
});

describe('observePayment', () => {
  test('the whole life of a membership', async () => {
    const ledger = open();
    await ledger.placeOrder(order);
    await ledger.attachCheckout('order-1', session);
    const observeFact = (...args: Parameters<typeof observation>) => ledger.observePayment(observation(...args));
    expect(await observeFact(attempt('processing'), { aliases: ['cs_1'] })).toEqual({
      outcome: 'recorded',
      orderId: 'order-1',
      membership: 'none',
    });
    expect(await observeFact(paid())).toEqual({ outcome: 'granted', orderId: 'order-1', membership: 'active' });
    expect(await observeFact(paid())).toEqual({ outcome: 'duplicate', orderId: 'order-1' });
    expect(await observeFact(dispute('open'))).toEqual({ outcome: 'suspended', orderId: 'order-1', membership: 'suspended' });
    expect(await observeFact(dispute('won'))).toEqual({ outcome: 'restored', orderId: 'order-1', membership: 'active' });
    expect(await observeFact(refund(1_000))).toEqual({ outcome: 'revoked', orderId: 'order-1', membership: 'revoked' });
    expect(await ledger.order('order-1')).toMatchObject({ sequence: 4, payment: 'refunded', grantedBy: 'webhook' });
  });
  test.each([
    [1, undefined],
    [2, 2],
    [undefined, 2],
  ] as const)('rules: %s is adopted as rules %s', async (asked, adopted) => {
    const eventStore = openMemoryEventStore();
    await open({ eventStore, policy: { ...defined({ rules: asked }) } }).placeOrder(order);
    const [event] = await eventStore.readStream('policy');
    const { policy } = event!.data as { policy: { rules?: number } };
    expect(policy.rules).toBe(adopted);
  });

  test('each event of an order names the policy, and the policy stands in the log before it', async () => {
    const eventStore = openMemoryEventStore();
    const ledger = open({ eventStore, policy: { fullRefund: 'keep' } });
    await ledger.placeOrder(order);
    await ledger.observePayment(observation(paid(), { orderId: 'order-1' }));
    const [adopted] = await eventStore.readStream('policy');
    const { hash, policy } = adopted!.data as { hash: string; policy: object };
    expect(policy).toMatchObject({ fullRefund: 'keep', partialRefund: 'keep' });
    const history = await ledger.history('order-1');
    expect(history.map(({ metadata }) => metadata['policy'])).toEqual([hash, hash, hash]);
    expect(history.every(({ position }) => position > adopted!.position)).toBe(true);
  });
  test('law 8: a store that cannot write fails the call', async () => {
    const faults: Faults = {};
    const ledger = open({ eventStore: openFaultyStore(openMemoryEventStore(), faults) });
    await ledger.placeOrder(order);
    faults.before = ({ method, stream }) => {
      if (method !== 'readStream' && stream.endsWith('order-order-1')) throw unknownOutcome();
    };
    expect(await refusal(() => ledger.observePayment(observation(paid(), { orderId: 'order-1' })))).toMatchObject({
      code: 'store_unavailable',
    });
    delete faults.before;
    expect(await ledger.observePayment(observation(paid(), { orderId: 'order-1' }))).toMatchObject({ outcome: 'granted' });
  });
});

describe('without a background', () => {
  test('settle rolls forward, delivers and catches up', async () => {
    const log = createMemoryLog();
    const changes: MembershipChange[] = [];
    const ledger = open({
      eventStore: openMemoryEventStore({ log }),
      deliver: async (change) => {
        changes.push(change);
      },
    });
    await ledger.placeOrder(order);
    const elsewhere = open({ eventStore: openMemoryEventStore({ log }) });
    await elsewhere.observePayment(observation(paid(), { aliases: ['cs_1'] }));
    await elsewhere.attachCheckout('order-1', session);
    await ledger.settle();
    expect(changes).toMatchObject([
      { membershipId: 'order-1', change: 'granted', status: 'active', sequence: 1, idempotencyKey: 'order-1:1' },
    ]);
    expect(await ledger.order('order-1')).toMatchObject({ delivered: 1 });
    expect((await ledger.memberships('member-1')).items).toMatchObject([{ membershipId: 'order-1', status: 'active' }]);
  });
  test('a held payment that a dead process had linked is handed on', async () => {
    const eventStore = openMemoryEventStore();
    const ledger = open({ eventStore });
    await ledger.placeOrder(order);
    await ledger.observePayment(observation(paid()));
    const [held] = await eventStore.readStream('reference-pi_1');
    await eventStore.append('reference-pi_1', 0, [
      { id: 'by-the-dead', type: 'ReferenceLinked', data: { orderId: 'order-1' }, metadata: held!.metadata },
    ]);
    await ledger.settle();
    expect(await ledger.order('order-1')).toMatchObject({ membership: 'active' });
  });
  test('unsettled orders are walked over to the last one, also past one that nobody has placed', async () => {
    const ledger = open();
    const ids = ['order-1', 'order-2', 'order-3', 'order-4'];
    for (const orderId of ids) {
      if (orderId !== 'order-2') await ledger.placeOrder({ ...order, orderId });
      await ledger.observePayment(observation(attempt('processing'), { of: payment(`pi_${orderId}`), orderId }));
    }
    const first = await ledger.forAdapters.unsettledOrders({ limit: 1 });
    expect(first).toMatchObject({ items: [{ orderId: 'order-1' }], next: 'order-1' });
    expect((await ledger.forAdapters.unsettledOrders({ limit: 2, after: 'order-1' })).items).toMatchObject([
      { orderId: 'order-3' },
      { orderId: 'order-4' },
    ]);
  });
  test('a page is caught up when it is asked for, and says where the next one begins', async () => {
    const ledger = open();
    const ids = ['order-1', 'order-2', 'order-3', 'order-4', 'order-5'];
    for (const orderId of ids) {
      await ledger.placeOrder({ ...order, orderId });
      await ledger.attachCheckout(orderId, payment(`cs_${orderId}`));
      await ledger.observePayment(observation(paid(900), { of: payment(`pi_${orderId}`, { livemode: false }), orderId }));
    }
    const listed: string[] = [];
    let after: string | undefined;
    do {
      const page = await ledger.openOrders({ limit: 2, ...defined({ after }) });
      expect(page.lagMs).toBeLessThan(60_000);
      listed.push(...page.items.map(({ orderId }) => orderId));
      after = page.next;
    } while (after !== undefined);
    expect(listed).toEqual(ids);

    const reviews: string[] = [];
    do {
      const page = await ledger.reviews({ limit: 3, ...defined({ after }) });
      reviews.push(...page.items.map(({ orderId, reviewId }) => `${orderId} ${reviewId}`));
      after = page.next;
    } while (after !== undefined);
    expect(reviews).toEqual(ids.flatMap((orderId) => [`${orderId} r1`, `${orderId} r2`]));
    expect((await ledger.openOrders({ limit: 5 })).next).toBeUndefined();
  });
});

test.each([
  [
    'throws',
    () => {
      throw new Error('no mail server');
    },
  ],
  ['rejects', () => Promise.reject(new Error('no mail server'))],
])('an alert hook that %s hinders nothing, and is told of', async (_, onAlert) => {
  const { promise: logged, resolve: resolveLogged } = Promise.withResolvers<string>();
  const log = {
    info: () => undefined,
    warn: () => undefined,
    error: (_: object, message: string) => {
      if (message.startsWith('onAlert')) resolveLogged(message);
    },
  };
  const ledger = createPaymentLedger({ eventStore: openMemoryEventStore(), background: false, onAlert, log });
  const object = { objectId: 'evt_1', type: 'charge.new', sha256: '0'.repeat(64), path: 'data' };
  expect(await ledger.forAdapters.recordUnreadable(object)).toEqual({ outcome: 'recorded' });
  expect(await logged).toContain('onAlert failed');
  await ledger[Symbol.asyncDispose]();
});

describe('an event that cannot be read, without a background', () => {
  test('stops the lists with one alert; they answer what stands before it', async () => {
    const eventStore = openMemoryEventStore();
    const alerts: string[] = [];
    const ledger = open({ eventStore, onAlert: ({ kind }) => alerts.push(kind) });
    await ledger.placeOrder(order);
    await ledger.forAdapters.catchUp();
    await eventStore.append('order-order-9', -1, [{ id: 'x', type: 'OrderPlaced', data: {}, metadata: { version: '1' } }]);
    expect(await ledger.forAdapters.accountOrders()).toMatchObject([{ account: 'acct_1' }]);
    await ledger.forAdapters.catchUp();
    expect(alerts).toEqual(['read_models_stuck']);
    expect(await refusal(() => ledger.settle())).toMatchObject({ code: 'corrupt' });
    await ledger[Symbol.asyncDispose]();
  });

  test('is no answer for a process that never came to the head: half of the log would be taken for all of it', async () => {
    const log = createMemoryLog();
    const first = open({ eventStore: openMemoryEventStore({ log }) });
    await first.placeOrder(order);
    await first[Symbol.asyncDispose]();
    const eventStore = openMemoryEventStore({ log });
    await eventStore.append('order-order-9', -1, [{ id: 'x', type: 'OrderPlaced', data: {}, metadata: { version: '1' } }]);
    const ledger = open({ eventStore });
    expect(await refusal(() => ledger.memberAccess('member-1'))).toMatchObject({ code: 'corrupt' });
    expect(await refusal(() => ledger.forAdapters.accountOrders())).toMatchObject({ code: 'corrupt' });
    await ledger.forAdapters.catchUp();
    await ledger[Symbol.asyncDispose]();
  });

  test('stops the roll-forward, and not the lists', async () => {
    const eventStore = openMemoryEventStore();
    const alerts: string[] = [];
    const readLog: EventStore['readLog'] = (options) => {
      const isOfLists = options?.prefixes?.includes('sweep-') ?? false;
      if (!isOfLists) throw new LedgerError('corrupt', 'a reference is damaged');
      return eventStore.readLog(options);
    };
    const ledger = open({ eventStore: { ...eventStore, readLog }, onAlert: ({ kind }) => alerts.push(kind) });
    await ledger.placeOrder(order);
    expect(await ledger.forAdapters.accountOrders()).toMatchObject([{ account: 'acct_1' }]);
    expect(alerts).toEqual(['roll_forward_failed']);
    await ledger[Symbol.asyncDispose]();
  });
});

describe('with a background', () => {
  test('a log that it cannot read on is an alert, once', async () => {
    const eventStore = openMemoryEventStore();
    const alerts: string[] = [];
    const { promise: alerted, resolve: alert } = Promise.withResolvers<void>();
    const ledger = createPaymentLedger({
      eventStore,
      runtime: { sleep: () => new Promise((resolve) => setImmediate(resolve)) },
      onAlert: ({ kind, message }) => {
        alerts.push(`${kind} ${message}`);
        alert();
      },
    });
    await eventStore.append('order-order-9', -1, [{ id: 'x', type: 'OrderPlaced', data: {}, metadata: { version: '1' } }]);
    await alerted;
    for (let turn = 0; turn < 50; turn++) await new Promise((resolve) => setImmediate(resolve));
    await ledger[Symbol.asyncDispose]();
    expect(alerts).toHaveLength(1);
    expect(alerts[0]).toContain('read_models_stuck corrupt: order-order-9@0 (OrderPlaced)');
  });

  test('what a member has is answered from the whole log, also just after the start', async () => {
    const log = createMemoryLog();
    const first = open({ eventStore: openMemoryEventStore({ log }) });
    await first.placeOrder(order);
    await first.observePayment(observation(paid(), { orderId: 'order-1', asOf: new Date().toISOString() }));
    await first[Symbol.asyncDispose]();
    let readings = 0;
    const eventStore = openMemoryEventStore({ log });
    const readLog: EventStore['readLog'] = (options) => {
      readings += 1;
      return eventStore.readLog(options);
    };
    await using ledger = createPaymentLedger({ eventStore: { ...eventStore, readLog } });
    expect((await ledger.backlog()).lagMs).toBe(Number.POSITIVE_INFINITY); // A list does not wait: it says how far it lags.
    const [access, { items }, standing] = await Promise.all([
      ledger.memberAccess('member-1'),
      ledger.memberships('member-1'),
      ledger.forAdapters.samePlanOrder('member-1', 'yearly'),
    ]);
    expect(access).toMatchObject({ active: true, plans: [{ plan: 'yearly' }] });
    expect(items).toMatchObject([{ membershipId: 'order-1', status: 'active' }]);
    expect(standing).toBe('order-1');
    expect(readings).toBe(4); // Two subscribers follow, and catch up once for all three.
    const { lagMs } = await ledger.memberAccess('member-1');
    expect([lagMs < Number.POSITIVE_INFINITY, readings]).toEqual([true, 4]);
  });

  test('it delivers and rolls forward by itself', async () => {
    const log = createMemoryLog();
    const { promise: delivered, resolve: deliver } = Promise.withResolvers<MembershipChange>();
    const ledger = createPaymentLedger({ eventStore: openMemoryEventStore({ log }), deliver: async (change) => deliver(change) });
    const elsewhere = open({ eventStore: openMemoryEventStore({ log }) });
    await elsewhere.placeOrder(order);
    await elsewhere.observePayment(observation(paid(), { orderId: 'order-1' })); // Has no `deliver`: anyone may take it at once.
    expect(await delivered).toMatchObject({ idempotencyKey: 'order-1:1' });
    await ledger[Symbol.asyncDispose]();
  });

  test('read models lie beside a SQLite log, and are rebuilt when they were deleted', async () => {
    const path = join(folder, 'ledger.db');
    const first = createPaymentLedger({ eventStore: await openSqliteEventStore(path), background: false });
    await first.placeOrder(order);
    await first.attachCheckout('order-1', session);
    await first.observePayment(observation(paid(1_100), { orderId: 'order-1' }));
    const before = { memberships: (await first.memberships('member-1')).items, reviews: (await first.reviews()).items };
    expect(before.memberships).toHaveLength(1);
    expect(before.reviews).toHaveLength(1);
    await first[Symbol.asyncDispose]();
    for (const suffix of ['', '-wal', '-shm']) rmSync(`${path}.read-models${suffix}`, { force: suffix !== '' });
    await using again = createPaymentLedger({ eventStore: await openSqliteEventStore(path), background: false });
    expect({ memberships: (await again.memberships('member-1')).items, reviews: (await again.reviews()).items }).toEqual(before);
  });
});

describe('closing', () => {
  test('refuses new work, and says why', async () => {
    const ledger = open();
    await ledger[Symbol.asyncDispose]();
    const calls: readonly (() => Promise<unknown>)[] = [
      () => ledger.placeOrder(order),
      () => ledger.attachCheckout('order-1', session),
      () => ledger.observePayment(observation(paid())),
      () => ledger.order('order-1'),
      () => ledger.orderOf('cs_1'),
      () => ledger.history('order-1'),
      () => ledger.memberships('member-1'),
      () => ledger.openOrders(),
      () => ledger.reviews(),
      () => ledger.settle(),
      () => ledger.forAdapters.startSweep('fast', 0),
    ];
    for (const call of calls) expect(await refusal(call)).toMatchObject({ code: 'closed' });
  });

  test('drains: an append that is under way is finished and answered, then the store is closed, once', async () => {
    const faults: Faults = {};
    const inner = openMemoryEventStore();
    let closed = 0;
    const eventStore: EventStore = {
      ...openFaultyStore(inner, faults),
      close: async () => {
        closed += 1;
        await inner.close();
      },
    };
    const ledger = createPaymentLedger({ eventStore });
    await ledger.placeOrder(order);
    const { promise: held, resolve: release } = Promise.withResolvers<void>();
    const { promise: reached, resolve: reach } = Promise.withResolvers<void>();
    faults.before = ({ method, stream }) => {
      if (method !== 'appendAll' || stream !== 'reference-pi_1 + order-order-1') return undefined;
      reach();
      return held;
    };
    const answer = ledger.observePayment(observation(paid(), { orderId: 'order-1' }));
    await reached;
    const closing = [ledger[Symbol.asyncDispose](), ledger[Symbol.asyncDispose]()];
    for (let turn = 0; turn < 50; turn++) await new Promise((resolve) => setImmediate(resolve));
    expect(closed).toBe(0);
    expect(await refusal(() => ledger.order('order-1'))).toMatchObject({ code: 'closed' }); // Though the store is open.
    release();
    expect(await answer).toMatchObject({ outcome: 'granted' });
    await Promise.all(closing);
    expect(closed).toBe(1);
  });

  test('a decision that becomes durable meanwhile is left for another process to deliver', async () => {
    const faults: Faults = {};
    const delivered: MembershipChange[] = [];
    const eventStore = openFaultyStore(openMemoryEventStore(), faults);
    const ledger = createPaymentLedger({ eventStore, deliver: async (change) => void delivered.push(change) });
    await ledger.placeOrder(order);
    const { promise: held, resolve: release } = Promise.withResolvers<void>();
    const { promise: reached, resolve: reach } = Promise.withResolvers<void>();
    faults.before = ({ types }) => {
      if (!types.includes('MembershipGranted')) return undefined;
      reach();
      return held;
    };
    const answer = ledger.observePayment(observation(paid(), { orderId: 'order-1' }));
    await reached;
    const closing = ledger[Symbol.asyncDispose]();
    release();
    expect(await answer).toMatchObject({ outcome: 'granted' });
    await closing;
    expect(delivered).toEqual([]);
  });

  test('nor for a follower whose store hangs; the store is closed all the same', async () => {
    const faults: Faults = {};
    const inner = openMemoryEventStore();
    let closed = false;
    const eventStore: EventStore = {
      ...openFaultyStore(inner, faults),
      close: async () => {
        closed = true;
        await inner.close();
      },
    };
    const before = open({ eventStore: inner });
    await before.placeOrder(order);
    await before.observePayment(observation(paid(), { aliases: ['cs_1'] })); // Held, so that the link has something to hand on.
    await before.attachCheckout('order-1', session);
    const { promise: reached, resolve: reach } = Promise.withResolvers<void>();
    faults.before = ({ method }) => {
      if (method !== 'readStream') return undefined;
      reach();
      return new Promise(() => undefined);
    };
    const slept: number[] = [];
    const sleep = async (ms: number) => void slept.push(ms);
    const ledger = createPaymentLedger({ eventStore, runtime: { sleep } });
    await reached; // The roll-forward asks for the owner of the session.
    await ledger[Symbol.asyncDispose]();
    expect(closed).toBe(true);
    expect(Math.max(...slept)).toBeLessThanOrEqual(10_000);
  });

  test.each([1, 3])('waits for a hanging call no longer than its bound, times the patience of the runtime: %i', async (patience) => {
    const faults: Faults = {};
    const slept: number[] = [];
    const ledger = open({
      eventStore: openFaultyStore(openMemoryEventStore(), faults),
      runtime: {
        patience,
        sleep: async (ms) => {
          slept.push(ms);
        },
      },
    });
    await ledger.placeOrder(order);
    const { promise: held, resolve: release } = Promise.withResolvers<void>();
    faults.before = () => held;
    const answer = refusal(() => ledger.observePayment(observation(paid(), { orderId: 'order-1' })));
    await ledger[Symbol.asyncDispose]();
    expect(slept[0]).toBe(10_000 * patience);
    release();
    expect(await answer).toMatchObject({ code: 'closed' });
  });
});
