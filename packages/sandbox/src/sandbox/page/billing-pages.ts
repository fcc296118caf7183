// The pages of subscriptions: the billing portal, and the page of an invoice. Plain forms, no script.
import type Stripe from 'stripe';
import type { Model } from '../model.ts';
import { formatAmount } from '../money.ts';
import { isEnded } from '../objects/billing/subscription-record.ts';
import type { InvoiceRecord, SubscriptionRecord } from '../state/billing-records.ts';
import { PAYMENT_OPTIONS } from '../test-cards.ts';
import type { Page } from './document.ts';
import { type Html, html } from './html.ts';

/** `problem`: why the last change was refused. */
export function portalPage(model: Model, session: Stripe.BillingPortal.Session, problem?: string): Page {
  const { state } = model;
  const subscriptions = state.subscriptions.withKey(session.customer).filter((record) => !isEnded(record));
  const invoices = [...state.invoices.newestFirst()].filter(
    ({ invoice }) => invoice.customer === session.customer && invoice.status !== 'draft',
  );
  const back = session.return_url;
  return {
    title: 'Billing · Stripe sandbox',
    main: html`<section class="pane narrow"><h1>Your subscriptions</h1>
${alert(problem)}
${subscriptions.length === 0 && html`<p class="soft">There is none.</p>`}
${subscriptions.map((record) => subscriptionForm(model, session, record))}
</section>
<form class="pane narrow" method="post" action="/p/session/${session.id}"><h2>Payment method</h2>
${cardChoice()}<button name="action" value="card">Use this card from now on</button></form>
<section class="pane narrow"><h2>Invoices</h2>
${invoices
  .slice(0, 24)
  .map(
    ({ id, invoice }) =>
      html`<p class="field"><a href="/i/${id}">${invoice.number}</a> ${dayOf(invoice.created)}, ${formatAmount(invoice.total, invoice.currency)}, ${invoice.status}</p>`,
  )}
${back !== null && html`<p class="back"><a href="${back}">Back to the shop</a></p>`}</section>`,
  };
}

function subscriptionForm(model: Model, session: Stripe.BillingPortal.Session, { id, subscription, items }: SubscriptionRecord): Html {
  const [item] = items;
  const end = subscription.cancel_at;
  return html`<form method="post" action="/p/session/${session.id}"><input type="hidden" name="subscription" value="${id}">
<h2>${items.map((each) => html`${nameOf(model, each.price)}${(each.quantity ?? 1) > 1 && html` × ${each.quantity ?? 1}`} `)}</h2>
<p class="soft">${subscription.status}${item && html`, until ${dayOf(item.current_period_end)}`}${end !== null && html`; ends on ${dayOf(end)}`}</p>
${
  item &&
  html`<input type="hidden" name="item" value="${item.id}">
<p class="field"><label for="price-${id}">Plan</label> <select id="price-${id}" name="price">${plansFor(model, item.price).map(
    (price) =>
      html`<option value="${price.id}"${price.id === item.price.id && html` selected`}>${nameOf(model, price)}, ${formatAmount(price.unit_amount ?? 0, price.currency)} / ${price.recurring?.interval}</option>`,
  )}</select>
<label for="quantity-${id}">Quantity</label> <input type="number" id="quantity-${id}" name="quantity" value="${item.quantity ?? 1}" min="1">
<button name="action" value="change">Change the plan</button></p>`
}
<p class="field">${
    end === null
      ? html`<button name="action" value="cancel">Cancel at the end of the period</button>`
      : html`<button name="action" value="resume">Do not cancel</button>`
  }</p></form>`;
}

/** Active prices that are paid ahead, in the same currency, and the one that he has. */
function plansFor({ state }: Model, own: Stripe.Price): Pick<Stripe.Price, 'id' | 'product' | 'unit_amount' | 'currency' | 'recurring'>[] {
  const others = [...state.prices.oldestFirst()].filter(({ id, active, currency, recurring }) => {
    return active && id !== own.id && currency === own.currency && recurring?.usage_type === 'licensed';
  });
  return [own, ...others];
}

function nameOf({ state }: Model, { product, id }: Pick<Stripe.Price, 'id' | 'product'>): string {
  return state.products.get(String(product))?.name ?? id;
}

/** `problem`: what the last try to pay met. */
export function invoicePage({ id, invoice, lines }: InvoiceRecord, problem?: string): Page {
  const money = (amount: number): string => formatAmount(amount, invoice.currency).replace('-', '\u2212');
  const isOwed = invoice.status === 'open' || invoice.status === 'uncollectible';
  return {
    title: `Invoice ${invoice.number ?? id} · Stripe sandbox`,
    main: html`<form class="pane narrow" method="post" action="/i/${id}"><h1>Invoice ${invoice.number ?? id}</h1>
<p class="price">${money(invoice.amount_due)}</p><p class="soft">${invoice.status}, of ${dayOf(invoice.created)}</p>
${alert(problem)}
<dl class="lines">${lines.map((line) => html`<div><dt>${line.description ?? ''}</dt><dd>${money(line.amount)}</dd></div>`)}
<div class="total"><dt>Total</dt><dd>${money(invoice.total)}</dd></div></dl><br>
${isOwed && html`${cardChoice()}<button class="main" name="action" value="pay">Pay ${money(invoice.amount_remaining)}</button>`}</form>`,
  };
}

function cardChoice(): Html {
  const cards = PAYMENT_OPTIONS.filter(({ type }) => type !== 'konbini');
  return html`<fieldset><legend>Card</legend><div class="options">${cards.map(
    ({ name, label, outcome }, place) =>
      html`<label class="option"><input type="radio" name="card" value="${name}"${place === 0 && html` checked`}>
<span class="text"><span>${label}</span><span class="outcome">${outcome}</span></span></label>`,
  )}</div></fieldset>`;
}

function alert(problem: string | undefined): Html | false {
  return problem !== undefined && html`<p class="alert" role="alert" tabindex="-1" autofocus>${problem}</p>`;
}

function dayOf(seconds: number): string {
  return new Date(seconds * 1_000).toISOString().slice(0, 10);
}
