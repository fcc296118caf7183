// Subscriptions through the public calls of a ledger, on a store in memory.
import { describe, expect, test } from 'vitest';
import { createMemoryLog, openMemoryEventStore } from './event-store/memory.ts';
import { instantRuntime } from './instant-runtime.test-support.ts';
import { createPaymentLedger } from './ledger.ts';
import { paid as orderPaid } from './order/example-order.test-support.ts';
import type { PaymentLedger, PaymentLedgerOptions } from './payment-ledger.ts';
import { everything } from './payment-process.test-support.ts';
import type { SubscriptionChange } from './subscription/change.ts';
import type { SubscriptionFact, SubscriptionObservation } from './subscription/observation.ts';
import {
  allocation,
  day,
  dispute,
  lifecycle,
  month,
  paymentReference,
  policy1,
  reference1,
  refund,
} from './subscription/story.test-support.ts';
import { createVirtualClock } from './testing/virtual-clock.ts';

const by = { actor: 'support-7', reason: 'the customer called' };
const { type: _, ...policy } = policy1;
const session = { ...reference1, id: 'cs_1' };

function shop(options: Partial<PaymentLedgerOptions> = {}, log = createMemoryLog()) {
  const changes: SubscriptionChange[] = [];
  const ledger = createPaymentLedger({
    eventStore: openMemoryEventStore({ log }),
    runtime: instantRuntime(),
    background: false,
    subscriptions: { policy, deliver: (change) => void changes.push(change) },
    ...options,
  });
  return {
    ledger,
    changes,
    log,
    types: async (stream: string) => (await openMemoryEventStore({ log }).readStream(stream)).map(({ type }) => type),
  };
}

const placed = { subscriptionId: 'sub-1', memberId: 'member-1', plan: 'silver', account: 'acct_1', livemode: true } as const;

function told(days: number, facts: readonly SubscriptionFact[], differs: Partial<SubscriptionObservation> = {}): SubscriptionObservation {
  const statements = facts.map((fact) => ({ fact, asOf: day(days), evidence: { objectId: 'evt_1' } }));
  return { source: 'webhook', subscription: reference1, subscriptionId: 'sub-1', statements, ...differs } as SubscriptionObservation;
}
const firstMonth = [month('in_1', 0, { reason: 'create' }), lifecycle('active'), allocation('inpay_1', 'in_1', 'pi_1')];

async function member(ledger: PaymentLedger): Promise<void> {
  await ledger.placeSubscription(placed);
  await ledger.attachSubscription('sub-1', session);
  await ledger.observeSubscription(told(0, firstMonth));
}

describe('a subscription that is started', () => {
  test('is placed, granted by its first invoice, and delivered with its own key', async () => {
    const { ledger, changes } = shop();
    await using _ledger = ledger;
    expect(await ledger.placeSubscription(placed)).toEqual({ outcome: 'placed' });
    expect(await ledger.placeSubscription(placed)).toEqual({ outcome: 'exists' });
    expect(await ledger.placeSubscription({ ...placed, plan: 'gold' })).toEqual({
      outcome: 'differs',
      terms: [{ term: 'plan', placed: 'silver', given: 'gold' }],
    });
    expect(await ledger.attachSubscription('sub-1', session)).toEqual({ outcome: 'attached' });
    expect(await ledger.observeSubscription(told(0, firstMonth))).toEqual({
      outcome: 'granted',
      subscriptionId: 'sub-1',
      membership: 'active',
    });
    expect(await ledger.observeSubscription(told(0, firstMonth))).toEqual({ outcome: 'duplicate', subscriptionId: 'sub-1' });
    await ledger.settle();
    expect(changes).toMatchObject([
      {
        type: 'subscription',
        membershipId: 'sub-1',
        change: 'granted',
        status: 'active',
        sequence: 1,
        idempotencyKey: 'subscription/sub-1:1',
      },
    ]);
    for (const reference of ['sub_1', 'cs_1', 'in_1', 'pi_1']) {
      expect(await ledger.subscriptionOf(reference)).toMatchObject({ subscriptionId: 'sub-1', status: 'active', validUntil: day(33) });
      expect(await ledger.orderOf(reference)).toBeUndefined();
    }
  });

  test('all that one event tells is one append: its batch and its decision stand together', async () => {
    const { ledger, log } = shop();
    await using _ledger = ledger;
    await member(ledger);
    const stored = await openMemoryEventStore({ log }).readStream('subscription-sub-1');
    const batch = stored.slice(2);
    expect(batch.map(({ type }) => type)).toEqual([
      'SubscriptionObserved',
      'SubscriptionObserved',
      'SubscriptionObserved',
      'SubscriptionGranted',
    ]);
    expect(new Set(batch.map(({ metadata }) => metadata['recordedAt'])).size).toBe(1);
    expect(new Set(batch.map(({ metadata }) => metadata['policy'])).size).toBe(1);
  });

  test('a refund that came before everything else is in the first append, and a refund after it goes to the subscription', async () => {
    const { ledger, types } = shop();
    await using _ledger = ledger;
    const { payment, ...back } = refund('pi_1', 400);
    const seen = { asOf: day(1), evidence: { objectId: 're_1' }, source: 'webhook' } as const;
    expect(await ledger.observePayment({ payment, fact: back, ...seen })).toMatchObject({ outcome: 'held' });
    await member(ledger);
    expect(await types('subscription-sub-1')).toEqual([
      'SubscriptionPlaced',
      'CheckoutAttached',
      'SubscriptionObserved',
      'SubscriptionObserved',
      'SubscriptionObserved',
      'SubscriptionObserved',
      'SubscriptionGranted',
    ]);
    const { payment: of, ...lost } = dispute('pi_1', 'lost');
    expect(await ledger.observePayment({ payment: of, fact: lost, ...seen })).toEqual({
      outcome: 'revoked',
      subscriptionId: 'sub-1',
      membership: 'revoked',
    });
    expect(await ledger.observePayment({ payment: of, fact: orderPaid(), ...seen })).toEqual({
      outcome: 'duplicate',
      subscriptionId: 'sub-1',
    });
  });

  test('facts that come before it is placed wait in its own stream, and decide as it is placed', async () => {
    const { ledger, changes } = shop();
    await using _ledger = ledger;
    expect(await ledger.observeSubscription(told(0, firstMonth))).toMatchObject({ outcome: 'recorded', membership: 'none' });
    expect(await ledger.subscription('sub-1')).toBeUndefined();
    await ledger.placeSubscription(placed);
    await ledger.settle();
    expect(changes).toMatchObject([{ change: 'granted' }]);
  });

  test('what neither its references nor our metadata name is recorded nowhere', async () => {
    const { ledger, log } = shop();
    await using _ledger = ledger;
    const { subscriptionId: __, ...stranger } = told(0, firstMonth);
    expect(await ledger.observeSubscription(stranger as SubscriptionObservation)).toEqual({
      outcome: 'unknown',
      subscription: reference1,
    });
    expect(await everything(openMemoryEventStore({ log }))).toEqual([]);
  });
});

describe('law 3 over both kinds', () => {
  test('what belongs to a subscription is neither attached, linked nor moved to an order', async () => {
    const { ledger } = shop();
    await using _ledger = ledger;
    await member(ledger);
    const order = { orderId: 'order-1', memberId: 'm', plan: 'p', amountMinor: 1_000, currency: 'usd', account: 'acct_1', livemode: true };
    await ledger.placeOrder(order);
    const payment = paymentReference('pi_1');
    const refused = { code: 'belongs_to_subscription', message: expect.stringContaining('sub-1') };
    await expect(ledger.attachCheckout('order-1', payment)).rejects.toMatchObject(refused);
    await expect(ledger.linkPayment(payment, 'order-1', by)).rejects.toMatchObject(refused);
    await expect(ledger.movePayment(payment, 'order-1', by)).rejects.toMatchObject(refused);
    await expect(ledger.previewMove(payment, 'order-1')).rejects.toMatchObject(refused);
  });

  test('a payment that belongs to an order stays there, and its subscription waits for a person', async () => {
    const { ledger } = shop();
    await using _ledger = ledger;
    await ledger.placeOrder({
      orderId: 'order-1',
      memberId: 'm',
      plan: 'p',
      amountMinor: 1_000,
      currency: 'usd',
      account: 'acct_1',
      livemode: true,
    });
    await ledger.attachCheckout('order-1', paymentReference('pi_1'));
    await member(ledger);
    expect(await ledger.orderOf('pi_1')).toMatchObject({ orderId: 'order-1' });
    expect(await ledger.subscription('sub-1')).toMatchObject({ status: 'active', openReviews: [{ kind: 'claimed_by_two' }] });
    await expect(ledger.attachSubscription('sub-1', paymentReference('pi_1'))).rejects.toMatchObject({ code: 'invalid_input' });
  });

  test('an order and a subscription of one id have each their own stream, keys and deliveries', async () => {
    const orders: string[] = [];
    const clock = createVirtualClock();
    const { ledger, changes } = shop({
      runtime: clock.runtime(),
      background: true,
      deliver: ({ idempotencyKey }) => void orders.push(idempotencyKey),
    });
    await using _ledger = ledger;
    const { subscriptionId, ...rest } = placed;
    await ledger.placeOrder({ ...rest, orderId: subscriptionId, amountMinor: 1_000, currency: 'usd' });
    const payment = paymentReference('pi_9');
    await ledger.attachCheckout(subscriptionId, payment);
    await ledger.observePayment({ payment, fact: orderPaid(), asOf: day(0), evidence: { objectId: 'pi_9' }, source: 'webhook' });
    await member(ledger);
    await clock.advance(1_000);
    expect([orders, changes.map(({ idempotencyKey }) => idempotencyKey)]).toEqual([['sub-1:1'], ['subscription/sub-1:1']]);
  });

  test('a payment for invoices of two subscriptions: the first has it, and both wait for a person', async () => {
    const { ledger } = shop();
    await using _ledger = ledger;
    await member(ledger);
    await ledger.placeSubscription({ ...placed, subscriptionId: 'sub-2', memberId: 'member-2' });
    const other = { subscription: { ...reference1, id: 'sub_2' }, subscriptionId: 'sub-2' };
    await ledger.observeSubscription(told(0, [month('in_2', 0), allocation('inpay_2', 'in_2', 'pi_1')], other));
    expect(await ledger.subscriptionOf('pi_1')).toMatchObject({ subscriptionId: 'sub-1' });
    expect((await ledger.subscription('sub-1'))?.openReviews).toMatchObject([{ kind: 'shared_payment', invoice: 'in_1' }]);
    expect((await ledger.subscription('sub-2'))?.openReviews).toMatchObject([{ kind: 'shared_payment', invoice: 'in_2' }]);
  });

  test('a second subscription of the provider that names the same one goes under its own id, and waits for a person', async () => {
    const { ledger } = shop();
    await using _ledger = ledger;
    await member(ledger);
    const second = { subscription: { ...reference1, id: 'sub_2' } };
    const facts = [month('in_2', 0, { reason: 'create' }), lifecycle('active')];
    expect(await ledger.observeSubscription(told(0, facts, second))).toMatchObject({ outcome: 'granted', subscriptionId: 'sub_2' });
    expect(await ledger.observeSubscription(told(0, facts, second))).toEqual({ outcome: 'duplicate', subscriptionId: 'sub_2' });
    expect(await ledger.subscription('sub_2')).toMatchObject({
      memberId: 'member-1',
      status: 'active',
      openReviews: [{ kind: 'double_subscription' }],
    });
    expect(await ledger.subscription('sub-1')).toMatchObject({ status: 'active', openReviews: [] });
  });
});

describe('an import', () => {
  const read = (days: number) => {
    const { subscription, statements } = told(days, firstMonth);
    return { subscription, statements, look: day(days) };
  };
  test('is placed, decided and settled in one append, and nothing is delivered until something changes', async () => {
    const { ledger, changes, log } = shop();
    await using _ledger = ledger;
    const given = { ...placed, placedAt: day(0) };
    expect(await ledger.importSubscription(given, read(5), by)).toEqual({ outcome: 'imported' });
    expect(await ledger.importSubscription(given, read(5), by)).toEqual({ outcome: 'exists' });
    await ledger.settle();
    expect(changes).toEqual([]);
    const stored = await openMemoryEventStore({ log }).readStream('subscription-sub-1');
    expect(stored.at(-1)).toMatchObject({ type: 'StripeRechecked', data: { by } });
    await ledger.observeSubscription(told(30, [month('in_2', 30)]));
    await ledger.settle();
    expect(changes).toMatchObject([{ change: 'extended', sequence: 2 }]);
  });
  test('of one that was over long ago grants nothing', async () => {
    const { ledger } = shop();
    await using _ledger = ledger;
    expect(await ledger.importSubscription({ ...placed, placedAt: day(0) }, read(90), by)).toEqual({ outcome: 'not_entitled' });
  });
  test('of a provider subscription that belongs to another one is refused before anything is placed', async () => {
    const { ledger } = shop();
    await using _ledger = ledger;
    await member(ledger);
    const other = { ...placed, subscriptionId: 'sub-9', placedAt: day(0) };
    expect(await ledger.importSubscription(other, read(5), by)).toEqual({ outcome: 'belongs_to', subscriptionId: 'sub-1' });
    expect(await ledger.subscription('sub-9')).toBeUndefined();
  });
});

describe('delivery', () => {
  /** Processes on one log and one clock. */
  function world() {
    const [log, clock] = [createMemoryLog(), createVirtualClock()];
    const stored: string[] = [];
    const open = (deliver?: (change: SubscriptionChange) => Promise<void> | void) =>
      createPaymentLedger({
        eventStore: openMemoryEventStore({ log }),
        runtime: clock.runtime(),
        subscriptions: { policy, ...(deliver ? { deliver } : {}) },
      });
    const store = ({ idempotencyKey, change }: SubscriptionChange) => void stored.push(`${idempotencyKey} ${change}`);
    return { clock, stored, open, store };
  }

  test('what a process decides that delivers none, another one takes over at once', async () => {
    const { clock, stored, open, store } = world();
    await using decides = open();
    await using _delivers = open(store);
    await member(decides);
    await clock.advance(1_000);
    expect(stored).toEqual(['subscription/sub-1:1 granted']);
    await expect(decides.redeliverSubscription('sub-1', by)).rejects.toMatchObject({ code: 'invalid_input' });
  });

  test('what was pending when a process died is delivered by the next one, and of several decisions the newest', async () => {
    const { clock, stored, open, store } = world();
    const dies = open(() => new Promise(() => undefined));
    await member(dies);
    await dies.observeSubscription(told(30, [month('in_2', 30)]));
    await clock.advance(60_000);
    void dies[Symbol.asyncDispose]();
    await clock.advance(60_000);
    expect(stored).toEqual([]);
    await using next = open(store);
    await clock.advance(120_000);
    expect(stored).toEqual(['subscription/sub-1:2 extended']);
    expect(await next.subscription('sub-1')).toMatchObject({ sequence: 2, delivered: 2 });
  });

  test('that fails is tried again; a person has it delivered once more, unless there is news that he did not see', async () => {
    const { clock, stored, open, store } = world();
    let failures = 2;
    await using ledger = open((change) => {
      if (failures-- > 0) throw new Error('the shop is closed');
      store(change);
    });
    await member(ledger);
    await clock.advance(60_000);
    expect(stored).toEqual(['subscription/sub-1:1 granted']);
    expect(await ledger.redeliverSubscription('sub-1', by)).toEqual({ outcome: 'nothing_to_deliver' });
    expect(await ledger.redeliverSubscription('sub-1', by, { seenRevision: 1 })).toMatchObject({
      outcome: 'stale',
      subscriptionId: 'sub-1',
    });
    await expect(ledger.redeliverSubscription('sub-1', by, { seenRevision: 99 })).rejects.toMatchObject({
      code: 'invalid_input',
      message: expect.stringMatching(/^Subscription sub-1 is at revision \d+, so nobody saw 99/),
    });
    await expect(ledger.redeliverSubscription('sub-9', by)).rejects.toMatchObject({ code: 'subscription_unknown' });
  });
});

describe('a person resolves a review', () => {
  test('as he saw it; what came since makes it stale', async () => {
    const { ledger } = shop();
    await using _ledger = ledger;
    await member(ledger);
    await ledger.observeSubscription(told(31, [lifecycle('canceled', { endedAt: day(30) })]));
    await ledger.observeSubscription(told(32, [month('in_2', 30)]));
    const view = await ledger.subscription('sub-1');
    expect(view).toMatchObject({ status: 'revoked', openReviews: [{ kind: 'paid_after_end', invoice: 'in_2' }] });
    const { revision = 0, openReviews = [] } = view ?? {};
    const reviewId = openReviews[0]?.reviewId ?? '';
    const accept = (seenRevision: number) => ledger.resolveSubscriptionReview('sub-1', reviewId, { resolution: 'grant', seenRevision }, by);
    expect(await accept(2)).toEqual({ outcome: 'stale', subscriptionId: 'sub-1', revision });
    expect(await accept(revision)).toEqual({ outcome: 'resolved' });
    expect(await accept(revision)).toEqual({ outcome: 'resolved' });
    expect(await ledger.subscription('sub-1')).toMatchObject({ status: 'active', openReviews: [] });
  });
});

describe('for adapters', () => {
  test('a slot is taken over from who has not begun, given back, and kept by who lives', async () => {
    const { ledger } = shop();
    await using _ledger = ledger;
    const { subscriptions } = ledger.forAdapters;
    await ledger.placeSubscription(placed);
    await ledger.placeSubscription({ ...placed, subscriptionId: 'sub-2', plan: 'gold' });
    await ledger.placeSubscription({ ...placed, subscriptionId: 'addon', kind: 'addon' });
    expect(await subscriptions.takeSlot('sub-1')).toEqual({ outcome: 'taken', earlier: [], former: [] });
    expect(await subscriptions.takeSlot('addon')).toEqual({ outcome: 'taken', earlier: [], former: [] });
    expect(await subscriptions.takeSlot('sub-2')).toEqual({ outcome: 'taken', earlier: ['sub-1'], former: ['sub-1'] });
    expect([await subscriptions.slotHolder('sub-1'), await subscriptions.slotHolder('sub-2')]).toEqual(['sub-2', 'sub-2']);
    expect(await subscriptions.giveSlotBack('sub-2', 'sub-1')).toEqual({ outcome: 'given' });
    expect(await subscriptions.slotHolder('sub-1')).toBe('sub-1');
    await ledger.observeSubscription(told(0, firstMonth));
    expect(await subscriptions.takeSlot('sub-2')).toEqual({ outcome: 'held', by: 'sub-1' });
    await ledger.observeSubscription(told(40, [lifecycle('canceled', { endedAt: day(40) })]));
    // Its session is complete for ever: to give the slot back to it would keep the member from coming back.
    expect(await subscriptions.takeSlot('sub-2')).toEqual({ outcome: 'taken', earlier: [], former: ['sub-1'] });
    expect(await subscriptions.giveSlotBack('sub-2', 'sub-1')).toEqual({ outcome: 'ended' });
    expect(await subscriptions.slotHolder('sub-2')).toBe('sub-2');
    await ledger.placeSubscription({ ...placed, subscriptionId: 'odd', kind: 'constructor' });
    expect(await subscriptions.slotHolder('odd')).toBeUndefined();
    expect(await subscriptions.takeSlot('odd')).toEqual({ outcome: 'taken', earlier: [], former: [] });
    expect(await subscriptions.slotHolder('odd')).toBe('odd');
    await expect(subscriptions.takeSlot('sub-9')).rejects.toMatchObject({ code: 'subscription_unknown' });
  });

  test('an owner is told, placed or not; a review that only the adapter can see opens once; a recheck is signed', async () => {
    const { ledger } = shop();
    await using _ledger = ledger;
    const { subscriptions } = ledger.forAdapters;
    expect(await subscriptions.ownerOf('in_1')).toBeUndefined();
    await ledger.observeSubscription(told(0, firstMonth));
    expect(await subscriptions.ownerOf(paymentReference('pi_1'))).toBe('sub-1');
    await ledger.placeSubscription(placed);
    expect(await subscriptions.openReview('sub-1', 'subscription_missing')).toEqual({ outcome: 'opened' });
    expect(await subscriptions.openReview('sub-1', 'subscription_missing')).toEqual({ outcome: 'exists' });
    expect(await subscriptions.recordRecheck('sub-1', by, { looked: 2, recorded: 0 })).toEqual({ outcome: 'recorded' });
    await expect(subscriptions.recordRecheck('sub-9', by, { looked: 0, recorded: 0 })).rejects.toMatchObject({
      code: 'subscription_unknown',
    });
    const seen = {
      payment: paymentReference('pi_1'),
      fact: orderPaid(),
      asOf: day(0),
      evidence: { objectId: 'pi_1' },
      source: 'poll',
    } as const;
    expect(await ledger.forAdapters.wouldObserve([seen])).toEqual({ outcome: 'of_subscription', subscriptionId: 'sub-1' });
  });
});

describe('what is known of a subscription', () => {
  test('is what was reported, of an invoice and of money that went back', async () => {
    const { ledger } = shop();
    await using _ledger = ledger;
    await member(ledger);
    const back = (minor: number) => refund('pi_1', minor);
    await ledger.observeSubscription(told(1, [back(500)]));
    const known = (await ledger.forAdapters.subscriptions.known('in_1'))!;
    expect(known).toMatchObject({ subscriptionId: 'sub-1', reference: reference1, paidThrough: day(30), dueAt: day(33) });
    expect([back(500), month('in_1', 0, { reason: 'create' })].map(known.holds)).toEqual([true, true]);
    expect([back(501), month('in_2', 30)].map(known.holds)).toEqual([false, false]);
  });

  test('begins with the link of its payment, which names the one at the provider although nothing was recorded', async () => {
    const log = createMemoryLog();
    const eventStore = openMemoryEventStore({ log });
    const { append } = eventStore;
    eventStore.append = (stream, ...rest) =>
      stream.startsWith('subscription-') ? Promise.reject(new Error('the process died')) : append.call(eventStore, stream, ...rest);
    const { ledger } = shop({ eventStore }, log);
    await using _ledger = ledger;
    await expect(ledger.observeSubscription(told(0, firstMonth))).rejects.toThrow('the process died');
    const { known } = ledger.forAdapters.subscriptions;
    expect(await known(paymentReference('pi_1'))).toMatchObject({ subscriptionId: 'sub-1', reference: reference1, invoices: [] });
    expect(await known('pi_1')).not.toHaveProperty('reference'); // An id alone says neither account nor mode.
  });
});

describe('a policy of subscriptions', () => {
  test('that no longer names a price is refused, unless the price is retired; orders go on', async () => {
    const log = createMemoryLog();
    const before = shop({}, log);
    await member(before.ledger);
    await before.ledger[Symbol.asyncDispose]();
    const plans = { silver: ['price_month'], gold: ['price_gold'] };
    const { ledger } = shop({ subscriptions: { policy: { ...policy, plans } } }, log);
    await using _ledger = ledger;
    const refused = { code: 'invalid_input', message: expect.stringContaining('price_year') };
    await expect(ledger.observeSubscription(told(30, [month('in_2', 30)]))).rejects.toMatchObject(refused);
    expect((await ledger.subscription('sub-1'))?.sequence).toBe(1);
    const retired = shop({ subscriptions: { policy: { ...policy, plans, retired: ['price_year'] } } }, log);
    await using _retired = retired.ledger;
    expect(await retired.ledger.observeSubscription(told(30, [month('in_2', 30)]))).toMatchObject({ outcome: 'extended' });
  });
});

test('without the option every call about a subscription is refused, and what belongs to one is not acknowledged', async () => {
  const log = createMemoryLog();
  const before = shop({}, log);
  await member(before.ledger);
  await before.ledger[Symbol.asyncDispose]();
  const ledger = createPaymentLedger({ eventStore: openMemoryEventStore({ log }), runtime: instantRuntime(), background: false });
  await using _ledger = ledger;
  await expect(ledger.observeSubscription(told(0, firstMonth))).rejects.toMatchObject({ code: 'invalid_input' });
  await expect(ledger.subscription('sub-1')).rejects.toMatchObject({ code: 'invalid_input' });
  const { payment, ...fact } = refund('pi_1');
  const observation = { payment, fact, asOf: day(1), evidence: { objectId: 're_1' }, source: 'webhook' } as const;
  await expect(ledger.observePayment(observation)).rejects.toMatchObject({ code: 'belongs_to_subscription' });
  await ledger.settle();
});
