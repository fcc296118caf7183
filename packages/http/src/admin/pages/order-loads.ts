// What the page of an order reads beside its events. Where a list does not answer, the page is shown without it.
import type { OrderView, PaymentLedger, Preview, Resolution } from '@paidonce/ledger';
import { type Explanation, rowsOf } from '@paidonce/ledger/audit';
import { type OrderPageData, type ReviewPreview, resolutions } from './order-data.ts';
import { formsShown } from './order-reviews.ts';

/** What each resolution of each open review would do now. A review that has changed meanwhile has none. */
export async function previewsOf(ledger: PaymentLedger, { orderId, revision, openReviews }: OrderView): Promise<OrderPageData['previews']> {
  const preview = async (reviewId: string, resolution: Resolution): Promise<readonly [Resolution, Preview] | undefined> => {
    const done = await ledger.previewResolution(orderId, reviewId, { resolution, seenRevision: revision });
    return done.outcome === 'resolved' ? [resolution, done] : undefined;
  };
  const found = await Promise.all(
    openReviews.slice(0, formsShown).map(async ({ reviewId }) => {
      const all = (await Promise.all(resolutions.map((resolution) => preview(reviewId, resolution)))).filter((each) => each !== undefined);
      return [reviewId, all.length === resolutions.length ? (Object.fromEntries(all) as ReviewPreview) : undefined] as const;
    }),
  );
  return Object.fromEntries(found);
}

/** How many other orders fail with the same error. Undefined: not known, or it has not failed. */
export async function deliveryAlike(ledger: PaymentLedger, { entries }: Explanation): Promise<OrderPageData['alike']> {
  const decided = rowsOf(entries).findLast((row) => row.kind === 'decided');
  const failure = decided?.kind === 'decided' ? decided.delivery.failures.at(-1) : undefined;
  if (failure === undefined) return undefined;
  const { error, reason } = failure;
  const name = error ? (error.code === undefined ? error.name : `${error.name}/${error.code}`) : reason;
  const groups = await ledger.console.undeliveredByError().catch(() => []);
  const all = groups.reduce((sum, { count }) => sum + count, 0);
  const same = groups.find((group) => group.error === name)?.count ?? 0;
  return { same: Math.max(0, same - 1), all };
}

/** Orders of a member that are counted one by one. */
const mostCounted = 100;

export async function memberOrders(ledger: PaymentLedger, memberId: string): Promise<OrderPageData['memberOrders']> {
  const page = await ledger.console.memberOrders(memberId, { limit: mostCounted }).catch(() => undefined);
  return page && { count: page.items.length, isMore: page.next !== undefined };
}
