// Which events are asked for, and which are ignored before anything is asked.
import { describe, expect, test } from 'vitest';
import { invoice, subscription } from '../billing-objects.test-support.ts';
import { billingEventTypes, eventTypes, isIdleBilling } from './event-types.ts';

describe('the events of subscriptions', () => {
  test('are a list of their own: together with the others they are more than Stripe lists', () => {
    expect(billingEventTypes).toHaveLength(14);
    expect(new Set([...eventTypes, ...billingEventTypes]).size).toBe(eventTypes.length + 14);
  });

  test('none that we ask for is idle, but the finalizing of an invoice that is charged', () => {
    for (const type of billingEventTypes) {
      for (const name of [type, `v1.${type}`]) expect([name, isIdleBilling(name)]).toEqual([name, false]);
    }
    const sent = invoice({ status: 'open', collection_method: 'send_invoice' });
    expect(isIdleBilling('invoice.finalized', invoice({ status: 'open' }))).toBe(true);
    expect(isIdleBilling('invoice.finalized', sent)).toBe(false);
    expect(isIdleBilling('invoice.paid', invoice())).toBe(false);
  });

  // biome-ignore format: a table
  test.each([
    'v1.customer.subscription.past_due', 'v1.customer.subscription.unpaid', 'v1.customer.subscription.item_price_changed',
    'v1.customer.subscription.item_quantity_changed', 'v1.customer.subscription.cancel_at_changed', 'v1.customer.subscription.resumed',
    'v1.invoice_payment.canceled', 'v1.invoice.payment_succeeded', 'v1.something.new',
  ])('a thin one is worth a read: %s', (type) => {
    expect(isIdleBilling(type)).toBe(false);
  });

  // biome-ignore format: a table
  test.each([
    'invoice.created', 'invoice.updated', 'invoice.upcoming', 'v1.invoice.line_item_added', 'v1.invoice_payment.open',
    'customer.subscription.trial_will_end', 'v1.customer.subscription.default_payment_method_changed', 'credit_note.updated',
  ])('%s decides nothing', (type) => {
    expect(isIdleBilling(type)).toBe(true);
    expect(isIdleBilling(type, subscription())).toBe(true);
  });
});
