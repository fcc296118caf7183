// The poll as a whole: who runs a round, what a failing one leaves behind, and how it goes on.
import { type EventStore, LedgerError, type PaymentLedgerOptions, type StreamAppend } from '@paidonce/ledger';
import { generateNoteKey } from '@paidonce/ledger/audit';
import { createMemoryLog, openMemoryEventStore } from '@paidonce/ledger/memory';
import { describe, expect, onTestFinished, test } from 'vitest';
import { stripePayments } from '../index.ts';
import { hourMs, openShop, refusal, type Shop } from '../shop.test-support.ts';
import type { ListWindow } from '../stripe/list-window.ts';
import type { Answer, ListPage } from '../stripe/stripe-request.ts';
import { eventTypes } from './log.test-support.ts';
import type { SweepOptions } from './poll.ts';
import { Round, type RoundParts } from './round.ts';

const listRoute = 'GET /v1/checkout/sessions';
const objects: SweepOptions = { tiers: ['objects'] };

const order = { memberId: 'member-1', plan: 'year', amountMinor: 1_000, currency: 'eur' };

/** Time passes only where somebody sleeps. */
function clockThatSleepMoves() {
  const waits: number[] = [];
  let nowMs = 0;
  const sleep = (ms: number) => {
    waits.push(ms);
    nowMs += ms;
    return Promise.resolve();
  };
  return { waits, runtime: { sleep, monotonicNowMs: () => nowMs } };
}

describe('a round', () => {
  test('is begun and finished in the log', async () => {
    const shop = await openShop();
    await shop.checkout();
    await shop.payments.sweep(objects);
    expect(await eventTypes(shop, ['sweep-'])).toEqual(['SweepStarted', 'SweepFinished']);
    expect(await shop.ledger.forAdapters.sweepProgress(`objects-${shop.sandbox.account}-test`)).toMatchObject({ round: 1, finished: true });
  });

  test('of which Stripe answered only a part is not finished, and the next one reads it again', async () => {
    const shop = await openShop({ payments: { runtime: { sleep: () => Promise.resolve() } } });
    const { sandbox, payments, ledger, checkout } = shop;
    sandbox.pay(await checkout(), { fate: 'lost' });
    sandbox.injectFault({ kind: 'status', status: 500, times: 4, path: '/v1/checkout/sessions' });
    expect((await refusal(payments.sweep(objects))).code).toBe('provider_unavailable');
    expect(await eventTypes(shop, ['sweep-'])).toEqual(['SweepStarted']);
    expect(await payments.sweep(objects)).toMatchObject({ rescued: 1 });
    expect(await ledger.forAdapters.sweepProgress(`objects-${sandbox.account}-test`)).toMatchObject({ round: 2, finished: true });
  });

  test('waits as long as Stripe asks where it was too fast', async () => {
    const { waits, runtime } = clockThatSleepMoves();
    const { sandbox, payments, checkout } = await openShop({ payments: { runtime } });
    sandbox.pay(await checkout(), { fate: 'lost' });
    sandbox.injectFault({ kind: 'status', status: 429, retryAfterSeconds: 7, path: '/v1/checkout/sessions' });
    expect(await payments.sweep(objects)).toMatchObject({ calls: 2, rescued: 1 });
    expect(waits).toEqual([7_000]);
  });

  test('calls Stripe five times a second at most', async () => {
    const { waits, runtime } = clockThatSleepMoves();
    const { sandbox, payments, checkout } = await openShop({ payments: { runtime } });
    for (const orderId of ['order-1', 'order-2', 'order-3']) sandbox.pay(await checkout({ orderId }), { card: 'processing', fate: 'lost' });
    await payments.sweep(objects);
    expect(await payments.sweep(objects)).toMatchObject({ calls: 3 });
    expect(waits).toEqual([200, 200, 200]);
  });

  test('is run by one of two processes that begin at once', async () => {
    const account = 'acct_1SandboxPaidOnce';
    const shop = await openShop({ payments: { account } });
    const { ledger, stripe, sandbox, payments, checkout } = shop;
    sandbox.pay(await checkout(), { fate: 'lost' });
    await using other = stripePayments({ ledger, stripe, account, webhookSecrets: false, poll: false });
    const [a, b] = await Promise.all([payments.sweep(objects), other.sweep(objects)]);
    expect([a.rescued + b.rescued, a.calls + b.calls]).toEqual([1, 1]);
    expect(await eventTypes(shop, ['sweep-'])).toEqual(['SweepStarted', 'SweepFinished']);
  });

  test('is not lost by one object that fails: the others are taken in, and the round is read again', async () => {
    const { broken, eventStore } = brokenStore();
    const shop = await openShop({ ledger: { eventStore } });
    const { sandbox, payments, ledger, checkout } = shop;
    for (const orderId of ['order-1', 'order-2', 'order-3']) sandbox.pay(await checkout({ orderId }), { fate: 'lost' });
    expect(await payments.sweep(objects)).toMatchObject({ lookedAt: 3, rescued: 2 });
    expect(await eventTypes(shop, ['sweep-'])).toEqual(['SweepStarted']);
    broken.is = false;
    expect(await payments.sweep(objects)).toMatchObject({ rescued: 1 });
    expect(await ledger.order('order-2')).toMatchObject({ membership: 'active', grantedBy: 'poll' });
  });

  test('that is stopped before it has looked at everything is not finished', async () => {
    const shop = await openShop();
    const { sandbox, payments, checkout } = shop;
    for (const orderId of ['order-1', 'order-2', 'order-3']) sandbox.pay(await checkout({ orderId }), { card: 'processing', fate: 'lost' });
    await payments.sweep(objects);
    sandbox.calls.reset();
    const stopped = refusal(payments.sweep(objects));
    await expect.poll(() => sandbox.calls.count()).toBeGreaterThan(0);
    await payments[Symbol.asyncDispose]();
    expect((await stopped).code).toBe('closed');
    expect(await eventTypes(shop, ['sweep-'])).toEqual(['SweepStarted', 'SweepFinished', 'SweepStarted']);
  });

  test('keeps by id what it cannot read, and goes on', async () => {
    const shop = await openShop();
    const { sandbox, payments, checkout, stripe } = shop;
    const good = await checkout();
    const bad = await checkout({ orderId: 'order-2' });
    // Only whoever has our key could write this.
    await stripe.checkout.sessions.update(bad, { metadata: { paidonce_order: 'not / an id' } });
    for (const sessionId of [good, bad]) sandbox.pay(sessionId, { fate: 'lost' });
    expect(await payments.sweep(objects)).toMatchObject({ lookedAt: 2, calls: 1, found: 1, rescued: 1 });
    expect(await eventTypes(shop, ['unreadable-'])).toEqual(['ObjectNotUnderstood']);
    expect(await eventTypes(shop, ['sweep-'])).toEqual(['SweepStarted', 'SweepFinished']);
  });
});

describe('in the background', () => {
  test('it comes by itself', async () => {
    const { checkout, sandbox, ledger } = await openShop({ payments: { poll: { intervalMs: 10 } } });
    sandbox.pay(await checkout(), { fate: 'lost' });
    await expect.poll(() => ledger.order('order-1')).toMatchObject({ membership: 'active', grantedBy: 'poll' });
  });

  test('it survives a pass that fails', async () => {
    const warnings: string[] = [];
    const log = { info: () => undefined, warn: (_: object, message: string) => warnings.push(message), error: () => undefined };
    const { checkout, sandbox, ledger } = await openShop({ payments: { poll: { intervalMs: 10 }, account: 'acct_1SandboxPaidOnce', log } });
    sandbox.injectFault({ kind: 'status', status: 401, times: 2, path: '/v1/events' });
    sandbox.pay(await checkout(), { fate: 'lost' });
    await expect.poll(() => ledger.order('order-1')).toMatchObject({ membership: 'active' });
    // The pass ends a moment after that.
    await expect.poll(() => warnings).toContain('a pass of the poll failed; the next one reads the same again');
  });

  test('a person is told once that it fails three times in a row', async () => {
    const alerts: string[] = [];
    let failed = 0;
    const warn = (_: object, message: string): void => {
      failed += Number(message.startsWith('a pass of the poll failed'));
    };
    const { checkout, sandbox } = await openShop({
      ledger: { onAlert: ({ kind, message }) => alerts.push(`${kind} ${message}`) },
      payments: { poll: { intervalMs: 5 }, account: 'acct_1SandboxPaidOnce', log: { info: () => undefined, warn, error: () => undefined } },
    });
    sandbox.injectFault({ kind: 'status', status: 401, times: 1_000, path: '/v1/events' });
    await checkout();
    await expect.poll(() => failed).toBeGreaterThan(4);
    expect(alerts).toEqual([expect.stringMatching(/^poll_failing The poll of events-\S+ has failed 3 times in a row/)]);
  });

  test('so it is where the pass cannot even begin, and the key is not reported', async () => {
    const alerts: string[] = [];
    const { ledger, sandbox } = await openShop({
      ledger: { onAlert: ({ kind, message }) => alerts.push(`${kind} ${message}`) },
      payments: { poll: { intervalMs: 5 } },
    });
    sandbox.injectFault({ kind: 'status', status: 401, times: 1_000, path: '/v1/balance' });
    // Of both modes: then the key's own must be asked for.
    for (const livemode of [true, false])
      await ledger.placeOrder({ ...order, orderId: `order-${livemode}`, account: sandbox.account, livemode });
    await expect.poll(() => alerts).toHaveLength(1);
    expect(alerts[0]).toMatch(/^poll_failing The poll of the accounts has failed 3 times in a row/);
    expect(alerts[0]).not.toContain('sk_test');
  });

  test('so it is where the log cannot be read', async () => {
    const store = openMemoryEventStore();
    let isAway = false;
    const readLog: EventStore['readLog'] = (options) => {
      if (isAway) throw new LedgerError('store_unavailable', 'the store is away');
      return store.readLog(options);
    };
    const alerts: string[] = [];
    const { payments, checkout } = await openShop({
      ledger: { eventStore: { ...store, readLog }, background: false, onAlert: ({ kind, message }) => alerts.push(`${kind} ${message}`) },
    });
    await checkout();
    isAway = true;
    for (let sweeps = 0; sweeps < 3; sweeps++) expect(await refusal(payments.sweep())).toMatchObject({ code: 'store_unavailable' });
    expect(alerts).toEqual([expect.stringMatching(/^poll_failing The poll of the accounts has failed 3 times in a row/)]);
  });

  test('a hook of checkpoints that never ends does not hold it up', async () => {
    const { promise: never, resolve } = Promise.withResolvers<void>();
    const { promise: called, resolve: call } = Promise.withResolvers<void>();
    const onCheckpoint = (): Promise<void> => {
      call();
      return never;
    };
    const checkpoints = { origin: 'shop.example/ledger', key: generateNoteKey('shop.example/ledger').signerKey, onCheckpoint };
    const { payments, checkout, sandbox, ledger } = await openShop({ ledger: { checkpoints, background: false } });
    onTestFinished(() => resolve());
    sandbox.pay(await checkout(), { fate: 'lost' });
    void ledger.settle();
    await called;
    await payments.sweep();
    expect(await ledger.order('order-1')).toMatchObject({ membership: 'active', grantedBy: 'poll' });
  });

  test.each([true, false])('an event that stops the lists does not stop it (background: %s)', async (background) => {
    const alerts: string[] = [];
    const { payments, checkout, sandbox, ledger, store } = await openShop({
      ledger: { background, onAlert: ({ kind }) => alerts.push(kind) },
    });
    sandbox.pay(await checkout(), { fate: 'lost' });
    await ledger.forAdapters.catchUp();
    await store.append('order-order-9', -1, [{ id: 'x', type: 'OrderPlaced', data: {}, metadata: { version: '1' } }]);
    await payments.sweep();
    expect(await ledger.order('order-1')).toMatchObject({ membership: 'active', grantedBy: 'poll' });
    expect(alerts).toEqual(['read_models_stuck']);
  });

  test('with poll: false it never does', async () => {
    const shop = await openShop({ payments: { poll: false, runtime: { sleep: () => Promise.resolve() } } });
    shop.sandbox.pay(await shop.checkout(), { fate: 'lost' });
    await shop.payments[Symbol.asyncDispose]();
    expect(await eventTypes(shop, ['sweep-'])).toEqual([]);
    expect(shop.sandbox.calls.count(listRoute)).toBe(0);
  });
});

describe('what no webhook has reported', () => {
  async function rescued(alerts: string[], eventStore = openMemoryEventStore()) {
    let nowMs = 0; // It moves only when the test moves it: one second decides.
    const shop = await openShop({
      ledger: { eventStore, duplicateWithinHours: 0, onAlert: ({ kind, message }) => alerts.push(`${kind} ${message}`) },
      payments: { runtime: { monotonicNowMs: () => nowMs } },
    });
    const wait = (ms: number): void => {
      nowMs += ms;
    };
    return { ...shop, wait };
  }

  test('two minutes after the poll gave access is an alert, once', async () => {
    const alerts: string[] = [];
    const { sandbox, payments, checkout, wait } = await rescued(alerts);
    for (const orderId of ['order-1', 'order-2']) sandbox.pay(await checkout({ orderId }), { fate: 'lost' });
    expect(await payments.sweep(objects)).toMatchObject({ rescued: 2 });
    wait(119_000);
    await payments.sweep(objects);
    expect(alerts).toEqual([]);
    wait(2_000);
    await payments.sweep(objects);
    await payments.sweep(objects);
    expect(alerts).toEqual([
      expect.stringMatching(/^webhook_missed The poll gave access for 2 paid orders .*order-1, order-2.*paidonce-stripe doctor/),
    ]);
  });

  test('keeps no pass from looking where an order cannot be read, and tells of the others', async () => {
    const alerts: string[] = [];
    const store = openMemoryEventStore();
    let broken = false;
    const readStream: typeof store.readStream = (stream, ...how) => {
      if (!broken || stream !== 'order-order-1') return store.readStream(stream, ...how);
      broken = false; // Once: the store is well when the round itself begins.
      return Promise.reject(new LedgerError('store_unavailable', 'The disk is gone'));
    };
    const { sandbox, payments, checkout, wait } = await rescued(alerts, { ...store, readStream });
    for (const orderId of ['order-1', 'order-2']) sandbox.pay(await checkout({ orderId }), { fate: 'lost' });
    await payments.sweep(objects);
    sandbox.pay(await checkout({ orderId: 'order-3' }), { fate: 'lost' });
    wait(121_000);
    broken = true;
    expect(await payments.sweep(objects)).toMatchObject({ rescued: 1 });
    expect(alerts).toEqual([expect.stringMatching(/^webhook_missed .*\(order-2\)/)]);
  });

  test('is none where the webhook was only slower than the poll', async () => {
    const alerts: string[] = [];
    const { sandbox, payments, checkout, wait } = await rescued(alerts);
    sandbox.pay(await checkout(), { fate: 'late:60' });
    expect(await payments.sweep(objects)).toMatchObject({ rescued: 1 });
    await sandbox.advance(60_000);
    wait(200_000);
    await payments.sweep(objects);
    expect(alerts).toEqual([]);
  });

  test('is none where a webhook or a status query came first', async () => {
    const alerts: string[] = [];
    const { sandbox, payments, checkout, wait } = await rescued(alerts);
    const sessionId = await checkout();
    sandbox.pay(sessionId, { fate: 'lost' });
    await payments.status(sessionId);
    await payments.sweep(objects);
    wait(200_000);
    await payments.sweep(objects);
    expect(alerts).toEqual([]);
  });
});

describe('a long list', () => {
  const page = (from: number, count: number, hasMore: boolean): Answer<ListPage> => ({
    object: { objects: Array.from({ length: count }, (_, index) => ({ id: `cs_${from + index}` })), hasMore },
    asOf: '2027-01-15T08:00:00.000Z',
  });
  const take = () => Promise.resolve({ outcome: 'ignored' as const });

  /** A list of which Stripe answers so many pages, and no more. */
  function goneAfter(most: number): () => Promise<Answer<ListPage>> {
    let pages = 0;
    return () => {
      pages += 1;
      return pages > most ? Promise.reject(new LedgerError('provider_unavailable', 'gone')) : Promise.resolve(page(pages * 10, 2, true));
    };
  }

  async function openRound(shop: Shop): Promise<Round> {
    await shop.checkout();
    await shop.ledger.settle();
    const [orders] = await shop.ledger.forAdapters.accountOrders();
    const progress = await shop.ledger.forAdapters.sweepProgress('long');
    const { round: number } = await shop.ledger.forAdapters.startSweep('long', progress.round);
    const { ledger } = shop;
    const log = { info: () => undefined, warn: () => undefined, error: () => undefined };
    const parts = { ledger, log, signal: new AbortController().signal, giveWay: () => Promise.resolve() } as unknown as RoundParts;
    return new Round({ tier: 'long', number, orders: orders!, progress }, new Date('2027-01-15T08:00:00Z'), parts);
  }
  const stretch = { fromMs: Date.UTC(2027, 0, 10), toMs: Date.UTC(2027, 0, 15) };

  test('is gone on with where a round has died', async () => {
    const shop = await openShop();
    const died = await openRound(shop);
    await expect(died.readList(goneAfter(23), stretch, take)).rejects.toThrow('gone');
    const next = await openRound(shop);
    const asked: ListWindow[] = [];
    const list = (window: ListWindow) => {
      asked.push(window);
      return Promise.resolve(page(900 + asked.length, 1, asked.length === 1));
    };
    const later = { fromMs: stretch.fromMs, toMs: Date.UTC(2027, 0, 16) };
    await next.readList(list, later, take);
    const [day10, day15, day16] = [Date.UTC(2027, 0, 10), Date.UTC(2027, 0, 15), Date.UTC(2027, 0, 16)].map((ms) => ms / 1_000);
    // A session that stands before the mark may have completed since: that it was looked at is known of that round's time.
    expect(next.upTo.getTime()).toBe(stretch.toMs - hourMs);
    expect(asked).toEqual([
      { createdFrom: day10, createdTo: day15, after: 'cs_201' }, // The twentieth page was the last that was marked.
      { createdFrom: day10, createdTo: day15, after: 'cs_901' },
      { createdFrom: day15! - 7_200, createdTo: day16 },
    ]);
  });

  test('is marked as read up to Stripe’s time, where our clock was days ahead', async () => {
    const shop = await openShop();
    const died = await openRound(shop);
    await expect(died.readList(goneAfter(10), { ...stretch, toMs: Date.UTC(2027, 0, 25) }, take)).rejects.toThrow('gone');
    const { resume } = await shop.ledger.forAdapters.sweepProgress('long');
    expect(resume).toEqual({ from: '2027-01-10T00:00:00.000Z', to: '2027-01-15T09:00:00.000Z', after: 'cs_101' });
  });

  test('in which an object failed is gone on with from before it', async () => {
    const shop = await openShop();
    const round = await openRound(shop);
    let pages = 0;
    const list = () => {
      pages += 1;
      return Promise.resolve(page(pages * 10, 2, pages < 35));
    };
    const failing = (object: unknown) =>
      (object as { id: string }).id === 'cs_150' ? Promise.reject(new LedgerError('contention', 'not now')) : take();
    await round.readList(list, stretch, failing);
    expect(round.counts).toMatchObject({ lookedAt: 70, failed: 1 });
    // The tenth page was the last that was marked before the one that failed on the fifteenth.
    expect((await shop.ledger.forAdapters.sweepProgress('long')).resume).toMatchObject({ after: 'cs_101' });
  });

  test('of which the marked object is gone is read from its start', async () => {
    const shop = await openShop();
    const round = await openRound(shop);
    await shop.ledger.forAdapters.advanceSweep('long', round.number, {
      from: '2027-01-10T00:00:00.000Z',
      to: '2027-01-15T00:00:00.000Z',
      after: 'cs_gone',
    });
    const next = await openRound(shop);
    const asked: (string | undefined)[] = [];
    const list = ({ after }: ListWindow) => {
      asked.push(after);
      if (after === undefined) return Promise.resolve(page(1, 1, false));
      const cause = Object.assign(new Error('No such session'), { type: 'StripeInvalidRequestError', code: 'resource_missing' });
      return Promise.reject(new LedgerError('provider_unavailable', 'No such session', { cause }));
    };
    await next.readList(list, stretch, take);
    expect(asked).toEqual(['cs_gone', undefined, undefined]);
  });

  test('is marked no further once an object has failed: the next round reads it again', async () => {
    const shop = await openShop();
    const round = await openRound(shop);
    let pages = 0;
    const list = () => {
      pages += 1;
      return Promise.resolve(page(pages, 1, pages < 30));
    };
    const failing = () => (pages === 15 ? Promise.reject(new Error('it cannot be read today')) : take());
    await round.readList(list, stretch, failing);
    const { resume } = await shop.ledger.forAdapters.sweepProgress('long');
    expect([pages, round.counts.failed]).toEqual([30, 1]);
    expect(resume?.after).toBe('cs_10');
  });

  test.each([
    ['objects', { id: 'cs_1', livemode: true }],
    ['money', { id: 'txn_1', source: { id: 'ch_1', livemode: true } }],
  ])('with %s of the other mode than the orders ends the round: the key is not of this ledger', async (_, object) => {
    const shop = await openShop();
    const round = await openRound(shop);
    const live = { ...page(1, 1, false), object: { objects: [object], hasMore: false } };
    await expect(round.readList(() => Promise.resolve(live), stretch, take)).rejects.toThrow('the key is of live mode');
  });
});

describe('the budget', () => {
  test('is spent by rounds that fail too', async () => {
    const { broken, eventStore } = brokenStore();
    const { checkout, payments, sandbox } = await openShop({
      ledger: { eventStore },
      payments: { account: 'acct_1SandboxPaidOnce', poll: { readsPer30Days: 100, intervalMs: 1e9 } },
    });
    sandbox.pay(await checkout({ orderId: 'order-2' }), { fate: 'never_made' });
    expect((await payments.sweep(objects)).budgetLeft).toBe(99);
    sandbox.injectFault({ kind: 'status', status: 401, path: '/v1/checkout/sessions' });
    await refusal(payments.sweep(objects));
    broken.is = false;
    expect((await payments.sweep(objects)).budgetLeft).toBe(97);
  });

  test('is reported with each sweep, status queries included', async () => {
    const { checkout, payments, sandbox } = await openShop({
      payments: { account: 'acct_1SandboxPaidOnce', poll: { readsPer30Days: 100, intervalMs: 1e9 } },
    });
    const sessionId = await checkout();
    await payments.status(sessionId);
    sandbox.calls.reset();
    const { calls, budgetLeft } = await payments.sweep(objects);
    expect([calls, sandbox.calls.count()]).toEqual([1, 1]);
    expect(budgetLeft).toBe(98);
    await payments.status(sessionId);
    expect((await payments.sweep(objects)).budgetLeft).toBe(97); // Within a second Stripe is not asked again.
  });
});

/** Orders whose second one cannot be written, until it is mended. */
function brokenStore() {
  const store = openMemoryEventStore({ log: createMemoryLog() });
  const broken = { is: true };
  const refuse = (appends: readonly StreamAppend[]): void => {
    if (broken.is && appends.some(({ stream, expectedRevision }) => stream === 'order-order-2' && expectedRevision > 0))
      throw new LedgerError('corrupt', 'this one is broken');
  };
  const eventStore: EventStore = {
    ...store,
    append: async (stream, expectedRevision, events) => {
      refuse([{ stream, expectedRevision, events }]);
      return store.append(stream, expectedRevision, events);
    },
    appendAll: async (appends) => {
      refuse(appends);
      return store.appendAll!(appends);
    },
  };
  return { broken, eventStore };
}

describe('only what is due', () => {
  async function openDueShop(ledger: Partial<PaymentLedgerOptions> = {}) {
    let aheadMs = 0;
    const runtime = { now: () => new Date(Date.now() + aheadMs), monotonicNowMs: () => aheadMs, sleep: () => Promise.resolve() };
    const shop = await openShop({ ledger: { runtime, ...ledger }, sandbox: { runtime: { now: runtime.now } } });
    await shop.checkout();
    /** The routes that one more pass has called. */
    const pass = async (minutesLater: number) => {
      aheadMs += minutesLater * 60_000;
      shop.sandbox.calls.reset();
      await shop.payments.sweep({ onlyDue: true });
      return Object.keys(shop.sandbox.calls.byRoute());
    };
    return { shop, pass };
  }
  const [money, sessions, events] = ['GET /v1/balance_transactions', listRoute, 'GET /v1/events'];

  test('is looked at: events each five minutes while an order is young, objects each hour', async () => {
    const { pass } = await openDueShop();
    expect(await pass(0)).toEqual([money, sessions, events]);
    expect(await pass(4)).toEqual([]);
    expect(await pass(1)).toEqual([events]);
    expect(await pass(4)).toEqual([]);
    expect(await pass(51)).toEqual([sessions, events]);
    expect(await pass(11)).toEqual([]); // By now it is old: what the share leaves is a call each 11.5 minutes.
    expect(await pass(1)).toEqual([events]);
  });

  test('a round with an object that fails each time comes ever more rarely, as rarely as any', async () => {
    const { broken, eventStore } = brokenStore();
    const { shop, pass } = await openDueShop({ eventStore });
    shop.sandbox.pay(await shop.checkout({ orderId: 'order-2' }), { fate: 'never_made' });
    const rounds: number[] = [];
    for (let minutes = 0; minutes < 300; minutes += 5) if ((await pass(5)).includes(sessions)) rounds.push(minutes);
    expect(rounds.slice(0, 4)).toEqual([0, 15, 40, 85]);
    expect(rounds.length).toBeLessThan(9);
    broken.is = false;
    await shop.payments.sweep(objects);
    expect(await shop.ledger.order('order-2')).toMatchObject({ membership: 'active' });
  });

  test('a round that another process runs is left to it, until it has been seen to run for an interval', async () => {
    const { shop, pass } = await openDueShop();
    await shop.ledger.settle();
    const tier = `events-${shop.sandbox.account}-test`;
    await shop.ledger.forAdapters.startSweep(tier, 0);
    expect(await pass(0)).toEqual([money, sessions]);
    expect(await pass(4)).toEqual([]);
    expect(await pass(1)).toEqual([events]); // It died.
    expect(await shop.ledger.forAdapters.sweepProgress(tier)).toMatchObject({ round: 2, finished: true });
  });

  test('a round that died is gone on with by a cron job too, which is a new process each time', async () => {
    let aheadMs = 0;
    const runtime = { now: () => new Date(Date.now() + aheadMs), monotonicNowMs: () => aheadMs };
    const { ledger, stripe, sandbox, checkout } = await openShop({ ledger: { runtime }, sandbox: { runtime: { now: runtime.now } } });
    await checkout();
    const cron = async (minutesLater: number) => {
      aheadMs += minutesLater * 60_000;
      await using payments = stripePayments({ ledger, stripe, webhookSecrets: false, poll: false });
      return await payments.sweep({ onlyDue: true, tiers: ['objects'] });
    };
    expect(await cron(0)).toMatchObject({ calls: 1 });
    await ledger.forAdapters.startSweep(`objects-${sandbox.account}-test`, 1); // And it dies.
    sandbox.pay(await checkout({ orderId: 'order-2' }), { fate: 'never_made' });
    expect(await cron(60)).toMatchObject({ calls: 0 }); // It may have begun just now.
    expect(await cron(5)).toMatchObject({ rescued: 1 });
  });

  test('is not put off for ever by a clock that ran ahead', async () => {
    const { shop, pass } = await openDueShop();
    await shop.ledger.settle();
    const tier = `events-${shop.sandbox.account}-test`;
    await shop.ledger.forAdapters.startSweep(tier, 0);
    const summary = { lookedAt: 0, calls: 0, found: 0, rescued: 0 };
    await shop.ledger.forAdapters.finishSweep(tier, 1, { upTo: '2099-01-01T00:00:00.000Z', summary });
    expect(await pass(0)).toEqual([money, sessions]);
    expect(await pass(5)).toEqual([events]);
  });
});

describe('a long round', () => {
  test('gives way: a lost webhook is found meanwhile by the quick tier, and each round counts its own calls', async () => {
    let aheadMs = 0;
    let paidAtMs = 0;
    const granted: number[] = [];
    let reads = 0;
    let onRead = (): void => undefined;
    const sleep = (ms: number) => {
      aheadMs += ms * 100; // So that sixty reads take twenty minutes.
      reads += 1;
      onRead();
      return Promise.resolve();
    };
    const runtime = { now: () => new Date(Date.now() + aheadMs), monotonicNowMs: () => aheadMs, sleep };
    const shop = await openShop({
      ledger: { deliver: async () => void granted.push(aheadMs - paidAtMs), runtime: { now: runtime.now } },
      payments: { runtime, account: 'acct_1SandboxPaidOnce' },
      sandbox: { runtime: { now: runtime.now }, settleAfterMs: 1e9 },
    });
    const { sandbox, payments, checkout, ledger } = shop;
    for (let order = 1; order <= 60; order++)
      sandbox.pay(await checkout({ orderId: `order-v${order}` }), { card: 'voucher', fate: 'never_made' });
    await payments.sweep();
    aheadMs += 2 * hourMs; // By now the list of sessions begins after them.
    const late = await checkout({ orderId: 'order-late' });
    reads = 0;
    onRead = () => {
      if (reads !== 10) return;
      paidAtMs = aheadMs;
      sandbox.pay(late, { fate: 'lost' });
    };
    sandbox.calls.reset();
    const { calls } = await payments.sweep({ onlyDue: true });
    await ledger.settle();
    expect(await ledger.order('order-late')).toMatchObject({ membership: 'active', grantedBy: 'poll' });
    const order = await eventTypes(shop, ['sweep-objects', 'order-order-late']);
    expect(order.indexOf('MembershipGranted')).toBeLessThan(order.lastIndexOf('SweepFinished'));
    expect(granted[0]).toBeLessThan(6 * 60_000); // The quick tier comes each five minutes, and a read takes twenty seconds.
    expect(sandbox.calls.count('GET /v1/events')).toBe(2);
    expect(calls).toBe(sandbox.calls.count());
  });
});

describe('a share that is spent', () => {
  test('is an alert, once, while an order waits', async () => {
    const alerts: string[] = [];
    const { payments, checkout } = await openShop({
      ledger: { onAlert: ({ kind, message }) => alerts.push(`${kind} ${message}`) },
      payments: { account: 'acct_1SandboxPaidOnce', poll: { readsPer30Days: 4, intervalMs: 1e9 } },
    });
    await checkout();
    for (let pass = 0; pass < 3; pass++) await payments.sweep();
    expect(alerts).toEqual([expect.stringMatching(/^reads_throttled .* 1 tiers \(events-acct_1SandboxPaidOnce-test\).* Of 4 reads/)]);
  });
});

describe('accounts and modes', () => {
  const notOurs = { orderId: 'order-9', memberId: 'm', plan: 'year', amountMinor: 1, currency: 'eur' };

  async function alsoAwaiting({ ledger }: Shop, account: string, livemode: boolean): Promise<void> {
    await ledger.placeOrder({ ...notOurs, account, livemode });
    await ledger.attachCheckout('order-9', { provider: 'stripe', account, livemode, id: 'cs_other' });
  }

  test('an account that our key may not read is left to others, and does not stop our own', async () => {
    const shop = await openShop();
    await alsoAwaiting(shop, 'acct_0strange', false); // Before ours in the alphabet.
    shop.sandbox.pay(await shop.checkout(), { fate: 'lost' });
    expect(await shop.payments.sweep()).toMatchObject({ rescued: 1, unreadAccounts: ['acct_0strange'] });
    shop.sandbox.calls.reset();
    expect(await shop.payments.sweep()).toMatchObject({ unreadAccounts: ['acct_0strange'] });
    expect(shop.sandbox.calls.byRoute()).toMatchObject({ 'GET /v1/events': 1 });
  });

  test('a shop that has changed its account is told which one it no longer reads', async () => {
    const logged: string[] = [];
    const say = (_: object, message: string) => void logged.push(message);
    const shop = await openShop({ payments: { log: { info: () => undefined, warn: say, error: say } } });
    await alsoAwaiting(shop, 'acct_1Former', false);
    expect(await shop.payments.sweep()).toMatchObject({ lookedAt: 0, unreadAccounts: ['acct_1Former'] });
    expect(logged.join()).toContain(`our key is of ${shop.sandbox.account} and may not read a list of acct_1Former`);
    const started = shop.payments.startCheckout({ ...notOurs, amountMinor: 50, successUrl: 'https://shop.example/' });
    const error = await refusal(started);
    expect([error.code, error.message]).toEqual([
      'invalid_input',
      expect.stringContaining(
        `amountMinor was 1 and is 50, account was acct_1Former and is ${shop.sandbox.account}. Use a key of the account`,
      ),
    ]);
  });

  test('a list that our key may not read on a connected account does not stop the others', async () => {
    const connectedAccount = 'acct_1Connected';
    const shop = await openShop({ sandbox: { connectedAccounts: [connectedAccount] } });
    const { checkout, sandbox, payments, ledger } = shop;
    const known = await checkout({ connectedAccount });
    sandbox.pay(known, { fate: 'never_made' });
    await payments.status(known);
    sandbox.injectFault({ kind: 'status', status: 403, times: 9, path: '/v1/balance_transactions' });
    await payments.sweep();
    sandbox.pay(await checkout({ connectedAccount, orderId: 'order-2' }), { fate: 'never_made' });
    expect(await payments.sweep()).toMatchObject({ rescued: 1 });
    expect(sandbox.calls.count('GET /v1/balance_transactions')).toBe(1);
    expect(await ledger.order('order-2')).toMatchObject({ account: connectedAccount, membership: 'active' });
  });

  test('where the ledger has orders of both modes, the key’s own is the one that is polled', async () => {
    const shop = await openShop({ payments: { livemode: false } });
    await alsoAwaiting(shop, shop.sandbox.account, true);
    shop.sandbox.pay(await shop.checkout(), { fate: 'lost' });
    expect(await shop.payments.sweep()).toMatchObject({ rescued: 1 });
    expect(await shop.ledger.forAdapters.sweepProgress(`objects-${shop.sandbox.account}-live`)).toMatchObject({ round: 0 });
  });
});
