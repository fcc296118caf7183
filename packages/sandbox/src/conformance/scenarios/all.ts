// All scenarios, in the order in which they run.
import type { Scenario } from '../scenario.ts';
import { changeScenarios } from './changes.ts';
import { forgeryScenarios } from './forgeries.ts';
import { moneyBackScenarios } from './money-back.ts';
import { otherMoneyScenarios } from './other-money.ts';
import { outageScenarios } from './outages.ts';
import { refundScenarios } from './refunds.ts';
import { renewalScenarios } from './renewals.ts';
import { rescueScenarios } from './rescues.ts';
import { secondScenarios } from './second-subscriptions.ts';
import { slowPaymentScenarios } from './slow-payments.ts';
import { webhookScenarios } from './webhooks.ts';
import { paidScenarios } from './what-was-paid.ts';

export const scenarios: readonly Scenario[] = [
  ...webhookScenarios,
  ...rescueScenarios,
  ...forgeryScenarios,
  ...otherMoneyScenarios,
  ...slowPaymentScenarios,
  ...outageScenarios,
  ...refundScenarios,
  ...renewalScenarios,
  ...paidScenarios,
  ...changeScenarios,
  ...moneyBackScenarios,
  ...secondScenarios,
];
