// The policy of subscriptions as data: a document of its own beside that of orders. New behaviour is a new field whose default is
// the old behaviour, so that an old log folds as it did.

/** What is a plan, how long access outlasts what was paid, and what takes it away. The first word of each is the default. */
export interface SubscriptionPolicy {
  readonly type: 'subscription';
  /**
   * The prices (`price_…`) or products (`prod_…`) of each plan. Of prices that no plan names nothing follows. Empty: every
   * recurring line carries the plan that was placed.
   */
  readonly plans: Readonly<Record<string, readonly string[]>>;
  /** Prices of an earlier policy that no plan names any more, on purpose. */
  readonly retired?: readonly string[];
  /** Hours of access beyond what is paid, while nothing is known of the renewal. Default 72. */
  readonly renewalGraceHours: number;
  /** Days of access beyond what was paid with money, while the provider still tries to collect. Default 16. */
  readonly dunningGraceDays: number;
  /** What a trial gives. */
  readonly trial: 'none' | 'grant';
  /** What a period gives that costs nothing (a coupon of 100 %, a price of zero). */
  readonly free: 'grant' | 'none';
  /** Whether an open invoice that was sent with terms holds until its due date. */
  readonly netTerms: 'grace' | 'none';
  readonly fullRefund: 'revoke' | 'keep';
  readonly partialRefund: 'keep' | 'revoke';
  readonly openDispute: 'suspend' | 'keep';
  readonly lostDispute: 'revoke' | 'keep';
  /** A bank debit that failed after it had succeeded. */
  readonly returnedDebit: 'revoke' | 'suspend';
  /** A cancellation at once. `run_out`: what was paid for runs out. */
  readonly canceledNow: 'end' | 'run_out';
  /** While collection is paused. `run_out`: what was paid for runs out. */
  readonly collectionPaused: 'run_out' | 'suspend';
}

/** A policy as it is asked for. Fields that are missing take their defaults. */
export type SubscriptionPolicyOptions = Partial<Omit<SubscriptionPolicy, 'type'>>;

export const defaultSubscriptionPolicy: SubscriptionPolicy = {
  type: 'subscription',
  plans: {},
  renewalGraceHours: 72,
  dunningGraceDays: 16,
  trial: 'none',
  free: 'grant',
  netTerms: 'grace',
  fullRefund: 'revoke',
  partialRefund: 'keep',
  openDispute: 'suspend',
  lostDispute: 'revoke',
  returnedDebit: 'revoke',
  canceledNow: 'end',
  collectionPaused: 'run_out',
};
