// @paidonce/stripe-adapter: Stripe for the PaidOnce ledger. A local Stripe to develop against: `/sandbox`; what breaks your app: `/conformance`.
export type { StartedCheckout } from './checkout/checkout.ts';
export type { SessionOptions, StartCheckout } from './checkout/checkout-input.ts';
export { type PaymentState, type PaymentStatus, paymentStateOf } from './checkout/payment-status.ts';
export { type ManualPayment, manualPayment } from './operations/manual-payment.ts';
export type { Rechecked } from './operations/recheck.ts';
export { type StripePayments, type StripePaymentsOptions, stripePayments } from './stripe-payments.ts';
export type { WebhookAnswer } from './webhook/webhook.ts';
export type { WebhookSecret } from './webhook/webhook-signature.ts';
