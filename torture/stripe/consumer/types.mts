// A shop as an ES module: what it writes must fit the `stripe` that it has. Type-checked without `skipLibCheck`.
import { createPaymentLedger } from '@paidonce/ledger';
import { openMemoryEventStore } from '@paidonce/ledger/memory';
import { startStripeSandbox } from '@paidonce/sandbox';
import { type IntentOptions, type SessionOptions, type StripeClient, stripePayments } from '@paidonce/stripe-adapter';
import Stripe from 'stripe';

const ledger = createPaymentLedger({ eventStore: openMemoryEventStore() });
export const client: StripeClient = new Stripe('sk_test_123456789012');
const payments = stripePayments({ ledger, stripe: new Stripe('sk_test_123456789012'), webhookSecrets: ['whsec_1'], poll: false });
const order = { orderId: 'o', memberId: 'm', plan: 'year', amountMinor: 1_000, currency: 'eur' };
const successUrl = 'https://shop.example/done';

export const session: SessionOptions = { customer_email: 'a@shop.example', line_items: [{ price: 'price_1', quantity: 1 }] };
export const intent: IntentOptions = { description: 'A year', automatic_payment_methods: { enabled: true } };
export const hosted: Promise<{ readonly url: string }> = payments.startCheckout({ ...order, successUrl, session });
export const bare: Promise<{ readonly clientSecret: string }> = payments.startCheckout({ ...order, ui: 'intent', intent });
export const sandbox: Promise<AsyncDisposable> = startStripeSandbox();

// @ts-expect-error mode is set by startCheckout
void payments.startCheckout({ ...order, successUrl, session: { mode: 'payment' } });
// @ts-expect-error there is no such parameter at Stripe
void payments.startCheckout({ ...order, successUrl, session: { no_such_parameter: true } });
// @ts-expect-error that is no client
stripePayments({ ledger, stripe: { checkout: {} }, webhookSecrets: false });
