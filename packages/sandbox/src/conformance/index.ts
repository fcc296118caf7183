// @paidonce/sandbox/conformance: does to your app what the internet does, and reports what broke.
export type { ConformanceOptions, ShopPolicy } from './options.ts';
export { type AssertOptions, assertConforms, type ConformanceReport, formatReport, type ScenarioResult } from './report.ts';
export { runConformance } from './run-conformance.ts';
export { orderScenarioNames, type ScenarioName, scenarioNames, subscriptionScenarioNames } from './scenario-names.ts';
export type {
  BootClub,
  BootShop,
  ClubUnderTest,
  MemberState,
  PlacedOrder,
  RunningApp,
  SandboxAccess,
  ShopUnderTest,
  StartedSubscription,
  SubscriptionPlan,
  SubscriptionShop,
  SubscriptionWish,
} from './shop-under-test.ts';
