// @paidonce/stripe-adapter: Stripe for the PaidOnce ledger. A local Stripe to develop against: `/sandbox`; what breaks your app: `/conformance`.
export type { StartedCheckout } from './checkout.ts';
export type { SessionOptions, StartCheckout } from './checkout-input.ts';
export { type ManualPayment, manualPayment } from './manual-payment.ts';
export { type PaymentState, type PaymentStatus, paymentStateOf } from './payment-status.ts';
export type { Rechecked } from './recheck.ts';
export { type StripePayments, type StripePaymentsOptions, stripePayments } from './stripe-payments.ts';
export type { WebhookAnswer } from './webhook.ts';
export type { WebhookSecret } from './webhook-signature.ts';
