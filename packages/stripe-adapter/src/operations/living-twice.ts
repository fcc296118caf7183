// Members who have two subscriptions of a kind that live at Stripe (S13). Both stand, and a person ends one.
import type { SubscriptionMismatch } from './compare-subscription.ts';
import type { LogSubscription } from './log-subscriptions.ts';

/** A subscription of the ledger that lives at Stripe. */
export interface LivingSubscription {
  readonly subscription: string;
  readonly subscriptionId: string;
  readonly account: string;
  readonly status: string;
}

/** Members who pay for two of a kind: each but the oldest. @param living newest first, as Stripe lists them. */
export function livingTwice(
  living: readonly LivingSubscription[],
  inLog: ReadonlyMap<string, LogSubscription>,
): readonly SubscriptionMismatch[] {
  const first = new Map<string, LivingSubscription>();
  return living.toReversed().flatMap((each): readonly SubscriptionMismatch[] => {
    const placed = inLog.get(each.subscriptionId)?.placed;
    if (placed === undefined) return [];
    const key = `${placed.memberId} ${placed.kind}`;
    const other = first.get(key);
    if (other === undefined) {
      first.set(key, each);
      return [];
    }
    const { status, ...found } = each;
    return [
      { kind: 'two_living', ...found, stripe: status, ledger: `member ${placed.memberId} has ${other.subscription} too, which lives` },
    ];
  });
}
