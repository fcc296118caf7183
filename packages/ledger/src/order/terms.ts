// The terms that an order is placed on: whether two are the same, and in what they differ.
import type { OrderPlaced } from './events.ts';

/** A term of an order, by its name in `placeOrder`. */
export type OrderTerm =
  | 'memberId'
  | 'plan'
  | 'amountMinor'
  | 'currency'
  | 'allow.discount'
  | 'allow.tax'
  | 'allow.shipping'
  | 'allow.more'
  | 'livemode'
  | 'account';
/** A term in which an order that is given differs from the one that was placed. */
export interface DifferingTerm {
  readonly term: OrderTerm;
  readonly placed: string | number | boolean;
  readonly given: string | number | boolean;
}

/** The order was placed before, on other terms. */
export interface PlacedOtherwise {
  readonly outcome: 'differs';
  readonly terms: readonly DifferingTerm[];
}

/** The terms that differ; none where a retry places an order again. `placedAt` is not compared. */
function differingTerms(placed: OrderPlaced, given: OrderPlaced): readonly DifferingTerm[] {
  const [were, are] = [termsOf(placed), termsOf(given)];
  const differing = (Object.keys(were) as OrderTerm[]).filter((term) => were[term] !== are[term]);
  return differing.map((term) => ({ term, placed: were[term], given: are[term] }));
}

/** `plan was year and is month, account was acct_1 and is acct_2`. */
export function termsInWords(terms: readonly DifferingTerm[]): string {
  return terms.map(({ term, placed, given }) => `${term} was ${placed} and is ${given}`).join(', ');
}

/** The outcome of placing or importing an order that was placed on other terms. Undefined: it was placed on these, or not yet. */
export function placedOtherwise(placed: OrderPlaced | undefined, given: OrderPlaced): PlacedOtherwise | undefined {
  const terms = placed ? differingTerms(placed, given) : [];
  return terms.length > 0 ? { outcome: 'differs', terms } : undefined;
}

/** True if an order was placed, and on the same terms. */
export function isSameOrder(placed: OrderPlaced | undefined, given: OrderPlaced): boolean {
  return placed !== undefined && differingTerms(placed, given).length === 0;
}

function termsOf({ memberId, plan, expected, livemode, account }: OrderPlaced): Readonly<Record<OrderTerm, string | number | boolean>> {
  const { amountMinor, currency, allow } = expected;
  return {
    memberId,
    plan,
    amountMinor,
    currency,
    'allow.discount': allow.discount,
    'allow.tax': allow.tax,
    'allow.shipping': allow.shipping,
    'allow.more': allow.more === true,
    livemode,
    account,
  };
}
