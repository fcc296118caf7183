// Thin events and event destinations, as the real package reads them; versions of endpoints; events never made.
import Stripe from 'stripe';
import { describe, expect, test } from 'vitest';
import { createSession, errorOf, type Ground, type Shop, startGround, startShop } from './sandbox.test-support.ts';

const SECRET = 'whsec_thin';
const NEVER_MADE = 'v2.core.health.event_generation_failure.resolved';

async function withThin(enabledEvents: readonly string[] = ['*']): Promise<Ground & { thin: Shop }> {
  const ground = await startGround();
  const thin = await startShop();
  ground.sandbox.addWebhookEndpoint({ url: thin.url, secret: SECRET, payload: 'thin', enabledEvents });
  return { ...ground, thin };
}

/** What the package makes of the newest one received. */
function parsed({ stripe, thin }: { stripe: Stripe; thin: Shop }): Stripe.V2.Core.EventNotification {
  const { body, signature } = thin.received.at(-1) ?? { body: '', signature: '' };
  return stripe.parseEventNotification(body, signature, SECRET);
}

describe('a thin event', () => {
  test('names its object and its twin, and carries neither', async () => {
    const ground = await withThin(['v1.checkout.session.completed']);
    const { stripe, sandbox, shop, thin } = ground;
    const { id } = await createSession(stripe);
    sandbox.pay(id);
    await sandbox.deliverDue();
    expect(thin.types()).toEqual(['v1.checkout.session.completed']);
    const notification = parsed(ground);
    const twin = shop.received.find(({ event }) => event.type === 'checkout.session.completed')?.event;
    expect(notification).toMatchObject({
      object: 'v2.core.event',
      type: 'v1.checkout.session.completed',
      livemode: false,
      related_object: { id, type: 'checkout.session', url: `/v1/checkout/sessions/${id}` },
      snapshot_event: twin?.id,
    });
    expect(notification.id).not.toBe(twin?.id);
    expect(thin.received[0]?.body).not.toContain('payment_status');
    // The package's two readers are not for each other's events.
    const { body, signature } = thin.received[0] ?? { body: '', signature: '' };
    expect(() => stripe.webhooks.constructEvent(body, signature, SECRET)).toThrow();
  });

  test('leads the package to the object, as it is now, and to the whole event', async () => {
    const ground = await withThin(['v1.payment_intent.succeeded']);
    const { stripe, sandbox } = ground;
    const { id } = await createSession(stripe);
    sandbox.pay(id);
    await sandbox.deliverDue();
    sandbox.refund(id);
    const notification = parsed(ground);
    if (notification.type !== 'v1.payment_intent.succeeded') throw new Error(notification.type);
    expect(await notification.fetchRelatedObject()).toMatchObject({ object: 'payment_intent', status: 'succeeded' });
    const event = await notification.fetchEvent();
    expect(event).toMatchObject({ id: notification.id, type: notification.type, snapshot_event: notification.snapshot_event });
    expect(await stripe.events.retrieve(String(event.snapshot_event))).toMatchObject({ type: 'payment_intent.succeeded' });
    expect(sandbox.calls.byRoute()).toMatchObject({ 'GET /v1/payment_intents/:intent': 1, 'GET /v2/core/events/:event': 1 });
  });

  test('shares the fate of its twin', async () => {
    const { stripe, sandbox, shop, thin } = await withThin();
    sandbox.pay((await createSession(stripe)).id, { fate: 'lost' });
    await sandbox.deliverDue();
    expect([shop.received, thin.received]).toEqual([[], []]);
    sandbox.pay((await createSession(stripe)).id, { fate: 'doubled' });
    await sandbox.deliverDue();
    expect([shop.received.length, thin.received.length]).toEqual([20, 20]);
  });

  test('says which request caused it', async () => {
    const ground = await withThin(['v1.refund.created']);
    const { id } = await createSession(ground.stripe);
    ground.sandbox.pay(id);
    const { payment_intent: intent } = await ground.stripe.checkout.sessions.retrieve(id);
    const refund = await ground.stripe.refunds.create({ payment_intent: String(intent) }, { idempotencyKey: 'k1' });
    await ground.sandbox.deliverDue();
    expect(parsed(ground).reason).toEqual({ type: 'request', request: { id: refund.lastResponse.requestId, idempotency_key: 'k1' } });
  });

  test('is listed, page by page, by type and by object', async () => {
    const { stripe, sandbox } = await withThin();
    const { id } = await createSession(stripe);
    sandbox.pay(id);
    const all: string[] = [];
    for await (const { type } of stripe.v2.core.events.list({ limit: 3 })) all.push(type);
    expect(all).toEqual([
      'v1.checkout.session.completed',
      'v1.payment_intent.succeeded',
      'v1.charge.succeeded',
      'v1.payment_intent.created',
    ]);
    const ofSession = await stripe.v2.core.events.list({ object_id: id });
    expect(ofSession.data.map(({ type }) => type)).toEqual(['v1.checkout.session.completed']);
    const paged: string[] = [];
    for await (const { type } of stripe.v2.core.events.list({ limit: 1, types: ['v1.charge.succeeded', 'v1.payment_intent.created'] }))
      paged.push(type);
    expect(paged).toEqual(['v1.charge.succeeded', 'v1.payment_intent.created']);
    expect(await errorOf(stripe.v2.core.events.retrieve('evt_nobody'))).toMatchObject({ statusCode: 404 });
  });
});

describe('an event destination', () => {
  const destination = (url: string): Stripe.V2.Core.EventDestinationCreateParams => ({
    name: 'Shop',
    type: 'webhook_endpoint',
    event_payload: 'thin',
    enabled_events: ['v1.charge.succeeded'],
    webhook_endpoint: { url },
    include: ['webhook_endpoint.signing_secret', 'webhook_endpoint.url'],
  });

  test('is made with a secret, shown without it, pinged, changed, disabled and removed', async () => {
    const { stripe, sandbox } = await startGround();
    const shop = await startShop();
    const made = await stripe.v2.core.eventDestinations.create(destination(shop.url));
    const secret = String(made.webhook_endpoint?.signing_secret);
    expect(made).toMatchObject({ status: 'enabled', event_payload: 'thin', webhook_endpoint: { url: shop.url } });
    const shown = await stripe.v2.core.eventDestinations.retrieve(made.id, { include: ['webhook_endpoint.url'] });
    expect(shown.webhook_endpoint).toEqual({ url: shop.url });
    const ping = await stripe.v2.core.eventDestinations.ping(made.id);
    await sandbox.deliverDue();
    expect(shop.received.map(({ event }) => event.id)).toEqual([ping.id]);
    const { body, signature } = shop.received[0] ?? { body: '', signature: '' };
    expect(stripe.parseEventNotification(body, signature, secret).type).toBe('v2.core.event_destination.ping');

    await stripe.v2.core.eventDestinations.update(made.id, { enabled_events: ['v1.refund.created'], name: 'Refunds' });
    const { id } = await createSession(stripe);
    sandbox.pay(id);
    sandbox.refund(id);
    await sandbox.deliverDue();
    expect(shop.types()).toEqual(['v2.core.event_destination.ping', 'v1.refund.created']);
    expect(await stripe.v2.core.eventDestinations.disable(made.id)).toMatchObject({ status: 'disabled', name: 'Refunds' });
    sandbox.refund((await paidSession(stripe, sandbox)).id);
    await sandbox.deliverDue();
    expect(shop.received).toHaveLength(2);
    expect((await stripe.v2.core.eventDestinations.enable(made.id)).status).toBe('enabled');
    const listed = await stripe.v2.core.eventDestinations.list();
    expect(listed.data.map((each) => [each.id, each.event_payload])).toEqual([
      [made.id, 'thin'],
      ['we_configured0', 'snapshot'],
    ]);
    // The older list has snapshot endpoints only.
    expect((await stripe.webhookEndpoints.list()).data.map((each) => each.id)).toEqual(['we_configured0']);
    await stripe.v2.core.eventDestinations.del(made.id);
    expect(await errorOf(stripe.v2.core.eventDestinations.retrieve(made.id))).toMatchObject({ statusCode: 404 });
  });

  test('is refused where it could not send', async () => {
    const { stripe } = await startGround();
    for (const wrong of [{ webhook_endpoint: { url: 'nowhere' } }, { type: 'amazon_eventbridge' as const }, { enabled_events: [] }]) {
      const error = await errorOf(stripe.v2.core.eventDestinations.create({ ...destination('http://127.0.0.1:1/'), ...wrong }));
      expect(error.statusCode).toBe(400);
    }
  });

  test('takes JSON only', async () => {
    const { sandbox } = await startGround();
    const post = (type: string, body: string): Promise<Response> =>
      fetch(`${sandbox.url}/v2/core/event_destinations`, {
        method: 'POST',
        body,
        headers: { authorization: 'Bearer sk_test_x', 'content-type': type },
      });
    expect((await post('application/x-www-form-urlencoded', 'name=Shop')).status).toBe(400);
    expect(await (await post('application/json', '{"name":')).json()).toMatchObject({ error: { message: 'The request body is no JSON.' } });
    expect((await post('application/json', '["Shop"]')).status).toBe(400);
  });
});

async function paidSession(stripe: Stripe, sandbox: Ground['sandbox']): Promise<Stripe.Checkout.Session> {
  const session = await createSession(stripe);
  sandbox.pay(session.id);
  return session;
}

describe('an event that was never made', () => {
  test('is reported later, each to whoever listens to the alerts', async () => {
    const ground = await withThin([NEVER_MADE]);
    const { stripe, sandbox, shop, thin } = ground;
    const { id } = await createSession(stripe);
    sandbox.pay(id, { fate: 'never_made' });
    await sandbox.deliverDue();
    expect([shop.received, thin.received, (await stripe.v2.core.events.list()).data]).toEqual([[], [], []]);
    expect(sandbox.reportMissedEvents()).toBe(4);
    await sandbox.deliverDue();
    expect(thin.types()).toEqual([NEVER_MADE, NEVER_MADE, NEVER_MADE, NEVER_MADE]);
    const { related_object: related, id: eventId } = parsed(ground) as unknown as Stripe.V2.Core.EventBase & { related_object: unknown };
    expect(related).toBeNull();
    const [newest] = (await stripe.v2.core.events.list({ types: [NEVER_MADE] })).data;
    expect(newest).toMatchObject({
      id: eventId,
      data: { impact: { event_type: 'checkout.session.completed', related_object: { id, url: `/v1/checkout/sessions/${id}` } } },
    });
    expect(sandbox.reportMissedEvents()).toBe(0);
  });
});

describe('the API version of an endpoint', () => {
  test('labels its events and shapes their objects; another endpoint gets the newer shape of the same event', async () => {
    const { stripe, sandbox, shop } = await startGround();
    const old = await startShop();
    const enabledEvents = ['payment_intent.succeeded', 'charge.refunded'];
    sandbox.addWebhookEndpoint({ url: old.url, secret: 'whsec_old', apiVersion: '2020-08-27', enabledEvents });
    const { id } = await createSession(stripe);
    sandbox.pay(id);
    const refund = sandbox.refund(id);
    await sandbox.deliverDue();
    const oldOf = (type: string) => old.received.find(({ event }) => event.type === type)?.event;
    const newOf = (type: string) => shop.received.find(({ event }) => event.type === type)?.event;
    const [paid, refunded] = [oldOf('payment_intent.succeeded'), oldOf('charge.refunded')];
    expect(paid).toMatchObject({
      api_version: '2020-08-27',
      data: { object: { charges: { data: [{ payment_intent: expect.any(String) }] } } },
    });
    expect(paid?.data.object).not.toHaveProperty('latest_charge');
    expect(refunded?.data.object).toMatchObject({ refunds: { data: [{ id: refund.id }] } });
    const current = newOf('payment_intent.succeeded');
    expect(current).toMatchObject({
      id: paid?.id,
      api_version: Stripe.API_VERSION,
      data: { object: { latest_charge: expect.any(String) } },
    });
    expect(current?.data.object).not.toHaveProperty('charges');
  });
});
