// The reference protocol, one process after the other: who owns a payment, and what becomes of what was said before.
import { test as property } from '@fast-check/vitest';
import * as fc from 'fast-check';
import { afterAll, describe, expect, test } from 'vitest';
import { createMemoryLog, openMemoryEventStore } from './event-store/memory.ts';
import { type Faults, openFaultyStore } from './faulty-store.test-support.ts';
import { instantRuntime } from './instant-runtime.test-support.ts';
import type { Fact } from './observation.ts';
import { accessByTheProse } from './order/access-model.test-support.ts';
import type { PaymentObserved } from './order/events.ts';
import {
  attempt,
  dispute,
  type ObservedOptions,
  order1,
  paid,
  payment,
  paymentObserved,
  refund,
} from './order/example-order.test-support.ts';
import { anyObservation, anyPolicy, type Shuffled, shuffled, withEqualContent } from './order/observations.test-support.ts';
import { evolve, initialState } from './order/order.ts';
import { defaultPolicy, type Policy } from './order/policy.ts';
import { checkHandedOn, checkOwnership, everything, openPaymentProcess, toObservation } from './payment-process.test-support.ts';
import { runs } from './testing/runs.ts';

function open() {
  const log = createMemoryLog();
  const faults: Faults = {};
  const store = openFaultyStore(openMemoryEventStore({ log }), faults);
  const first = openPaymentProcess(store, instantRuntime('first'));
  const another = openPaymentProcess(openMemoryEventStore({ log }), instantRuntime('another'));
  const observed = (fact: Fact, how: ObservedOptions = {}) => toObservation(paymentObserved(fact, how));
  const stream = async (name: string) => (await store.readStream(name)).map(({ type }) => type);
  const check = async () => {
    const ownership = checkOwnership(await everything(store));
    checkHandedOn(ownership);
    return ownership;
  };
  return { store, faults, first, another, observed, stream, check };
}

const session = payment('cs_1');

describe('a payment whose order is known', () => {
  test('is linked first, then recorded, and the answer says what it came to', async () => {
    const { first, observed, store } = open();
    await first.place('order-1');
    const answer = await first.writer.observe(observed(paid(), { orderId: 'order-1' }));
    expect(answer).toEqual({ outcome: 'granted', orderId: 'order-1', membership: 'active' });
    expect((await everything(store)).map(({ stream, type }) => `${stream} ${type}`)).toEqual([
      'policy PolicyAdopted',
      'order-order-1 OrderPlaced',
      'reference-pi_1 ReferenceLinked',
      'order-order-1 PaymentObserved',
      'order-order-1 MembershipGranted',
    ]);
  });

  test('is found by an alias that was attached, and its intent is claimed with it', async () => {
    const { first, another, observed, check } = open();
    await first.place('order-1');
    expect(await first.attach('order-1', session)).toBe('order-1');
    expect(await another.writer.observe(observed(paid(), { aliases: ['cs_1'] }))).toMatchObject({ outcome: 'granted', orderId: 'order-1' });
    expect(Object.fromEntries((await check()).owners)).toEqual({ cs_1: 'order-1', pi_1: 'order-1' });
    expect(await another.writer.observe(observed(refund(1_000)))).toMatchObject({ outcome: 'revoked', membership: 'revoked' });
  });

  test('stays where another process has linked it, although its alias is known to be of an order here', async () => {
    const { first, another, observed, check } = open();
    for (const orderId of ['order-1', 'order-2']) await first.place(orderId);
    await first.attach('order-1', session);
    await another.writer.observe(observed(paid(), { orderId: 'order-2' }));
    expect(await first.writer.observe(observed(paid(), { aliases: ['cs_1'], source: 'poll' }))).toMatchObject({ orderId: 'order-2' });
    expect(Object.fromEntries((await check()).owners)).toEqual({ cs_1: 'order-1', pi_1: 'order-2' });
  });

  test('each outcome has its name', async () => {
    const { first, observed } = open();
    await first.place('order-1');
    const outcomes: string[] = [];
    const facts: readonly Fact[] = [
      attempt('processing'),
      attempt('processing'),
      paid(),
      dispute('open'),
      dispute('won'),
      refund(1_000),
      paid(900),
    ];
    for (const fact of facts) outcomes.push((await first.writer.observe(observed(fact, { orderId: 'order-1' }))).outcome);
    expect(outcomes).toEqual(['recorded', 'duplicate', 'granted', 'suspended', 'restored', 'revoked', 'review']);
  });

  test('held before, and handed on by the call that repeats it: the answer is what it came to', async () => {
    const { first, observed } = open();
    await first.place('order-1');
    expect(await first.writer.observe(observed(paid()))).toMatchObject({ outcome: 'held' });
    expect(await first.writer.observe(observed(paid(), { orderId: 'order-1' }))).toMatchObject({ outcome: 'granted', orderId: 'order-1' });
  });

  test('a duplicate costs no append, and no read where this process knows it', async () => {
    const { first, observed, store } = open();
    await first.place('order-1');
    await first.writer.observe(observed(paid(), { orderId: 'order-1' }));
    const calls = store.calls.length;
    expect(await first.writer.observe(observed(paid(), { orderId: 'order-1' }))).toEqual({ outcome: 'duplicate', orderId: 'order-1' });
    expect(store.calls.length).toBe(calls);
  });

  test('law 7: one that names an order not yet placed waits in its stream', async () => {
    const { first, observed, stream } = open();
    expect(await first.writer.observe(observed(paid(), { orderId: 'order-1' }))).toEqual({
      outcome: 'recorded',
      orderId: 'order-1',
      membership: 'none',
    });
    await first.place('order-1');
    expect(await stream('order-order-1')).toEqual(['PaymentObserved', 'OrderPlaced', 'MembershipGranted']);
  });
});

describe('a payment whose order is not known (law 7)', () => {
  test('is held under each of its names, once for each source and fact', async () => {
    const { first, another, observed, stream } = open();
    const held = { outcome: 'held', payment: payment('pi_1') };
    expect(await first.writer.observe(observed(paid(), { aliases: ['cs_1'] }))).toEqual(held);
    expect(await another.writer.observe(observed(paid(), { aliases: ['cs_1'] }))).toEqual(held);
    expect(await another.writer.observe(observed(paid(), { aliases: ['cs_1', 'pi_1'], source: 'poll' }))).toEqual(held);
    expect(await stream('reference-pi_1')).toEqual(['PaymentHeld', 'PaymentHeld']);
    expect(await stream('reference-cs_1')).toEqual(['PaymentHeld', 'PaymentHeld']);
  });

  test('held, then its session is attached: handed on before attaching answers', async () => {
    const { first, another, observed, check, stream } = open();
    await first.place('order-1');
    await another.writer.observe(observed(paid(), { aliases: ['cs_1'] }));
    await another.writer.observe(observed(refund(1_000, 'pending')));
    await first.attach('order-1', session);
    expect(await stream('order-order-1')).toEqual([
      'OrderPlaced',
      'CheckoutAttached',
      'PaymentObserved',
      'MembershipGranted',
      'PaymentObserved',
    ]);
    await check();
  });

  test('a refund of the intent alone, from before anyone named both, is found through the session', async () => {
    const { first, another, observed, check } = open();
    await first.place('order-1');
    await another.writer.observe(observed(refund(1_000)));
    expect(await another.writer.observe(observed(paid(), { aliases: ['cs_1'] }))).toMatchObject({ outcome: 'held' });
    await first.attach('order-1', session);
    expect((await check()).recorded.get('order-1')?.size).toBe(2);
    expect((await first.orders.read('order-1')).membership).toBe('revoked');
  });

  test('held, then named by another source: recorded, and the second source is kept as its confirmation', async () => {
    const { first, another, observed, check } = open();
    await first.place('order-1');
    await another.writer.observe(observed(paid()));
    expect(await first.writer.observe(observed(paid(), { orderId: 'order-1', source: 'poll' }))).toMatchObject({ outcome: 'recorded' });
    const { recorded } = await check();
    expect(recorded.get('order-1')?.size).toBe(2);
    expect((await first.orders.read('order-1')).grantedBy).toBe('webhook');
  });

  test('two payments of one session are both handed on', async () => {
    const { first, another, observed, check } = open();
    await first.place('order-1');
    await another.writer.observe(observed(attempt('attempt_failed'), { aliases: ['cs_1'] }));
    await another.writer.observe(observed(paid(), { of: payment('pi_2'), aliases: ['cs_1'] }));
    await first.attach('order-1', session);
    expect([...(await check()).owners.keys()].sort()).toEqual(['cs_1', 'pi_1', 'pi_2']);
  });

  test('linked by another process while it is being held: recorded, not held', async () => {
    const { first, another, observed, faults, check } = open();
    await another.place('order-1');
    faults.before = async ({ method, stream, types }) => {
      if (method !== 'append' || stream !== 'reference-cs_1' || types[0] !== 'PaymentHeld') return;
      delete faults.before;
      await another.attach('order-1', session);
    };
    expect(await first.writer.observe(observed(paid(), { aliases: ['cs_1'] }))).toMatchObject({ orderId: 'order-1' });
    const { owners, held } = await check();
    expect(Object.fromEntries(owners)).toEqual({ cs_1: 'order-1', pi_1: 'order-1' });
    expect(held.map(({ reference }) => reference)).toEqual(['pi_1']);
    expect((await first.orders.read('order-1')).membership).toBe('active');
  });
});

describe('claimed by two', () => {
  async function twoOrders() {
    const opened = open();
    await opened.first.place('order-1');
    await opened.first.place('order-2');
    return opened;
  }
  const reviews = async ({ first }: Awaited<ReturnType<typeof twoOrders>>, orderId: string) =>
    (await first.orders.read(orderId)).reviews.map(({ kind }) => kind);

  test('its metadata names another order than its owner: the owner keeps it, and a person is asked there', async () => {
    const opened = await twoOrders();
    await opened.first.attach('order-1', session);
    const answer = await opened.another.writer.observe(opened.observed(paid(), { aliases: ['cs_1'], orderId: 'order-2' }));
    expect(answer).toMatchObject({ outcome: 'granted', orderId: 'order-1' });
    expect(await reviews(opened, 'order-1')).toEqual(['claimed_by_two']);
    expect((await opened.first.orders.read('order-2')).revision).toBe(0);
  });

  test('two of its sessions belong to two orders: the first decides', async () => {
    const opened = await twoOrders();
    await opened.first.attach('order-1', session);
    await opened.first.attach('order-2', payment('cs_2'));
    expect(await opened.another.writer.observe(opened.observed(paid(), { aliases: ['cs_2', 'cs_1'] }))).toMatchObject({
      orderId: 'order-2',
    });
    expect(await reviews(opened, 'order-2')).toEqual(['claimed_by_two']);
    expect(await opened.another.writer.observe(opened.observed(paid(), { aliases: ['cs_1'], source: 'poll' }))).toMatchObject({
      orderId: 'order-2',
    });
  });

  test('a session that belongs to another order is not attached', async () => {
    const opened = await twoOrders();
    await opened.first.attach('order-1', session);
    expect(await opened.another.attach('order-2', session)).toBe('order-1');
    expect((await opened.first.orders.read('order-2')).checkouts).toEqual([]);
  });

  test('held under its session, then claimed by metadata: the session goes with the payment', async () => {
    const opened = await twoOrders();
    await opened.another.writer.observe(opened.observed(paid(), { aliases: ['cs_1'] }));
    await opened.another.writer.observe(opened.observed(paid(), { orderId: 'order-2', source: 'poll' }));
    expect(await opened.first.attach('order-1', session)).toBe('order-2');
    await opened.check();
    expect(await reviews(opened, 'order-1')).toEqual([]);
  });
});

describe('the roll-forward', () => {
  test('finishes what a crash left between the link and what was held', async () => {
    const { first, another, observed, check } = open();
    await first.place('order-1');
    await first.writer.observe(observed(paid(), { aliases: ['cs_1'] }));
    await first.references.link('cs_1', 'order-1'); // And here the process dies.
    await another.rollForward();
    expect((await check()).owners.get('pi_1')).toBe('order-1');
    expect((await another.orders.read('order-1')).membership).toBe('active');
  });
  test('reported again it adds nothing', async () => {
    const { first, another, observed, store } = open();
    await first.place('order-1');
    await first.writer.observe(observed(paid(), { aliases: ['cs_1'] }));
    await first.attach('order-1', session);
    const before = (await everything(store)).length;
    await another.rollForward();
    await first.rollForward();
    expect((await everything(store)).length).toBe(before);
  });
});

test.each(['attached', 'rolled forward'] as const)('twice as many held facts cost twice the calls to the store: %s', async (how) => {
  const callsFor = async (facts: number): Promise<number> => {
    const log = createMemoryLog();
    const first = openPaymentProcess(openMemoryEventStore({ log }), instantRuntime('first'));
    await first.place('order-1');
    for (let number = 0; number < facts; number++) {
      const fact = { kind: 'refund', id: `re_${number}`, status: 'pending', amountMinor: 1 } as const;
      await first.writer.observe(toObservation(paymentObserved(fact, { aliases: ['cs_1'] })));
    }
    if (how === 'rolled forward') await first.references.link('cs_1', 'order-1'); // And it dies.
    const store = openFaultyStore(openMemoryEventStore({ log }), {});
    const next = openPaymentProcess(store, instantRuntime('next'));
    if (how === 'attached') await next.attach('order-1', session);
    else await next.rollForward();
    expect(Object.values((await next.orders.read('order-1')).payments)[0]?.refunds).toHaveLength(facts);
    return store.calls.length;
  };
  const [few, more, most] = [await callsFor(20), await callsFor(40), await callsFor(80)];
  expect(most - more).toBe(2 * (more - few));
});

describe('law 1: what was held and handed on in batches, and what was recorded one by one', () => {
  const met = new Set<string>();
  afterAll(() => expect([...met].sort()).toEqual(['all held', 'ended', 'full', 'paused', 'some held']));
  const inOneSession = fc
    .array(anyObservation, { minLength: 1, maxLength: 8 })
    .map((observations) =>
      withEqualContent(observations.map(({ orderId: _, ...each }) => ({ ...each, aliases: ['cs_1'] }) as PaymentObserved)),
    );

  // What is drawn is paused once in fifty times: that it is met must be no luck.
  const fought = [paid(), dispute('open')].map((fact) => paymentObserved(fact, { aliases: ['cs_1'] }));
  const examples: [Shuffled, Policy, number][] = [[{ once: fought, again: fought }, defaultPolicy, 1]];

  property.prop([shuffled(inOneSession), anyPolicy, fc.nat()], { ...runs(300), examples })(
    'join to the same facts, the same access, the same membership',
    async ({ once, again }, policy, attachedAfter) => {
      const store = openMemoryEventStore();
      const process = openPaymentProcess(store, instantRuntime(), policy);
      const place = attachedAfter % (again.length + 1);
      const attach = async () => {
        await process.place('order-1');
        await process.attach('order-1', session);
      };
      for (const [index, observed] of again.entries()) {
        if (index === place) await attach();
        await process.writer.observe(toObservation(observed));
      }
      if (place === again.length) await attach();
      const order = await process.orders.read('order-1');
      const joined = once.reduce((to, data) => evolve(to, { type: 'PaymentObserved', data }), initialState('order-1'));
      expect(order.payments).toEqual(joined.payments);
      const access = accessByTheProse(order1, once, policy);
      expect(order.membership === 'active').toBe(access === 'full');
      if (order.sequence > 0) expect(order.membership).toBe({ full: 'active', paused: 'suspended', ended: 'revoked' }[access]);
      met.add(access);
      if (place > 0) met.add(place === again.length ? 'all held' : 'some held');
    },
  );
});
