// Money that goes back: the month that it paid for ends, and no other.
import { A_MONTH, deliver, expectMember, invoicesOf, type Member, pass, subscribed } from '../member.ts';
import type { Scenario } from '../scenario.ts';
import { undecided, whereRefundsKeep } from '../skips.ts';
import type { Stage } from '../stage.ts';

const remedy =
  'A refund or a dispute belongs to a payment, the payment to an invoice (invoicePayments.list), the invoice to a period. Take that period out, and decide by those that are left.';
const lockedOut = 'You give back an old month as a courtesy, and lock the customer out of the one that is paid.';

/** A member in the second month. */
async function inTheSecondMonth(stage: Stage): Promise<{ readonly member: Member; readonly months: readonly string[] }> {
  const member = await subscribed(stage);
  await pass(stage, A_MONTH);
  await pass(stage, { days: 5 });
  await expectMember(stage, member, { access: true });
  return { member, months: (await invoicesOf(stage, member)).map(({ id = '' }) => id) };
}

async function refund(stage: Stage, month: string | undefined, which: string): Promise<void> {
  stage.sandbox.refund(month ?? '');
  stage.did(`You refund ${which} in full.`);
  await deliver(stage);
}

export const moneyBackScenarios: readonly Scenario[] = [
  {
    name: 'refund-of-this-month',
    promise: 'A refund of the running month ends the access',
    matters: 'Customers ask for their money back and keep what they bought.',
    remedy,
    skip: whereRefundsKeep,
    play: async (stage) => {
      const { member, months } = await inTheSecondMonth(stage);
      await refund(stage, months[1], 'the running month');
      await expectMember(stage, member, { access: false });
    },
  },
  {
    name: 'refund-of-an-old-month',
    promise: 'A refund of a month that is over leaves the running one alone',
    matters: lockedOut,
    remedy,
    play: async (stage) => {
      const { member, months } = await inTheSecondMonth(stage);
      await refund(stage, months[0], 'the month before');
      await expectMember(stage, member, { access: true });
    },
  },
  {
    name: 'refund-of-a-month-fails',
    promise: 'A refund that fails leaves the customer with access',
    matters: 'The money never went back, and the customer has lost what they paid for.',
    remedy: 'A refund can be pending for days and fail then. Count those with status "succeeded".',
    play: async (stage) => {
      const { member, months } = await inTheSecondMonth(stage);
      const { id } = stage.sandbox.refund(months[1] ?? '', { status: 'pending' });
      stage.did('You refund the running month; the refund is pending.');
      await deliver(stage);
      stage.sandbox.endRefund(id, 'failed');
      stage.did("Days later the refund fails: the customer's bank has sent it back.");
      await pass(stage, { days: 1 });
      await expectMember(stage, member, { access: true, welcomed: [1, 2] });
    },
  },
  {
    name: 'chargeback-of-one-month',
    promise: 'A chargeback takes its own month, and the next paid one gives access again',
    matters: 'The bank takes back one month: no reason to give the others away, or to keep the customer out of a month that was paid.',
    remedy,
    skip: undecided('lostDispute'),
    play: async (stage) => {
      const member = await subscribed(stage);
      const [month] = await invoicesOf(stage, member);
      const { id } = stage.sandbox.dispute(month?.id ?? '');
      stage.did("The customer's bank disputes the first month.");
      await deliver(stage);
      stage.sandbox.updateDispute(id, 'lost');
      stage.did('The dispute is lost.');
      await pass(stage, { days: 2 });
      await expectMember(stage, member, { access: stage.settings.policy.lostDispute === 'keeps', welcomed: [1] });
      await pass(stage, { months: 1 });
      await expectMember(stage, member, { access: true, welcomed: [1, 2] });
    },
  },
  {
    name: 'credit-note-to-balance',
    promise: 'A credit for a bad day, given to the balance, costs no access; the next month is paid with it',
    matters: lockedOut,
    remedy: 'A credit note over a part is no refund of the month. An invoice that the balance pays in part is paid: look at its status.',
    play: async (stage) => {
      const member = await subscribed(stage);
      const [month] = await invoicesOf(stage, member);
      await stage.stripe.creditNotes.create({ invoice: month?.id ?? '', amount: 300, credit_amount: 300 });
      stage.did('Support credits 300 (minor unit) of the month to the balance of the customer.');
      await deliver(stage);
      await expectMember(stage, member, { access: true });
      await pass(stage, A_MONTH);
      await pass(stage, { days: 10 });
      await expectMember(stage, member, { access: true });
    },
  },
];
