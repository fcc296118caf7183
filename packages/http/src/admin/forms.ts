// The forms of an order's page: what an operator may do with the order.
import type { OrderView, Resolution, Review } from '@paidonce/ledger';
import { type Html, html } from '../html.ts';

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
