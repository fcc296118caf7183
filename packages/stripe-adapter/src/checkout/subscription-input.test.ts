// What starts a subscription: each refusal with what to do, and what is asked of Stripe.
import { LedgerError } from '@paidonce/ledger';
import type { SubscriptionPolicy } from '@paidonce/ledger/adapter';
import { describe, expect, test } from 'vitest';
import { price } from '../billing-objects.test-support.ts';
import { openBilling } from '../billing-server.test-support.ts';
import { subscriptionMetadata } from '../mapping/claim.ts';
import { refusal } from '../shop.test-support.ts';
import { readSubscriptionStart, refuseOrderId } from './subscription-input.ts';
import { subscriptionKeyFor, subscriptionSessionParameters } from './subscription-parameters.ts';
import { SubscriptionPrices } from './subscription-prices.ts';
import type { StartSubscription } from './subscription-terms.ts';

type Policy = Pick<SubscriptionPolicy, 'plans' | 'trial'>;

const policy: Policy = { trial: 'none', plans: { club: ['price_month'], gold: ['price_gold', 'price_gold_year'], team: ['prod_team'] } };
const club: StartSubscription = { subscriptionId: 'club-7', memberId: 'member-7', plan: 'club', successUrl: 'https://shop.example/done' };

function refusedFor(changes: object, under: Policy = policy): string {
  try {
    readSubscriptionStart({ ...club, ...changes }, under);
  } catch (error) {
    if (error instanceof LedgerError && error.code === 'invalid_input') return error.message;
    throw error;
  }
  throw new Error('it was expected to be refused');
}

describe('the start of a subscription', () => {
  test('takes the only price of its plan, one seat, and the kind that excludes every other plan', () => {
    expect(readSubscriptionStart(club, policy)).toEqual({
      ...club,
      kind: 'membership',
      price: 'price_month',
      quantity: 1,
      successUrl: 'https://shop.example/done?session_id={CHECKOUT_SESSION_ID}',
    });
  });

  test('takes a price that is named, a price of a product that is, and any price where there are no plans', () => {
    const priceOf = (changes: object, under = policy) => readSubscriptionStart({ ...club, ...changes }, under).price;
    expect(priceOf({ plan: 'gold', price: 'price_gold_year' })).toBe('price_gold_year');
    expect(priceOf({ plan: 'team', price: 'price_of_team' })).toBe('price_of_team'); // Only Stripe knows its product.
    expect(priceOf({ plan: 'old', price: 'price_x' }, { ...policy, plans: { old: ['Gold 2017'] } })).toBe('price_x'); // Perhaps a product.
    expect(priceOf({ plan: 'old' }, { ...policy, plans: { old: ['Gold 2017'] } })).toBe('Gold 2017');
    expect(priceOf({ plan: 'whatever', price: 'price_x' }, { ...policy, plans: {} })).toBe('price_x');
  });

  test('takes a trial where the policy gives something for it', () => {
    const under: Policy = { ...policy, trial: 'grant' };
    expect(readSubscriptionStart({ ...club, trialDays: 14 }, under).trialDays).toBe(14);
    const session = { subscription_data: { trial_end: 1_800_000_000 } };
    expect(readSubscriptionStart({ ...club, session }, under).session).toEqual(session);
  });

  // biome-ignore format: a table
  test.each([
    ['an unknown plan', { plan: 'silver' }, 'subscription.plan: the policy has no plan silver. It has club, gold, team'],
    ['a plan by a name of JavaScript', { plan: 'constructor' }, 'subscription.plan: the policy has no plan constructor. It has club, gold, team'],
    ['no price of a plan with several', { plan: 'gold' }, 'subscription.price: is missing. The plan gold has price_gold, price_gold_year, so say which price'],
    ['no price of a plan that names a product', { plan: 'team' }, 'subscription.price: is missing. The plan team has prod_team, so say which price'],
    ['a product for a price', { plan: 'team', price: 'prod_team' }, 'subscription.price: prod_team is a product. Give a price of it'],
    ['the price of another plan', { price: 'price_gold' }, 'subscription.price: price_gold is not of the plan club, which is of the plan gold. Give one of price_month, or add it to the plan'],
    ['the price of another plan, for a plan with a product', { plan: 'team', price: 'price_gold' }, 'is not of the plan team, which is of the plan gold'],
    ['a price that the policy does not name', { price: 'price_x' }, 'subscription.price: price_x is not of the plan club, which the policy does not name'],
    ['the name of a subscription at Stripe', { subscriptionId: 'sub_1ABC' }, 'subscription.subscriptionId: sub_1ABC is the name of a subscription that was made at Stripe. Use an id of yours'],
    ['no seat', { quantity: 0 }, 'subscription.quantity: '],
    ['half a seat', { quantity: 1.5 }, 'subscription.quantity: '],
    ['a million seats', { quantity: 1_000_000 }, 'subscription.quantity: '],
    ['a trial that gives nothing', { trialDays: 14 }, "subscription.trialDays: a trial gives nothing under the policy trial: 'none'. Leave it out, or let the policy say trial: 'grant'"],
    ['such a trial by its end', { session: { subscription_data: { trial_end: 1_800_000_000 } } }, 'subscription.session.subscription_data.trial_end: a trial gives nothing'],
    ['a trial beside trialDays', { session: { subscription_data: { trial_period_days: 7 } } }, 'trial_period_days: is set here. Give trialDays'],
    ['a mode', { session: { mode: 'payment' } }, 'subscription.session: must be an object without mode, success_url, cancel_url, ui_mode, return_url, customer: these are set here'],
    ['a customer in two places', { session: { customer: 'cus_1' } }, 'subscription.session: must be an object without'],
    ['a customer that is none', { customer: 'member-7' }, 'subscription.customer: must be a customer of Stripe, like cus_1ABC'],
    ['a second plan', { session: { line_items: [{ price: 'price_setup' }, { price: 'price_gold' }] } }, 'subscription.session.line_items.1: price_gold is of a plan, and a subscription has one plan'],
    ['its own plan again', { session: { line_items: [{ price: 'price_month' }] } }, 'subscription.session.line_items.0: price_month is of a plan'],
    ['a second plan, by its product', { session: { line_items: [{ price_data: { currency: 'eur', product: 'prod_team' } }] } }, 'subscription.session.line_items.0: prod_team is of a plan'],
    ['a second plan that the customer may add', { session: { optional_items: [{ price: 'price_gold', quantity: 1 }] } }, 'subscription.session.optional_items.0: price_gold is of a plan'],
    ['our keys', { session: { subscription_data: { metadata: { paidonce_subscription: 'x' } } } }, 'subscription.session.subscription_data.metadata.paidonce_subscription: is set here. Leave it out'],
    ['free time until an anchor', { session: { subscription_data: { billing_cycle_anchor: 1_800_000_000, proration_behavior: 'none' } } }, "proration_behavior: 'none' makes the time until the billing_cycle_anchor free without an invoice"],
    ['such an anchor by its day', { session: { subscription_data: { billing_cycle_anchor_config: { day_of_month: 1 }, proration_behavior: 'none' } } }, "proration_behavior: 'none' makes the time"],
    ['a recovery link', { session: { after_expiration: { recovery: { enabled: true } } } }, 'subscription.session.after_expiration: a recovery link could begin a second subscription later'],
    ['an unknown field', { amountMinor: 1 }, 'subscription: Unrecognized key: "amountMinor"'],
    ['no page to return to', { successUrl: '/done' }, 'subscription.successUrl: must be an absolute http or https URL'],
    ['a placeholder that Stripe does not fill', { successUrl: 'https://shop.example/?s=%7BCHECKOUT_SESSION_ID%7D' }, 'which Stripe does not fill'],
  ])('is refused with %s', (_what, changes, says) => {
    expect(refusedFor(changes)).toContain(says);
  });

  test('without plans needs a price, and not the same one twice', () => {
    const none: Policy = { ...policy, plans: {} };
    expect(refusedFor({}, none)).toBe('subscription.price: is missing. The policy names no plans, so give the price of club');
    const twice = { price: 'price_x', session: { line_items: [{ price: 'price_x' }] } };
    expect(refusedFor(twice, none)).toContain('subscription.session.line_items.0');
    expect(readSubscriptionStart({ ...club, ...twice, session: { line_items: [{ price: 'price_setup' }] } }, none).price).toBe('price_x');
  });

  test('with an anchor that is prorated, and a setup fee beside it, is taken', () => {
    const session = { line_items: [{ price: 'price_setup', quantity: 1 }], subscription_data: { billing_cycle_anchor: 1_800_000_000 } };
    expect(readSubscriptionStart({ ...club, session }, policy).session).toEqual(session);
  });

  test('under the id of an order is refused', () => {
    expect(() => refuseOrderId('order-1')).toThrow('subscription.subscriptionId: order-1 is an order. Use another id');
  });
});

describe('the price', () => {
  const start = readSubscriptionStart(club, policy);
  const team = readSubscriptionStart({ ...club, plan: 'team', price: 'price_month' }, { ...policy, plans: { team: ['prod_team'] } });
  const teams = { plans: { team: ['prod_team'], other: ['prod_other'] } };

  async function opened(body?: unknown) {
    const { calls, asked } = await openBilling(body === undefined ? {} : { 'GET /v1/prices/price_month': body });
    let nowMs = 0;
    const prices = new SubscriptionPrices({ monotonicNowMs: () => nowMs });
    const pass = (ms: number) => {
      nowMs += ms;
    };
    return {
      asked,
      pass,
      usable: (of = start, under: Pick<SubscriptionPolicy, 'plans'> = policy) => prices.usable(of, 'acct_1', calls.billing, under),
    };
  }

  test('is read once an hour', async () => {
    const { usable, asked, pass } = await opened(price());
    expect(await usable()).toMatchObject({ id: 'price_month', currency: 'eur' });
    pass(3_599_999);
    await usable();
    expect(asked).toHaveLength(1);
    pass(1);
    await usable();
    expect(asked).toHaveLength(2);
  });

  const recurring = { interval: 'month', interval_count: 1, meter: 'mtr_1', trial_period_days: null, usage_type: 'metered' } as const;
  // biome-ignore format: a table
  test.each([
    ['Stripe does not have', undefined, 'Stripe has no price price_month in acct_1. Check the id, and the mode of the key'],
    ['is charged once', price({ recurring: null, type: 'one_time' }), 'price_month is charged once. Use a recurring price, or startCheckout'],
    ['is metered', price({ recurring }), 'price_month is metered: it is paid afterwards, so nobody is ever paid through'],
    ['is archived', price({ active: false }), 'price_month is archived at Stripe. Use a price that is active'],
  ])('is refused where %s', async (_what, body, says) => {
    const { usable } = await opened(body);
    expect(await refusal(usable())).toMatchObject({ code: 'invalid_input', message: expect.stringContaining(`subscription.price: ${says}`) });
  });

  test('is of the product that the plan names, or is refused', async () => {
    const { usable } = await opened(price({ product: 'prod_team' }));
    expect(await usable(team, teams)).toMatchObject({ product: 'prod_team' });
    const others = await opened(price({ product: 'prod_other' }));
    expect(await refusal(others.usable(team, teams))).toMatchObject({
      message: expect.stringContaining('price_month is of the product prod_other, which is of the plan other, and not of team'),
    });
    const strangers = await opened(price({ product: 'prod_x' }));
    expect(await refusal(strangers.usable(team, teams))).toMatchObject({
      message: expect.stringContaining('which no plan names, and not of team'),
    });
    expect(await strangers.usable({ ...start, plan: 'any' }, { plans: {} })).toMatchObject({ product: 'prod_x' });
  });

  test('that could not be read is not refused: nothing is known', async () => {
    const { usable } = await opened({ message: 'a gateway' });
    expect(await refusal(usable())).toMatchObject({ code: 'provider_unavailable' });
  });
});

describe('what is asked of Stripe', () => {
  const marks = subscriptionMetadata('paidonce', 'club-7', 'ledger-1');

  test('marks session and subscription, and names the currency', () => {
    expect(subscriptionSessionParameters(readSubscriptionStart(club, policy), { id: 'price_month', currency: 'eur' }, marks)).toEqual({
      mode: 'subscription',
      currency: 'eur',
      line_items: [{ price: 'price_month', quantity: 1 }],
      success_url: 'https://shop.example/done?session_id={CHECKOUT_SESSION_ID}',
      metadata: { ...marks, paidonce_terms: expect.any(String) },
      subscription_data: { metadata: { paidonce: 'paidonce', paidonce_subscription: 'club-7', paidonce_ledger: 'ledger-1' } },
    });
  });

  test('keeps what the shop gives', () => {
    const session = {
      currency: 'usd',
      allow_promotion_codes: true,
      line_items: [{ price: 'price_setup', quantity: 1 }],
      metadata: { campaign: 'may' },
      subscription_data: { description: 'Club', metadata: { seat: 'a' } },
    };
    const more = { quantity: 5, trialDays: 14, customer: 'cus_1', cancelUrl: 'https://shop.example/back', session };
    const checked = readSubscriptionStart({ ...club, ...more }, { ...policy, trial: 'grant' });
    expect(subscriptionSessionParameters(checked, { id: 'price_month', currency: 'eur' }, marks)).toEqual({
      mode: 'subscription',
      currency: 'usd',
      allow_promotion_codes: true,
      line_items: [
        { price: 'price_month', quantity: 5 },
        { price: 'price_setup', quantity: 1 },
      ],
      success_url: 'https://shop.example/done?session_id={CHECKOUT_SESSION_ID}',
      cancel_url: 'https://shop.example/back',
      customer: 'cus_1',
      metadata: { campaign: 'may', ...marks, paidonce_terms: expect.any(String) },
      subscription_data: { description: 'Club', trial_period_days: 14, metadata: { seat: 'a', ...marks } },
    });
  });

  test('has one key for the same terms, and another for others, or once a session was attached', () => {
    const keyOf = (changes: object, attached = 0) => {
      const checked = readSubscriptionStart({ ...club, ...changes }, policy);
      return subscriptionKeyFor(
        checked,
        subscriptionSessionParameters(checked, { id: checked.price, currency: 'eur' }, marks),
        attached,
        'shop',
      );
    };
    expect(keyOf({})).toMatch(/^shop-club-7-subscription-0-[0-9a-f]{32}$/);
    expect(keyOf({})).toBe(keyOf({ quantity: 1 }));
    expect(
      new Set([keyOf({}), keyOf({ quantity: 2 }), keyOf({}, 1), keyOf({ customer: 'cus_1' }), keyOf({ subscriptionId: 'club-8' })]).size,
    ).toBe(5);
  });
});
