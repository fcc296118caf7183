// The calls of subscriptions, over sockets: what each asks for, and in which version of the API.
import Stripe from 'stripe';
import { describe, expect, test } from 'vitest';
import { creditNote, day, invoice, invoicePayment, item, line, listOf, price, subscription } from '../billing-objects.test-support.ts';
import { openBilling } from '../billing-server.test-support.ts';
import { refusal } from '../shop.test-support.ts';
import { billingTypeOf, billingTypes } from './billing-types.ts';
import { apiVersion, checkBillingClient, checkClient, type StripeClient } from './client.ts';

const window = { createdFrom: 1, createdTo: 2 };

describe('a read', () => {
  test('asks for what the meaning of the object depends on, in our version', async () => {
    const { calls, asked, versions } = await openBilling({
      'GET /v1/subscriptions/sub_1': subscription(),
      'GET /v1/invoices/in_1': invoice(),
      'GET /v1/invoice_payments/inpay_1': invoicePayment(),
      'GET /v1/credit_notes/cn_1': creditNote(),
      'GET /v1/prices/price_month': price(),
      'GET /v1/checkout/sessions/cs_1': { id: 'cs_1', object: 'checkout.session' },
      'GET /v1/invoice_payments': listOf([invoicePayment()]),
      'GET /v1/credit_notes': listOf([creditNote()]),
      'GET /v1/invoices': listOf([invoice()]),
      'GET /v1/subscriptions': listOf([subscription()]),
    });
    const { billing } = calls;
    const ids = { subscription: 'sub_1', invoice: 'in_1', invoice_payment: 'inpay_1', credit_note: 'cn_1' } as const;
    for (const type of billingTypes) expect(await billing.object(type, ids[type])).toMatchObject({ object: { id: ids[type] } });
    expect(await billing.price('price_month')).toMatchObject({ product: 'prod_club', recurring: { usage_type: 'licensed' } });
    await billing.session('cs_1');
    await billing.paymentsOfIntent('pi_1');
    await billing.creditNotesOf('in_1');
    await billing.paidInvoices(window);
    await billing.subscriptions(window);
    expect(asked).toEqual([
      'GET /v1/subscriptions/sub_1?expand[0]=latest_invoice.payments',
      'GET /v1/invoices/in_1?expand[0]=payments',
      'GET /v1/invoice_payments/inpay_1',
      'GET /v1/credit_notes/cn_1',
      'GET /v1/prices/price_month',
      'GET /v1/checkout/sessions/cs_1?expand[0]=subscription.latest_invoice.payments',
      'GET /v1/invoice_payments?payment[type]=payment_intent&payment[payment_intent]=pi_1&limit=100&expand[0]=data.invoice',
      'GET /v1/credit_notes?invoice=in_1&limit=100',
      'GET /v1/invoices?status=paid&created[gte]=1&created[lte]=2&limit=100&expand[0]=data.payments',
      'GET /v1/subscriptions?status=all&created[gte]=1&created[lte]=2&limit=100',
    ]);
    expect([...versions]).toEqual([apiVersion]);
  });

  test('of what Stripe does not have answers undefined; another object is no answer', async () => {
    const { calls, routes } = await openBilling({});
    const { billing } = calls;
    for (const type of billingTypes) expect(await billing.object(type, 'x_1')).toBeUndefined();
    for (const list of [billing.invoiceLines('in_1'), billing.items('sub_1'), billing.invoicesOf('sub_1'), billing.price('price_1')]) {
      expect(await list).toBeUndefined();
    }
    routes.set('GET /v1/invoices/in_1', { body: invoice({ id: 'in_2' }) });
    routes.set('GET /v1/invoices/in_1/lines', { body: listOf([item()]) });
    expect(await refusal(billing.object('invoice', 'in_1'))).toMatchObject({ code: 'provider_unavailable' });
    expect(await refusal(billing.invoiceLines('in_1'))).toMatchObject({ code: 'provider_unavailable' });
  });
});

describe('a list that belongs to one object', () => {
  test('is read to its end, and is as of its first page', async () => {
    const { calls, routes, asked } = await openBilling({});
    routes.set('GET /v1/invoices/in_1/lines', [
      { body: listOf([line({ id: 'il_1' })], { has_more: true }), date: '2026-05-03T12:00:00Z' },
      { body: listOf([line({ id: 'il_2' })]), date: '2026-05-03T12:00:09Z' },
    ]);
    const lines = await calls.billing.invoiceLines('in_1');
    expect(lines).toMatchObject({ objects: [{ id: 'il_1' }, { id: 'il_2' }], asOf: '2026-05-03T12:00:00.000Z' });
    expect(asked).toEqual(['GET /v1/invoices/in_1/lines?limit=100', 'GET /v1/invoices/in_1/lines?limit=100&starting_after=il_1']);
  });

  test('has a bound', async () => {
    const page = () => ({ body: listOf([line()], { has_more: true }) });
    const { calls, routes, asked } = await openBilling({});
    routes.set('GET /v1/invoices/in_1/lines', Array.from({ length: 20 }, page));
    expect((await calls.billing.invoiceLines('in_1'))?.objects).toHaveLength(3);
    expect(asked).toHaveLength(3);
  });

  test('of invoices is narrowed to the subscription, and to when they were made', async () => {
    const { calls, asked } = await openBilling({ 'GET /v1/invoices': listOf([invoice()]) });
    await calls.billing.invoicesOf('sub_1');
    await calls.billing.invoicesOf('sub_1', day('2026-05-01'));
    expect(asked).toEqual([
      'GET /v1/invoices?subscription=sub_1&limit=100&expand[0]=data.payments',
      `GET /v1/invoices?subscription=sub_1&created[gte]=${day('2026-05-01')}&limit=100&expand[0]=data.payments`,
    ]);
  });
});

describe('the portal', () => {
  test('is a page for the customer', async () => {
    const { calls, versions } = await openBilling({
      'POST /v1/billing_portal/sessions': { id: 'bps_1', object: 'billing_portal.session', url: 'https://billing.stripe.example/p/1' },
    });
    expect(await calls.billing.portalUrl('cus_1', 'https://shop.example', 'key-1')).toBe('https://billing.stripe.example/p/1');
    expect([...versions]).toEqual([apiVersion]);
  });

  test('that Stripe refuses is refused', async () => {
    const { calls } = await openBilling({});
    expect(await refusal(calls.billing.portalUrl('cus_1', 'https://shop.example', 'key-1'))).toMatchObject({ code: 'invalid_input' });
  });
});

test('without a `Date` the time is our own, and says so', async () => {
  const { calls, routes } = await openBilling({});
  routes.set('GET /v1/invoices/in_1', { body: invoice(), date: null });
  expect(await calls.billing.object('invoice', 'in_1')).toMatchObject({ asOf: '2031-01-01T00:00:00.000Z', isUndated: true });
});

describe('a client of stripe 17', () => {
  const client: StripeClient = Object.create(new Stripe('sk_test_123456789012'), { invoicePayments: { value: undefined } });

  test('is enough for payments, and is refused for subscriptions by the name of what it lacks', () => {
    expect(() => checkClient(client)).not.toThrow();
    expect(() => checkBillingClient(client)).toThrow(
      expect.objectContaining({
        code: 'invalid_input',
        message: 'stripe has no invoicePayments.retrieve, which subscriptions need; pass new Stripe(key) of stripe 18 or newer',
      }),
    );
    expect(() => checkBillingClient(new Stripe('sk_test_123456789012'))).not.toThrow();
  });
});

test('the prefix of an id shows its type', () => {
  expect(['sub_1', 'in_1', 'inpay_1', 'cn_1', 'pi_1', 'si_1'].map(billingTypeOf)).toEqual([...billingTypes, undefined, undefined]);
});
