// What a member has, over all orders and subscriptions.
import type { MembershipStatus } from './order/order.ts';

/** A membership of a member, one for each order that was granted. */
export interface Membership {
  /** Tells that of a subscription. Absent: of an order. */
  readonly type?: 'subscription';
  /** The id of the order, or of the subscription. */
  readonly membershipId: string;
  readonly plan: string;
  /** How many of the plan were paid for. Absent: of an order. */
  readonly quantity?: number;
  readonly status: MembershipStatus;
  /** When that status was decided. Our clock, ISO 8601 UTC. */
  readonly since: string;
  /** While a subscription is active: when it would end unless a renewal is paid; else when it ended, or would. ISO 8601 UTC. */
  readonly validUntil?: string;
}

/** A plan that a member has now. */
export interface MemberPlan {
  readonly plan: string;
  /** How many of it were paid for, such as seats; 1 of an order. */
  readonly quantity: number;
  /** When a subscription would end unless a renewal is paid. ISO 8601 UTC. Absent: it does not end by itself. */
  readonly validUntil?: string;
}

/** What a member has access to, over all orders and subscriptions, as it was decided: no clock of ours ends anything. */
export interface MemberAccess {
  /** True if at least one order or subscription gives access. */
  readonly active: boolean;
  /** Sorted by plan. One for each order and subscription that gives access. */
  readonly plans: readonly MemberPlan[];
  /** How far this may be behind the log, in milliseconds. */
  readonly lagMs: number;
}

/** An order that gave a member a plan which another order had given him at about the same time. */
export interface DuplicateOrder {
  /** The later of the two. */
  readonly orderId: string;
  /** The earlier one. */
  readonly duplicateOf: string;
  readonly memberId: string;
  readonly plan: string;
  /** When the later one was paid. Provider's clock, ISO 8601 UTC. */
  readonly paidAt: string;
}
