// The open reviews of an order: the amounts side by side, then the choices with what each would do.
import type { Resolution } from '@paidonce/ledger';
import { type OpenReviewAmounts, reviewTitle } from '@paidonce/ledger/audit';
import { type Html, html } from '../../html.ts';
import { card } from '../components/boxes.ts';
import { age, moneyText } from '../components/format.ts';
import { choices, hidden, reasonField, versus } from '../components/forms.ts';
import { id, money } from '../components/ids.ts';
import type { PageContext } from '../page-context.ts';
import { consequence } from './order-consequences.ts';
import { type OrderPageData, type ReviewPreview, resolutions } from './order-data.ts';
import { orderHref } from './order-head.ts';

/** Reviews with a form. An order with more is resolved from the first on. */
export const formsShown = 10;

export function reviewCards(context: PageContext, data: OrderPageData): readonly Html[] {
  const { openReviews } = data.explanation.standing;
  return openReviews.slice(0, formsShown).map((review) => reviewCard(context, data, review));
}

function reviewCard(context: PageContext, data: OrderPageData, review: OpenReviewAmounts): Html {
  const { words, may } = context;
  const { order } = words;
  const preview = data.previews[review.reviewId];
  const canResolve = may.has('money') && data.asOf === undefined && data.order !== undefined;
  const form = canResolve && (preview ? resolveForm(context, data, review, preview) : html`<p class="small">${order.reviewGone}</p>`);
  const title = reviewTitle(review.review, context.lang);
  const aside = order.reviewFor(review.reviewId, age(context, review.at));
  return card(title, html`<div class="form">${amounts(context, review)}${form}</div>`, { id: `review-${review.reviewId}`, aside });
}

function amounts(context: PageContext, { came, owedMinor, currency, payment, allow }: OpenReviewAmounts): Html | undefined {
  if (came === undefined) return undefined;
  const { words, lang } = context;
  const { parts, order } = words;
  const object = id(context, payment.id, { stripe: { account: payment.account, livemode: payment.livemode } });
  const isComparable = came.currency === currency;
  const difference = came.totalMinor - owedMinor;
  const discount = came.parts?.discountMinor ?? 0;
  return versus(
    { what: parts.came, amount: money(context, came.totalMinor, came.currency), about: object },
    { what: parts.expected, amount: money(context, owedMinor, currency), ...(allow.discount ? {} : { about: order.noDiscount }) },
    {
      what: parts.difference,
      amount: isComparable ? moneyText(lang, difference, currency, 'always') : '–',
      isNegative: isComparable && difference < 0,
      ...(discount > 0 ? { about: order.discount(money(context, discount, came.currency)) } : {}),
    },
  );
}

function resolveForm(context: PageContext, data: OrderPageData, review: OpenReviewAmounts, previews: ReviewPreview): Html {
  const { order: words } = context.words;
  const { standing } = data.explanation;
  const names: Readonly<Record<Resolution, string>> = {
    grant: review.review === 'amount' ? words.acceptFull : words.accept,
    revoke: words.refuse,
    dismiss: words.close,
  };
  const list = resolutions.map((value) => ({
    value,
    what: names[value],
    consequence: consequence(context, standing, review, value, previews[value]),
  }));
  const { reviewId } = review;
  return html`<form class="form" method="post" action="${orderHref(context, data.orderId)}/reviews/${encodeURIComponent(reviewId)}">${hidden(
    'seenRevision',
    data.order?.revision ?? -1,
  )}${choices(words.whatShould, 'resolution', list)}${reasonField(context, `why-${reviewId}`)}
<p class="acts"><button class="btn main">${words.resolve}</button><span class="small soft">${words.seenAtOnce}</span></p></form>`;
}
