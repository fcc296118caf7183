// The first page: the customer chooses a plan and what happens to the webhook, and goes to pay.

import { html } from '@paidonce/http/html';
import { plans } from '../plans.ts';
import { money } from '../words.ts';
import { page } from './layout.ts';

export const fates = [
  ['delivered', 'Delivered', 'As on a good day: it arrives at once.'],
  ['lost', 'Lost', 'It never arrives. Most shops never notice.'],
  ['doubled', 'Doubled', 'It arrives five times at once.'],
  ['late', 'Late', 'It arrives ten seconds later, when another source has spoken.'],
  ['reordered', 'Reordered', 'All events of the payment arrive, the newest first.'],
] as const;

export interface HomeView {
  /** False: the page has no choice for the webhook, because only the sandbox can change it. */
  readonly isSandbox: boolean;
  readonly pollSeconds: number;
}

export function homePage({ isSandbox, pollSeconds }: HomeView): string {
  return page({
    title: 'Become a member',
    section: '/',
    body: html`
<h1>Become a member</h1>
<p class="lead">Four sources can say that you have paid. Your membership is granted once, by the one that comes first.</p>
<form method="post" action="/orders">
  <fieldset>
    <legend>Plan</legend>
    <div class="choices three">
      ${plans.map(
        ({ id, name, about, amountMinor, currency }) => html`
      <label class="choice"><input type="radio" name="plan" value="${id}"${id === 'year' && html` checked`}>
        <span><strong>${name}</strong> <span class="price">${money(amountMinor, currency)}</span><small>${about}</small></span></label>`,
      )}
    </div>
  </fieldset>
  <p class="field">
    <label for="member">Member</label>
    <input id="member" name="memberId" value="ada" required maxlength="64" pattern="[A-Za-z0-9._\\-]+" autocomplete="off"
      title="1 to 64 letters, digits, dots, underscores or dashes" aria-describedby="member-hint">
    <small id="member-hint">An id of letters and digits, not a name or an address: the ledger never forgets.</small>
  </p>
  ${isSandbox && sandboxChoices}
  <p><button>Go to payment</button></p>
</form>
${
  isSandbox
    ? html`<p class="note">Payment is a local sandbox of Stripe: no card and no money. The poll asks it every ${pollSeconds} seconds here; in a
  real shop every five minutes.</p>`
    : html`<p class="note">Payment is at Stripe itself, with the keys that this shop was started with. The poll asks every ${pollSeconds} seconds.</p>`
}`,
  });
}

const sandboxChoices = html`
  <fieldset>
    <legend>What happens to the webhook?</legend>
    <div class="choices">
      ${fates.map(
        ([fate, name, about]) => html`
      <label class="choice"><input type="radio" name="fate" value="${fate}"${fate === 'lost' && html` checked`}>
        <span><strong>${name}</strong><small>${about}</small></span></label>`,
      )}
    </div>
  </fieldset>
  <fieldset>
    <legend>And the customer, after paying?</legend>
    <div class="choices two">
      <label class="choice"><input type="radio" name="afterwards" value="returns" checked>
        <span><strong>Comes back to the shop</strong><small>The success page asks for the status.</small></span></label>
      <label class="choice"><input type="radio" name="afterwards" value="leaves">
        <span><strong>Closes the browser</strong><small>Nobody asks. If the webhook is lost too, the poll must find the payment.</small></span></label>
    </div>
  </fieldset>`;
