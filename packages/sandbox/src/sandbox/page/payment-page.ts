// The hosted payment page: what is bought, how it is paid, and what becomes of the webhook. Plain forms, no script.
import type Stripe from 'stripe';
import { FATE_NAMES, type Fate, type FateName, fateInMetadata, fateName, LATE_SECONDS } from '../fate.ts';
import { formatAmount } from '../money.ts';
import { fateOfSession } from '../objects/announcement.ts';
import type { CheckoutRecord } from '../state/records.ts';
import { PAYMENT_OPTIONS, type PaymentOption } from '../test-cards.ts';
import type { Page } from './document.ts';
import { type Html, html } from './html.ts';

const FATE_TEXTS: Record<FateName, { readonly label: string; readonly detail: string }> = {
  delivered: { label: 'Delivered', detail: 'At once, as it should be' },
  lost: { label: 'Lost', detail: 'It never arrives' },
  doubled: { label: 'Doubled', detail: 'Each event five times' },
  late: { label: 'Late', detail: 'After the seconds below' },
  reordered: { label: 'Reordered', detail: 'The newest event first' },
  never_made: { label: 'Never made', detail: 'No event exists at all' },
};

/** The pay button is the form's first, so that Enter pays. `problem`: what the last try met, e.g. a declined card. */
export function paymentPage(record: CheckoutRecord, chosenCard: string, problem?: string): Page {
  const { session } = record;
  const price = priceOf(session);
  const verb =
    session.mode === 'setup' ? 'Save payment method' : session.mode === 'subscription' ? `Subscribe for ${price}` : `Pay ${price}`;
  const title = `${verb} · Stripe sandbox`;
  return {
    title: problem === undefined ? title : `Problem: ${title}`,
    main: html`
<div class="panes">
${summary(record, price)}
<form class="pane" method="post" action="/c/pay/${session.id}">
  ${problem !== undefined && html`<p class="alert" role="alert" tabindex="-1" autofocus>${problem}</p>`}
  ${needsCard(session) ? cardChoice(session, chosenCard) : html`<p>Nothing to pay: no payment method is needed.</p><br>`}
  ${fateChoice(record)}
  <button class="main" name="action" value="pay">${verb}</button>
  ${
    session.allow_promotion_codes &&
    html`<p class="field"><label for="promotion_code">Promotion code</label>
    <input type="text" id="promotion_code" name="promotion_code" autocomplete="off" maxlength="100">
    <button name="action" value="apply">Apply</button></p>`
  }
  ${session.cancel_url !== null && html`<p class="back"><a href="${session.cancel_url}">Cancel and go back to the shop</a></p>`}
</form>
</div>`,
  };
}

/** A session that cannot be paid any more, or never could. `goOn`: where a paid one leads to. */
export function closedPage(record: CheckoutRecord | undefined, goOn?: string): Page {
  if (!record) {
    const main = html`<section class="pane narrow"><h1>No such payment page</h1><p>Its session is unknown to this sandbox. Was its state kept in memory, and the sandbox started anew?</p></section>`;
    return { title: 'Not found · Stripe sandbox', main };
  }
  const { session } = record;
  if (session.status === 'complete') {
    const main = html`<section class="pane narrow"><h1>This payment is done</h1>
<p class="soft">${priceOf(session)}, ${session.payment_status}</p>${goOn !== undefined && html`<p class="back"><a href="${goOn}">Go on to the shop</a></p>`}</section>`;
    return { title: 'Payment done · Stripe sandbox', main };
  }
  const main = html`<section class="pane narrow"><h1>This payment page has expired</h1>
<p class="soft">Nothing was paid. Start again in the shop.</p>${session.cancel_url !== null && html`<p class="back"><a href="${session.cancel_url}">Back to the shop</a></p>`}</section>`;
  return { title: 'Expired · Stripe sandbox', main };
}

/** A page that says no, and why. */
export function refusalPage(title: string, reason: string): Page {
  return {
    title: `${title} · Stripe sandbox`,
    main: html`<section class="pane narrow"><h1>${title}</h1><p class="soft">${reason}</p></section>`,
  };
}

/** A subscription that costs nothing today is paid for later. */
function needsCard({ amount_total: total, mode, payment_method_collection: collection }: Stripe.Checkout.Session): boolean {
  return total !== 0 || (mode === 'subscription' && collection === 'always');
}

/** What a recurring price costs, where today's amount is another. */
function recurringPrice({ price, currency }: Stripe.LineItem): Html | false {
  const { interval, interval_count: count } = price?.recurring ?? {};
  if (interval === undefined || typeof price?.unit_amount !== 'number') return false;
  return html`<br><span class="soft">${formatAmount(price.unit_amount, currency)} every ${count === 1 ? interval : `${count} ${interval}s`}</span>`;
}

function priceOf({ amount_total, currency }: Stripe.Checkout.Session): string {
  return amount_total === null || currency === null ? 'No charge' : formatAmount(amount_total, currency);
}

function summary({ session, lineItems }: CheckoutRecord, price: string): Html {
  const money = (amountMinor: number): string => formatAmount(amountMinor, session.currency ?? 'usd');
  const { amount_discount: discount = 0, amount_shipping: shipping = 0, amount_tax: tax = 0 } = session.total_details ?? {};
  const part = (name: string, amountMinor: number): Html | false =>
    amountMinor !== 0 && html`<div><dt>${name}</dt><dd>${money(amountMinor).replace('-', '\u2212')}</dd></div>`;
  const [first, ...others] = lineItems;
  const what = first?.description ?? 'Payment method';
  return html`<section class="pane summary" aria-labelledby="what">
  <h1 id="what">${others.length > 0 ? `${what} and ${others.length} more` : what}</h1>
  <p class="price">${price}</p>
  <dl class="lines">
  ${lineItems.map((item) => {
    const quantity = item.quantity ?? 1;
    return html`<div><dt>${item.description}${quantity > 1 && html` <span class="soft">× ${quantity}</span>`}${recurringPrice(item)}</dt><dd>${money(item.amount_subtotal)}</dd></div>`;
  })}
  ${part('Discount', -discount)}${part('Shipping', shipping ?? 0)}${part('Tax', tax)}
  ${session.automatic_tax.status === 'requires_location_inputs' && html`<div><dt class="soft">Tax is added when you pay</dt><dd></dd></div>`}
  <div class="total"><dt>Total</dt><dd>${price}</dd></div>
  </dl>
  <p class="ids">${session.client_reference_id !== null && html`Reference ${session.client_reference_id}<br>`}Session ${session.id}</p>
</section>`;
}

function cardChoice(session: Stripe.Checkout.Session, chosen: string): Html {
  const offered = PAYMENT_OPTIONS.filter(({ type, savedOnly }) => {
    return session.payment_method_types.includes(type) && (!savedOnly || session.mode === 'subscription');
  });
  return html`<fieldset><legend>Pay with</legend><div class="options">
${offered.map((option) => cardOption(option, option.name === chosen))}
</div></fieldset>`;
}

function cardOption({ name, label, number, outcome }: PaymentOption, checked: boolean): Html {
  return html`<label class="option"><input type="radio" name="card" value="${name}"${checked && html` checked`}>
<span class="text"><span>${label}</span><span class="outcome">${outcome}</span><span class="number">${number}</span></span></label>`;
}

function fateChoice(record: CheckoutRecord): Html {
  const fate: Fate = fateOfSession(record);
  const seconds = fate.split(':')[1] ?? String(LATE_SECONDS);
  const choice = html`<fieldset><legend>What happens to the webhook</legend><div class="options">
${FATE_NAMES.map(
  (name) => html`<label class="option"><input type="radio" name="fate" value="${name}"${name === fateName(fate) && html` checked`}>
<span class="text"><span>${FATE_TEXTS[name].label}</span><span class="outcome">${FATE_TEXTS[name].detail}</span></span></label>`,
)}
</div>
<p class="field"><label for="late_seconds">If late, by how many seconds</label>
<input type="number" id="late_seconds" name="late_seconds" value="${seconds}" min="0" max="86400"></p></fieldset>`;
  if (fateInMetadata(record.session.metadata) === undefined) return choice;
  // Asked once is enough: the shop has asked already.
  return html`<details><summary>The shop has chosen what happens to the webhook: ${FATE_TEXTS[fateName(fate)].label.toLowerCase()}</summary>
${choice}</details>`;
}
