// Payment Links: one address, a session for each visitor, and whose word is on it.
import type Stripe from 'stripe';
import { describe, expect, test } from 'vitest';
import { errorOf, startGround } from './sandbox.test-support.ts';

async function withLink(changes: Partial<Stripe.PaymentLinkCreateParams> = {}) {
  const ground = await startGround();
  const product = await ground.stripe.products.create({ name: 'Membership, one year' });
  const price = await ground.stripe.prices.create({ currency: 'twd', unit_amount: 29_000, product: product.id });
  const link = await ground.stripe.paymentLinks.create({
    line_items: [{ price: price.id, quantity: 1 }],
    metadata: { paidonce_order: 'order-1' },
    payment_intent_data: { metadata: { paidonce_order: 'order-1' } },
    ...changes,
  });
  return { ...ground, link };
}

describe('a payment link', () => {
  test('makes a session for each visitor, with the metadata of the link', async () => {
    const { stripe, sandbox, link } = await withLink();
    expect(link).toMatchObject({ object: 'payment_link', active: true, currency: 'twd', url: `${sandbox.url}/b/${link.id}` });
    const visits = await Promise.all([1, 2].map(() => fetch(link.url, { redirect: 'manual' })));
    const ids = visits.map((visit) => visit.headers.get('location')?.split('/').at(-1) ?? '');
    expect(new Set(ids).size).toBe(2);
    sandbox.pay(String(ids[0]));
    const paid = await stripe.checkout.sessions.retrieve(String(ids[0]), { expand: ['payment_intent', 'payment_link'] });
    expect(paid).toMatchObject({
      status: 'complete',
      payment_status: 'paid',
      amount_total: 29_000,
      metadata: { paidonce_order: 'order-1' },
      payment_link: { id: link.id },
      payment_intent: { metadata: { paidonce_order: 'order-1' } },
      success_url: null,
    });
    expect((await stripe.checkout.sessions.list({ payment_link: link.id })).data).toHaveLength(2);
  });

  test('lets the visitor write the reference, and only that', async () => {
    const { stripe, link } = await withLink();
    const visit = async (query: string): Promise<Stripe.Checkout.Session> => {
      const { headers } = await fetch(`${link.url}${query}`, { redirect: 'manual' });
      return stripe.checkout.sessions.retrieve(headers.get('location')?.split('/').at(-1) ?? '');
    };
    expect(await visit('?client_reference_id=order-of-another&prefilled_email=b@shop.example')).toMatchObject({
      client_reference_id: 'order-of-another',
      customer_email: 'b@shop.example',
      metadata: { paidonce_order: 'order-1' },
    });
    expect((await visit('?client_reference_id=a%20b%3Cc')).client_reference_id).toBeNull();
    expect((await visit('?metadata[paidonce_order]=order-2')).metadata).toEqual({ paidonce_order: 'order-1' });
  });

  test('is closed by its limit, and by the shop', async () => {
    const { stripe, sandbox, link, shop } = await withLink({ restrictions: { completed_sessions: { limit: 1 } } });
    const [first, second] = [sandbox.openPaymentLink(link.id), sandbox.openPaymentLink(link.id)];
    sandbox.pay(first.id, { card: 'declined' });
    expect((await stripe.paymentLinks.retrieve(link.id)).active).toBe(true);
    sandbox.pay(first.id);
    expect(await stripe.paymentLinks.retrieve(link.id)).toMatchObject({
      active: false,
      restrictions: { completed_sessions: { count: 1, limit: 1 } },
    });
    expect(() => sandbox.openPaymentLink(link.id)).toThrow('takes no more payments');
    expect((await fetch(link.url)).status).toBe(404);
    // Whoever was on the page already still pays: two payments for one order are possible.
    sandbox.pay(second.id);
    expect((await stripe.checkout.sessions.retrieve(second.id)).payment_status).toBe('paid');
    await sandbox.deliverDue();
    expect(shop.types()).toEqual(expect.arrayContaining(['payment_link.created', 'payment_link.updated']));
    expect((await stripe.paymentLinks.update(link.id, { active: true })).active).toBe(true);
    expect((await stripe.paymentLinks.list({ active: true })).data.map(({ id }) => id)).toEqual([link.id]);
  });

  test('leads to its own page, or to the shop', async () => {
    const { sandbox, link } = await withLink();
    const session = sandbox.openPaymentLink(link.id);
    const page = `${sandbox.url}/c/pay/${session.id}`;
    expect(sandbox.pay(session.id)).toMatchObject({ outcome: 'completed', successUrl: page });
    expect(await (await fetch(page)).text()).toContain('This payment is done');
    const url = 'http://127.0.0.1:3020/done?id={CHECKOUT_SESSION_ID}';
    const other = await withLink({ after_completion: { type: 'redirect', redirect: { url } } });
    const { id } = other.sandbox.openPaymentLink(other.link.id);
    expect(other.sandbox.pay(id)).toMatchObject({ successUrl: `http://127.0.0.1:3020/done?id=${id}` });
  });

  test('lists its lines, and an unknown one is 404', async () => {
    const { stripe, sandbox, link } = await withLink();
    expect((await stripe.paymentLinks.listLineItems(link.id)).data).toMatchObject([{ description: 'Membership, one year', quantity: 1 }]);
    const expanded = await stripe.paymentLinks.retrieve(link.id, { expand: ['line_items'] });
    expect(expanded.line_items?.data).toHaveLength(1);
    expect(await errorOf(stripe.paymentLinks.retrieve('plink_nobody'))).toMatchObject({ statusCode: 404 });
    expect((await fetch(`${sandbox.url}/b/plink_nobody`)).status).toBe(404);
  });

  test('of a recurring price begins a subscription', async () => {
    const price_data = { currency: 'usd', unit_amount: 900, recurring: { interval: 'month' as const }, product_data: { name: 'Monthly' } };
    const { stripe, sandbox, link } = await withLink({ line_items: [{ price_data, quantity: 1 }] });
    const { id } = sandbox.openPaymentLink(link.id);
    sandbox.pay(id);
    const paid = await stripe.checkout.sessions.retrieve(id, { expand: ['subscription.latest_invoice'] });
    expect(paid).toMatchObject({
      mode: 'subscription',
      subscription: { status: 'active', latest_invoice: { status: 'paid', total: 900 } },
    });
  });
});
