// The page to which the customer comes after paying. It never grants anything: it shows what the ledger knows, and its script
// follows the payment until the membership is active.

import { type Html, html } from '@paidonce/http/html';
import type { OrderView } from '@paidonce/ledger';
import { type PaymentState, paymentStateOf } from '@paidonce/stripe-adapter';
import { page, unreachableNotice } from './layout.ts';

export interface SuccessView {
  readonly sessionId: string;
  readonly order: OrderView;
}

export function successPage({ sessionId, order }: SuccessView): string {
  // Show what the ledger knows, without asking Stripe; the script's first answer corrects it. `true`: this shop delivers.
  const now = paymentStateOf(order, true);
  const isWaiting = !finalStates.has(now);
  return page({
    title: 'Your payment',
    section: '/',
    script: 'success.js',
    // Without scripts the page cannot ask for the status, but it reloads and shows what other sources have reported.
    ...(isWaiting ? { head: html`<noscript><meta http-equiv="refresh" content="3"></noscript>` } : {}),
    body: html`
<div class="waiting" role="status" data-session="${sessionId}" data-state="${now}">
  ${Object.entries(messages).map(
    ([state, [title, text]]) => html`
  <section data-when="${state}"${state !== now && html` hidden`}>
    <h1>${title}</h1>
    <p class="lead">${text}</p>
    ${state === 'active' && nextSteps(order)}
  </section>`,
  )}
</div>
${unreachableNotice}
<noscript>
  <form method="post" action="/orders/${order.orderId}/check"><button class="quiet">Check with Stripe now</button></form>
</noscript>
<p class="note">Coming to this page proved nothing: anybody can type its address. It asks the shop, the shop asks Stripe, and only Stripe's own
answer can make you a member. <a href="/orders/${order.orderId}">Timeline of order ${order.orderId}</a></p>`,
  });
}

function nextSteps({ memberId, orderId }: OrderView): Html {
  return html`<p class="actions"><a class="button" href="/members/${memberId}">Enter the members' area</a>
    <a class="button quiet" href="/orders/${orderId}">See who granted it</a></p>`;
}

// #region messages
const messages: Readonly<Record<PaymentState, readonly [title: string, text: string]>> = {
  pending: ['One moment', 'Stripe has not said yet that you paid. This page keeps asking.'],
  processing: ['Your bank is at work', 'The payment was started and is not through yet. This can take days; you may close this page.'],
  awaiting_customer: ['Please pay first', 'Stripe is waiting for your transfer or your voucher. You may close this page.'],
  granting: ['Paid. Setting up your membership', 'Your payment is in; the shop is just writing it down.'],
  active: ['You are a member', 'Your payment is in, and your membership is active.'],
  suspended: [
    'Your access is suspended',
    'The payment is disputed at your bank. Access comes back if the dispute ends well; you need not pay again.',
  ],
  review: ['We are looking at your payment', 'Something about it is not as expected, so a person decides. You need not pay again.'],
  failed: ['The payment failed', 'Nothing was taken. You can try again from the order.'],
  expired: ['The checkout has expired', 'Nothing was taken. You can start again in the shop.'],
  revoked: ['This membership has ended', 'The payment was given back.'],
};
// #endregion messages

const finalStates: ReadonlySet<PaymentState> = new Set(['active', 'failed', 'expired', 'revoked']);
