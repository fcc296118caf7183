// @paidonce/sandbox: a local, stateful Stripe.
export type { Fault, FaultKind } from './api/faults.ts';
export type { InvoicePaid } from './billing-controls.ts';
export type { PayOptions, RefundOptions } from './controls.ts';
export type { Advance } from './core.ts';
export type { Fate } from './fate.ts';
export type { Authentication } from './objects/checkout-authenticate.ts';
export type { Confirmation } from './objects/checkout-confirm.ts';
export type { DisputeCaseType, DisputeStatus, DisputeTerms } from './objects/disputes.ts';
export type { LinkVisit } from './objects/payment-links.ts';
export type { RefundEnd } from './objects/refund-status.ts';
export type { Dunning, StripeSandboxOptions, WebhookEndpointOptions } from './options.ts';
export { type StripeSandbox, startStripeSandbox } from './sandbox.ts';
export type { EventPayload } from './state/records.ts';
export type { CardName } from './test-cards.ts';
