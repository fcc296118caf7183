// The GET routes of subscriptions. They read, and never write; a ledger that keeps none has no such page.
import { LedgerError, type Resolution, type SubscriptionReads, type SubscriptionView } from '@paidonce/ledger';
import { defined, isId } from '@paidonce/ledger/adapter';
import { explainSubscriptionHistory } from '@paidonce/ledger/audit';
import { type Console, ConsoleProblem, type ConsoleRoute } from '../../console-call.ts';
import { pageFrom } from '../loaders/parameters.ts';
import { type Loaded, type PageCall, pageRoute } from '../page-route.ts';
import { catalogues } from '../words.ts';
import { subscriptionPage } from './subscription.ts';
import type { SubscriptionPageData, SubscriptionPreview, SubscriptionPreviews } from './subscription-data.ts';
import { duePage, dunningPage } from './subscription-lists.ts';
import { offeredFor, reviewsShown } from './subscription-reviews.ts';

export function subscriptionRoutes(console: Console): readonly ConsoleRoute[] {
  const reads = console.payments.ledger.console.subscriptions;
  if (reads === undefined) return [];
  return [
    pageRoute(console, 'subscriptions/due', async (call) => {
      const data = await reads.due(pageFrom(call));
      return { data, page: (context) => duePage(context, data) };
    }),
    pageRoute(console, 'subscriptions/dunning', async (call) => {
      const data = await reads.inDunning(pageFrom(call));
      return { data, page: (context) => dunningPage(context, data) };
    }),
    pageRoute(console, 'subscriptions/:subscriptionId', (call) => subscriptionLoaded(call, reads), { refreshes: false }),
  ];
}

/** @throws ConsoleProblem 400: `skip` is no whole number. 404: there is no such subscription. */
async function subscriptionLoaded(call: PageCall, reads: SubscriptionReads): Promise<Loaded> {
  const { ledger, params, query, language } = call;
  const { subscriptionId = '' } = params;
  const words = catalogues[language];
  const skip = query.get('skip') ?? '0';
  if (!/^\d{1,7}$/.test(skip)) throw new ConsoleProblem(400, 'invalid_input', words.order.skipWrong);
  const history = isId(subscriptionId) ? await reads.history(subscriptionId) : [];
  const explanation = explainSubscriptionHistory(subscriptionId, history);
  if (explanation === undefined) throw new ConsoleProblem(404, 'not_found', words.subscription.unknown(subscriptionId));
  const [view, summary] = await Promise.all([ledger.subscription(subscriptionId), reads.summary(subscriptionId)]);
  const did = query.get('did');
  const stored = did === null ? undefined : history.find(({ position }) => position === did);
  const data: SubscriptionPageData = {
    subscriptionId,
    explanation,
    previews: view && call.operator.may.has('money') ? await previewsOf(reads, view) : {},
    delivers: reads.delivers,
    skip: Number(skip),
    ...defined({ view, summary }),
    ...(stored ? { did: { stored, again: query.get('again') === '1' } } : {}),
  };
  const { rows } = explanation;
  return { data: { ...defined({ subscription: view }), rows }, page: (context) => subscriptionPage(context, data) };
}

/** What each resolution of each open review would do now. A review that has changed meanwhile has none. */
async function previewsOf(
  reads: SubscriptionReads,
  { subscriptionId, revision, openReviews }: SubscriptionView,
): Promise<SubscriptionPageData['previews']> {
  const preview = async (reviewId: string, resolution: Resolution): Promise<SubscriptionPreview | undefined> => {
    try {
      const done = await reads.previewResolution(subscriptionId, reviewId, { resolution, seenRevision: revision });
      return done.outcome === 'resolved' ? done : undefined;
    } catch (error) {
      // Another process has resolved it since.
      if (error instanceof LedgerError && error.code === 'invalid_input') return undefined;
      throw error;
    }
  };
  const found = openReviews.slice(0, reviewsShown).map(async (review) => {
    const { reviewId } = review;
    const previews = await Promise.all(
      offeredFor(review).map(async (resolution) => [resolution, await preview(reviewId, resolution)] as const),
    );
    return [reviewId, previews.every(([, done]) => done) ? (Object.fromEntries(previews) as SubscriptionPreviews) : undefined] as const;
  });
  return Object.fromEntries(await Promise.all(found));
}
