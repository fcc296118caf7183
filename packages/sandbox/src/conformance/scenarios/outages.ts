// Outages: Stripe fails while the app asks, or the app itself goes down.
import { systemRuntime } from '../../runtime.ts';
import { BrokenPromise } from '../broken-promise.ts';
import { concurrently } from '../concurrently.ts';
import { expectState, grantedOnce } from '../expectations.ts';
import type { Scenario } from '../scenario.ts';
import { without } from '../skips.ts';
import type { Purchase, Stage } from '../stage.ts';
import { boughtOnce } from './webhooks.ts';

const lostMatters = 'A customer has paid and gets nothing, because something was down for a minute.';
/** Retries against a failing Stripe take time. */
const patienceFactor = 3;

export const outageScenarios: readonly Scenario[] = [
  {
    name: 'stripe-fails-status',
    promise: 'Stripe fails while the success page asks: the customer gets access once it answers again',
    matters: lostMatters,
    remedy:
      'Where Stripe answers 429 or 500, or slowly, say "not known yet" and let the page ask again; never "failed", and never a guess.',
    skip: without('askStatus'),
    play: async (stage) => {
      const purchase = await stage.order();
      stage.pay(purchase, { fate: 'lost' });
      await askThroughFailures(stage, purchase, () => stage.askStatus(purchase));
    },
  },
  {
    name: 'stripe-fails-poll',
    promise: 'Stripe fails while the poll asks: the next poll finds what this one missed',
    matters: lostMatters,
    remedy: 'Move the time up to which you have read only when all was read and handled. Wait as long as Retry-After says.',
    skip: without('poll'),
    play: async (stage) => {
      const purchase = await stage.order();
      stage.pay(purchase, { fate: 'lost' });
      await askThroughFailures(stage, purchase, () => stage.poll());
    },
  },
  {
    name: 'stripe-fails-webhook',
    promise: 'Stripe fails while a webhook is handled: it is refused, or remembered, and not lost',
    matters: lostMatters,
    remedy:
      'Answer 2xx only when all is done and saved. Where you need Stripe for it and Stripe fails, answer 503: the webhook comes again.',
    play: async (stage) => {
      const purchase = await stage.order();
      stage.pay(purchase);
      stage.sandbox.injectFault({ kind: 'status', status: 500, method: 'GET', times: 50 });
      stage.did("Stripe's API answers 500 to whatever it is asked.");
      await stage.deliver();
      stage.sandbox.clearFaults();
      stage.did("Stripe's API is well again.");
      await stage.deliverUntilAcknowledged(purchase.session.id);
      await expectState(stage, purchase, grantedOnce, { patienceMs: stage.settings.patienceMs * patienceFactor });
    },
  },
  {
    name: 'restart',
    promise: 'A restart while a webhook is handled, or right after it, loses nothing and grants nothing twice',
    matters: 'Each deployment costs you the customers who paid during it.',
    remedy:
      'Answer 2xx only after the order is saved to disk; hand over from there, under a key that is used once, and go on with it at the next start. A queue in memory is gone.',
    skip: without('restart'),
    play: async (stage) => {
      const patienceMs = stage.settings.restartPatienceMs;
      const first = await stage.order();
      stage.pay(first);
      await stage.deliver();
      await stage.restart();
      await stage.deliverUntilAcknowledged(first.session.id);
      await expectState(stage, first, grantedOnce, { patienceMs });

      const second = await stage.order();
      stage.pay(second);
      await concurrently(
        () => stage.deliver(),
        async () => {
          await systemRuntime.sleep(stage.random.below(latestRestartMs));
          await stage.restart();
        },
      );
      await stage.deliverUntilAcknowledged(second.session.id);
      await expectState(stage, second, grantedOnce, { patienceMs });
    },
  },
  {
    name: 'restart-and-replay',
    promise: 'A webhook that is sent again after a restart changes nothing',
    matters: 'You give away what you sell: after each deployment, whatever is sent again is handed over again.',
    remedy: 'What you have handled must be known after a restart: keep it in the database, in the transaction that grants.',
    skip: without('restart'),
    play: async (stage) => {
      const purchase = await boughtOnce(stage);
      await stage.restart();
      await stage.sendAgain(purchase.session.id);
      await expectState(stage, purchase, grantedOnce);
    },
  },
];

const latestRestartMs = 15;

/** While Stripe fails, the app may fail too: the caller gets an error, and asks again. */
async function askThroughFailures(stage: Stage, purchase: Purchase, ask: () => Promise<void>): Promise<void> {
  stage.sandbox.injectFault({ kind: 'status', status: 429, retryAfterSeconds: 1, method: 'GET' });
  stage.sandbox.injectFault({ kind: 'status', status: 500, method: 'GET' });
  stage.sandbox.injectFault({ kind: 'slow', delayMs: 200, method: 'GET' });
  stage.did("Stripe's API answers 429, then 500, then slowly.");
  const meanwhile = async (): Promise<void> => {
    try {
      await ask();
    } catch (error) {
      if (!(error instanceof BrokenPromise)) throw error;
      stage.did(`The app could not tell: ${error.observed}.`);
    }
  };
  await meanwhile();
  await expectState(stage, purchase, grantedOnce, { meanwhile, patienceMs: stage.settings.patienceMs * patienceFactor });
}
