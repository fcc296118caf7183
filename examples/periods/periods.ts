// Access that ends: each order buys a period, and a renewal is a further order. Pure: dates and plans in, dates out.
//
// What a member has paid for runs without a gap and without an overlap. So the periods follow from the orders that are active now,
// whatever the order in which their decisions came: a late delivery, or the same one twice, leads to the same dates.

/** How long a plan lasts. Months are those of the calendar, in UTC: from the 31st it is the last day of a shorter month. */
export type Lasts = { readonly days: number } | { readonly months: number } | 'forever';

export interface PaidOrder {
  readonly membershipId: string;
  /** ISO 8601 UTC: when it was paid, which may be long before it was found. */
  readonly paidAt: string;
  readonly lasts: Lasts;
}

export interface Period {
  readonly membershipId: string;
  readonly startsAt: string;
  /** Undefined: it never ends. */
  readonly endsAt: string | undefined;
}

// #region periods
/**
 * The periods of one member. The first paid runs first; each further one starts when it was paid, or when those before it end.
 *
 * @param active the orders whose membership is active now. Without one that was refunded, the later ones move forward, to where it was.
 */
export function periodsOf(active: readonly PaidOrder[]): readonly Period[] {
  let paidUntil = '';
  return active.toSorted(byPayment).map(({ membershipId, paidAt, lasts }) => {
    if (lasts === 'forever') return { membershipId, startsAt: paidAt, endsAt: undefined };
    const startsAt = paidAt > paidUntil ? paidAt : paidUntil;
    paidUntil = endOf(startsAt, lasts);
    return { membershipId, startsAt, endsAt: paidUntil };
  });
}
// #endregion periods

/** Two that were paid in one second have an order too, or their dates would depend on chance. */
function byPayment(a: PaidOrder, b: PaidOrder): number {
  return compare(a.paidAt, b.paidAt) || compare(a.membershipId, b.membershipId);
}

function compare(a: string, b: string): number {
  if (a === b) return 0;
  return a < b ? -1 : 1;
}

function endOf(startsAt: string, lasts: Exclude<Lasts, 'forever'>): string {
  const end = new Date(startsAt);
  if ('days' in lasts) end.setUTCDate(end.getUTCDate() + lasts.days);
  else {
    const day = end.getUTCDate();
    end.setUTCMonth(end.getUTCMonth() + lasts.months);
    if (end.getUTCDate() !== day) end.setUTCDate(0); // The month has no such day: its last one.
  }
  return end.toISOString();
}
