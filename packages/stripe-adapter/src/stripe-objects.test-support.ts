// Makes objects of Stripe for tests of the pure mapping: with the fields that we read, and some that we do not read.

export const scope: string = 'paidonce';
export const ours: Record<string, string> = { paidonce: scope, paidonce_order: 'order-1' };

export function session(fields: object = {}): Record<string, unknown> {
  return {
    id: 'cs_test_1',
    object: 'checkout.session',
    mode: 'payment',
    status: 'complete',
    payment_status: 'paid',
    amount_subtotal: 1_000,
    amount_total: 1_000,
    total_details: { amount_discount: 0, amount_shipping: 0, amount_tax: 0 },
    currency: 'eur',
    created: 1_800_000_000,
    livemode: false,
    metadata: ours,
    payment_intent: 'pi_1',
    payment_link: null,
    client_reference_id: null,
    recovered_from: null,
    customer_details: { email: 'customer@example.com' },
    ...fields,
  };
}

export function intent(fields: object = {}): Record<string, unknown> {
  return {
    id: 'pi_1',
    object: 'payment_intent',
    status: 'succeeded',
    amount: 1_000,
    amount_received: 1_000,
    currency: 'eur',
    created: 1_800_000_100,
    livemode: false,
    last_payment_error: null,
    metadata: ours,
    ...fields,
  };
}

export function refund(fields: object = {}): Record<string, unknown> {
  return {
    id: 're_1',
    object: 'refund',
    status: 'succeeded',
    amount: 400,
    reason: null,
    payment_intent: 'pi_1',
    charge: 'ch_1',
    balance_transaction: 'txn_2',
    metadata: {},
    ...fields,
  };
}

export function dispute(fields: object = {}): Record<string, unknown> {
  return {
    id: 'dp_1',
    object: 'dispute',
    status: 'needs_response',
    amount: 1_000,
    currency: 'eur',
    reason: 'fraudulent',
    livemode: false,
    payment_intent: 'pi_1',
    charge: 'ch_1',
    balance_transactions: [{ id: 'txn_1', amount: -1_000 }],
    payment_method_details: { type: 'card', card: { brand: 'visa', case_type: 'chargeback' } },
    metadata: {},
    ...fields,
  };
}

export function charge(fields: object = {}): Record<string, unknown> {
  return { id: 'ch_1', object: 'charge', amount_refunded: 0, payment_intent: 'pi_1', livemode: false, metadata: ours, ...fields };
}
