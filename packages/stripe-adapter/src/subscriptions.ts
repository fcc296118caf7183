// What the adapter needs for a ledger that keeps subscriptions: one clock of Stripe's for the process, and the way into the ledger.
import type { Logger, PaymentLedger, Runtime } from '@paidonce/ledger';
import type { SubscriptionPolicy } from '@paidonce/ledger/adapter';
import { ExpiredSessions } from './checkout/expired-sessions.ts';
import { subscriptionRefresher } from './checkout/refresh-subscription.ts';
import type { SubscriptionCheckoutParts } from './checkout/subscription-checkout.ts';
import { knownSubscriptions, type SubscriptionLedger } from './intake/known-subscriptions.ts';
import { NotOursCache } from './intake/not-ours-cache.ts';
import type { OurLedger } from './intake/our-ledger.ts';
import { ProviderClock } from './intake/provider-clock.ts';
import { SubscriptionIntake } from './intake/subscription-intake.ts';
import { ExpiryWatch } from './poll/expiry-watch.ts';
import { VainLooks } from './poll/vain-looks.ts';
import type { Accounts } from './stripe/accounts.ts';

export interface SubscriptionParts {
  readonly ledger: PaymentLedger;
  readonly ourLedger: OurLedger;
  readonly runtime: Runtime;
  readonly log: Logger;
}

export interface OpenedSubscriptions {
  readonly ledger: SubscriptionLedger;
  readonly policy: SubscriptionPolicy;
  readonly clock: ProviderClock;
  readonly watch: ExpiryWatch;
  readonly vainLooks: VainLooks;
  intakeBy(accounts: Accounts): SubscriptionIntake;
  checkoutBy(accounts: Accounts): SubscriptionCheckoutParts;
}

const alertAgainMs = 24 * 3_600_000;

/** Undefined: the ledger keeps no subscriptions. */
export function openSubscriptions(parts: SubscriptionParts): OpenedSubscriptions | undefined {
  const { ledger, runtime } = parts;
  const { policy } = ledger.forAdapters.subscriptions;
  if (policy === undefined) return undefined;
  const subscriptions = knownSubscriptions(ledger);
  const clock = new ProviderClock(runtime, clockAlert(ledger, runtime));
  const given = { ...parts, subscriptions, plans: policy.plans, clock, notOurs: new NotOursCache(runtime) };
  const intakeBy = (accounts: Accounts) => new SubscriptionIntake({ ...given, accounts });
  return {
    ledger: subscriptions,
    policy,
    clock,
    vainLooks: new VainLooks(),
    watch: new ExpiryWatch({ ...parts, stripeNow: () => clock.now }),
    intakeBy,
    checkoutBy: (accounts) => {
      const expired = new ExpiredSessions();
      const refreshSubscription = subscriptionRefresher(accounts, intakeBy(accounts), expired);
      return { ledger, policy, accounts, refreshSubscription, expired, clock, runtime, scope: parts.ourLedger.scope };
    },
  };
}

/** Once a day at most in each process. */
function clockAlert(ledger: PaymentLedger, runtime: Runtime): (asOf: string) => void {
  let alertedAtMs = Number.NEGATIVE_INFINITY;
  return (asOf) => {
    if (runtime.monotonicNowMs() - alertedAtMs < alertAgainMs) return;
    alertedAtMs = runtime.monotonicNowMs();
    ledger.forAdapters.alert({
      kind: 'clock_doubtful',
      message: `Stripe's answers say that it is ${asOf}, far ahead of what they said before, or they bear no date. Until that is settled no membership ends and no state of a subscription is taken; payments count. Is there a proxy between this process and Stripe that answers itself, or was the machine asleep? After 15 minutes of the same time it is believed`,
    });
  };
}
