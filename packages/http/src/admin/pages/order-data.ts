// What the page of an order is made from. The loader in `order-routes.ts` reads it; the page asks nothing.
import type { OrderView, Preview, Resolution, StoredEvent } from '@paidonce/ledger';
import type { Explanation } from '@paidonce/ledger/audit';

export interface OrderPageData {
  readonly orderId: string;
  /** Of the events shown: all, or those up to `asOf`. */
  readonly explanation: Explanation;
  /** The stored events, oldest first; the same as in `explanation`. */
  readonly history: readonly StoredEvent[];
  /** Absent: the order is not placed. */
  readonly order?: OrderView;
  /** What each resolution of each open review would do. Absent: the order has changed since it was read. */
  readonly previews: Readonly<Record<string, ReviewPreview | undefined>>;
  /** Whether this process delivers. */
  readonly delivers: boolean;
  /** ISO 8601 UTC: the page shows the order as it was then. Absent: now. */
  readonly asOf?: string;
  /** A row for each event. */
  readonly showsAll: boolean;
  /** The number of rows to leave out at the end, as a page of earlier ones. */
  readonly skip: number;
  /** The event that an action has just made. */
  readonly did?: { readonly stored: StoredEvent; readonly again: boolean };
  /** Other orders whose delivery fails with the same error, and all that are not delivered. */
  readonly alike?: { readonly same: number; readonly all: number };
  /** For the form of a payment by hand: a second press is then the same payment. */
  readonly manualId: string;
  /** How many orders the member has. Absent: not known. */
  readonly memberOrders?: { readonly count: number; readonly isMore: boolean };
}

export type ReviewPreview = Readonly<Record<Resolution, Preview>>;
export const resolutions: readonly Resolution[] = ['grant', 'revoke', 'dismiss'];
