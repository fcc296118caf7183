// One member, one subscription: the second thought at the checkout, the second tab, and the return after an end.
import { BrokenPromise } from '../broken-promise.ts';
import { A_MONTH, change, deliver, expectMember, GIVEN_UP_DAYS, pass, pay, start, subscribed, wishFor } from '../member.ts';
import type { Scenario } from '../scenario.ts';
import type { SubscriptionWish } from '../shop-under-test.ts';
import type { Stage } from '../stage.ts';

const twice = 'The customer is charged twice each month, and asks the bank to undo it.';
const remedy =
  'Before you start a checkout, ask whether the member has a living subscription or an open checkout; expire the older checkout. Do it under a lock of the member.';

/** Whether the wish could be started and paid. */
async function tryToPay(stage: Stage, wish: SubscriptionWish, sessionId?: string): Promise<boolean> {
  try {
    const started = sessionId === undefined ? await start(stage, wish) : { sessionId };
    await pay(stage, wish, started);
    return true;
  } catch (error) {
    stage.did(`It is refused: ${error instanceof BrokenPromise ? error.observed : String(error)}`);
    return false;
  }
}

export const secondScenarios: readonly Scenario[] = [
  {
    name: 'changed-his-mind-at-checkout',
    promise: 'Who goes back at the checkout, chooses another plan, and pays both pages in the end, has one subscription',
    matters: twice,
    remedy,
    play: async (stage) => {
      const { memberId } = wishFor('plus');
      const first = await start(stage, { memberId, plan: 'plus' });
      const second = { memberId, plan: 'monthly' as const };
      const member = await pay(stage, second, await start(stage, second));
      await deliver(stage);
      await expectMember(stage, member, { access: true });
      stage.did('The customer finds the first tab again, and pays there too.');
      if (await tryToPay(stage, { memberId, plan: 'plus' }, first.sessionId)) {
        throw new BrokenPromise(`one subscription of customer ${memberId}`, 'two were paid: the first page was still open');
      }
    },
  },
  {
    name: 'second-subscription',
    promise: 'A member is not sold a second subscription beside the one that lives',
    matters: twice,
    remedy,
    play: async (stage) => {
      const { wish, ...member } = await subscribed(stage);
      await pass(stage, { days: 3 });
      if (await tryToPay(stage, { memberId: wish.memberId, plan: 'plus' })) {
        throw new BrokenPromise(`one subscription of customer ${wish.memberId}`, 'a second one could be started and paid');
      }
      await expectMember(stage, { ...member, wish }, { access: true });
    },
  },
  {
    name: 'resubscribed',
    promise: 'Who comes back after the end is a member again',
    matters: 'A returning customer pays, and a row from the last time keeps the door closed.',
    remedy: 'A new subscription is a new membership. Key it by its own id, not by the member.',
    play: async (stage) => {
      const member = await subscribed(stage);
      await change(stage, member, 'The customer cancels at the end of the period.', { cancel_at_period_end: true });
      await pass(stage, { months: 1, days: GIVEN_UP_DAYS });
      await expectMember(stage, member, { access: false });
      const wish = { ...member.wish, plan: 'monthly' as const };
      const again = await pay(stage, wish, await start(stage, wish));
      await deliver(stage);
      await expectMember(stage, again, { access: true, welcomed: [1, 2] });
      await pass(stage, A_MONTH);
      await expectMember(stage, again, { access: true, welcomed: [1, 2] });
    },
  },
];
