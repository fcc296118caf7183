// Invoices and what pays them, told by the real `stripe` package: by hand, outside Stripe, in parts, and less by credit notes.
import type Stripe from 'stripe';
import { describe, expect, test } from 'vitest';
import { customerWith, DAY_MS, priceOf, startBilling } from './billing.test-support.ts';
import { errorOf, type Ground } from './sandbox.test-support.ts';

interface Billed extends Ground {
  readonly customer: string;
  readonly subscription: string;
  readonly invoice: string;
}

/** The first invoice of a subscription, of 900: open where the customer has no card, else paid. */
async function billed(card?: string): Promise<Billed> {
  const ground = await startBilling();
  const customer = await customerWith(ground.stripe, card);
  const items = [{ price: await priceOf(ground.stripe, 900) }];
  const begun = await ground.stripe.subscriptions.create({
    customer,
    items,
    payment_behavior: card ? 'allow_incomplete' : 'default_incomplete',
  });
  return { ...ground, customer, subscription: begun.id, invoice: String(begun.latest_invoice) };
}

async function paymentOf({ stripe, invoice }: Billed): Promise<Stripe.InvoicePayment | undefined> {
  return (await stripe.invoicePayments.list({ invoice })).data[0];
}

describe('an open invoice', () => {
  test('is paid outside Stripe', async () => {
    const ground = await billed();
    const { stripe, sandbox, shop, invoice, subscription } = ground;
    const paid = await stripe.invoices.pay(invoice, { paid_out_of_band: true });
    expect(paid).toMatchObject({ status: 'paid', amount_paid: 900, amount_paid_off_stripe: 900, amount_remaining: 0 });
    expect(await stripe.subscriptions.retrieve(subscription)).toMatchObject({ status: 'active' });
    const payment = await paymentOf(ground);
    expect(payment).toMatchObject({ status: 'canceled', amount_paid: null });
    expect(await stripe.paymentIntents.retrieve(String(payment?.payment.payment_intent))).toMatchObject({ status: 'canceled' });
    await sandbox.deliverDue();
    expect(shop.types()).toContain('invoice.paid');
    expect(shop.types()).not.toContain('invoice.payment_succeeded');
    expect((await errorOf(stripe.invoices.pay(invoice))).message).toBe('Invoice is already paid');
  });

  test('is voided, and gives the balance back', async () => {
    const { stripe, customer, invoice } = await billed();
    await stripe.invoices.voidInvoice(invoice);
    await stripe.customers.update(customer, { balance: -300 });
    const items = [{ price: await priceOf(stripe, 900) }];
    const next = await stripe.subscriptions.create({ customer, items, payment_behavior: 'default_incomplete', expand: ['latest_invoice'] });
    expect(next.latest_invoice).toMatchObject({ amount_due: 600 });
    expect(await stripe.customers.retrieve(customer)).toMatchObject({ balance: 0 });
    expect(await stripe.invoices.voidInvoice((next.latest_invoice as Stripe.Invoice).id ?? '')).toMatchObject({ status: 'void' });
    expect(await stripe.customers.retrieve(customer)).toMatchObject({ balance: -300 });
  });

  test('is uncollectible, and is paid all the same', async () => {
    const { stripe, sandbox, shop, invoice } = await billed();
    expect(await stripe.invoices.markUncollectible(invoice)).toMatchObject({ status: 'uncollectible' });
    expect(await stripe.invoices.pay(invoice, { payment_method: 'pm_card_visa' })).toMatchObject({ status: 'paid' });
    await sandbox.deliverDue();
    expect(shop.types()).toEqual(expect.arrayContaining(['invoice.marked_uncollectible', 'invoice.paid']));
  });

  test('is paid by several payments', async () => {
    const ground = await billed();
    const { stripe, invoice, customer } = ground;
    for (const amount of [400, 500]) {
      const intent = await stripe.paymentIntents.create({
        amount,
        currency: 'usd',
        customer,
        confirm: true,
        payment_method: 'pm_card_visa',
      });
      await stripe.invoices.attachPayment(invoice, { payment_intent: intent.id });
    }
    const paid = await stripe.invoices.retrieve(invoice, { expand: ['payments'] });
    expect(paid).toMatchObject({ status: 'paid', amount_paid: 900 });
    expect(paid.payments?.data.map(({ status, amount_paid }) => [status, amount_paid])).toEqual([
      ['canceled', null],
      ['paid', 400],
      ['paid', 500],
    ]);
  });

  test('shares its payment with another one', async () => {
    const { stripe, invoice, customer } = await billed();
    const other = await stripe.subscriptions.create({
      customer,
      items: [{ price: await priceOf(stripe, 700) }],
      payment_behavior: 'default_incomplete',
    });
    const { id } = await stripe.paymentIntents.create({
      amount: 1_600,
      currency: 'usd',
      customer,
      confirm: true,
      payment_method: 'pm_card_visa',
    });
    for (const each of [invoice, String(other.latest_invoice)]) await stripe.invoices.attachPayment(each, { payment_intent: id });
    const payments = await stripe.invoicePayments.list({
      payment: { type: 'payment_intent', payment_intent: id },
      expand: ['data.invoice'],
    });
    expect(payments.data).toMatchObject([
      { amount_paid: 700, invoice: { status: 'paid', total: 700 } },
      { amount_paid: 900, invoice: { status: 'paid', total: 900 } },
    ]);
    expect(await stripe.invoicePayments.retrieve(payments.data[0]?.id ?? '')).toMatchObject({ amount_paid: 700 });
  });

  test('is less after a credit note, and paid where nothing is left', async () => {
    const { stripe, invoice, subscription } = await billed();
    const note = await stripe.creditNotes.create({ invoice, amount: 400 });
    expect(note).toMatchObject({ type: 'pre_payment', pre_payment_amount: 400, post_payment_amount: 0, status: 'issued' });
    expect(await stripe.invoices.retrieve(invoice)).toMatchObject({
      amount_due: 500,
      amount_remaining: 500,
      pre_payment_credit_notes_amount: 400,
    });
    expect(await stripe.creditNotes.voidCreditNote(note.id)).toMatchObject({ status: 'void', voided_at: expect.any(Number) });
    expect(await stripe.invoices.retrieve(invoice)).toMatchObject({ amount_due: 900, pre_payment_credit_notes_amount: 0 });
    await stripe.creditNotes.create({ invoice, amount: 900 });
    expect(await stripe.invoices.retrieve(invoice)).toMatchObject({ status: 'paid', amount_paid: 0, amount_due: 0, total: 900 });
    expect(await stripe.subscriptions.retrieve(subscription)).toMatchObject({ status: 'active' });
  });
});

describe('a paid invoice', () => {
  test('is given back to the card by a credit note', async () => {
    const ground = await billed('pm_card_visa');
    const { stripe, sandbox, shop, invoice } = ground;
    const note = await stripe.creditNotes.create({ invoice, amount: 900, refund_amount: 900, reason: 'product_unsatisfactory' });
    expect(note).toMatchObject({ type: 'post_payment', post_payment_amount: 900, refunds: [{ amount_refunded: 900, type: 'refund' }] });
    const refund = await stripe.refunds.retrieve(String(note.refunds[0]?.refund));
    expect(refund).toMatchObject({ amount: 900, payment_intent: (await paymentOf(ground))?.payment.payment_intent });
    expect(await stripe.invoices.retrieve(invoice)).toMatchObject({ status: 'paid', post_payment_credit_notes_amount: 900 });
    expect((await errorOf(stripe.creditNotes.voidCreditNote(note.id))).message).toMatch(/has refunds/);
    await sandbox.deliverDue();
    expect(shop.types()).toEqual(expect.arrayContaining(['credit_note.created', 'refund.created', 'charge.refunded']));
  });

  test('is given to the balance, and taken from it again', async () => {
    const { stripe, sandbox, shop, invoice, customer } = await billed('pm_card_visa');
    const note = await stripe.creditNotes.create({ invoice, amount: 600, credit_amount: 600, expand: ['customer_balance_transaction'] });
    expect(note.customer_balance_transaction).toMatchObject({ amount: -600, type: 'credit_note', credit_note: note.id });
    expect(await stripe.customers.retrieve(customer)).toMatchObject({ balance: -600 });
    await stripe.creditNotes.voidCreditNote(note.id);
    expect(await stripe.customers.retrieve(customer)).toMatchObject({ balance: 0 });
    await sandbox.deliverDue();
    expect(shop.types()).toEqual(expect.arrayContaining(['credit_note.created', 'credit_note.voided', 'customer.updated']));
    expect((await stripe.creditNotes.list({ invoice })).data).toMatchObject([{ status: 'void' }]);
  });

  test('names a refund that was made before, and no more than it cost', async () => {
    const ground = await billed('pm_card_visa');
    const { stripe, invoice } = ground;
    const payment = await paymentOf(ground);
    const refund = await stripe.refunds.create({ payment_intent: String(payment?.payment.payment_intent), amount: 300 });
    const lines = [{ type: 'custom_line_item' as const, description: 'A day without service', quantity: 1, unit_amount: 300 }];
    const note = await stripe.creditNotes.create({ invoice, lines, refunds: [{ refund: refund.id, amount_refunded: 300 }] });
    expect(note.lines.data).toMatchObject([{ amount: 300, description: 'A day without service' }]);
    const more = await errorOf(stripe.creditNotes.create({ invoice, amount: 700, credit_amount: 700 }));
    expect(more.message).toMatch(/cannot exceed the total/);
    const wrong = await errorOf(stripe.creditNotes.create({ invoice, amount: 200, credit_amount: 100 }));
    expect(wrong.message).toMatch(/must equal the post-payment credit note amount \(200\)/);
  });
});

describe('an invoice by hand', () => {
  test('takes what waits for the customer, and is finalized by itself where that is wanted', async () => {
    const { stripe, sandbox } = await startBilling();
    const customer = await customerWith(stripe, 'pm_card_visa');
    await stripe.invoiceItems.create({ customer, amount: 1_500, currency: 'usd', description: 'Work' });
    const invoice = await stripe.invoices.create({ customer, pending_invoice_items_behavior: 'include', auto_advance: true });
    expect(invoice).toMatchObject({ status: 'draft', total: 1_500, parent: null, billing_reason: 'manual' });
    await sandbox.advance(DAY_MS);
    expect(await stripe.invoices.retrieve(invoice.id ?? '')).toMatchObject({ status: 'paid', number: expect.stringMatching(/-0001$/) });
    expect((await errorOf(stripe.invoices.del(invoice.id ?? ''))).message).toMatch(/only a draft can be deleted/);
  });

  test('is not needed for what waits: the next invoice of a subscription takes it, too', async () => {
    const { stripe } = await startBilling();
    const customer = await customerWith(stripe, 'pm_card_visa');
    await stripe.invoiceItems.create({ customer, amount: 2_500, currency: 'usd', description: 'Setup' });
    const items = [{ price: await priceOf(stripe, 900) }];
    const begun = await stripe.subscriptions.create({ customer, items, expand: ['latest_invoice'] });
    expect(begun.latest_invoice).toMatchObject({
      total: 3_400,
      lines: { data: [{ description: 'Setup', parent: { type: 'invoice_item_details' } }, { amount: 900 }] },
    });
    expect((await stripe.invoiceItems.list({ pending: true })).data).toEqual([]);
  });

  test('below the least charge is carried to the balance', async () => {
    const { stripe } = await startBilling();
    const customer = await customerWith(stripe, 'pm_card_visa');
    const begun = await stripe.subscriptions.create({
      customer,
      items: [{ price: await priceOf(stripe, 20) }],
      expand: ['latest_invoice'],
    });
    expect(begun.latest_invoice).toMatchObject({ status: 'paid', total: 20, amount_due: 0, amount_paid: 0, ending_balance: 20 });
    expect(await stripe.customers.retrieve(customer)).toMatchObject({ balance: 20 });
  });
});
