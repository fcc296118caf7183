// The poll against the sandbox, with every webhook lost or never made.
import { LedgerError } from '@paidonce/ledger';
import { createMemoryLog, openMemoryEventStore } from '@paidonce/ledger/memory';
import { describe, expect, test, vi } from 'vitest';
import { stripePayments } from './index.ts';
import { hourMs, openShop, refusal, type Shop, storyOf } from './shop.test-support.ts';

const listRoute = 'GET /v1/checkout/sessions';

async function eventTypes({ store }: Shop, prefixes: readonly string[]): Promise<string[]> {
  const found: string[] = [];
  for await (const { events } of store.readLog({ prefixes })) found.push(...events.map(({ type }) => type));
  return found;
}

describe('a sweep', () => {
  test('finds what no webhook told, and grants it', async () => {
    const { checkout, sandbox, ledger, payments } = await openShop();
    sandbox.pay(await checkout(), { fate: 'never_made' });
    expect(await payments.sweep()).toEqual({ lookedAt: 1, calls: 1, found: 1, rescued: 1 });
    expect(await ledger.order('order-1')).toMatchObject({ membership: 'active', grantedBy: 'poll', openReviews: [] });
  });

  test('of many pending orders costs a call for each hundred that completed', async () => {
    const { checkout, sandbox, payments, ledger } = await openShop();
    for (let number = 1; number <= 130; number++) {
      const sessionId = await checkout({ orderId: `order-${number}` });
      if (number <= 105) sandbox.pay(sessionId, { fate: 'lost' });
    }
    sandbox.calls.reset();
    expect(await payments.sweep()).toEqual({ lookedAt: 105, calls: 2, found: 105, rescued: 105 });
    expect(sandbox.calls.count(listRoute)).toBe(2);
    expect(sandbox.calls.count('GET /v1/checkout/sessions/:session')).toBe(0);
    await ledger.settle();
    expect((await ledger.openOrders()).items).toHaveLength(25);
  });

  test('with no open order appends nothing and calls nobody', async () => {
    const shop = await openShop({ payments: { account: 'acct_1SandboxPaidOnce' } });
    expect(await shop.payments.sweep()).toEqual({ lookedAt: 0, calls: 0, found: 0, rescued: 0 });
    expect(shop.sandbox.calls.count()).toBe(0);
    expect(await eventTypes(shop, ['sweep-'])).toEqual([]);
  });

  test('confirms what a webhook had told, and grants nothing twice', async () => {
    const { checkout, sandbox, payments, ledger } = await openShop();
    await checkout({ orderId: 'order-2' }); // Stays open.
    sandbox.pay(await checkout());
    await sandbox.deliverDue();
    expect(await payments.sweep()).toMatchObject({ found: 1, rescued: 0 });
    const story = await storyOf(ledger);
    expect(story.filter((event) => event === 'MembershipGranted')).toHaveLength(1);
    expect(story).toContain('poll paid');
    await payments.sweep();
    expect(await storyOf(ledger)).toEqual(story);
  });

  test('sees how far a debit is, and finds it paid days later', async () => {
    const { checkout, sandbox, payments, ledger, stripe } = await openShop();
    const sessionId = await checkout();
    sandbox.pay(sessionId, { card: 'processing', fate: 'lost' });
    await payments.sweep();
    expect(await ledger.order('order-1')).toMatchObject({ payment: 'processing', membership: 'none' });
    const { payment_intent } = await stripe.checkout.sessions.retrieve(sessionId);
    sandbox.settle(String(payment_intent), 'succeeded');
    expect(await payments.sweep()).toMatchObject({ rescued: 1 });
  });

  test('still finds a payment of a session that has ended meanwhile', async () => {
    let aheadMs = 0;
    const runtime = { now: () => new Date(Date.now() + aheadMs) };
    const { checkout, sandbox, payments } = await openShop({ ledger: { runtime } });
    sandbox.pay(await checkout(), { fate: 'lost' });
    aheadMs = 40 * hourMs; // Nobody polled since, and a session lives 24 h.
    expect(await payments.sweep()).toMatchObject({ rescued: 1 });
  });

  test('passes strangers by', async () => {
    const { checkout, sandbox, stripe, payments, ledger } = await openShop();
    await checkout();
    const strange = await stripe.checkout.sessions.create({
      mode: 'payment',
      line_items: [{ quantity: 1, price_data: { currency: 'eur', unit_amount: 1_000, product_data: { name: 'Strange' } } }],
      success_url: 'https://shop.example/',
      client_reference_id: 'order-1',
    });
    sandbox.pay(strange.id, { fate: 'lost' });
    expect(await payments.sweep()).toEqual({ lookedAt: 1, calls: 1, found: 0, rescued: 0 });
    expect(await ledger.order('order-1')).toMatchObject({ membership: 'none', payment: 'none' });
  });
});

describe('a round', () => {
  test('is begun and finished in the log', async () => {
    const shop = await openShop();
    await shop.checkout();
    await shop.payments.sweep();
    expect(await eventTypes(shop, ['sweep-'])).toEqual(['SweepStarted', 'SweepFinished']);
    expect(await shop.ledger.sweepProgress(`objects-${shop.sandbox.account}`)).toMatchObject({ round: 1, finished: true });
  });

  test('of which Stripe answered only a part is not finished, and the next one reads it again', async () => {
    const shop = await openShop({ payments: { runtime: { sleep: () => Promise.resolve() } } });
    const { sandbox, payments, ledger, checkout } = shop;
    sandbox.pay(await checkout(), { fate: 'lost' });
    sandbox.injectFault({ kind: 'status', status: 500, times: 4, path: '/v1/checkout/sessions' });
    expect((await refusal(payments.sweep())).code).toBe('provider_unavailable');
    expect(await eventTypes(shop, ['sweep-'])).toEqual(['SweepStarted']);
    expect(await payments.sweep()).toMatchObject({ rescued: 1 });
    expect(await ledger.sweepProgress(`objects-${sandbox.account}`)).toMatchObject({ round: 2, finished: true });
  });

  test('waits as long as Stripe asks where it was too fast', async () => {
    const waits: number[] = [];
    const sleep = (ms: number) => {
      waits.push(ms);
      return Promise.resolve();
    };
    const { sandbox, payments, checkout } = await openShop({ payments: { runtime: { sleep } } });
    sandbox.pay(await checkout(), { fate: 'lost' });
    sandbox.injectFault({ kind: 'status', status: 429, retryAfterSeconds: 7, path: '/v1/checkout/sessions' });
    expect(await payments.sweep()).toMatchObject({ calls: 2, rescued: 1 });
    expect(waits).toEqual([7_000]);
  });

  test('is run by one of two processes that begin at once', async () => {
    const account = 'acct_1SandboxPaidOnce';
    const shop = await openShop({ payments: { account } });
    const { ledger, stripe, sandbox, payments, checkout } = shop;
    sandbox.pay(await checkout(), { fate: 'lost' });
    await using other = stripePayments({ ledger, stripe, account, webhookSecrets: [], poll: false });
    const [a, b] = await Promise.all([payments.sweep(), other.sweep()]);
    expect([a.rescued + b.rescued, a.calls + b.calls]).toEqual([1, 1]);
    expect(await eventTypes(shop, ['sweep-'])).toEqual(['SweepStarted', 'SweepFinished']);
  });

  test('is not lost by one object that fails: the others are taken in, and the round is read again', async () => {
    const log = createMemoryLog();
    const store = openMemoryEventStore({ log });
    let broken = true;
    const append: typeof store.append = (stream, revision, events) =>
      broken && stream === 'order-order-2' && revision > 0
        ? Promise.reject(new LedgerError('corrupt', 'this one is broken'))
        : store.append(stream, revision, events);
    const shop = await openShop({ ledger: { eventStore: { ...store, append } } });
    const { sandbox, payments, ledger, checkout } = shop;
    for (const orderId of ['order-1', 'order-2', 'order-3']) sandbox.pay(await checkout({ orderId }), { fate: 'lost' });
    expect(await payments.sweep()).toMatchObject({ lookedAt: 3, rescued: 2 });
    expect(await eventTypes(shop, ['sweep-'])).toEqual(['SweepStarted']);
    broken = false;
    expect(await payments.sweep()).toMatchObject({ rescued: 1 });
    expect(await ledger.order('order-2')).toMatchObject({ membership: 'active', grantedBy: 'poll' });
  });

  test('keeps by id what it cannot read, and goes on', async () => {
    const shop = await openShop();
    const { sandbox, payments, checkout, stripe } = shop;
    const good = await checkout();
    const bad = await checkout({ orderId: 'order-2' });
    // Only whoever has our key could write this.
    await stripe.checkout.sessions.update(bad, { metadata: { paidonce_order: 'not / an id' } });
    for (const sessionId of [good, bad]) sandbox.pay(sessionId, { fate: 'lost' });
    expect(await payments.sweep()).toEqual({ lookedAt: 2, calls: 1, found: 1, rescued: 1 });
    expect(await eventTypes(shop, ['unreadable-'])).toEqual(['ObjectNotUnderstood']);
    expect(await eventTypes(shop, ['sweep-'])).toEqual(['SweepStarted', 'SweepFinished']);
  });
});

describe('in the background', () => {
  test('it comes by itself', async () => {
    const { checkout, sandbox, ledger } = await openShop({ payments: { poll: { intervalMs: 10 } } });
    sandbox.pay(await checkout(), { fate: 'lost' });
    await vi.waitFor(async () => expect(await ledger.order('order-1')).toMatchObject({ membership: 'active', grantedBy: 'poll' }), 30_000);
  });

  test('it survives a pass that fails', async () => {
    const warnings: string[] = [];
    const log = { info: () => undefined, warn: (_: object, message: string) => warnings.push(message), error: () => undefined };
    const { checkout, sandbox, ledger } = await openShop({ payments: { poll: { intervalMs: 10 }, account: 'acct_1SandboxPaidOnce', log } });
    sandbox.injectFault({ kind: 'status', status: 401, times: 2, path: '/v1/checkout/sessions', method: 'GET' });
    sandbox.pay(await checkout(), { fate: 'lost' });
    await vi.waitFor(async () => expect(await ledger.order('order-1')).toMatchObject({ membership: 'active' }), 30_000);
    expect(warnings).toContain('a pass of the poll failed; the next one reads the same again');
  });

  test('with poll: false it never does', async () => {
    const shop = await openShop({ payments: { poll: false, runtime: { sleep: () => Promise.resolve() } } });
    shop.sandbox.pay(await shop.checkout(), { fate: 'lost' });
    await shop.payments[Symbol.asyncDispose]();
    expect(await eventTypes(shop, ['sweep-'])).toEqual([]);
    expect(shop.sandbox.calls.count(listRoute)).toBe(0);
  });
});
