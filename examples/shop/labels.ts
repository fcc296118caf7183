// The words that the pages use for the ledger's terms.
import type { MembershipStatus, OrderEvent, OrderPaymentState, Source } from '@paidonce/ledger';
import type { PaymentState } from '@paidonce/stripe-adapter';

export const sourceNames: Readonly<Record<Source, string>> = {
  webhook: 'Webhook',
  poll: 'Poll',
  status_query: 'Status query',
  manual: 'Support',
};

export const membershipLabels: Readonly<Record<MembershipStatus, string>> = {
  none: 'not granted',
  active: 'active',
  suspended: 'suspended',
  revoked: 'revoked',
};

export const paymentLabels: Readonly<Record<OrderPaymentState, string>> = {
  none: 'not paid',
  processing: 'processing',
  awaiting_customer: 'waits for the customer',
  authorized: 'authorized',
  paid: 'paid',
  partially_refunded: 'partly refunded',
  refunded: 'refunded',
  disputed: 'disputed',
  canceled: 'canceled',
  expired: 'expired',
  failed: 'failed',
};

export type Decision = Extract<OrderEvent, { type: `Membership${'Granted' | 'Suspended' | 'Restored' | 'Revoked'}` }>;

export const decisionLabels: Readonly<Record<Decision['type'], 'granted' | 'suspended' | 'restored' | 'revoked'>> = {
  MembershipGranted: 'granted',
  MembershipSuspended: 'suspended',
  MembershipRestored: 'restored',
  MembershipRevoked: 'revoked',
};

/** The answers of a status query, for the person who asked. */
export const answerLabels: Readonly<Record<PaymentState | 'stale', string>> = {
  stale: 'Stripe did not answer',
  pending: 'not paid yet',
  processing: 'the bank is still working on it',
  awaiting_customer: 'waits for the customer to pay',
  granting: 'paid; the shop is being told',
  active: 'paid, and the membership is active',
  suspended: 'paid, and suspended while it is disputed',
  review: 'paid, and a person must look at it',
  failed: 'the payment failed',
  expired: 'the checkout has expired, unpaid',
  revoked: 'paid, and given back',
};

/** Returns the time of day in the time zone of this machine. */
export function timeOfDay(iso: string): string {
  return new Date(iso).toLocaleTimeString('en-GB');
}

// Stripe uses two decimals for these, unlike ISO 4217.
const twoDecimals = new Set(['isk', 'ugx']);

/** Returns the amount as text. @param amountMinor in Stripe's minor units. */
export function money(amountMinor: number, currency: string): string {
  const format = new Intl.NumberFormat('en', { style: 'currency', currency });
  const digits = twoDecimals.has(currency) ? 2 : (format.resolvedOptions().maximumFractionDigits ?? 2);
  return format.format(amountMinor / 10 ** digits);
}
