// The states of orders and memberships as people read them.
import type { MembershipStatus, OrderPaymentState } from '@paidonce/ledger';
import { type Html, html } from './html.ts';

const membershipWords: Readonly<Record<MembershipStatus, string>> = {
  none: 'not granted',
  active: 'active',
  suspended: 'suspended',
  revoked: 'revoked',
};

export function membershipPill(status: MembershipStatus): Html {
  return html`<span class="pill ${status}">${membershipWords[status]}</span>`;
}

export const paymentWords: Readonly<Record<OrderPaymentState, string>> = {
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
