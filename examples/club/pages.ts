// The club's pages as text: the plans, and a member with the periods that were paid.
import { type Html, html } from '@paidonce/http/html';
import type { SubscriptionPeriod, SubscriptionView } from '@paidonce/ledger';
import { money } from '../shop/labels.ts';
import type { MemberRow } from './members.ts';
import { planNames, plans } from './plans.ts';

function page(title: string, body: Html): string {
  return html`<!doctype html>
<html lang="en">
<head>
  <meta charset="utf-8">
  <meta name="viewport" content="width=device-width, initial-scale=1">
  <meta name="color-scheme" content="light dark">
  <title>${title} · PaidOnce club</title>
  <link rel="stylesheet" href="/club.css">
</head>
<body>
  <a class="skip" href="#main">Skip to the content</a>
  <header><a class="brand" href="/">PaidOnce club</a></header>
  <main id="main">${body}</main>
  <footer><p>An example club on the PaidOnce payment ledger. Nothing here is for sale.</p></footer>
</body>
</html>
`.toString();
}

export function messagePage(title: string, message: string): string {
  return page(title, html`<h1>${title}</h1><p class="lead">${message}</p><p><a href="/">Back to the club</a></p>`);
}

export function homePage(): string {
  return page(
    'Join',
    html`
<h1>Join the club</h1>
<p class="lead">Every paid month lets you in for a month, once, however often Stripe reports it.</p>
<form method="post" action="/subscriptions">
  <fieldset>
    <legend>Plan</legend>
    <div class="choices three">
      ${planNames.map((plan) => {
        const { name, about, amountMinor } = plans[plan];
        return html`
      <label class="choice"><input type="radio" name="plan" value="${plan}"${plan === 'monthly' && html` checked`}>
        <span><strong>${name}</strong> <span class="price">${money(amountMinor, 'usd')}</span><small>${about}</small></span></label>`;
      })}
    </div>
  </fieldset>
  <p class="field"><label for="seats">Seats</label>
    <input id="seats" name="seats" type="number" value="1" min="1" max="50" required></p>
  <p class="field"><label for="member">Member</label>
    <input id="member" name="memberId" value="ada" required maxlength="64" pattern="[A-Za-z0-9._\\-]+" autocomplete="off"
      title="1 to 64 letters, digits, dots, underscores or dashes" aria-describedby="member-hint">
    <small id="member-hint">An id of letters and digits, not a name or an address: the ledger never forgets.</small></p>
  <p><button>Go to payment</button></p>
</form>`,
  );
}

export interface MemberView {
  readonly memberId: string;
  readonly access: MemberRow | undefined;
  readonly subscriptions: readonly SubscriptionView[];
  readonly now: Date;
  readonly canAdvance: boolean;
}

export function memberPage({ memberId, access, subscriptions, now, canAdvance }: MemberView): string {
  return page(
    memberId,
    html`
<h1>${memberId}</h1>
<p class="lead" data-access="${access ? 'in' : 'out'}">${
      access
        ? html`May come in: ${planName(access.plan)}${seats(access.quantity)}, until ${day(access.validUntil)} if nothing more is heard.`
        : 'May not come in.'
    }</p>
<p>Today is <time datetime="${now.toISOString()}">${day(now.toISOString())}</time>.</p>
${canAdvance && advanceForm(memberId)}
${subscriptions.map((subscription) => subscriptionSection(subscription, now))}
${subscriptions.length === 0 && html`<p>Nothing was paid yet. <a href="/">See the plans</a></p>`}`,
  );
}

function advanceForm(memberId: string): Html {
  const button = (months: number, days: number, label: string): Html => html`
<form method="post" action="/members/${memberId}/advance"><input type="hidden" name="months" value="${months}">
  <input type="hidden" name="days" value="${days}"><button class="quiet">${label}</button></form>`;
  return html`<div class="advance">${button(1, 0, 'A month passes')}${button(0, 7, 'A week passes')}</div>`;
}

function subscriptionSection(subscription: SubscriptionView, now: Date): Html {
  const { subscriptionId, plan, quantity, status, paidThrough, validUntil, endsAt, inGrace, openReviews } = subscription;
  return html`
<section aria-labelledby="s-${subscriptionId}">
  <h2 id="s-${subscriptionId}">${planName(plan)}${seats(quantity)} <span class="pill ${status}">${statusText(status)}</span></h2>
  <dl>
    ${row('Paid through', paidThrough && day(paidThrough))}
    ${row('Door open until', status === 'active' && validUntil && day(validUntil))}
    ${row('Ended', status === 'revoked' && validUntil && day(validUntil))}
    ${row('Ends', status === 'active' && endsAt && `${day(endsAt)}, as the member wished`)}
    ${row('Grace', inGrace && 'Nothing is paid for today; the door stays open while the renewal is awaited.')}
    ${row('For a person', openReviews.length > 0 && openReviews.map(({ kind }) => kind).join(', '))}
  </dl>
  ${timeline(subscription, now)}
  ${status !== 'revoked' && html`<form method="post" action="/subscriptions/${subscriptionId}/portal"><button>Change plan, card, or cancel</button></form>`}
</section>`;
}

const row = (name: string, value: string | false | undefined): Html | false =>
  value !== undefined && value !== false && html`<div><dt>${name}</dt><dd>${value}</dd></div>`;

function timeline({ periods }: SubscriptionView, now: Date): Html | false {
  return (
    periods.length > 0 &&
    html`<ol class="periods" aria-label="Periods">${periods.map((period) => periodItem(period, now.toISOString()))}</ol>`
  );
}

const periodTexts: Readonly<Record<SubscriptionPeriod['state'], string>> = {
  paid: 'paid',
  held: 'held by a dispute',
  given_back: 'given back',
  open: 'not paid yet',
};

function periodItem({ state, from, to, totalMinor, currency }: SubscriptionPeriod, now: string): Html {
  const isNow = from !== undefined && to !== undefined && from <= now && now < to;
  return html`<li class="${state}"${isNow && html` aria-current="true"`}>
  <span>${from === undefined ? 'An invoice' : day(from)}${to !== undefined && ` – ${day(to)}`}</span>
  <span>${periodTexts[state]}${totalMinor !== undefined && currency !== undefined && `, ${amount(totalMinor, currency)}`}</span></li>`;
}

/** Below 0 where a change gave more back than it cost. */
const amount = (minor: number, currency: string): string => (minor < 0 ? `−${money(-minor, currency)}` : money(minor, currency));
const seats = (quantity: number): string => (quantity === 1 ? '' : `, ${quantity} seats`);
const planName = (plan: string): string => plans[plan as keyof typeof plans]?.name ?? plan;
const day = (iso: string): string =>
  new Date(iso).toLocaleDateString('en-GB', { day: 'numeric', month: 'short', year: 'numeric', timeZone: 'UTC' });
const statusText = (status: SubscriptionView['status']): string =>
  ({ none: 'not granted', active: 'active', suspended: 'suspended', revoked: 'ended' })[status];
