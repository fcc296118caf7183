// The names of the scenarios, in the order in which they run.

/** The scenarios of an app that sells what is paid once: `ShopUnderTest.startOrder`. */
export const orderScenarioNames = [
  'webhook-once',
  'webhook-five-times',
  'webhook-sent-again',
  'two-events-for-one-payment',
  'webhooks-newest-first',
  'success-page-reloaded',
  'webhook-lost-status-asked',
  'webhook-lost-polled',
  'event-never-made',
  'webhook-late',
  'sources-race',
  'never-paid',
  'forged-redirect',
  'forged-signature',
  'missing-signature',
  'stale-signature',
  'wrong-amount',
  'wrong-currency',
  'foreign-payment',
  'typed-reference',
  'slow-payment-succeeds',
  'slow-payment-fails',
  'first-session-expired',
  'stripe-fails-status',
  'stripe-fails-poll',
  'stripe-fails-webhook',
  'restart',
  'restart-and-replay',
  'refund-in-full',
  'refund-in-part',
  'refund-fails',
  'refund-before-payment',
  'replay-after-refund',
  'paid-twice-refunded-once',
  'dispute-lost',
] as const;

/** The scenarios of an app that sells subscriptions: `ShopUnderTest.subscriptions`. */
export const subscriptionScenarioNames = [
  'renewal-once',
  'renewal-lost',
  'renewal-before-checkout',
  'events-of-one-second-reversed',
  'old-event-a-day-late',
  'webhooks-down-over-renewal-day',
  'server-clock-wrong',
  'restart-at-expiry',
  'trial-gives-nothing',
  'trial-ends-unpaid',
  'trial-ended-early',
  'zero-invoice-after-an-hour',
  'coupon-month-free',
  'setup-fee-is-no-month',
  'card-declined-then-paid',
  'card-declined-for-good',
  'paid-by-bank-transfer',
  'paid-after-the-end',
  'net-terms',
  'paused-collection-is-not-free',
  'paused-and-resumed',
  'cancel-keeps-the-paid-month',
  'cancel-undone',
  'cancel-now',
  'upgrade-unpaid-gives-nothing',
  'upgrade-paid',
  'yearly-to-monthly',
  'prorations-do-not-lengthen',
  'eleven-lines',
  'seats-as-paid',
  'addon-is-no-membership',
  'refund-of-this-month',
  'refund-of-an-old-month',
  'refund-of-a-month-fails',
  'chargeback-of-one-month',
  'credit-note-to-balance',
  'changed-his-mind-at-checkout',
  'second-subscription',
  'resubscribed',
] as const;

/** All: first those of one-time orders, then those of subscriptions. */
export const scenarioNames: readonly [...typeof orderScenarioNames, ...typeof subscriptionScenarioNames] = [
  ...orderScenarioNames,
  ...subscriptionScenarioNames,
];

export function isOfSubscriptions(name: ScenarioName): boolean {
  return (subscriptionScenarioNames as readonly string[]).includes(name);
}

/** The name of a scenario, for `only` and `mayBeSkipped`. */
export type ScenarioName = (typeof scenarioNames)[number];
