// What changes in a member's life: cancellations, pauses, other plans, seats, add-ons.

import { BrokenPromise } from '../broken-promise.ts';
import {
  A_MONTH,
  cardFails,
  change,
  changeItem,
  deliver,
  expectMember,
  GIVEN_UP_DAYS,
  invoicesOf,
  type Member,
  pass,
  subscribed,
} from '../member.ts';
import { makePrice } from '../prices.ts';
import type { Scenario } from '../scenario.ts';
import type { Stage } from '../stage.ts';

const forFree = 'Customers use for months what nobody pays for any more.';
const lockedOut = 'A customer who has paid stands before a closed door.';
const toldPlan = 'What a customer may use is not what the customer pays for.';
const byLines =
  'A line that is a proration, a credit or of another price says nothing about how long the plan is paid. Look at price, period and proration of each line.';

const cancelAtEnd = (stage: Stage, member: Member): Promise<void> =>
  change(stage, member, 'The customer cancels in the portal, at the end of the period.', { cancel_at_period_end: true });

export const changeScenarios: readonly Scenario[] = [
  {
    name: 'paused-collection-is-not-free',
    promise: 'While collection is paused, what was paid for runs out',
    matters: 'The status stays "active" while nobody pays: months for nothing.',
    remedy: '"active" proves no payment. Let in until the end of what was paid.',
    play: async (stage) => {
      const member = await subscribed(stage);
      await change(stage, member, 'Collection is paused: invoices are void.', { pause_collection: { behavior: 'void' } });
      await pass(stage, { months: 1, days: GIVEN_UP_DAYS });
      await expectMember(stage, member, { access: false });
    },
  },
  {
    name: 'paused-and-resumed',
    promise: 'After a pause, the next paid month gives access again',
    matters: lockedOut,
    remedy: 'What ended because nothing was paid begins again with the next paid invoice of the same subscription.',
    play: async (stage) => {
      const member = await subscribed(stage);
      await change(stage, member, 'Collection is paused: invoices are void.', { pause_collection: { behavior: 'void' } });
      await pass(stage, { months: 1, days: GIVEN_UP_DAYS });
      await change(stage, member, 'Collection is resumed.', { pause_collection: '' });
      await pass(stage, { months: 1 });
      await expectMember(stage, member, { access: true, welcomed: [1, 2] });
    },
  },
  {
    name: 'cancel-keeps-the-paid-month',
    promise: 'Who cancels at the end of the period is in until then, and out after it',
    matters: 'Who has paid a month and cancels on the third day, has paid a month.',
    remedy: 'cancel_at_period_end ends nothing yet. Show it; the end comes with customer.subscription.deleted.',
    play: async (stage) => {
      const member = await subscribed(stage);
      await cancelAtEnd(stage, member);
      await pass(stage, { days: 25 });
      await expectMember(stage, member, { access: true });
      await pass(stage, { days: 5 + GIVEN_UP_DAYS });
      await expectMember(stage, member, { access: false });
    },
  },
  {
    name: 'cancel-undone',
    promise: 'A cancellation that was undone before the end never happened',
    matters: lockedOut,
    remedy: 'Do not note down "canceled" when cancel_at_period_end comes: it may be taken back.',
    play: async (stage) => {
      const member = await subscribed(stage);
      await cancelAtEnd(stage, member);
      await pass(stage, { days: 10 });
      await change(stage, member, 'The customer takes it back.', { cancel_at_period_end: false });
      await pass(stage, { months: 1 });
      await expectMember(stage, member, { access: true });
    },
  },
  {
    name: 'cancel-now',
    promise: 'After a cancellation at once, nobody is in beyond what was paid',
    matters: forFree,
    remedy: 'Listen to customer.subscription.deleted, and look at ended_at.',
    play: async (stage) => {
      const member = await subscribed(stage);
      await pass(stage, { days: 10 });
      await stage.stripe.subscriptions.cancel(member.id);
      stage.did('You cancel the subscription at once.');
      await deliver(stage);
      await pass(stage, { days: 25 });
      await expectMember(stage, member, { access: false });
    },
  },
  {
    name: 'upgrade-unpaid-gives-nothing',
    promise: 'An upgrade whose difference is not paid gives nothing of the better plan',
    matters: toldPlan,
    remedy: 'The items of a subscription show the new plan at once. The plan is that of the paid lines.',
    skip: withoutTold('plan'),
    play: async (stage) => {
      const member = await subscribed(stage);
      await pass(stage, { days: 10 });
      cardFails(stage, member);
      await changeItem(stage, member, 'The customer changes to plus; the difference cannot be charged.', { price: stage.prices.plus });
      await pass(stage, { ms: 3_600_000 });
      await expectMember(stage, member, { access: true, plan: 'monthly' });
    },
  },
  {
    name: 'upgrade-paid',
    promise: 'An upgrade is there as soon as it is paid, and the end of the month stays',
    matters: toldPlan,
    remedy: byLines,
    skip: withoutTold('plan'),
    play: async (stage) => {
      const member = await subscribed(stage);
      await pass(stage, { days: 10 });
      await changeItem(stage, member, 'The customer changes to plus, and pays the difference.', { price: stage.prices.plus });
      await expectMember(stage, member, { access: true, plan: 'plus' });
      cardFails(stage, member);
      await pass(stage, { days: 21 + GIVEN_UP_DAYS });
      await expectMember(stage, member, { access: false });
    },
  },
  {
    name: 'yearly-to-monthly',
    promise: 'Who changes from a year to months on day 40 has not paid the year',
    matters: 'Stripe gives the rest of the year back as a credit, which pays months; a handler that keeps the end of the year gives both.',
    remedy:
      'The negative line of the change takes back what was left of the year. The months are paid from the balance: total 0, and still paid.',
    skip: withoutTold('plan'),
    play: async (stage) => {
      const member = await subscribed(stage, 'yearly');
      await pass(stage, { days: 40 });
      await changeItem(stage, member, 'The customer changes to the monthly plan.', { price: stage.prices.monthly });
      await expectMember(stage, member, { access: true, plan: 'monthly' });
      await pass(stage, A_MONTH);
      await pass(stage, { days: GIVEN_UP_DAYS });
      await expectMember(stage, member, { access: true, plan: 'monthly' });
      await cancelAtEnd(stage, member);
      await pass(stage, { days: 21 + GIVEN_UP_DAYS });
      await expectMember(stage, member, { access: false });
    },
  },
  {
    name: 'prorations-do-not-lengthen',
    promise: 'Invoices for more seats within the month do not lengthen it',
    matters: forFree,
    remedy: byLines,
    play: async (stage) => {
      const member = await subscribed(stage);
      for (const quantity of [2, 3, 4]) {
        await pass(stage, { days: 2 });
        await changeItem(stage, member, `The customer takes ${quantity} seats, and pays the difference.`, { quantity });
      }
      cardFails(stage, member);
      await pass(stage, { days: 25 + GIVEN_UP_DAYS });
      await expectMember(stage, member, { access: false });
    },
  },
  {
    name: 'eleven-lines',
    promise: 'A renewal with more than ten lines is a renewal',
    matters: lockedOut,
    remedy: 'An invoice brings ten lines along, prorations first. Where has_more is true, list the lines before you decide.',
    play: async (stage) => {
      const member = await subscribed(stage);
      for (const quantity of [2, 3, 4, 5, 6, 7]) {
        await pass(stage, { days: 1 }, { poll: false });
        const terms = { proration_behavior: 'create_prorations' as const };
        await changeItem(stage, member, `The customer takes ${quantity} seats, billed with the next invoice.`, { quantity }, terms);
      }
      await pass(stage, { months: 1 });
      const lines = (await invoicesOf(stage, member)).at(-1)?.lines;
      if (!lines?.has_more) throw new BrokenPromise('a renewal of more than ten lines', `${lines?.data.length} lines`);
      await pass(stage, { days: 8 });
      await expectMember(stage, member, { access: true });
    },
  },
  {
    name: 'seats-as-paid',
    promise: 'More seats are there when they are paid',
    matters: 'Teams get seats that nobody pays for, or pay for seats that they do not get.',
    remedy: 'The quantity is that of the paid line, not of the item in the subscription.',
    skip: withoutTold('quantity'),
    play: async (stage) => {
      const member = await subscribed(stage, 'monthly', { quantity: 3 });
      await expectMember(stage, member, { access: true, quantity: 3 });
      await pass(stage, { days: 10 });
      const terms = { proration_behavior: 'create_prorations' as const };
      await changeItem(stage, member, 'The customer takes 5 seats, billed with the next invoice.', { quantity: 5 }, terms);
      await expectMember(stage, member, { access: true, quantity: 3 });
      await pass(stage, { days: 24 });
      await expectMember(stage, member, { access: true, quantity: 5 });
    },
  },
  {
    name: 'addon-is-no-membership',
    promise: 'A yearly add-on keeps nobody in whose plan is not paid',
    matters: forFree,
    remedy: byLines,
    play: async (stage) => {
      const member = await subscribed(stage);
      const addon = await makePrice(stage.stripe, 'A yearly add-on', 500, 'year');
      await change(stage, member, 'The customer adds a yearly add-on, and pays it.', {
        items: [{ price: addon }],
        proration_behavior: 'always_invoice',
      });
      cardFails(stage, member);
      await pass(stage, { months: 1, days: GIVEN_UP_DAYS });
      await expectMember(stage, member, { access: false });
    },
  },
];

function withoutTold(what: 'plan' | 'quantity'): NonNullable<Scenario['skip']> {
  return (stage) => (stage.tells.has(what) ? undefined : `your app's \`stateOf\` does not say the \`${what}\`.`);
}
