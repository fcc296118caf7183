// A part of one of Stripe's lists, and the parameters that ask for a page of it.
import { defined } from '@paidonce/ledger/adapter';

export const pageLimit = 100;

/** Part of a list, newest first, in pages of a hundred. */
export interface ListWindow {
  /** Unix seconds of the objects' creation, both inclusive. */
  readonly createdFrom: number;
  readonly createdTo: number;
  /** Id of the last object on the page before. Absent: the first page. */
  readonly after?: string;
}

/** The parameters of a list call. */
export function pageOf({ createdFrom, createdTo, after }: ListWindow): {
  readonly created: { readonly gte: number; readonly lte: number };
  readonly limit: number;
  readonly starting_after?: string;
} {
  return {
    created: { gte: createdFrom, lte: createdTo },
    limit: pageLimit,
    ...defined({ starting_after: after }),
  };
}
