// Subscriptions as a shop sees them: one whole life; what survives a restart; connected accounts, keys, pages and thin events.
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type Stripe from 'stripe';
import { describe, expect, onTestFinished, test } from 'vitest';
import { advanceTo, customerWith, DAY_MS, priceOf, startBilling } from './billing.test-support.ts';
import { clientOf, errorOf, HOUR_MS, SECRET, startGround, startSandbox, startShop } from './sandbox.test-support.ts';

test('one life: trial, paid, upgraded, past due, paid, canceled at the end of the period, deleted', async () => {
  const { stripe, sandbox, shop } = await startBilling({ start: '2026-04-01T00:00:00Z' });
  const [silver, gold] = [await priceOf(stripe, 3_000, 'month', 'Silver'), await priceOf(stripe, 6_000, 'month', 'Gold')];
  const session = await stripe.checkout.sessions.create({
    mode: 'subscription',
    line_items: [{ price: silver, quantity: 1 }],
    success_url: 'http://127.0.0.1/done',
    subscription_data: { trial_period_days: 14, metadata: { member: 'anna' } },
  });
  sandbox.pay(session.id);
  const { subscription, customer } = await stripe.checkout.sessions.retrieve(session.id);
  const id = String(subscription);
  const statuses: string[] = [];
  const look = async (): Promise<Stripe.Subscription> => {
    const read = await stripe.subscriptions.retrieve(id);
    statuses.push(read.status);
    return read;
  };
  await look();

  await sandbox.advance({ days: 14, ms: HOUR_MS });
  const paid = await look();
  await sandbox.advance({ days: 15 });
  const items = [{ id: paid.items.data[0]?.id ?? '', price: gold }];
  await stripe.subscriptions.update(id, { items, proration_behavior: 'always_invoice' });
  const upgraded = await look();
  expect(upgraded.items.data[0]?.current_period_end).toBe(paid.items.data[0]?.current_period_end);

  sandbox.changeCard(String(customer), 'charge_fails');
  await advanceTo(sandbox, (upgraded.items.data[0]?.current_period_end ?? 0) + 3_600);
  const owing = await look();
  await sandbox.advance({ days: 4 });
  expect(sandbox.payInvoice(String(owing.latest_invoice), { card: 'declined' })).toMatchObject({ outcome: 'declined' });
  expect(sandbox.payInvoice(String(owing.latest_invoice))).toMatchObject({ outcome: 'paid' });
  await look();
  await stripe.subscriptions.update(id, { cancel_at_period_end: true });
  await sandbox.advance({ months: 1 });
  await look();

  expect(statuses).toEqual(['trialing', 'active', 'active', 'past_due', 'active', 'canceled']);
  const invoices = (await stripe.invoices.list({ subscription: id })).data.toReversed();
  expect(invoices.map(({ billing_reason, status, total }) => [billing_reason, status, total])).toEqual([
    ['subscription_create', 'paid', 0],
    ['subscription_cycle', 'paid', 3_000],
    ['subscription_update', 'paid', expect.any(Number)],
    ['subscription_cycle', 'paid', 6_000],
  ]);
  const received = (await stripe.charges.list({ limit: 100 })).data.reduce((sum, { amount_captured }) => sum + amount_captured, 0);
  expect(received).toBe(invoices.reduce((sum, { amount_paid }) => sum + amount_paid, 0));
  const told = shop.types().filter((type) => type.startsWith('invoice.paid') || type.startsWith('customer.subscription'));
  expect(told.filter((type) => type === 'invoice.paid')).toHaveLength(4);
  expect(told.at(-1)).toBe('customer.subscription.deleted');
  // What happens by itself was asked for by nobody.
  const renewal = shop.received.find(({ event }) => event.type === 'invoice.created' && event.created > paid.created + 86_400);
  expect(renewal?.event.request).toEqual({ id: null, idempotency_key: null });
});

describe('as other objects', () => {
  test('subscriptions survive a restart, and what was due meanwhile is done', async () => {
    const directory = mkdtempSync(join(tmpdir(), 'stripe-sandbox-'));
    onTestFinished(() => rmSync(directory, { recursive: true }));
    const options = { stateFile: join(directory, 'stripe.db'), automatic: false };
    const first = await startSandbox(options);
    const before = clientOf(first);
    const customer = await customerWith(before, 'pm_card_visa');
    const created = await before.subscriptions.create(
      { customer, items: [{ price: await priceOf(before, 900) }] },
      { idempotencyKey: 'k1' },
    );
    await first.advance({ months: 1 });
    const waiting = await before.subscriptions.retrieve(created.id, { expand: ['latest_invoice.payments', 'customer'] });
    await first.close();

    const second = await startSandbox(options);
    const after = clientOf(second);
    const moved = JSON.stringify(waiting).replaceAll(first.url, second.url);
    expect(JSON.stringify(await after.subscriptions.retrieve(created.id, { expand: ['latest_invoice.payments', 'customer'] }))).toBe(moved);
    await second.advance(HOUR_MS);
    expect((await after.invoices.list({ subscription: created.id })).data.map(({ status }) => status)).toEqual(['paid', 'paid']);
  });

  test('a key makes one subscription, and one renewal is one invoice whoever asks', async () => {
    const { stripe, sandbox } = await startBilling();
    const items = [{ price: await priceOf(stripe, 900) }];
    const params = { customer: await customerWith(stripe, 'pm_card_visa'), items };
    const [one, two] = [
      await stripe.subscriptions.create(params, { idempotencyKey: 'k1' }),
      await stripe.subscriptions.create(params, { idempotencyKey: 'k1' }),
    ];
    expect(two.id).toBe(one.id);
    expect(two.lastResponse.headers['idempotent-replayed']).toBe('true');
    await sandbox.advance({ months: 1, ms: HOUR_MS });
    for (let time = 0; time < 3; time += 1) await stripe.subscriptions.retrieve(one.id);
    expect((await stripe.invoices.list({ subscription: one.id })).data).toHaveLength(2);
  });

  test('lists have pages, and lookups say what is missing', async () => {
    const { stripe } = await startBilling();
    const customer = await customerWith(stripe, 'pm_card_visa');
    const price = await priceOf(stripe, 900);
    const made: string[] = [];
    for (let count = 0; count < 3; count += 1) made.push((await stripe.subscriptions.create({ customer, items: [{ price }] })).id);
    const page = await stripe.subscriptions.list({ limit: 2 });
    expect(page).toMatchObject({ has_more: true, data: [{ id: made[2] }, { id: made[1] }] });
    expect((await stripe.subscriptions.list({ limit: 2, starting_after: made[1] ?? '' })).data.map(({ id }) => id)).toEqual([made[0]]);
    expect(await errorOf(stripe.subscriptions.retrieve('sub_nobody'))).toMatchObject({ code: 'resource_missing', statusCode: 404 });
    const listed = await stripe.customers.retrieve(customer, { expand: ['subscriptions'] });
    expect(listed).toMatchObject({ subscriptions: { data: [{ id: made[2] }, { id: made[1] }, { id: made[0] }] } });
  });

  test('a connected account has subscriptions of its own, and its renewals are told at Connect endpoints', async () => {
    const connect = await startShop();
    const { stripe: platform, sandbox, shop } = await startGround({ connectedAccounts: ['acct_1Seller'] });
    sandbox.addWebhookEndpoint({ url: connect.url, secret: SECRET, connect: true });
    const seller = clientOf(sandbox, 'sk_test_123456789012', { stripeAccount: 'acct_1Seller' });
    const customer = await customerWith(seller, 'pm_card_visa');
    const { id } = await seller.subscriptions.create({ customer, items: [{ price: await priceOf(seller, 900) }] });
    expect(await errorOf(platform.subscriptions.retrieve(id))).toMatchObject({ statusCode: 404 });
    await sandbox.advance({ months: 1, ms: HOUR_MS });
    expect(connect.received.filter(({ event }) => event.type === 'invoice.paid').map(({ event }) => event.account)).toEqual([
      'acct_1Seller',
      'acct_1Seller',
    ]);
    expect(shop.received).toEqual([]);
  });

  test('thin events name the object, and a renewal may never be told of', async () => {
    const { stripe, sandbox, shop } = await startBilling();
    const customer = await customerWith(stripe, 'pm_card_visa');
    const { id, latest_invoice } = await stripe.subscriptions.create({ customer, items: [{ price: await priceOf(stripe, 900) }] });
    await sandbox.deliverDue();
    const before = shop.received.length;
    const thin = await startShop();
    sandbox.addWebhookEndpoint({ url: thin.url, secret: SECRET, payload: 'thin' });
    sandbox.setFate(id, 'never_made');
    await sandbox.advance({ months: 1, ms: HOUR_MS });
    expect(shop.received).toHaveLength(before);
    expect(await stripe.subscriptions.retrieve(id)).not.toMatchObject({ latest_invoice });
    sandbox.setFate(id, 'delivered');
    await stripe.subscriptions.cancel(id);
    await sandbox.deliverDue();
    expect(JSON.parse(thin.received.at(-1)?.body ?? '{}')).toMatchObject({
      type: 'v1.customer.subscription.deleted',
      related_object: { id, type: 'subscription', url: `/v1/subscriptions/${id}` },
    });
  });

  test('one type of events may get lost while the rest is told', async () => {
    const { stripe, sandbox, shop } = await startBilling();
    const customer = await customerWith(stripe, 'pm_card_visa');
    const { id } = await stripe.subscriptions.create({ customer, items: [{ price: await priceOf(stripe, 900) }] });
    await sandbox.deliverDue();
    const before = shop.received.length;
    sandbox.setFate(id, 'lost', 'invoice.paid');
    await sandbox.advance({ months: 1, ms: HOUR_MS });
    const told = shop.types().slice(before);
    expect(told).toContain('invoice_payment.paid');
    expect(told).not.toContain('invoice.paid');
    // It can be listed; that of the first month is too old for Stripe's list.
    expect((await stripe.events.list({ type: 'invoice.paid' })).data).toHaveLength(1);
  });

  test('newest first: what is held of a renewal goes out once it is paid', async () => {
    const { stripe, sandbox, shop } = await startBilling();
    const customer = await customerWith(stripe, 'pm_card_visa');
    const { id } = await stripe.subscriptions.create({ customer, items: [{ price: await priceOf(stripe, 900) }] });
    await sandbox.deliverDue();
    const before = shop.received.length;
    sandbox.setFate(id, 'reordered');
    await sandbox.advance({ months: 1 });
    expect(shop.received).toHaveLength(before);
    await sandbox.advance(HOUR_MS);
    const told = shop.types().slice(before);
    expect(told.indexOf('invoice.paid')).toBeLessThan(told.indexOf('invoice.finalized'));
    expect(told.at(-1)).toBe('invoice.created');
  });

  test('a month of one is refunded and disputed by its invoice', async () => {
    const { stripe, sandbox } = await startBilling();
    const customer = await customerWith(stripe, 'pm_card_visa');
    const { latest_invoice } = await stripe.subscriptions.create({ customer, items: [{ price: await priceOf(stripe, 900) }] });
    const refund = sandbox.refund(String(latest_invoice), { amountMinor: 100 });
    const [payment] = (await stripe.invoicePayments.list({ invoice: String(latest_invoice) })).data;
    expect(refund).toMatchObject({ amount: 100, payment_intent: payment?.payment.payment_intent });
    expect(sandbox.dispute(String(latest_invoice))).toMatchObject({ status: 'needs_response', payment_intent: refund.payment_intent });
  });
});

describe('the pages', () => {
  const post = (url: string, fields: Record<string, string>): Promise<Response> => {
    return fetch(url, { method: 'POST', body: new URLSearchParams(fields), redirect: 'manual' });
  };

  test('the portal cancels, resumes, changes the plan and the card, and nothing of another customer', async () => {
    const { stripe, sandbox } = await startBilling();
    const customer = await customerWith(stripe, 'pm_card_visa');
    const [silver, gold] = [await priceOf(stripe, 900, 'month', 'Silver'), await priceOf(stripe, 1_900, 'month', 'Gold <b>')];
    const { id, items } = await stripe.subscriptions.create({ customer, items: [{ price: silver }] });
    const portal = await stripe.billingPortal.sessions.create({ customer, return_url: 'http://127.0.0.1:3020/account' });
    expect(portal.url).toBe(`${sandbox.url}/p/session/${portal.id}`);
    const page = await fetch(portal.url);
    const text = await page.text();
    expect(text).toContain('Silver');
    expect(text).toContain('Gold &#60;b&#62;');
    expect(text).toContain('http://127.0.0.1:3020/account');
    expect(text).not.toMatch(/<script/);

    expect((await post(portal.url, { action: 'cancel', subscription: id })).status).toBe(303);
    expect(await stripe.subscriptions.retrieve(id)).toMatchObject({ cancel_at_period_end: true });
    await post(portal.url, { action: 'resume', subscription: id });
    expect(await stripe.subscriptions.retrieve(id)).toMatchObject({ cancel_at_period_end: false });
    await post(portal.url, { action: 'change', subscription: id, item: items.data[0]?.id ?? '', price: gold, quantity: '2' });
    expect(await stripe.subscriptions.retrieve(id)).toMatchObject({ items: { data: [{ price: { id: gold }, quantity: 2 }] } });
    await post(portal.url, { action: 'card', card: 'charge_fails' });
    const refused = await post(portal.url, {
      action: 'change',
      subscription: id,
      item: items.data[0]?.id ?? '',
      price: gold,
      quantity: '3',
    });
    expect(refused.status).toBe(400);
    expect(await refused.text()).toContain('Your card was declined.');

    const other = await customerWith(stripe, 'pm_card_visa');
    const foreign = await stripe.subscriptions.create({ customer: other, items: [{ price: silver }] });
    expect((await post(portal.url, { action: 'cancel', subscription: foreign.id })).status).toBe(400);
    expect(await stripe.subscriptions.retrieve(foreign.id)).toMatchObject({ cancel_at_period_end: false });
    expect((await fetch(`${sandbox.url}/p/session/bps_nobody`)).status).toBe(404);
  });

  test('an invoice is paid on its page, and its address is on the invoice', async () => {
    const { stripe, sandbox } = await startBilling();
    const customer = await customerWith(stripe);
    const items = [{ price: await priceOf(stripe, 900) }];
    const begun = await stripe.subscriptions.create({
      customer,
      items,
      payment_behavior: 'default_incomplete',
      expand: ['latest_invoice'],
    });
    const url = (begun.latest_invoice as Stripe.Invoice).hosted_invoice_url ?? '';
    expect(await (await fetch(url)).text()).toContain('Pay $9.00');
    const declined = await post(url, { card: 'declined' });
    expect([declined.status, await declined.text()]).toEqual([402, expect.stringContaining('Your card was declined.')]);
    expect((await post(url, { card: 'success' })).status).toBe(303);
    expect(await (await fetch(url)).text()).not.toContain('Pay $9.00');
    expect(await stripe.subscriptions.retrieve(begun.id)).toMatchObject({ status: 'active' });
    expect((await fetch(`${sandbox.url}/i/in_nobody`)).status).toBe(404);
  });

  test('the sandbox’s own page shows them, and advances a month', async () => {
    const { stripe, sandbox } = await startBilling();
    const customer = await customerWith(stripe, 'pm_card_visa');
    const { id, latest_invoice } = await stripe.subscriptions.create({ customer, items: [{ price: await priceOf(stripe, 900) }] });
    const text = await (await fetch(`${sandbox.url}/_sandbox`)).text();
    for (const part of [id, String(latest_invoice), 'a month']) expect(text).toContain(part);
    const answer = await post(`${sandbox.url}/_sandbox/advance`, { months: '1' });
    expect([answer.status, answer.headers.get('location')]).toEqual([303, '/_sandbox']);
    expect(sandbox.now().toISOString()).toBe('2026-04-01T12:00:00.000Z');
    const moved = await post(`${sandbox.url}/_sandbox/clock/advance`, { days: '1', ms: '1000' });
    expect(await moved.json()).toEqual({ now: '2026-04-02T12:00:01.000Z' });
    const foreign = await fetch(`${sandbox.url}/_sandbox/advance`, {
      method: 'POST',
      headers: { origin: 'http://evil.example' },
      body: 'months=1',
    });
    expect(foreign.status).toBe(403);
    await expect(sandbox.advance({ months: -1 })).rejects.toThrow(/from 0 on/);
  });

  test('the control entries act as the customer does', async () => {
    const { stripe, sandbox } = await startBilling();
    const customer = await customerWith(stripe, 'pm_card_visa');
    const { id } = await stripe.subscriptions.create({ customer, items: [{ price: await priceOf(stripe, 900) }] });
    await post(`${sandbox.url}/_sandbox/customers/${customer}/card`, { card: 'charge_fails' });
    await post(`${sandbox.url}/_sandbox/subscriptions/${id}/fate`, { fate: 'lost' });
    await sandbox.advance({ months: 1, ms: DAY_MS });
    const [owed] = (await stripe.invoices.list({ subscription: id, status: 'open' })).data;
    const paid = await post(`${sandbox.url}/_sandbox/invoices/${owed?.id}/pay`, { card: 'success' });
    expect(await paid.json()).toMatchObject({ outcome: 'paid', invoice: { status: 'paid' } });
    expect(await stripe.subscriptions.retrieve(id)).toMatchObject({ status: 'active' });
  });
});
