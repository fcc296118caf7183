// Webhooks: what is sent, how it is signed, how it is tried again, and what a fate does to it.
import Stripe from 'stripe';
import { describe, expect, test } from 'vitest';
import { createSession, errorOf, HOUR_MS, SECRET, startGround, startShop } from './sandbox.test-support.ts';

const PAID = ['charge.succeeded', 'checkout.session.completed', 'payment_intent.created', 'payment_intent.succeeded'];

describe('an event', () => {
  test('verifies with the real package, and has Stripe’s shape', async () => {
    const { stripe, sandbox, shop } = await startGround();
    const { id } = await createSession(stripe);
    sandbox.pay(id);
    await sandbox.deliverDue();
    expect(shop.types().toSorted()).toEqual(PAID);
    for (const { body, signature } of shop.received) stripe.webhooks.constructEvent(body, signature, SECRET);

    const completed = shop.received.find(({ event }) => event.type === 'checkout.session.completed');
    expect(completed?.event).toMatchObject({
      object: 'event',
      api_version: Stripe.API_VERSION,
      livemode: false,
      pending_webhooks: 1,
      request: { id: null, idempotency_key: null },
      data: {
        object: {
          id,
          object: 'checkout.session',
          status: 'complete',
          payment_status: 'paid',
          payment_intent: expect.stringMatching(/^pi_/),
          url: null,
        },
      },
    });
    expect(new Set(shop.received.map(({ event }) => event.id)).size).toBe(4);
  });

  test('is refused by the real package when one byte was changed, or with another secret', async () => {
    const { stripe, sandbox, shop } = await startGround();
    sandbox.pay((await createSession(stripe)).id);
    await sandbox.deliverDue();
    const [first] = shop.received;
    const [body, signature] = [first?.body ?? '', first?.signature ?? ''];
    expect(() => stripe.webhooks.constructEvent(body.replace('evt_', 'evt-'), signature, SECRET)).toThrow(/No signatures found/);
    expect(() => stripe.webhooks.constructEvent(body, signature, 'whsec_other')).toThrow(/No signatures found/);
  });

  test('keeps the object as it was, and the request that caused it', async () => {
    const { stripe, sandbox } = await startGround();
    const { id } = await createSession(stripe);
    sandbox.pay(id);
    const { payment_intent: intent } = await stripe.checkout.sessions.retrieve(id);
    const refund = await stripe.refunds.create({ payment_intent: String(intent) }, { idempotencyKey: 'refund-1' });
    const [created] = (await stripe.events.list({ type: 'refund.created' })).data;
    expect(created).toMatchObject({
      data: { object: { id: refund.id, status: 'succeeded' } },
      request: { id: refund.lastResponse.requestId, idempotency_key: 'refund-1' },
    });
    const [succeeded] = (await stripe.events.list({ type: 'charge.succeeded' })).data;
    expect(succeeded?.data.object).toMatchObject({ amount_refunded: 0, refunded: false });
    expect(await stripe.events.retrieve(String(created?.id))).toEqual(created);
  });
});

describe('events are listed', () => {
  test('by type, types, time, and whether they arrived', async () => {
    const { stripe, sandbox, shop } = await startGround();
    shop.answer(500);
    sandbox.pay((await createSession(stripe)).id);
    await sandbox.deliverDue();
    const types = async (params: Stripe.EventListParams) => (await stripe.events.list(params)).data.map(({ type }) => type);
    expect(await types({})).toEqual([
      'checkout.session.completed',
      'payment_intent.succeeded',
      'charge.succeeded',
      'payment_intent.created',
    ]);
    expect(await types({ types: ['charge.succeeded', 'checkout.session.completed'] })).toEqual([
      'checkout.session.completed',
      'charge.succeeded',
    ]);
    expect(await types({ type: 'payment_intent.*' })).toEqual(['payment_intent.succeeded', 'payment_intent.created']);
    expect(await types({ created: { gt: Math.floor(sandbox.now().getTime() / 1_000) + 60 } })).toEqual([]);
    expect(await types({ delivery_success: true })).toEqual([]);
    shop.answer(200);
    await sandbox.advance(HOUR_MS);
    expect(await types({ delivery_success: true })).toHaveLength(4);
    await sandbox.advance(30 * 24 * HOUR_MS);
    expect(await types({})).toEqual([]);
  });
});

describe('delivery', () => {
  test.each([500, 404, 400, 302])('an answer of %i is tried again, with a new timestamp, until it is 2xx', async (status) => {
    let now = Date.now() - HOUR_MS;
    const { stripe, sandbox, shop } = await startGround({ retryScheduleMs: [1_000, 5_000], runtime: { now: () => new Date(now) } });
    shop.answer(status);
    sandbox.pay((await createSession(stripe)).id);
    await sandbox.deliverDue();
    expect(shop.received).toHaveLength(4);
    now += 999;
    expect(await sandbox.deliverDue()).toBe(0);
    now += 1_001;
    shop.answer(204);
    expect(await sandbox.deliverDue()).toBe(4);
    now += HOUR_MS;
    expect(await sandbox.deliverDue()).toBe(0);

    const tries = shop.received.filter(({ event }) => event.type === 'payment_intent.succeeded');
    expect(tries).toHaveLength(2);
    expect(new Set(tries.map(({ event }) => event.id)).size).toBe(1);
    const [first, second] = tries.map(({ signature }) => Number(/^t=(\d+),/.exec(signature)?.[1]));
    expect(Number(second) - Number(first)).toBe(2);
  });

  test('gives up after the schedule, and the event still waits in the list', async () => {
    const { stripe, sandbox, shop } = await startGround({ retryScheduleMs: [1_000, 1_000] });
    shop.answer(503);
    sandbox.pay((await createSession(stripe)).id);
    await sandbox.advance(HOUR_MS);
    expect(shop.received).toHaveLength(4 * 3);
    expect((await stripe.events.list({ delivery_success: false })).data).toHaveLength(4);
  });

  test('an endpoint that does not answer times out and is tried again', async () => {
    let patience = false;
    const waits = new Set<number>();
    const sleep = async (ms: number, signal?: AbortSignal): Promise<void> => {
      waits.add(ms);
      // The time is up when all four have been received and none was answered.
      while (!signal?.aborted && (patience || shop.received.length < 4)) await new Promise((resolve) => setImmediate(resolve));
    };
    const { stripe, sandbox, shop } = await startGround({ webhookTimeoutMs: 7_000, retryScheduleMs: [1_000], runtime: { sleep } });
    shop.answer('silence');
    sandbox.pay((await createSession(stripe)).id);
    expect(await sandbox.deliverDue()).toBe(4);
    patience = true;
    shop.answer(200);
    await sandbox.advance(1_000);
    expect(shop.received).toHaveLength(8);
    expect((await stripe.events.list({ delivery_success: true })).data).toHaveLength(4);
    expect([...waits]).toEqual([7_000]);
  });

  test('goes only to endpoints that want the type; each signs with all its live secrets', async () => {
    const { stripe, sandbox, shop } = await startGround();
    const other = await startShop();
    sandbox.addWebhookEndpoint({
      url: other.url,
      secret: ['whsec_old', 'whsec_new'],
      enabledEvents: ['checkout.session.completed'],
      apiVersion: '2020-08-27',
    });
    sandbox.pay((await createSession(stripe)).id);
    await sandbox.deliverDue();
    expect(shop.received).toHaveLength(4);
    expect(other.types()).toEqual(['checkout.session.completed']);
    const [{ body, signature, event } = { body: '', signature: '', event: undefined }] = other.received;
    for (const secret of ['whsec_old', 'whsec_new']) stripe.webhooks.constructEvent(body, signature, secret);
    expect(() => stripe.webhooks.constructEvent(body, signature, SECRET)).toThrow(/No signatures found/);
    expect(event).toMatchObject({ api_version: '2020-08-27', pending_webhooks: 2 });
  });

  test('happens by itself, without a call', async () => {
    const { stripe, sandbox, shop } = await startGround({ automatic: true });
    sandbox.pay((await createSession(stripe)).id);
    while (shop.received.length < 4) await new Promise((resolve) => setImmediate(resolve));
    expect(shop.types().toSorted()).toEqual(PAID);
  });

  test('stops for an endpoint that has only failed for three days', async () => {
    const { stripe, sandbox, shop } = await startGround({ retryScheduleMs: Array.from({ length: 10 }, () => 12 * HOUR_MS) });
    shop.answer(500);
    sandbox.pay((await createSession(stripe)).id);
    await sandbox.advance(96 * HOUR_MS);
    expect((await stripe.webhookEndpoints.list()).data).toMatchObject([{ status: 'disabled' }]);
    const sent = shop.received.length;
    // Tries at 0, 12, … 60 hours, four events each; at 72 the first failure ends it for the others.
    expect(sent).toBeGreaterThan(4 * 6);
    expect(sent).toBeLessThanOrEqual(4 * 7);
    const [endpoint] = (await stripe.webhookEndpoints.list()).data;
    await stripe.webhookEndpoints.update(String(endpoint?.id), { disabled: false });
    sandbox.pay((await createSession(stripe)).id);
    await sandbox.deliverDue();
    expect(shop.received).toHaveLength(sent + 4);
    // Enabled again, it has three days again.
    expect((await stripe.webhookEndpoints.list()).data).toMatchObject([{ status: 'enabled' }]);
  });
});

describe('endpoints over the API', () => {
  test('are made with a secret, listed without it, and removed', async () => {
    const { stripe, sandbox, shop } = await startGround({ webhookEndpoints: [] });
    const made = await stripe.webhookEndpoints.create({ url: shop.url, enabled_events: ['refund.created'] });
    expect(made.secret).toMatch(/^whsec_/);
    expect((await stripe.webhookEndpoints.list()).data).toMatchObject([{ id: made.id, url: shop.url, status: 'enabled' }]);
    expect((await stripe.webhookEndpoints.retrieve(made.id)).secret).toBeUndefined();
    const { id } = await createSession(stripe);
    sandbox.pay(id);
    sandbox.refund(id);
    await sandbox.deliverDue();
    expect(shop.types()).toEqual(['refund.created']);
    stripe.webhooks.constructEvent(shop.received[0]?.body ?? '', shop.received[0]?.signature ?? '', String(made.secret));
    await stripe.webhookEndpoints.del(made.id);
    expect(await errorOf(stripe.webhookEndpoints.retrieve(made.id))).toMatchObject({ code: 'resource_missing' });
  });
});

describe('the fate of a payment’s webhooks', () => {
  test('lost: nothing is tried, the events exist, and a resend arrives', async () => {
    const { stripe, sandbox, shop } = await startGround();
    sandbox.pay((await createSession(stripe)).id, { fate: 'lost' });
    await sandbox.advance(80 * HOUR_MS);
    expect(shop.received).toEqual([]);
    const [event] = (await stripe.events.list({ type: 'checkout.session.completed' })).data;
    expect(event?.pending_webhooks).toBe(1);
    await stripe.rawRequest('POST', `/v1/events/${event?.id}/retry`, {});
    await sandbox.deliverDue();
    expect(shop.received.map((received) => received.event.id)).toEqual([event?.id]);
  });

  test('doubled: each event five times', async () => {
    const { stripe, sandbox, shop } = await startGround();
    sandbox.pay((await createSession(stripe)).id, { fate: 'doubled' });
    await sandbox.deliverDue();
    expect(shop.received).toHaveLength(20);
    expect(new Set(shop.received.map(({ event }) => event.id)).size).toBe(4);
  });

  test('late: not before its time', async () => {
    const { stripe, sandbox, shop } = await startGround();
    sandbox.pay((await createSession(stripe)).id, { fate: 'late:60' });
    await sandbox.advance(59_000);
    expect(shop.received).toEqual([]);
    await sandbox.advance(1_000);
    expect(shop.types().toSorted()).toEqual(PAID);
  });

  test('reordered: held until the payment has ended, then newest first', async () => {
    const { stripe, sandbox, shop } = await startGround();
    const { id } = await createSession(stripe);
    sandbox.pay(id, { card: 'declined', fate: 'reordered' });
    await sandbox.advance(HOUR_MS);
    expect(shop.received).toEqual([]);
    sandbox.pay(id);
    await sandbox.deliverDue();
    const reported = (await stripe.events.list()).data.map(({ type }) => type);
    expect(shop.types()).toEqual(reported);
    expect(reported).toEqual([
      'checkout.session.completed',
      'payment_intent.succeeded',
      'charge.succeeded',
      'payment_intent.payment_failed',
      'charge.failed',
      'payment_intent.created',
    ]);
  });

  test('reordered goes on past a refusal, which is tried again later', async () => {
    const { stripe, sandbox, shop } = await startGround({ retryScheduleMs: [1_000] });
    shop.answer(500);
    sandbox.pay((await createSession(stripe)).id, { fate: 'reordered' });
    await sandbox.deliverDue();
    expect(shop.received).toHaveLength(4);
    shop.answer(200);
    await sandbox.advance(1_000);
    expect(shop.received).toHaveLength(8);
  });

  test('reordered holds a debit back until the bank has decided', async () => {
    const { stripe, sandbox, shop } = await startGround({ settleAfterMs: HOUR_MS });
    sandbox.pay((await createSession(stripe)).id, { card: 'processing', fate: 'reordered' });
    await sandbox.advance(HOUR_MS - 1_000);
    expect(shop.received).toEqual([]);
    await sandbox.advance(1_000);
    expect(shop.types()).toEqual((await stripe.events.list()).data.map(({ type }) => type));
    expect(shop.types()[0]).toBe('checkout.session.async_payment_succeeded');
  });

  test('of a debit that settles now are sent in the same call, though the clock goes on meanwhile', async () => {
    let nowMs = Date.now();
    const { stripe, sandbox, shop } = await startGround({ settleAfterMs: HOUR_MS, runtime: { now: () => new Date(nowMs++) } });
    sandbox.pay((await createSession(stripe)).id, { card: 'processing', fate: 'delivered' });
    await sandbox.deliverDue();
    nowMs += HOUR_MS;
    await sandbox.deliverDue();
    expect(shop.types()).toContain('checkout.session.async_payment_succeeded');
  });

  test('never made: no event at all, only the objects know', async () => {
    const { stripe, sandbox, shop } = await startGround();
    const { id } = await createSession(stripe);
    sandbox.pay(id, { fate: 'never_made' });
    await sandbox.deliverDue();
    expect([shop.received, (await stripe.events.list()).data]).toEqual([[], []]);
    expect((await stripe.checkout.sessions.retrieve(id)).payment_status).toBe('paid');
  });

  test('is fixed beforehand by metadata or by setFate; the one at the payment wins', async () => {
    const { stripe, sandbox, shop } = await startGround();
    const byMetadata = await createSession(stripe, { metadata: { sandbox_fate: 'lost' } });
    const bySet = await createSession(stripe);
    sandbox.setFate(bySet.id, 'lost');
    const overruled = await createSession(stripe, { metadata: { sandbox_fate: 'lost' } });
    sandbox.setFate(overruled.id, 'lost');
    sandbox.pay(byMetadata.id);
    sandbox.pay(bySet.id);
    await sandbox.deliverDue();
    expect(shop.received).toEqual([]);
    sandbox.pay(overruled.id, { fate: 'delivered' });
    await sandbox.deliverDue();
    expect(shop.received).toHaveLength(4);
    expect(() => sandbox.setFate(bySet.id, 'lsot' as 'lost')).toThrow('lsot is no fate');
  });

  test('an expired session says so, once', async () => {
    const { stripe, sandbox, shop } = await startGround();
    await createSession(stripe);
    await sandbox.advance(48 * HOUR_MS);
    expect(shop.types()).toEqual(['checkout.session.expired']);
  });

  test.each([
    ['processing', ['checkout.session.async_payment_succeeded', 'payment_intent.succeeded', 'charge.succeeded']],
    ['processing_fails', ['checkout.session.async_payment_failed', 'payment_intent.payment_failed', 'charge.failed']],
  ])('a debit (%s) tells its end', async (card, ending) => {
    const { stripe, sandbox } = await startGround();
    sandbox.pay((await createSession(stripe)).id, { card });
    await sandbox.advance(HOUR_MS);
    expect((await stripe.events.list()).data.map(({ type }) => type)).toEqual([
      ...ending,
      'checkout.session.completed',
      'payment_intent.processing',
      'charge.pending',
      'payment_intent.created',
    ]);
  });
});
