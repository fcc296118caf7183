// Renewals: told twice, never, in the wrong order, too late, while the app was away, or by a wrong clock.
import { BrokenPromise } from '../broken-promise.ts';
import {
  A_MONTH,
  cardFails,
  change,
  eventsOf,
  expectMember,
  GIVEN_UP_DAYS,
  HOUR_MS,
  invoicesOf,
  pass,
  pay,
  start,
  subscribed,
  wishFor,
} from '../member.ts';
import type { Scenario } from '../scenario.ts';
import { without } from '../skips.ts';

const lockedOut = 'A customer who has paid stands before a closed door, and writes to you, or to the bank.';
const forFree = 'Customers use for months what nobody pays for any more.';
const byInvoice =
  'Keep the periods of the paid invoices, by the id of the invoice, and let in until the latest of their ends and some days more. Never add a month to a date because an event came.';

export const renewalScenarios: readonly Scenario[] = [
  {
    name: 'renewal-once',
    promise: 'A renewal whose webhooks come five times each is one month more',
    matters: forFree,
    remedy: byInvoice,
    play: async (stage) => {
      const member = await subscribed(stage);
      stage.sandbox.setFate(member.id, 'doubled');
      await pass(stage, A_MONTH);
      await expectMember(stage, member, { access: true });
      cardFails(stage, member);
      await pass(stage, { months: 1, days: GIVEN_UP_DAYS });
      await expectMember(stage, member, { access: false });
    },
  },
  {
    name: 'renewal-lost',
    promise: 'A member whose renewal no webhook tells is in on the next day',
    matters: lockedOut,
    remedy:
      'Let in some days longer than what was paid for: Stripe charges an hour after a period has begun, and webhooks are late or lost. In these days ask Stripe.',
    play: async (stage) => {
      const member = await subscribed(stage);
      stage.sandbox.setFate(member.id, 'lost');
      stage.did("Stripe's webhooks about this subscription are lost from now on.");
      await pass(stage, { months: 1, days: 1 }, { poll: false });
      await expectMember(stage, member, { access: true });
    },
  },
  {
    name: 'renewal-before-checkout',
    promise: 'The webhook of the first invoice may come before the one of the checkout',
    matters: lockedOut,
    remedy:
      'Put your own id into subscription_data.metadata: Stripe copies it to each invoice. What names nobody yet must be kept, or answered with 500 so that it comes again.',
    play: async (stage) => {
      const wish = wishFor('monthly');
      const started = await start(stage, wish);
      stage.sandbox.setFate(started.sessionId, 'lost');
      const member = await pay(stage, wish, started);
      const events = await eventsOf(stage, member);
      const isFirst = ({ type }: { readonly type: string }): boolean => type.startsWith('invoice');
      stage.did('The webhooks of the invoice come first, those of the subscription and of the checkout after them.');
      await stage.resend([...events.filter(isFirst), ...events.filter((event) => !isFirst(event))]);
      await pass(stage, { ms: 2 * HOUR_MS });
      await expectMember(stage, member, { access: true });
    },
  },
  {
    name: 'events-of-one-second-reversed',
    promise: 'The webhooks of one second may come in the reverse order: "created" after "updated"',
    matters: lockedOut,
    remedy:
      'Stripe promises no order, and `created` of the events is the same second. Do not copy a status from an event: read the subscription again, or decide by the paid invoice.',
    play: async (stage) => {
      const wish = wishFor('monthly');
      const started = await start(stage, wish);
      stage.sandbox.setFate(started.sessionId, 'lost');
      const member = await pay(stage, wish, started);
      stage.did('The webhooks come, the newest first.');
      await stage.resend((await eventsOf(stage, member)).toReversed());
      await pass(stage, { ms: 2 * HOUR_MS });
      await expectMember(stage, member, { access: true });
    },
  },
  {
    name: 'old-event-a-day-late',
    promise: 'Old webhooks that come after the end open nothing again',
    matters: forFree,
    remedy: 'An end is final. An older word, that it is active or that a month long over was paid, is no news.',
    play: async (stage) => {
      const member = await subscribed(stage);
      const old = await eventsOf(stage, member);
      await change(stage, member, 'The customer cancels at the end of the period.', { cancel_at_period_end: true });
      await pass(stage, { months: 1, days: GIVEN_UP_DAYS });
      await expectMember(stage, member, { access: false });
      stage.did('The webhooks of the first day come once more.');
      await stage.resend(old);
      await expectMember(stage, member, { access: false });
    },
  },
  {
    name: 'webhooks-down-over-renewal-day',
    promise: 'A renewal during an outage of the webhooks is found by your own job',
    matters: lockedOut,
    remedy: 'Ask Stripe every hour or so for the invoices that were paid since, and treat them as a webhook would.',
    skip: without('poll'),
    play: async (stage) => {
      const member = await subscribed(stage);
      stage.sandbox.setFate(member.id, 'never_made');
      stage.did('Stripe makes no events about this subscription from now on.');
      await pass(stage, A_MONTH);
      await pass(stage, { days: 5 });
      await expectMember(stage, member, { access: true });
      await pass(stage, { days: 20 });
      await expectMember(stage, member, { access: true });
    },
  },
  {
    name: 'server-clock-wrong',
    promise: 'A server whose clock is twenty hours ahead locks nobody out',
    matters: lockedOut,
    remedy: 'Do not end a membership to the second by your own clock: allow a day, and end it by what Stripe says.',
    play: async (stage) => {
      const member = await subscribed(stage);
      await pass(stage, { days: 27 });
      const [invoice] = await invoicesOf(stage, member);
      const end = invoice?.lines.data[0]?.period.end ?? 0;
      const untilEndMs = end * 1_000 - stage.sandbox.now().getTime() - HOUR_MS;
      if (untilEndMs <= 0) throw new BrokenPromise('a month that is not over on day 27', `its end at ${end}`);
      await pass(stage, { ms: untilEndMs });
      stage.setClockAhead(20 * HOUR_MS);
      stage.did("The clock of the app's server is 20 hours ahead, an hour before the renewal.");
      await expectMember(stage, member, { access: true });
      stage.setClockAhead(0);
      await pass(stage, { days: 2 });
      await expectMember(stage, member, { access: true });
    },
  },
  {
    name: 'restart-at-expiry',
    promise: 'A restart on the day of the renewal changes nothing',
    matters: lockedOut,
    remedy: 'Keep in the database until when a member is in. A timer in memory is gone with the process.',
    skip: without('restart'),
    play: async (stage) => {
      const member = await subscribed(stage);
      await pass(stage, { months: 1 });
      await stage.restart();
      await pass(stage, { ms: 2 * HOUR_MS });
      await pass(stage, { days: 8 });
      await expectMember(stage, member, { access: true });
      cardFails(stage, member);
      await pass(stage, { months: 1 });
      await stage.restart();
      await pass(stage, { days: GIVEN_UP_DAYS });
      await expectMember(stage, member, { access: false });
    },
  },
];
