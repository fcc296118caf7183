// @paidonce/stripe-adapter: connects a PaidOnce ledger to Stripe. The local Stripe for development is a package of its own,
// @paidonce/sandbox; its subpath `/conformance` tests your app against it.
export type { AdoptCheckout } from './checkout/adopt-checkout.ts';
export type {
  IntentOptions,
  SessionOptions,
  StartCheckout,
  StartEmbeddedCheckout,
  StartPaymentIntent,
} from './checkout/checkout-terms.ts';
export { type PaymentState, type PaymentStatus, paymentStateOf } from './checkout/payment-status.ts';
export type { StartedCheckout, StartedEmbeddedCheckout, StartedPaymentIntent, StartedSubscription } from './checkout/started.ts';
export type { StatusWait } from './checkout/status-wait.ts';
export type { SubscriptionPayments } from './checkout/subscription-payments.ts';
export type { StartSubscription, SubscriptionSessionOptions } from './checkout/subscription-terms.ts';
export { type ManualPayment, manualPayment } from './operations/manual-payment.ts';
export type { Rechecked, RecheckOptions } from './operations/recheck.ts';
export type { PollHealth, TierHealth } from './poll/poll-health.ts';
export type { SweepResult } from './poll/sweep-result.ts';
export type { StripeClient } from './stripe/client.ts';
export { type StripePayments, stripePayments } from './stripe-payments.ts';
export type { StripePaymentsOptions } from './stripe-payments-options.ts';
export type { WebhookAnswer } from './webhook/webhook.ts';
export type { WebhookSecret } from './webhook/webhook-signature.ts';
