// The forms of an order's page: what an operator may do with the order. `orderForms` is what the pages send and the routes read.
import type { OrderView, Resolution, Review } from '@paidonce/ledger';
import type { Permission } from '../console-call.ts';
import { type Html, html } from '../html.ts';

/** A form about an order. Its fields are text. */
export interface OrderForm {
  readonly may: Exclude<Permission, 'read'>;
  /** Below `orders/:orderId/`. */
  readonly path: string;
  /** Fields without which nothing is done: 400 for `seenRevision`, 422 for what is typed or chosen. */
  readonly fields: readonly string[];
}

export type OrderFormName = 'recheck' | 'redeliver' | 'observe' | 'move' | 'link' | 'resolve' | 'withdraw';
/**
 * Every form of an order's page, a POST to `orders/:orderId/{path}`.
 *
 * - `seenRevision`: the revision of the order that the page showed. *Send anyway* of a stale form carries the new one.
 * - `reason`: 1 to 500 characters. `keepReason=1` beside it: send it although it looks like an address.
 * - `observe`: `paymentId` is `pi_…`, or the `manual:{uuid}` that the page made, so that a second press is the same payment.
 *   `amount` is decimal text in `currency` (lower case). `paidAt` is `2026-11-29T10:00` in the zone `timeZone`.
 * - `move`, `link`: `payment` is an id at Stripe or `manual:…`; of a session the page names the payment that it took. `move` also
 *   has `to`, the other order, and `toRevision`, the revision of it that the preview showed.
 *
 * `move` and `link` have a page before them: GET `orders/:orderId/move?payment=…&to=…` and `orders/:orderId/link?payment=…`.
 * They answer 303 to `orders/:orderId?did={position}` of the event that they made, and 422 with the same form where a field is wrong.
 */
export const orderForms: Readonly<Record<OrderFormName, OrderForm>> = {
  recheck: { may: 'repair', path: 'recheck', fields: [] },
  redeliver: { may: 'repair', path: 'redeliver', fields: ['seenRevision', 'reason'] },
  observe: { may: 'money', path: 'observe', fields: ['seenRevision', 'paymentId', 'amount', 'currency', 'paidAt', 'timeZone', 'reason'] },
  move: { may: 'money', path: 'move', fields: ['seenRevision', 'payment', 'to', 'toRevision', 'reason'] },
  link: { may: 'money', path: 'link', fields: ['seenRevision', 'payment', 'reason'] },
  resolve: { may: 'money', path: 'reviews/:reviewId', fields: ['seenRevision', 'resolution', 'reason'] },
  withdraw: { may: 'money', path: 'withdraw', fields: ['seenRevision', 'reason'] },
};

const resolutions: readonly (readonly [Resolution, string, string])[] = [
  ['grant', 'It counts', 'in spite of what does not fit. A later refund still takes access back.'],
  ['revoke', 'It does not count', 'Access that depends on it ends. Refund it at Stripe.'],
  ['dismiss', 'Nothing changes', 'The review ends, access stays as it is.'],
];

export function reviewForms(here: string, { openReviews, revision }: OrderView): Html | false {
  if (openReviews.length === 0) return false;
  return html`<h2>Waits for you</h2>${openReviews.map((review) => reviewForm(here, review, revision))}`;
}

function reviewForm(here: string, { reviewId, kind, payment }: Review, seenRevision: number): Html {
  return html`
<form class="card" method="post" action="${here}/reviews/${encodeURIComponent(reviewId)}">
  <h3>${kind.replaceAll('_', ' ')}: payment ${payment.id}</h3>
  <input type="hidden" name="seenRevision" value="${seenRevision}">
  <fieldset>
    <legend>What is it?</legend>
    ${resolutions.map(
      ([resolution, name, about]) => html`
    <label class="choice"><input type="radio" name="resolution" value="${resolution}" required><span>${name} <small>${about}</small></span></label>`,
    )}
  </fieldset>
  ${reasonField(`why-${reviewId}`)}
  <button>Resolve</button>
</form>`;
}

export function orderActions(here: string, { sequence, delivered }: OrderView, delivers: boolean): Html {
  return html`
<h2>Try again</h2>
<div class="two">
  <form class="card" method="post" action="${here}/recheck">
    <h3>Ask Stripe</h3>
    <p>About all of this order's payments. Stripe's answer decides.</p>
    <button>Ask now</button>
  </form>
  ${
    delivers &&
    sequence > delivered &&
    html`<form class="card" method="post" action="${here}/redeliver">
    <h3>Tell the shop</h3>
    <p>Decision ${sequence}; the shop has ${delivered === 0 ? 'none' : `up to ${delivered}`}.</p>
    ${reasonField('why-redeliver')}
    <button>Deliver now</button>
  </form>`
  }
</div>`;
}

function reasonField(id: string): Html {
  return html`<p class="field"><label for="${id}">Why? <small>The log keeps it for ever: no names, no addresses.</small></label>
    <input type="text" id="${id}" name="reason" required maxlength="500" autocomplete="off"></p>`;
}
