// Why a scenario cannot be played on this app, and what would change that.
import type { Ability } from './shop-under-test.ts';
import type { Stage } from './stage.ts';

type Skip = (stage: Stage) => string | undefined;

const abilityLabels: Readonly<Record<Ability, string>> = {
  askStatus: 'ask for the status of a payment as your success page does',
  poll: 'ask Stripe for payments of which no webhook came',
  checkoutAgain: 'start the checkout of an order again',
  restart: 'stop and start your app',
  startOrder: 'order something that is paid once',
  subscriptions: 'start a subscription, and to say who has access by one',
};

export function without(ability: Ability): Skip {
  return (stage) => (stage.has(ability) ? undefined : `your app was given no \`${ability}\`: a function to ${abilityLabels[ability]}.`);
}

export const withoutRescue: Skip = (stage) =>
  stage.has('askStatus') || stage.has('poll')
    ? undefined
    : 'your app was given neither `askStatus` nor `poll`: without either, a lost webhook is a lost order.';

export const withoutSuccessPage: Skip = ({ sample, hasSuccessPage }) =>
  hasSuccessPage ? undefined : `nothing answers at the success_url of your sessions, ${sample?.success_url}.`;

export const withoutSlowPayments: Skip = ({ sample }) =>
  sample?.payment_method_types.includes('sepa_debit')
    ? undefined
    : 'your sessions take no payment method that is slow (such as sepa_debit).';

const choices = {
  partialRefund: "'keeps' }`, or `'ends'",
  lostDispute: "'keeps' }`, or `'ends'",
  trial: "'none' }`, or `'access'",
};

/** What no rule decides for all shops. */
export function undecided(about: 'partialRefund' | 'lostDispute' | 'trial'): Skip {
  return ({ settings }) =>
    settings.policy[about] === undefined ? `this is for you to decide: say \`policy: { ${about}: ${choices[about]}\`.` : undefined;
}

export const whereRefundsKeep: Skip = ({ settings }) =>
  settings.policy.fullRefund === 'keeps' ? "with `policy: { fullRefund: 'keeps' }` a refund ends nothing." : undefined;
