// Lives of members as shops see them: a beginning, episodes in any order, and an end, told as they happen. Random facts seldom
// refund a month within the grace of the one before, or change a yearly plan to a monthly one; lives do.
import type { Random } from '../testing/simulation/random.ts';
import type { Books } from './auditor.test-support.ts';
import { Billing, type Price, plansOfLives, prices } from './billing.test-support.ts';
import { defaultSubscriptionPolicy, type SubscriptionPolicy } from './policy.ts';
import type { Telling } from './tellings.test-support.ts';

export interface Life {
  readonly policy: SubscriptionPolicy;
  /** As they happened. The last one is a look. */
  readonly tellings: readonly Telling[];
  /** What the provider knew when each was told. */
  readonly booksAt: readonly Books[];
  readonly story: readonly string[];
}

type Episode = (billing: Billing, random: Random) => void;

export function anyLife(random: Random): Life {
  const policy = anyPolicyOfLives(random);
  const billing = new Billing(random, random.pick([prices.gold, prices.silver, prices.silver, prices.silverYearly]));
  billing.quantity = random.pick([1, 1, 1, 3]);
  billing.taxPercent = random.pick([0, 0, 10]);
  const story: string[] = [];
  const live = (name: string, episode: Episode): void => {
    story.push(`day ${billing.today}: ${name}`);
    episode(billing, random);
    if (random.chance(0.3)) billing.look();
  };
  const beginning = random.pick(Object.keys(beginnings));
  live(beginning, beginnings[beginning]!);
  if (billing.status === 'active') {
    for (let count = random.between(0, 4); count > 0 && billing.today < 700; count--) {
      const name = random.pick(Object.keys(episodes));
      live(name, episodes[name]!);
    }
    if (random.chance(0.6)) {
      const name = random.pick(Object.keys(ends));
      live(name, ends[name]!);
    }
  }
  billing.wait(random.pick([0, 1, 10, 40, 400]));
  billing.look();
  return { policy, tellings: billing.tellings, booksAt: billing.booksAt, story };
}

function anyPolicyOfLives(random: Random): SubscriptionPolicy {
  return {
    ...defaultSubscriptionPolicy,
    plans: plansOfLives,
    trial: random.pick(['none', 'grant']),
    free: random.pick(['grant', 'grant', 'none']),
    netTerms: random.pick(['grace', 'grace', 'none']),
    canceledNow: random.pick(['end', 'end', 'run_out']),
    collectionPaused: random.pick(['run_out', 'suspend']),
  };
}

function begin(billing: Billing): void {
  const { today, item } = billing;
  billing.lifecycle({ status: 'incomplete' });
  billing.invoice({ reason: 'create', lines: [billing.line('base', today, today + item.days)] });
  billing.periodEnd = today + item.days;
}

function paidBegin(billing: Billing, random: Random): void {
  begin(billing);
  if (random.chance(0.5)) billing.lifecycle({ status: 'active' });
  billing.pay(billing.lastInvoice, { outside: random.chance(0.1) });
  billing.lifecycle({ status: 'active' });
}

function trialBegin(billing: Billing, random: Random, days: number): void {
  const { today } = billing;
  const line = { ...billing.line('base', today, today + days), netMinor: 0 };
  billing.periodEnd = today + days;
  if (random.chance(0.5)) billing.lifecycle({ status: 'trialing', trialEnd: dayText(today + days) });
  billing.become({ status: 'trialing', trialEnd: dayText(today + days) });
  billing.invoice({ reason: 'create', lines: [line], gift: 'trial', setupFeeMinor: random.pick([0, 0, 4_900]) });
  billing.pay();
}

const dayText = (day: number): string => new Date(Date.UTC(2026, 0, 1) + day * 86_400_000).toISOString();

const beginnings: Readonly<Record<string, Episode>> = {
  'he pays': paidBegin,
  'he pays, and a year goes by': (billing, random) => {
    paidBegin(billing, random);
    for (let months = random.between(1, 11); months > 0; months--) renewal(billing, random);
  },
  'his first payment never comes': (billing) => {
    begin(billing);
    billing.wait(1);
    billing.settle(billing.lastInvoice, 'void');
    billing.lifecycle({ status: 'incomplete_expired', endedAt: dayText(billing.today) });
  },
  'a trial, then he pays': (billing, random) => {
    trialBegin(billing, random, 14);
    billing.wait(14);
    if (random.chance(0.3)) billing.look();
    billing.lifecycle({ status: 'active' });
    billing.renew();
  },
  'a trial, then his card fails': (billing, random) => {
    trialBegin(billing, random, 14);
    billing.wait(14);
    billing.renew({ unpaid: true });
    billing.lifecycle({ status: 'past_due' });
    billing.wait(random.between(1, 12));
    billing.look();
    giveUp(billing, random);
  },
  'a trial, ended early by a payment': (billing, random) => {
    trialBegin(billing, random, 14);
    billing.wait(random.between(1, 10));
    billing.periodEnd = billing.today;
    billing.lifecycle({ status: 'active', trialEnd: dayText(billing.today) });
    billing.renew();
  },
  'a coupon of a half': (billing, random) => {
    billing.percentOff = 50;
    paidBegin(billing, random);
  },
  'a month for free, by a coupon': (billing, random) => {
    const { today, item } = billing;
    billing.invoice({ reason: 'create', lines: [billing.line('base', today, today + item.days)], percentOff: 100, gift: 'free' });
    billing.periodEnd = today + item.days;
    billing.pay();
    billing.lifecycle({ status: 'active' });
    billing.wait(item.days);
    billing.renew({ unpaid: true });
    if (random.chance(0.5)) billing.lifecycle({ status: 'past_due' });
    billing.wait(random.between(1, 6));
    billing.look();
    billing.pay();
    billing.lifecycle({ status: 'active' });
  },
};

/** Time goes by until the period is over, and a little more. */
function toPeriodEnd(billing: Billing, random: Random): void {
  const days = Math.max(0, billing.periodEnd - billing.today);
  if (days > 1 && random.chance(0.2)) {
    billing.wait(Math.floor(days / 2));
    billing.look();
  }
  billing.wait(Math.max(0, billing.periodEnd - billing.today));
}

function renewal(billing: Billing, random: Random): void {
  toPeriodEnd(billing, random);
  billing.wait(random.pick([0, 0, 1]));
  if (random.chance(0.2)) billing.look();
  billing.renew();
}

/** Into the middle of the running period. */
function goOn(billing: Billing, random: Random): void {
  const days = Math.floor(billing.periodEnd - billing.today);
  if (days > 1) billing.wait(Math.min(days - 1, random.pick([1, 10, 20])));
  if (random.chance(0.2)) billing.look();
}

const episodes: Readonly<Record<string, Episode>> = {
  'he renews': renewal,
  'he pays late': (billing, random) => {
    toPeriodEnd(billing, random);
    const invoice = billing.renew({ unpaid: true });
    if (random.chance(0.8)) billing.lifecycle({ status: 'past_due' });
    billing.wait(random.between(1, 14));
    if (random.chance(0.7)) billing.look();
    billing.pay(invoice);
    billing.lifecycle({ status: 'active' });
  },
  'he pays ahead': (billing, random) => {
    goOn(billing, random);
    const running = billing.lastInvoice;
    const ahead = billing.renew();
    const back = random.pick(['none', 'running', 'ahead']);
    billing.wait(random.pick([0, 1]));
    const given = back === 'running' ? running : ahead;
    const id = back === 'none' ? undefined : billing.refund(given, amountOf(given));
    if (random.chance(0.5)) billing.look();
    if (id !== undefined && random.chance(0.4)) billing.refund(given, amountOf(given), 'failed', id);
    billing.wait(billing.item.days);
  },
  'he gets it back within a day': (billing, random) => {
    renewal(billing, random);
    const invoice = billing.lastInvoice;
    billing.wait(random.pick([0, 1]));
    const id = billing.refund(invoice, amountOf(invoice));
    if (random.chance(0.5)) billing.look();
    if (random.chance(0.3)) {
      billing.wait(random.pick([1, 4]));
      billing.refund(invoice, amountOf(invoice), 'failed', id);
    }
  },
  'a part comes back': (billing, random) => {
    goOn(billing, random);
    const invoice = billing.lastInvoice;
    if (amountOf(invoice) > 0) billing.refund(invoice, Math.ceil(amountOf(invoice) / 3));
  },
  'an old month comes back': (billing, random) => {
    const invoice = billing.lastInvoice;
    renewal(billing, random);
    if (invoice.payments.length > 0 && invoice.backMinor === 0) billing.refund(invoice, amountOf(invoice));
  },
  'the bank takes it': (billing, random) => {
    const invoice = billing.lastInvoice;
    if (random.chance(0.3)) renewal(billing, random);
    else goOn(billing, random);
    if (invoice.payments.length === 0 || invoice.backMinor > 0) return;
    billing.dispute(invoice, 'open', 1);
    billing.wait(random.pick([1, 20, 60]));
    billing.look();
    billing.dispute(invoice, random.pick(['won', 'lost']), 2);
    billing.periodEnd = Math.max(billing.periodEnd, billing.today);
  },
  'a credit note to his balance': (billing, random) => {
    goOn(billing, random);
    const invoice = billing.lastInvoice;
    const minor = invoice.totalMinor - invoice.writtenOffMinor;
    if (minor <= 0 || invoice.backMinor > 0) return;
    const id = billing.note(invoice, minor);
    billing.wait(random.pick([0, 1]));
    if (random.chance(0.4)) billing.note(invoice, minor, 'void', id);
  },
  'he upgrades': (billing, random) => changeTo(billing, random, billing.item.days > 30 ? prices.goldYearly : prices.gold),
  'he downgrades': (billing, random) => changeTo(billing, random, billing.item.days > 30 ? prices.silverYearly : prices.silver),
  'he changes to the year': (billing, random) => changeTo(billing, random, random.pick([prices.goldYearly, prices.silverYearly])),
  'he changes to the month': (billing, random) => {
    changeTo(billing, random, random.pick([prices.gold, prices.silver]));
    for (let months = random.below(4); months > 0; months--) renewal(billing, random);
  },
  'other seats': (billing, random) => {
    goOn(billing, random);
    const quantity = random.between(1, 5);
    if (quantity === billing.quantity || !billing.isPaid) return;
    if (billing.change(billing.item, quantity, random.pick(['invoice_now', 'next_invoice', 'anchor_now']))) billing.pay();
  },
  'an upgrade that he does not pay': (billing, random) => {
    goOn(billing, random);
    if (!billing.isPaid) return;
    const { item, quantity, periodEnd } = billing;
    const invoice = billing.change(item.days > 30 ? prices.goldYearly : prices.gold, quantity + 1, 'invoice_now');
    billing.wait(1);
    if (invoice) billing.settle(invoice, 'void');
    Object.assign(billing, { item, quantity, periodEnd });
    billing.lifecycle({});
  },
  'an upgrade while he owes the month': (billing, random) => {
    if (billing.item !== prices.silver) return;
    toPeriodEnd(billing, random);
    billing.renew({ unpaid: true });
    const owed = billing.lastInvoice;
    billing.lifecycle({ status: 'past_due' });
    billing.wait(random.between(1, 4));
    billing.change(prices.gold, billing.quantity, 'invoice_now');
    billing.pay();
    billing.wait(random.between(1, 20));
    billing.look();
    billing.pay(owed);
    billing.lifecycle({ status: 'active' });
  },
  'an invoice with terms': (billing, random) => {
    toPeriodEnd(billing, random);
    const invoice = billing.renew({ unpaid: true, dueInDays: random.pick([7, 20]) });
    billing.wait(random.between(1, 15));
    if (random.chance(0.6)) billing.look();
    billing.pay(invoice);
  },
  'a month written off': (billing, random) => {
    toPeriodEnd(billing, random);
    const invoice = billing.renew({ unpaid: true, gift: 'free' });
    billing.pay(invoice, { writtenOffMinor: Math.max(0, invoice.totalMinor) });
  },
  'time for free, by the end of a trial': (billing, random) => {
    toPeriodEnd(billing, random);
    const { today } = billing;
    billing.lifecycle({ status: 'trialing', trialEnd: dayText(today + 20) });
    billing.invoice({ reason: 'cycle', lines: [{ ...billing.line('base', today, today + 20), netMinor: 0 }], gift: 'free' });
    billing.pay();
    billing.periodEnd = today + 20;
    billing.wait(20);
    billing.lifecycle({ status: 'active' });
    billing.renew();
  },
  'an add-on beside it': (billing, random) => {
    toPeriodEnd(billing, random);
    const { periodEnd, item } = billing;
    const addon = billing.line('base', periodEnd, periodEnd + 30, prices.addon, 1);
    billing.pay(billing.invoice({ reason: 'cycle', lines: [billing.line('base', periodEnd, periodEnd + item.days), addon] }));
    billing.periodEnd = periodEnd + item.days;
  },
  'collection is paused': (billing, random) => {
    goOn(billing, random);
    billing.lifecycle({ collectionPaused: {} });
    toPeriodEnd(billing, random);
    const invoice = billing.renew({ unpaid: true });
    billing.settle(invoice, random.pick(['void', 'uncollectible']));
    billing.look();
    toPeriodEnd(billing, random);
    if (random.chance(0.5)) billing.look();
    billing.lifecycle({ collectionPaused: undefined });
    billing.renew();
  },
  'it is paused, and resumed': (billing, random) => {
    goOn(billing, random);
    billing.lifecycle({ status: 'paused' });
    billing.wait(random.between(1, 40));
    if (random.chance(0.5)) billing.look();
    billing.lifecycle({ status: 'active' });
    billing.periodEnd = Math.max(billing.periodEnd, billing.today);
    renewal(billing, random);
  },
  'a month that he never pays': (billing, random) => {
    toPeriodEnd(billing, random);
    const unpaid = billing.renew({ unpaid: true });
    billing.lifecycle({ status: 'past_due' });
    billing.wait(20);
    billing.look();
    billing.settle(unpaid, 'uncollectible');
    toPeriodEnd(billing, random);
    billing.lifecycle({ status: 'active' });
    billing.renew();
    if (random.chance(0.3)) billing.pay(unpaid);
  },
  'he cancels, and thinks again': (billing, random) => {
    goOn(billing, random);
    billing.lifecycle({ endsAt: dayText(billing.periodEnd) });
    billing.wait(1);
    billing.lifecycle({ endsAt: undefined });
  },
};

/** By card, beside what came from the balance. */
function amountOf({ payments }: { readonly payments: readonly { readonly minor: number }[] }): number {
  return payments.reduce((sum, { minor }) => sum + minor, 0);
}

function changeTo(billing: Billing, random: Random, price: Price): void {
  goOn(billing, random);
  if (billing.item === price || !billing.isPaid) return;
  if (billing.change(price, billing.quantity, random.pick(['invoice_now', 'invoice_now', 'next_invoice', 'anchor_now']))) {
    if (random.chance(0.2)) billing.wait(1);
    billing.pay();
  }
}

function giveUp(billing: Billing, random: Random): void {
  if (random.chance(0.5)) billing.lifecycle({ status: 'unpaid' });
  else billing.lifecycle({ status: 'canceled', endedAt: dayText(billing.today), because: 'payment_failed' });
}

const ends: Readonly<Record<string, Episode>> = {
  'he cancels at the end of the period': (billing, random) => {
    goOn(billing, random);
    billing.lifecycle({ endsAt: dayText(billing.periodEnd) });
    toPeriodEnd(billing, random);
    billing.lifecycle({ status: 'canceled', endedAt: dayText(billing.today) });
  },
  'he cancels now': (billing, random) => {
    goOn(billing, random);
    billing.lifecycle({ status: 'canceled', endedAt: dayText(billing.today) });
  },
  'he cancels now, against a credit': (billing, random) => {
    goOn(billing, random);
    billing.lifecycle({ status: 'canceled', endedAt: dayText(billing.today) });
    if (billing.isPaid) billing.pay(billing.creditRest());
  },
  'his card fails for good': (billing, random) => {
    toPeriodEnd(billing, random);
    billing.renew({ unpaid: true });
    billing.lifecycle({ status: 'past_due' });
    billing.wait(random.between(5, 15));
    if (random.chance(0.5)) billing.look();
    giveUp(billing, random);
  },
  'he downgrades, and pays neither': (billing, random) => {
    if (billing.item !== prices.gold) return;
    toPeriodEnd(billing, random);
    billing.renew({ unpaid: true });
    billing.lifecycle({ status: 'past_due' });
    billing.wait(random.between(1, 4));
    billing.change(prices.silver, billing.quantity, 'invoice_now');
    billing.pay();
  },
  'terms that he lets pass': (billing, random) => {
    toPeriodEnd(billing, random);
    billing.renew({ unpaid: true, dueInDays: 20 });
    billing.wait(random.pick([10, 19, 22, 24]));
    billing.look();
    toPeriodEnd(billing, random);
    billing.renew({ unpaid: true, dueInDays: 20 });
    billing.wait(5);
    billing.look();
  },
  'he pays when it has ended': (billing, random) => {
    toPeriodEnd(billing, random);
    const owed = billing.renew({ unpaid: true });
    billing.lifecycle({ status: 'past_due' });
    billing.wait(10);
    billing.lifecycle({ status: 'canceled', endedAt: dayText(billing.today), because: 'payment_failed' });
    billing.wait(2);
    if (random.chance(0.5)) billing.look();
    billing.pay(owed);
  },
};
