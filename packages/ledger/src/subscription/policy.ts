// The policy of subscriptions as data: a document of its own beside that of orders. New behaviour is a new field whose default is
// the old behaviour, so that an old log folds as it did.
import * as z from 'zod';
import { idSchema } from '../observation.ts';
import { catalogIdSchema } from './catalog-id.ts';
import { compareTexts } from './facts.ts';

/** What is a plan, how long access outlasts what was paid, and what takes it away. The first word of each is the default. */
export interface SubscriptionPolicy {
  readonly type: 'subscription';
  /**
   * The prices (`price_…`) or products (`prod_…`) of each plan. Of prices that no plan names nothing follows. Empty: every
   * recurring line carries the plan that was placed.
   */
  readonly plans: Readonly<Record<string, readonly string[]>>;
  /**
   * Prices or products of an earlier policy that no plan names any more, on purpose. What was paid at them runs out; a renewal at
   * one of them extends nothing, and a person is asked.
   */
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

const pricesSchema = z.array(catalogIdSchema).max(1_000);
/** Its order is the order of the fields in the text. A new field goes to the end. */
const fields = {
  type: z.literal('subscription'),
  plans: z.record(idSchema, pricesSchema),
  retired: z.exactOptional(pricesSchema),
  renewalGraceHours: z.number().min(0),
  dunningGraceDays: z.number().min(0),
  trial: z.enum(['none', 'grant']),
  free: z.enum(['grant', 'none']),
  netTerms: z.enum(['grace', 'none']),
  fullRefund: z.enum(['revoke', 'keep']),
  partialRefund: z.enum(['keep', 'revoke']),
  openDispute: z.enum(['suspend', 'keep']),
  lostDispute: z.enum(['revoke', 'keep']),
  returnedDebit: z.enum(['revoke', 'suspend']),
  canceledNow: z.enum(['end', 'run_out']),
  collectionPaused: z.enum(['run_out', 'suspend']),
} satisfies { readonly [Field in keyof SubscriptionPolicy]-?: z.ZodType<SubscriptionPolicy[Field]> };

export const subscriptionPolicySchema: z.ZodType<SubscriptionPolicy> = z.strictObject(fields);

/** The policy that is asked for, not checked yet. */
export function withSubscriptionDefaults(asked: SubscriptionPolicyOptions): SubscriptionPolicy {
  return { ...defaultSubscriptionPolicy, ...asked };
}

/** One text for one policy: the fields that it has, in the order of the schema; plans and prices sorted. Its SHA-256 names it in the log. */
export function subscriptionPolicyText(policy: SubscriptionPolicy): string {
  const plans = Object.entries(policy.plans)
    .sort(([a], [b]) => compareTexts(a, b))
    .map(([plan, prices]) => [plan, [...prices].sort()] as const);
  const { retired } = policy;
  const sorted: SubscriptionPolicy = { ...policy, plans: Object.fromEntries(plans), ...(retired ? { retired: [...retired].sort() } : {}) };
  return JSON.stringify(
    Object.keys(fields).flatMap((field) => (Object.hasOwn(sorted, field) ? [[field, sorted[field as keyof SubscriptionPolicy]]] : [])),
  );
}

const longestGraceDays = 60;

/**
 * Why a policy must not be adopted, one sentence each; none where it may.
 * @param previous the newest subscription policy in the log. Absent: there is none.
 */
export function policyProblems(next: SubscriptionPolicy, previous?: SubscriptionPolicy): readonly string[] {
  const plansOf = new Map<string, string[]>();
  for (const [plan, prices] of Object.entries(next.plans)) {
    for (const price of new Set(prices)) plansOf.set(price, [...(plansOf.get(price) ?? []), plan]);
  }
  const problems: string[] = [];
  for (const [price, plans] of plansOf) {
    if (plans.length > 1) problems.push(`${price} stands in the plans ${plans.join(' and ')}. Name each price or product in one plan`);
  }
  for (const [plan, prices] of Object.entries(next.plans)) {
    if (prices.length === 0) problems.push(`The plan ${plan} has no price. Name one, or leave the plan out`);
  }
  if (next.renewalGraceHours > longestGraceDays * 24)
    problems.push(`renewalGraceHours is ${next.renewalGraceHours}. At most 60 days are allowed: 1440`);
  if (next.dunningGraceDays > longestGraceDays)
    problems.push(`dunningGraceDays is ${next.dunningGraceDays}. At most ${longestGraceDays} are allowed`);
  if (next.fullRefund === 'keep' && next.partialRefund === 'revoke') {
    problems.push("fullRefund 'keep' with partialRefund 'revoke' would give access back once all is refunded");
  }
  return [...problems, ...droppedPrices(next, plansOf, previous)];
}

/** To drop a price locks out all who pay it, or whose time at it still runs. A policy without plans names no price: every line counts. */
function droppedPrices(
  next: SubscriptionPolicy,
  named: ReadonlyMap<string, unknown>,
  previous: SubscriptionPolicy | undefined,
): readonly string[] {
  if (Object.keys(next.plans).length === 0) return [];
  const isDropped = (price: string): boolean => !named.has(price) && next.retired?.includes(price) !== true;
  const ofPlans = Object.entries(previous?.plans ?? {}).flatMap(([plan, prices]) =>
    prices
      .filter(isDropped)
      .map(
        (price) =>
          `${price} was in the plan ${plan} and is in none now: whoever pays it would be out. Keep it in a plan, or name it under retired`,
      ),
  );
  const retired = (previous?.retired ?? [])
    .filter(isDropped)
    .map((price) => `${price} was retired and is named nowhere now: whose time at it still runs would be out. Keep it under retired`);
  return [...ofPlans, ...retired];
}
