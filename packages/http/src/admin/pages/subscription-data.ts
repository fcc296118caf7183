// What the page of a subscription is made from. The loader in `subscription-routes.ts` reads it; the page asks nothing.
import type { Resolution, StoredEvent, SubscriptionReads, SubscriptionSummary, SubscriptionView } from '@paidonce/ledger';
import type { SubscriptionExplanation } from '@paidonce/ledger/audit';

export type SubscriptionPreview = Extract<Awaited<ReturnType<SubscriptionReads['previewResolution']>>, { readonly outcome: 'resolved' }>;

export type SubscriptionPreviews = Readonly<Partial<Record<Resolution, SubscriptionPreview>>>;

export interface SubscriptionPageData {
  readonly subscriptionId: string;
  readonly explanation: SubscriptionExplanation;
  /** Absent: it is not placed. */
  readonly view?: SubscriptionView;
  readonly summary?: SubscriptionSummary;
  /** By review, what each resolution that is offered would do. Absent: it has changed since it was read. */
  readonly previews: Readonly<Record<string, SubscriptionPreviews | undefined>>;
  /** Whether this process delivers subscriptions. */
  readonly delivers: boolean;
  /** The number of rows to leave out at the end, as a page of earlier ones. */
  readonly skip: number;
  /** The event that an action has just made. */
  readonly did?: { readonly stored: StoredEvent; readonly again: boolean };
}
