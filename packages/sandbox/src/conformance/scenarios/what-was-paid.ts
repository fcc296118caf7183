// What pays for time, and what does not: trials, free months, fees, cards that are declined, transfers, terms.
import {
  A_MONTH,
  cardFails,
  change,
  deliver,
  expectMember,
  GIVEN_UP_DAYS,
  HOUR_MS,
  newestInvoice,
  pass,
  pay,
  start,
  subscribed,
  wishFor,
} from '../member.ts';
import type { Scenario } from '../scenario.ts';
import type { StartedSubscription } from '../shop-under-test.ts';
import { undecided } from '../skips.ts';
import type { Stage } from '../stage.ts';
import { payFee } from './stripe-deeds.ts';

const forFree = 'Customers use for months what nobody pays for any more.';
const lockedOut = 'A customer who has paid, or is about to, stands before a closed door.';
const byLines =
  'Only a paid invoice with a line of the plan gives time, and only until the end of that line. An invoice of something else, of nothing, or of a part of the month adds none.';

/** Undefined: the app refuses trials. */
async function startTrial(stage: Stage, wish: ReturnType<typeof wishFor>): Promise<StartedSubscription | undefined> {
  try {
    return await start(stage, wish);
  } catch {
    stage.did('The app refuses to start a trial.');
    return undefined;
  }
}

export const paidScenarios: readonly Scenario[] = [
  {
    name: 'trial-gives-nothing',
    promise: 'A trial gives no access, as the shop has decided',
    matters: 'One customer after the other takes a trial with the same card, and none of them pays.',
    remedy: 'An invoice of 0 is no payment, and the status "trialing" none either.',
    skip: (stage) =>
      stage.settings.policy.trial === 'access' ? "with `policy: { trial: 'access' }` a trial gives access." : undecided('trial')(stage),
    play: async (stage) => {
      const wish = wishFor('monthly', { trialDays: 14 });
      const started = await startTrial(stage, wish);
      if (!started) return;
      const member = await pay(stage, wish, started);
      await deliver(stage);
      await expectMember(stage, member, { access: false, welcomed: [0] });
      await pass(stage, { days: 7 });
      await expectMember(stage, member, { access: false, welcomed: [0] });
    },
  },
  {
    name: 'trial-ends-unpaid',
    promise: 'After a trial that nobody pays for there is no access',
    matters: 'Whoever has a bad card gets a month for nothing, again and again.',
    remedy: 'A trial was paid by nobody: what you allow to those who have paid and whose card is declined, it has not earned.',
    play: async (stage) => {
      const wish = wishFor('monthly', { trialDays: 14 });
      const started = await startTrial(stage, wish);
      if (!started) return;
      const member = await pay(stage, wish, started);
      await deliver(stage);
      cardFails(stage, member);
      await pass(stage, { days: 14 + GIVEN_UP_DAYS });
      await expectMember(stage, member, { access: false });
    },
  },
  {
    name: 'trial-ended-early',
    promise: 'A trial that is ended early, and paid, gives the month that was paid for, and no more',
    matters: forFree,
    remedy: byLines,
    play: async (stage) => {
      const wish = wishFor('monthly', { trialDays: 60 });
      const started = await startTrial(stage, wish);
      if (!started) return;
      const member = await pay(stage, wish, started);
      await deliver(stage);
      await pass(stage, { days: 3 });
      await change(stage, member, 'The customer ends the trial early, and pays.', { trial_end: 'now' });
      await pass(stage, { days: 1 });
      await expectMember(stage, member, { access: true });
      cardFails(stage, member);
      await pass(stage, { months: 1, days: GIVEN_UP_DAYS });
      await expectMember(stage, member, { access: false });
    },
  },
  {
    name: 'zero-invoice-after-an-hour',
    promise: 'An invoice of 0, an hour after the first one, gives no second month',
    matters: forFree,
    remedy: byLines,
    play: async (stage) => {
      const member = await subscribed(stage);
      await pass(stage, { ms: HOUR_MS });
      await payFee(stage, member, 0);
      cardFails(stage, member);
      await pass(stage, { months: 1, days: GIVEN_UP_DAYS });
      await expectMember(stage, member, { access: false });
    },
  },
  {
    name: 'coupon-month-free',
    promise: 'A month that costs nothing by a coupon is a month',
    matters: 'Support gives a month as a present, and the customer is locked out for it.',
    remedy: 'The invoice is paid, with a total of 0: look at its status, not at the money. A charge or a payment intent is not there.',
    play: async (stage) => {
      const member = await subscribed(stage);
      const { id: coupon } = await stage.stripe.coupons.create({ percent_off: 100, duration: 'once' });
      await change(stage, member, 'Support gives the next month as a present, by a coupon.', { discounts: [{ coupon }] });
      await pass(stage, A_MONTH);
      await pass(stage, { days: GIVEN_UP_DAYS });
      await expectMember(stage, member, { access: true });
    },
  },
  {
    name: 'setup-fee-is-no-month',
    promise: 'A fee that is paid beside the plan gives no month',
    matters: forFree,
    remedy: byLines,
    play: async (stage) => {
      const member = await subscribed(stage);
      await pass(stage, { days: 3 });
      await payFee(stage, member, 2_500);
      cardFails(stage, member);
      await pass(stage, { months: 1, days: GIVEN_UP_DAYS });
      await expectMember(stage, member, { access: false });
    },
  },
  {
    name: 'card-declined-then-paid',
    promise: 'A member whose card is declined, and who pays four days later, was never out',
    matters: 'Most declined cards are paid within days. Locked out at the first decline, these customers do not come back.',
    remedy: 'While Stripe says past_due and tries again, leave the door open. Close it when Stripe has given up.',
    play: async (stage) => {
      const member = await subscribed(stage);
      cardFails(stage, member);
      await pass(stage, A_MONTH);
      await expectMember(stage, member, { access: true });
      await pass(stage, { days: 3 });
      await expectMember(stage, member, { access: true });
      stage.sandbox.changeCard(member.customer, 'success');
      stage.did('The customer gives another card.');
      await pass(stage, { days: 3 });
      await expectMember(stage, member, { access: true });
      await pass(stage, { days: 20 });
      await expectMember(stage, member, { access: true });
    },
  },
  {
    name: 'card-declined-for-good',
    promise: 'A member who does not pay is out when Stripe has given up',
    matters: forFree,
    remedy: 'Listen to customer.subscription.updated and .deleted: unpaid and canceled end it, and nothing that is open counts as paid.',
    play: async (stage) => {
      const member = await subscribed(stage);
      cardFails(stage, member);
      await pass(stage, { months: 1, days: GIVEN_UP_DAYS });
      await expectMember(stage, member, { access: false });
    },
  },
  {
    name: 'paid-by-bank-transfer',
    promise: 'An invoice that you mark as paid outside Stripe gives its month',
    matters: lockedOut,
    remedy: 'Listen to invoice.paid, which comes for every paid invoice; invoice.payment_succeeded and charges miss transfers.',
    play: async (stage) => {
      const member = await subscribed(stage);
      cardFails(stage, member);
      await pass(stage, A_MONTH);
      await stage.stripe.invoices.pay(await newestInvoice(stage, member), { paid_out_of_band: true });
      stage.did('The customer pays by bank transfer, and you mark the invoice as paid.');
      await pass(stage, { days: GIVEN_UP_DAYS });
      await expectMember(stage, member, { access: true });
    },
  },
  {
    name: 'paid-after-the-end',
    promise: 'An old invoice, paid by the link in the mail long after the end, gives no month from then on',
    matters: 'Half of a membership comes to life again: no renewal follows, and nobody notices.',
    remedy: 'The invoice pays for its own period, which is over. Tell a person, who may give the money back.',
    play: async (stage) => {
      const member = await subscribed(stage);
      cardFails(stage, member);
      await pass(stage, A_MONTH);
      const invoice = await newestInvoice(stage, member);
      await pass(stage, { months: 1, days: GIVEN_UP_DAYS });
      await expectMember(stage, member, { access: false });
      stage.sandbox.payInvoice(invoice);
      stage.did('The customer pays the old invoice by the link in the mail.');
      await deliver(stage);
      await pass(stage, { days: 1 });
      await expectMember(stage, member, { access: false });
    },
  },
  {
    name: 'net-terms',
    promise: 'A member whose invoice is due in thirty days is not out before',
    matters: 'Companies pay by transfer, at the end of the terms that you gave them.',
    remedy: 'An open invoice that was sent with terms is not overdue before its due_date.',
    play: async (stage) => {
      const member = await subscribed(stage);
      await change(stage, member, 'The next invoices are sent by mail, due in 30 days.', {
        collection_method: 'send_invoice',
        days_until_due: 30,
      });
      await pass(stage, A_MONTH);
      await pass(stage, { days: 20 });
      await expectMember(stage, member, { access: true });
      stage.sandbox.payInvoice(await newestInvoice(stage, member));
      stage.did('The customer pays the invoice, twenty days later.');
      await pass(stage, { days: 5 });
      await expectMember(stage, member, { access: true });
    },
  },
];
