// What happens while a look is under way: just after Stripe has answered a read of it, the member pays what he owes, and the end of
// what he has paid for passes before the answer is there.
import type { World } from '@paidonce/ledger/simulation';
import type { Auditor } from './auditor.ts';
import type { Clubs } from './clubs.ts';
import type { Coverage } from './coverage.ts';
import type { SubscriptionSimulationOptions } from './options.ts';

export interface BetweenReadsParts {
  readonly world: World;
  readonly options: Pick<SubscriptionSimulationOptions, 'paysBetweenReads'>;
  readonly coverage: Coverage;
  readonly clubs: Clubs;
  readonly auditor: Auditor;
  /** True: he owed something, and it is paid. */
  readonly payOpen: (id: string) => boolean;
}

/** Less than the time-out of a read. */
const longestMs = 8_000;

/** Called when Stripe has answered. Answers how many milliseconds the answer takes. */
export function betweenReads({ world, options, coverage, clubs, auditor, payOpen }: BetweenReadsParts, path: string): number {
  const id = /^\/v1\/(?:subscriptions\/|invoices\?(?:.*&)?subscription=)(sub_\w+)/.exec(path)?.[1];
  const isList = path.startsWith('/v1/invoices');
  // What is paid after the first read may be in the second one; what is paid after the list is in neither.
  if (id === undefined || !world.fault((isList ? 1 : 0.2) * options.paysBetweenReads)) return 0;
  const isPaid = payOpen(id);
  if (isPaid) coverage.met('paid between two reads');
  const end = auditor.endOf(clubs.nameOf(id) ?? '');
  const leftMs = end === undefined ? -1 : Date.parse(end) - world.wallTime(0).getTime();
  if (!isList || leftMs < 0 || leftMs > longestMs) return 0;
  if (isPaid) coverage.met('paid between two reads, just before the end');
  coverage.met('an end between two reads');
  return leftMs + 1_000;
}
