// What was found, or nothing.
import type { Hit, HitKind, SubscriptionSummary } from '@paidonce/ledger';
import { type Html, html, type Insert } from '../../html.ts';
import { banner, card, facts } from '../components/boxes.ts';
import { moneyText, numberText } from '../components/format.ts';
import { hidden } from '../components/forms.ts';
import { ago, id } from '../components/ids.ts';
import { queryWith, rowLink, sub, table, tabs } from '../components/lists.ts';
import { shownState, statePill } from '../components/states.ts';
import type { PageContext, PageView } from '../page-context.ts';
import { memberPath, orderPath } from './order-cells.ts';
import { subscriptionTable } from './subscription-cells.ts';

export interface FoundData {
  /** What was looked for: the text, or the id in it. */
  readonly query: string;
  /** What was typed. Absent: the shop found the members, and the text is in no address. */
  readonly text?: string;
  readonly hits: readonly Hit[];
  readonly more: boolean;
  readonly kind?: HitKind;
  /** How many there are of each kind, before `kind` was applied. */
  readonly counts: Readonly<Record<HitKind, number>>;
  /** Absent: one kind of the others is asked for, or the shop found the members. */
  readonly subscriptions?: readonly SubscriptionSummary[];
}

export const hitKinds: readonly HitKind[] = ['order', 'member', 'object', 'held'];

export function foundPage(context: PageContext, data: FoundData): PageView {
  const { words, lang } = context;
  const { find, parts } = words;
  const { query, text, hits, more, counts, subscriptions = [] } = data;
  const ofOrders = hitKinds.reduce((sum, kind) => sum + counts[kind], 0);
  const all = ofOrders + subscriptions.length;
  const rows = hits.map((hit) => rowOf(context, hit, query));
  const body = html`<div class="head"><div><h1>${find.matches(all, numberText(lang, all), html`<q class="said">${query}</q>`)}</h1><p class="why">${text === undefined ? find.ofMembers : find.about}</p></div></div>
${text !== undefined && ofOrders > 0 && kindTabs(context, data, ofOrders)}${
  hits.length > 0 &&
  card(
    find.match,
    table(
      [
        { head: find.match },
        { head: find.kind, isWide: true },
        { head: parts.state },
        { head: find.newest, isNumber: true, isWide: true, also: 'soft' },
      ],
      rows,
    ),
    { kind: 'flush' },
  )
}${more && html`<p class="small soft">${find.more}</p>`}${subscriptions.length > 0 && card(words.subscription.many, subscriptionTable(context, subscriptions), { kind: 'flush' })}`;
  return { title: find.title(text ?? query), body, hasForms: true, ...(text === undefined ? {} : { find: text }) };
}

function kindTabs(context: PageContext, { counts, kind: chosen }: FoundData, all: number): Html {
  const { words, lang, url } = context;
  const names: Readonly<Record<HitKind, string>> = {
    order: words.find.orders,
    member: words.parts.members,
    object: words.find.stripeIds,
    held: words.find.heldPayments,
  };
  const tab = (kind: HitKind | undefined, name: string, count: number): { href: string; text: string; isCurrent: boolean } => ({
    href: queryWith(url.query, { kind }),
    text: `${name} ${numberText(lang, count)}`,
    isCurrent: kind === chosen,
  });
  return tabs(words.find.kinds, [tab(undefined, words.parts.all, all), ...hitKinds.map((kind) => tab(kind, names[kind], counts[kind]))]);
}

function rowOf(context: PageContext, hit: Hit, query: string): readonly Insert[] {
  const { words, lang, base } = context;
  const { find, parts } = words;
  if (hit.kind === 'held') {
    return [rowLink(`${base}queues/held`, marked(hit.payment.id, query), true), find.heldPayments, '–', '–'];
  }
  const order = hit.kind === 'member' ? hit.newest : hit.order;
  const state = statePill(context, shownState(order.status, order.queues));
  const newest = ago(context, order.newestAt);
  if (hit.kind === 'member') {
    const about = hit.orders === 1 ? find.memberOrder(order.orderId) : find.memberOrders(numberText(lang, hit.orders), order.orderId);
    return [
      html`${rowLink(memberPath(context, hit.memberId), marked(hit.memberId, query), true)}${sub(about)}`,
      parts.member,
      state,
      newest,
    ];
  }
  if (hit.kind === 'object') {
    const text = html`${rowLink(orderPath(context, order.orderId), marked(hit.objectId, query), true)}${sub(find.objectOf(order.orderId))}`;
    return [text, hit.type, state, newest];
  }
  const amount = moneyText(lang, order.expectedMinor, order.currency);
  const about = find.orderAbout(order.memberId, order.plan, html`<span class="nb">${amount}</span>`);
  return [html`${rowLink(orderPath(context, order.orderId), marked(order.orderId, query), true)}${sub(about)}`, parts.order, state, newest];
}

/** The id with what was looked for marked. */
function marked(full: string, query: string): Html {
  const at = full.toLowerCase().indexOf(query.toLowerCase());
  if (at < 0 || query === '') return html`${full}`;
  return html`${full.slice(0, at)}<mark>${full.slice(at, at + query.length)}</mark>${full.slice(at + query.length)}`;
}

export interface NotFoundData {
  readonly query: string;
  readonly text: string;
  /** False: the shop did not answer in time, or failed. Absent: it was not asked. */
  readonly shopAnswered?: boolean;
}

export function notFoundPage(context: PageContext, { query, text, shopAnswered }: NotFoundData): PageView {
  const { words, base, may, livemode, lagMs } = context;
  const { find, parts } = words;
  const shown = id(context, query, { copy: true });
  const isAddress = query !== text.trim().toLowerCase() && query !== text.trim();
  const canAsk = may.has('repair') && /^[A-Za-z0-9._:-]{1,128}$/.test(query);
  const others = html`<ul class="pairs tight"><li>${find.otherApplication}</li>${livemode !== undefined && html`<li>${find.otherMode(livemode)}</li>`}<li>${find.beforeLedger(
    html`<code class="id">paidonce-stripe backfill</code>`,
  )}</li>${lagMs !== undefined && lagMs > 60_000 && html`<li>${find.listsOld}</li>`}</ul>`;
  const body = html`<div class="head"><div><h1>${find.nothing}</h1><p class="why">${isAddress ? find.addressHas(shown) : find.noneHas(shown)}</p></div></div>
${shopAnswered === false && banner({ tone: 'warn', icon: 'shop', title: find.shopSilent })}<div class="grid c2">
${
  canAsk &&
  card(
    find.askTitle,
    html`<div class="form"><p>${find.askText}</p><form method="post" action="${base}recheck" class="acts">${hidden('id', query)}<button class="btn main">${find.ask}</button><span class="small soft">${find.askCosts}</span></form></div>`,
  )
}${card(find.others, others)}</div>
${card(
  find.whatTitle,
  facts([
    [parts.order, html`o-10519 <small>${find.orStart}</small>`],
    [parts.member, html`m-1042 <small>${find.orShop}</small>`],
    ['Stripe', html`<span class="id">pi_ cs_ ch_ re_ du_ evt_</span> <small>${find.orWhole}</small>`],
    [find.address, html`dashboard.stripe.com/… <small>${find.addressText}</small>`],
  ]),
)}`;
  return { title: find.nothing, body, hasForms: true, find: text };
}
