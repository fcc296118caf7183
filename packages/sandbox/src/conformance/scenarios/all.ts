// All scenarios, in the order in which they run.
import type { Scenario } from '../scenario.ts';
import { forgeryScenarios } from './forgeries.ts';
import { otherMoneyScenarios } from './other-money.ts';
import { outageScenarios } from './outages.ts';
import { refundScenarios } from './refunds.ts';
import { rescueScenarios } from './rescues.ts';
import { slowPaymentScenarios } from './slow-payments.ts';
import { webhookScenarios } from './webhooks.ts';

export const scenarios: readonly Scenario[] = [
  ...webhookScenarios,
  ...rescueScenarios,
  ...forgeryScenarios,
  ...otherMoneyScenarios,
  ...slowPaymentScenarios,
  ...outageScenarios,
  ...refundScenarios,
];
