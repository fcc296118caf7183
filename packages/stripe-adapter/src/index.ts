// @paidonce/stripe-adapter: connects a PaidOnce ledger to Stripe. The local Stripe for development is a package of its own,
// @paidonce/sandbox; its subpath `/conformance` tests your app against it.
export type { SweepSummary } from '@paidonce/ledger/adapter';
export type { StartedCheckout } from './checkout/checkout.ts';
export type { SessionOptions, StartCheckout } from './checkout/checkout-input.ts';
export { type PaymentState, type PaymentStatus, paymentStateOf } from './checkout/payment-status.ts';
export { type ManualPayment, manualPayment } from './operations/manual-payment.ts';
export type { Rechecked } from './operations/recheck.ts';
export { type StripePayments, type StripePaymentsOptions, stripePayments } from './stripe-payments.ts';
export type { WebhookAnswer } from './webhook/webhook.ts';
export type { WebhookSecret } from './webhook/webhook-signature.ts';
