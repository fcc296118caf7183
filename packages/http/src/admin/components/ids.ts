// Ids, times and money in markup. An id stands whole in the document, for search, copying and screen readers; only the eye
// sees a shorter one. Links are built from checked ids alone.
import { isId } from '@paidonce/ledger/adapter';
import { type Html, html } from '../../html.ts';
import { age, dayText, dayTimeText, type Locale, localTime, moneyText } from './format.ts';

/** Longer ids are shortened for the eye. */
const shownWhole = 22;
const before = 12;
const after = 4;

export interface IdOptions {
  /** A button that copies it. It is hidden until the script runs. */
  readonly copy?: boolean;
  /** Where the id leads to, relative. */
  readonly href?: string;
  /** To Stripe's dashboard. */
  readonly stripe?: StripePlace;
}
export interface StripePlace {
  /** Its pages stand below its id, also where it is not the account that one is signed in to, as a connected one. */
  readonly account?: string;
  readonly livemode: boolean;
}

export function id(locale: Locale, full: string, { copy = false, href, stripe }: IdOptions = {}): Html {
  const text = shortened(full);
  const title = full.length > shownWhole && html` title="${full}"`;
  const main = href === undefined ? html`<code class="id"${title}>${text}</code>` : html`<a class="id" href="${href}"${title}>${text}</a>`;
  return html`${main}${copy && copyButton(locale, full)}${stripe && stripeLink(locale, full, stripe)}`;
}

/** Three spans, of which the sheet hides the middle one behind "…". */
function shortened(full: string): Html {
  if (full.length <= shownWhole) return html`${full}`;
  return html`<span>${full.slice(0, before)}</span><span class="m">${full.slice(before, -after)}</span><span>${full.slice(-after)}</span>`;
}

export function copyButton({ words }: Locale, full: string): Html {
  return html`<button class="copy i i-copy" type="button" data-copy="${full}" aria-label="${words.parts.copy(full)}" hidden></button>`;
}

const dashboard = 'https://dashboard.stripe.com';
const places: readonly (readonly [RegExp, string])[] = [
  [/^(pi|ch|py)_\w+$/, 'payments'],
  [/^(re|pyr)_\w+$/, 'refunds'],
  [/^(du|dp)_\w+$/, 'disputes'],
  [/^evt_\w+$/, 'events'],
  [/^cs_\w+$/, 'checkout/sessions'],
  [/^sub_\w+$/, 'subscriptions'],
  [/^in_\w+$/, 'invoices'],
];

/** The page of an object in Stripe's dashboard. Undefined: there is none for such an id. */
export function stripeUrl(objectId: string, { account, livemode }: StripePlace): string | undefined {
  const place = places.find(([form]) => form.test(objectId))?.[1];
  if (place === undefined || !isId(objectId)) return undefined;
  const of = account !== undefined && /^acct_\w+$/.test(account) ? `/${account}` : '';
  return `${dashboard}${of}${livemode ? '' : '/test'}/${place}/${objectId}`;
}

function stripeLink({ words }: Locale, objectId: string, place: StripePlace): Html | undefined {
  const url = stripeUrl(objectId, place);
  if (url === undefined) return undefined;
  return html` <a class="i i-ext" href="${url}" rel="noreferrer"><span class="vh">${words.parts.openAtStripe(objectId)}</span></a>`;
}

/** A local time; UTC in `datetime` and `title`. */
export function time(locale: Locale, iso: string, style: 'day' | 'day-minute' | 'minute' | 'second' = 'day-minute'): Html {
  const at = Date.parse(iso);
  if (Number.isNaN(at)) return html`${iso}`;
  return html`<time datetime="${iso}" title="${iso}">${timeText(locale, at, style)}</time>`;
}

function timeText(locale: Locale, at: number, style: 'day' | 'day-minute' | 'minute' | 'second'): string {
  if (style === 'day') return dayText(locale, at);
  if (style === 'day-minute') return dayTimeText(locale, at);
  return localTime(locale.timeZone, at)[style];
}

/** `33 min ago`, with the time itself behind it for a machine and a pointer. */
export function ago(locale: Locale, iso: string): Html {
  return html`<time datetime="${iso}" title="${iso}">${locale.words.parts.ago(age(locale, iso))}</time>`;
}

/** `33 min`, as in a column of ages. */
export function waited(locale: Locale, iso: string): Html {
  return html`<time datetime="${iso}" title="${iso}">${age(locale, iso)}</time>`;
}

export function money({ lang }: Locale, amountMinor: number, currency: string): Html {
  return html`<span class="nb">${moneyText(lang, amountMinor, currency)}</span>`;
}
