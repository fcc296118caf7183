// The console's pages, without scripts. `html` escapes everything that comes from outside.
import type { OrderView, Page, Review, UndeliveredDecision } from '@paidonce/ledger';
import { type Html, html } from '../html.ts';
import { orderActions, reviewForms } from './forms.ts';
import { layout } from './layout.ts';

export const listNames = ['reviews', 'undelivered', 'open-orders'] as const;
export type ListName = (typeof listNames)[number];

export interface Lists {
  readonly reviews: Page<Review>;
  readonly undelivered: Page<UndeliveredDecision>;
  readonly 'open-orders': Page<OrderView>;
}

interface Signed {
  readonly path: string;
  readonly actor: string;
}

export function orderPath(path: string, orderId: string): string {
  return `${path}orders/${encodeURIComponent(orderId)}`;
}

interface ListLabels {
  readonly title: string;
  readonly about: string;
  readonly none: string;
}

const labels: Readonly<Record<ListName, ListLabels>> = {
  reviews: {
    title: 'Waits for a person',
    about: 'A payment came that the policy does not decide. Look at the order, then say what it is.',
    none: 'Nothing waits for a person.',
  },
  undelivered: {
    title: 'The shop does not have it yet',
    about: 'A decision that your deliver function has not taken. It is tried again by itself, for three days.',
    none: 'The shop has every decision.',
  },
  'open-orders': {
    title: 'May still be paid',
    about: 'Placed, not active, and a payment may come. The poll watches them.',
    none: 'No order waits for a payment.',
  },
};

export function homePage({ path, actor, lists }: Signed & { readonly lists: Lists }): string {
  const body = html`
<h1>Payments</h1>
${section(path, 'reviews', lists.reviews)}
${section(path, 'undelivered', lists.undelivered)}
${section(path, 'open-orders', lists['open-orders'])}
${lagNote(lists.reviews.lagMs)}`;
  return layout({ path, actor, title: 'Payments', body });
}

function section<List extends ListName>(path: string, list: List, { items, next }: Lists[List]): Html {
  const { title, about, none } = labels[list];
  return html`
<section>
  <h2>${title}</h2>
  ${items.length === 0 ? html`<p class="soft">${none}</p>` : html`<p class="soft">${about}</p>${tables[list](path, items)}`}
  ${next !== undefined && html`<p><a href="${path}queues/${list === 'open-orders' ? 'awaiting' : list}">All of them</a></p>`}
</section>`;
}

export function listPage<List extends ListName>({
  path,
  actor,
  list,
  page: { items, next, lagMs },
}: Signed & { readonly list: List; readonly page: Lists[List] }): string {
  const { title, about, none } = labels[list];
  const body = html`
<h1>${title}</h1>
<p class="soft">${items.length === 0 ? none : about}</p>
${items.length > 0 && tables[list](path, items)}
${next !== undefined && html`<p><a href="${path}queues/${list === 'open-orders' ? 'awaiting' : list}?after=${encodeURIComponent(next)}">The next ones</a></p>`}
${lagNote(lagMs)}`;
  return layout({ path, actor, title, body });
}

const tables: { readonly [List in ListName]: (path: string, items: Lists[List]['items']) => Html } = {
  reviews: (path, items) =>
    table(
      ['Order', 'Why', 'Payment', 'Since'],
      items.map(
        ({ orderId, kind, payment, openedAt }) =>
          html`<tr>${orderCell(path, orderId)}<td>${plain(kind)}</td><td class="id">${payment.id}</td><td>${timeOf(openedAt)}</td></tr>`,
      ),
    ),
  undelivered: (path, items) =>
    table(
      ['Order', 'Member', 'Should be', 'Failed', 'Now'],
      items.map(
        ({ orderId, memberId, status, failures, abandoned }) =>
          html`<tr>${orderCell(path, orderId)}<td class="id">${memberId}</td><td>${status}</td><td>${times(failures)}</td>
            <td>${abandoned ? html`<span class="warn">nobody tries any more</span>` : 'is tried again'}</td></tr>`,
      ),
    ),
  'open-orders': (path, items) =>
    table(
      ['Order', 'Member', 'Plan', 'Payment', 'Placed'],
      items.map(
        ({ orderId, memberId, plan, payment, placedAt }) =>
          html`<tr>${orderCell(path, orderId)}<td class="id">${memberId}</td><td>${plan}</td><td>${plain(payment)}</td><td>${timeOf(placedAt)}</td></tr>`,
      ),
    ),
};

function orderCell(path: string, orderId: string): Html {
  return html`<td class="id"><a href="${orderPath(path, orderId)}">${orderId}</a></td>`;
}

function table(heads: readonly string[], rows: readonly Html[]): Html {
  return html`<div class="scroll" tabindex="0"><table><thead><tr>${heads.map((head) => html`<th scope="col">${head}</th>`)}</tr></thead><tbody>
${rows}</tbody></table></div>`;
}

export interface OrderPageView extends Signed {
  readonly orderId: string;
  /** Undefined: the order is not placed yet, but facts about it are recorded. */
  readonly order: OrderView | undefined;
  /** From `explanationLines`: a summary, an empty line, the timeline. */
  readonly lines: readonly string[];
  /** Whether this process delivers: then the page offers it. */
  readonly delivers: boolean;
  /** The action just done and its outcome, like `review-resolved`; any other text shows no notice. */
  readonly did: string;
}

const notices: Readonly<Record<string, string>> = {
  'recheck-asked': 'Stripe was asked, and its answer is in the timeline. No new line: there was nothing new.',
  'redeliver-delivered': 'The shop has it now.',
  'redeliver-failed': 'The shop could not take it. It is tried again by itself.',
  'redeliver-nothing_to_deliver': 'The shop had it already.',
  'review-resolved': 'The review is resolved.',
  'review-stale': 'The order has changed since you looked, so nothing was done. Look again.',
};

export function orderPage({ path, actor, orderId, order, lines, delivers, did }: OrderPageView): string {
  const blank = lines.indexOf('');
  const [heading, ...summary] = lines.slice(0, blank);
  const notice = Object.hasOwn(notices, did) ? notices[did] : undefined;
  const here = orderPath(path, orderId);
  const body = html`
<h1>${heading ?? orderId}</h1>
${notice !== undefined && html`<p class="card notice" role="status">${notice}</p>`}
<div class="card">${summary.map((line) => html`<p>${line}</p>`)}</div>
${order && reviewForms(here, order)}
${order && orderActions(here, order, delivers)}
<h2>Timeline</h2>
<ol class="timeline">${lines.slice(blank + 1).map(timelineItem)}</ol>
<p class="soft">Times are UTC.</p>`;
  return layout({ path, actor, title: `Order ${orderId}`, body });
}

/** A line is like `2026-01-01 00:00:00  what happened`. */
function timelineItem(line: string): Html {
  const at = line.indexOf('  ');
  return html`<li><time>${line.slice(0, at)}</time>${line.slice(at + 2)}</li>`;
}

export function problemPage({
  path,
  message,
  isSignedIn,
}: {
  readonly path: string;
  readonly message: string;
  readonly isSignedIn: boolean;
}): string {
  const body = html`<h1>That did not work</h1><p>${message}</p>${isSignedIn && html`<p><a href="${path}">Back to all payments</a></p>`}`;
  return layout({ path, title: 'That did not work', body });
}

function lagNote(lagMs: number): Html {
  const age = Number.isFinite(lagMs) ? `at most ${Math.ceil(lagMs / 1_000)} s old` : 'not caught up yet since this process started';
  return html`<p class="soft">These lists are ${age}; an order's own page is never old. <code>paidonce-stripe</code> does more: it records a payment by hand, moves one, and compares all of Stripe with the ledger.</p>`;
}

function plain(term: string): string {
  return term.replaceAll('_', ' ');
}

function times(count: number): string {
  return count === 1 ? 'once' : `${count} times`;
}

function timeOf(iso: string): Html {
  return html`<time datetime="${iso}">${iso.slice(0, 16).replace('T', ' ')}</time>`;
}
