// Before a payment is moved or linked: what each order would gain and lose, from a dry run, and the form that does it.
import type { OrderView, Preview } from '@paidonce/ledger';
import { reviewTitle } from '@paidonce/ledger/audit';
import { type Html, html, type Insert } from '../../html.ts';
import { banner, card, pairs } from '../components/boxes.ts';
import { hidden } from '../components/forms.ts';
import { id } from '../components/ids.ts';
import { membershipPill } from '../components/states.ts';
import type { PageContext, PageView } from '../page-context.ts';
import { orderForm } from './order-actions.ts';
import { orderHref } from './order-head.ts';

export type MovePreview =
  | { readonly outcome: 'exists' | 'already_granted' | 'left_before' | 'unknown_payment' }
  | { readonly outcome: 'moved'; readonly from?: Preview; readonly to: Preview };

export interface MoveData {
  /** The order whose page one comes from. Of a link: the order that gets the payment. */
  readonly order: OrderView;
  readonly payment: string;
  /** Absent: a held payment is linked to `order`. */
  readonly target?: OrderView;
  readonly preview: MovePreview;
}

export function movePage(context: PageContext, { order, payment, target, preview }: MoveData): PageView {
  const { order: words, frame, parts } = context.words;
  const back = orderHref(context, order.orderId);
  const subject = id(context, payment);
  const title = target ? words.moveTitle(subject) : words.linkTitle(subject);
  const head = html`<div><p class="crumbs"><a href="${context.base}orders">${frame.orders}</a> / <a href="${back}">${order.orderId}</a></p><h1>${title}</h1><p class="why">${words.nothingYet}</p></div>
`;
  const name = target ? 'move' : 'link';
  if (preview.outcome !== 'moved') {
    const refused = banner({
      tone: 'warn',
      icon: 'flag',
      title: words.cannotMove[preview.outcome],
      acts: html`<a class="btn main" href="${back}">${words.back}</a>`,
    });
    return { title: target ? words.move : words.link, body: html`${head}${refused}`, hasForms: false };
  }
  const { from, to } = preview;
  const effects = [
    ...(target && from ? [[words.from, effect(context, order, from)] as const] : []),
    [words.to, effect(context, target ?? order, to)] as const,
  ];
  const before = html`${pairs(effects)}${hidden('payment', payment)}${
    target && html`${hidden('to', target.orderId)}${hidden('toRevision', target.revision)}`
  }`;
  const form = orderForm(
    context,
    name,
    { orderId: order.orderId, order },
    { before, button: target ? words.moveButton : words.linkButton },
  );
  const body = html`${head}${card(parts.action, html`${form ?? pairs(effects)}<p class="acts"><a class="btn" href="${back}">${words.back}</a></p>`)}`;
  return { title: target ? words.move : words.link, body, hasForms: true };
}

/** What becomes of an order: whose it is, its access before and after, and the reviews that would open. */
function effect(context: PageContext, { orderId, memberId, membership }: OrderView, after: Preview): Html {
  const { order: words } = context.words;
  const becomes: Insert = after.membership === membership ? words.unchanged : words.after(membershipPill(context, after.membership));
  const reviews = after.reviews.map((kind) => reviewTitle(kind, context.lang)).join(', ');
  return html`<a href="${orderHref(context, orderId)}">${orderId}</a> <small>${memberId}</small> ${membershipPill(context, membership)} <span>${becomes}</span>${
    reviews !== '' && html` <small>${words.opensReview(reviews)}</small>`
  }`;
}
