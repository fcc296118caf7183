// Webhooks that are lost, late or never created: the other sources find the payment, and together they grant once.
import { systemRuntime } from '../../runtime.ts';
import { concurrently } from '../concurrently.ts';
import { expectState, grantedOnce } from '../expectations.ts';
import type { Scenario } from '../scenario.ts';
import { without, withoutRescue } from '../skips.ts';
import type { Purchase, Stage } from '../stage.ts';

const neverMatters =
  'A customer has paid and gets nothing, until they write to support, or to their bank, which costs you the sale and a fee.';

export const rescueScenarios: readonly Scenario[] = [
  {
    name: 'webhook-lost-status-asked',
    promise: 'A lost webhook is made good when the customer looks at the success page',
    matters: neverMatters,
    remedy:
      'When the success page asks and you know of no payment, retrieve the session from Stripe, and grant through the same door as the webhook.',
    skip: without('askStatus'),
    play: async (stage) => {
      const purchase = await paidUnheard(stage);
      await stage.askStatus(purchase);
      await expectState(stage, purchase, grantedOnce, { meanwhile: () => stage.askStatus(purchase) });
    },
  },
  {
    name: 'webhook-lost-polled',
    promise: 'A lost webhook is made good by the poll, when the customer has closed the browser',
    matters: neverMatters,
    remedy: 'Every few minutes, list what happened at Stripe since a little before the last time, and handle it like a webhook.',
    skip: without('poll'),
    play: async (stage) => {
      const purchase = await paidUnheard(stage);
      await stage.poll();
      await expectState(stage, purchase, grantedOnce, { meanwhile: () => stage.poll() });
    },
  },
  {
    name: 'event-never-made',
    promise: 'A payment of which Stripe made no event at all is found by the poll',
    matters: neverMatters,
    remedy:
      'A list of events shows only events that were made. From time to time list the completed sessions (or balance transactions) themselves.',
    skip: without('poll'),
    play: async (stage) => {
      const purchase = await stage.order();
      stage.pay(purchase, { fate: 'never_made' });
      await stage.poll();
      await expectState(stage, purchase, grantedOnce, { meanwhile: () => stage.poll() });
    },
  },
  {
    name: 'webhook-late',
    promise: 'A webhook that comes after another source has told changes nothing',
    matters: 'The customer gets what they bought twice: once from the rescue, once from the webhook.',
    remedy:
      'Webhook, poll and status query must end in one function that grants an order once; two pieces of code that each grant cannot know of one another.',
    skip: withoutRescue,
    play: async (stage) => {
      const purchase = await paidUnheard(stage);
      await rescue(stage, purchase);
      await expectState(stage, purchase, grantedOnce, { meanwhile: () => rescue(stage, purchase) });
      await stage.sendAgain(purchase.session.id);
      await expectState(stage, purchase, grantedOnce);
    },
  },
  {
    name: 'sources-race',
    promise: 'Webhook, poll and status query at the same moment give access once',
    matters: 'It happens on each busy day, to a few customers, and no log shows why they were served twice.',
    remedy:
      'Whoever asks "is it granted?" and then writes "granted" is too late: let the database decide, by a unique key or an expected version, and treat its refusal as "somebody else did it".',
    skip: withoutRescue,
    play: async (stage) => {
      for (let race = 0; race < stage.settings.races; race += 1) await playRace(stage, race === 0 ? 2 : 1);
    },
  },
];

async function paidUnheard(stage: Stage): Promise<Purchase> {
  const purchase = await stage.order();
  stage.pay(purchase, { fate: 'lost' });
  return purchase;
}

function rescue(stage: Stage, purchase: Purchase): Promise<void> {
  return stage.has('askStatus') ? stage.askStatus(purchase) : stage.poll();
}

const latestStartMs = 15;

/** @param polls passes at the same time: a job that takes longer than its interval overlaps with itself. */
async function playRace(stage: Stage, polls: number): Promise<void> {
  const { random } = stage;
  const purchase = await stage.order();
  stage.pay(purchase, { fate: random.pick(['delivered', 'doubled', 'reordered']) });
  const runners = [
    () => stage.deliver(),
    ...(stage.has('askStatus') ? [() => stage.askStatus(purchase), () => stage.askStatus(purchase)] : []),
    ...(stage.has('poll') ? Array.from({ length: polls }, () => () => stage.poll()) : []),
    ...(stage.hasSuccessPage ? [() => stage.visit(purchase)] : []),
  ];
  await concurrently(
    ...runners.map((run) => async () => {
      await systemRuntime.sleep(random.below(latestStartMs));
      await run();
    }),
  );
  await stage.deliverUntilAcknowledged(purchase.session.id);
  await expectState(stage, purchase, grantedOnce);
}
