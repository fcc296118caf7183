// What an import or a backfill of subscriptions answers, and in which words.
import type { SubscriptionOutcome, SubscriptionView } from '@paidonce/ledger';
import { defined } from '@paidonce/ledger/adapter';

/** Counts of subscriptions by what became of them; with `dryRun`, by what would. */
export interface ImportedSubscriptions {
  /** Subscriptions that were compared with Stripe, whatever came of them. */
  readonly examined: number;
  /** Placed and settled: the shop has them, and is not informed. Those included that give no access now, by the shop and by Stripe. */
  readonly imported: number;
  /** By a backfill alone: became members, and the shop is informed. */
  readonly granted: number;
  /** Were in the ledger before, and stay as they are. */
  readonly known: number;
  /** The shop and Stripe disagree: left as they are. Correct the list, the shop or Stripe, and run it again. */
  readonly differing: readonly DifferingSubscription[];
  /** Which ones a person must check, and why. */
  readonly problems: readonly string[];
  /** Subscriptions at Stripe that are neither listed nor bear our mark. */
  readonly notOurs: number;
  /** Requests sent to Stripe. */
  readonly calls: number;
  /** Those that were imported or granted, and those that were known, as they were decided: rows for the shop's table. */
  readonly subscriptions: readonly ImportedSubscription[];
}

/** In what the shop's list and Stripe disagree. */
export type DifferenceKind =
  /** The shop lets in, and Stripe's invoices give no access: access for nothing. */
  | 'active_but_unpaid'
  /** Paid at Stripe, and the shop does not let in. */
  | 'paid_but_inactive'
  | 'plan_differs'
  /** The shop lets in for longer than is paid for and the days of grace, or for less than is paid for. */
  | 'until_differs';

export interface DifferingSubscription {
  readonly subscription: string;
  readonly subscriptionId: string;
  readonly memberId: string;
  /** Never empty. */
  readonly kinds: readonly DifferenceKind[];
  /** What the list has, in words. */
  readonly shop: string;
  /** What follows from Stripe, in words. */
  readonly stripe: string;
}

export type ImportOutcome = 'imported' | 'granted' | 'known';

export interface ImportedSubscription {
  readonly outcome: ImportOutcome;
  /** Stripe's id. */
  readonly subscription: string;
  readonly subscriptionId: string;
  readonly memberId: string;
  readonly plan: string;
  readonly quantity: number;
  /** `none`: it gives no access now. */
  readonly status: SubscriptionView['status'];
  /** ISO 8601 UTC. Absent: nothing was decided. */
  readonly validUntil?: string;
  /** The number of the newest decision; 0: there is none. */
  readonly sequence: number;
}

function importedOf(outcome: ImportOutcome, subscription: string, view: SubscriptionView): ImportedSubscription {
  const { subscriptionId, memberId, plan, quantity, status, sequence, validUntil } = view;
  return { outcome, subscription, subscriptionId, memberId, plan, quantity, status, sequence, ...defined({ validUntil }) };
}

/** What a subscription entitles to, and on what that rests. */
export function standingText({ status, plan, quantity, paidThrough, validUntil, trial, periods, openReviews }: SubscriptionView): string {
  const last = periods.at(-1);
  const texts = [
    status === 'active' ? `active, ${plan}${quantity === 1 ? '' : ` × ${quantity}`}` : status === 'none' ? 'no access' : status,
    ...(trial ? ['on trial'] : []),
    paidThrough === undefined ? 'nothing is paid for' : `paid through ${paidThrough}`,
    ...(status === 'active' && validUntil !== undefined ? [`valid until ${validUntil}`] : []),
    ...(last?.state === 'held' ? ['the last period is disputed'] : last?.state === 'given_back' ? ['the last period was given back'] : []),
    ...(openReviews.length > 0 ? [`questions: ${openReviews.map(({ kind }) => kind).join(', ')}`] : []),
  ];
  return texts.join(', ');
}

/** Counts, as they grow. */
export class ImportTally {
  readonly #numbers = { examined: 0, imported: 0, granted: 0, known: 0, notOurs: 0 };
  readonly #differing: DifferingSubscription[] = [];
  readonly #problems: string[] = [];
  readonly #subscriptions: ImportedSubscription[] = [];
  readonly #onProgress: ((what: string, count: number) => void) | undefined;

  constructor(onProgress: ((what: string, count: number) => void) | undefined) {
    this.#onProgress = onProgress;
  }

  get counts(): Omit<ImportedSubscriptions, 'calls'> {
    const [differing, problems, subscriptions] = [[...this.#differing], [...this.#problems], [...this.#subscriptions]];
    return { ...this.#numbers, differing, problems, subscriptions };
  }

  /** One more is compared with Stripe. */
  examine(): void {
    this.#numbers.examined += 1;
    this.#onProgress?.('subscriptions', this.#numbers.examined);
  }

  notOurs(): void {
    this.#numbers.notOurs += 1;
  }

  done(outcome: ImportOutcome, subscription: string, view: SubscriptionView | undefined): void {
    this.#numbers[outcome] += 1;
    if (view) this.#subscriptions.push(importedOf(outcome, subscription, view));
  }

  differs(difference: DifferingSubscription): void {
    this.#differing.push(difference);
  }

  problem(problem: string): void {
    this.#problems.push(problem);
  }
}

/** True if the outcome of an observation gives access. */
export function isGrant(outcome: SubscriptionOutcome | string): boolean {
  return outcome === 'granted' || outcome === 'restored';
}
