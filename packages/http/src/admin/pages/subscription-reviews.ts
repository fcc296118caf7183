// The open reviews of a subscription: what each is about, then the choices with what each would do, from a dry run.
import type { Resolution, SubscriptionReview } from '@paidonce/ledger';
import { type Html, html, type Insert } from '../../html.ts';
import { card } from '../components/boxes.ts';
import { age } from '../components/format.ts';
import { choices, hidden, reasonField } from '../components/forms.ts';
import { id, money, time } from '../components/ids.ts';
import { subscriptionForms } from '../forms.ts';
import type { PageContext } from '../page-context.ts';
import { resolutions } from './order-data.ts';
import { subscriptionPath } from './subscription-cells.ts';
import type { SubscriptionPageData, SubscriptionPreview, SubscriptionPreviews } from './subscription-data.ts';

/** Reviews with a form. A subscription with more is resolved from the first on. */
export const reviewsShown = 10;

/** What may be decided. A review of the subscription as a whole has no invoice to rule on: it can be closed. */
export function offeredFor({ invoice }: Pick<SubscriptionReview, 'invoice'>): readonly Resolution[] {
  return invoice === undefined ? ['dismiss'] : resolutions;
}

export function subscriptionReviewCards(context: PageContext, data: SubscriptionPageData): readonly Html[] {
  return (data.view?.openReviews ?? []).slice(0, reviewsShown).map((review) => reviewCard(context, data, review));
}

function reviewCard(context: PageContext, data: SubscriptionPageData, review: SubscriptionReview): Html {
  const { words, may } = context;
  const { reviewId, kind, invoice, openedAt } = review;
  const previews = data.previews[reviewId];
  const form =
    may.has(subscriptionForms.resolve.may) &&
    (previews ? resolveForm(context, data, review, previews) : html`<p class="small">${words.subscription.reviewGone}</p>`);
  const about = invoice !== undefined && html`<p>${words.subscription.invoice} ${invoiceText(context, data, invoice)}</p>`;
  return card(words.subscription.kind[kind], html`<div class="form">${about}${form}</div>`, {
    id: `review-${reviewId}`,
    aside: words.order.reviewFor(reviewId, age(context, openedAt)),
  });
}

function invoiceText(context: PageContext, { view }: SubscriptionPageData, invoice: string): Html {
  const period = view?.periods.find((each) => each.invoice === invoice);
  const stripe = view && { account: view.account, livemode: view.livemode };
  const amount = period?.totalMinor !== undefined && period.currency !== undefined && money(context, period.totalMinor, period.currency);
  return html`${id(context, invoice, { copy: true, ...(stripe ? { stripe } : {}) })}${amount && html` · ${amount}`}`;
}

function resolveForm(
  context: PageContext,
  { subscriptionId, view }: SubscriptionPageData,
  { reviewId }: SubscriptionReview,
  previews: SubscriptionPreviews,
): Html {
  const { order, subscription } = context.words;
  const names: Readonly<Record<Resolution, string>> = {
    grant: subscription.accept,
    revoke: subscription.refuse,
    dismiss: subscription.close,
  };
  const list = resolutions.flatMap((value) => {
    const preview = previews[value];
    return preview ? [{ value, what: names[value], consequence: consequence(context, view, preview) }] : [];
  });
  return html`<form class="form" method="post" action="${subscriptionPath(context, subscriptionId)}/reviews/${encodeURIComponent(reviewId)}">${hidden(
    'seenRevision',
    view?.revision ?? -1,
  )}${choices(order.whatShould, 'resolution', list)}${reasonField(context, `why-${reviewId}`)}
<p class="acts"><button class="btn main">${order.resolve}</button><span class="small soft">${order.seenAtOnce}</span></p></form>`;
}

function consequence(context: PageContext, view: SubscriptionPageData['view'], { membership, validUntil }: SubscriptionPreview): Insert {
  const { subscription: words } = context.words;
  const who = view?.memberId ?? '';
  const until = validUntil !== undefined && time(context, validUntil);
  if (membership === 'suspended') return words.isSuspended(who);
  if (membership !== 'active') return view?.status === 'active' ? words.loses(who) : words.staysOut(who);
  if (view?.status === 'active') return words.keeps(who, until === false ? '–' : until);
  return until === false ? words.getsNow(who) : words.gets(who, until);
}
