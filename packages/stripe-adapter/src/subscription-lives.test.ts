// Lives of subscriptions at the sandbox, over sockets: what its events and its answers state, by the adapter's own calls.
import { type SubscriptionStatement, subscriptionFactContent } from '@paidonce/ledger/adapter';
import { type Ground, startGround } from '@paidonce/sandbox/testing';
import type Stripe from 'stripe';
import { describe, expect, test } from 'vitest';
import { runtime } from './billing-server.test-support.ts';
import { readSubscriptionStart } from './checkout/subscription-input.ts';
import { subscriptionSessionParameters } from './checkout/subscription-parameters.ts';
import { SubscriptionPrices } from './checkout/subscription-prices.ts';
import { mapWhole } from './intake/map-whole.ts';
import { type KnownSubscription, readBefore } from './intake/read-before.ts';
import { lookAtSubscription, type SeenSubscription } from './intake/subscription-look.ts';
import { subscriptionMetadata } from './mapping/claim.ts';
import { toSubscriptionObservation } from './mapping/to-subscription-observation.ts';
import { type BillingType, billingTypes } from './stripe/billing-types.ts';
import { billingEventTypes, isIdleBilling } from './stripe/event-types.ts';
import { StripeCalls } from './stripe/stripe-calls.ts';

const dayMs = 86_400_000;
const hourMs = 3_600_000;
const account = 'acct_sandbox';

interface Club extends Ground {
  readonly calls: StripeCalls;
  readonly id: string;
  readonly session: string;
  readonly price: string;
}

/** Since 1 April: 3,000 a month, 100 a day. */
async function openClub(seats = 1): Promise<Club> {
  const now = new Date('2026-04-01T00:00:00Z');
  const ground = await startGround({ automatic: false, runtime: { now: () => now } });
  const { stripe, sandbox } = ground;
  const calls = new StripeCalls({ stripe, runtime });
  const price = await priceOf(stripe, 3_000);
  const policy = { plans: { club: [price] }, trial: 'none' } as const;
  const start = { subscriptionId: 'club-7', memberId: 'member-7', plan: 'club', quantity: seats, successUrl: 'https://shop.example/done' };
  const checked = readSubscriptionStart(start, policy);
  const usable = await new SubscriptionPrices(runtime).usable(checked, account, calls.billing, policy);
  const parameters = subscriptionSessionParameters(checked, usable, subscriptionMetadata('paidonce', 'club-7', 'ledger-1'));
  const { object } = await calls.createSession(parameters, 'key-1');
  sandbox.pay(object.id);
  const read = await stripe.checkout.sessions.retrieve(object.id);
  return { ...ground, calls, price, session: object.id, id: String(read.subscription) };
}

async function priceOf(stripe: Stripe, unit_amount: number): Promise<string> {
  const { id: product } = await stripe.products.create({ name: 'Club' });
  return (await stripe.prices.create({ product, currency: 'usd', unit_amount, recurring: { interval: 'month' } })).id;
}

async function look({ calls, id, price }: Club, paidThrough?: string): Promise<SeenSubscription> {
  const subscription = { provider: 'stripe', account, livemode: false, id };
  const at = { subscription, plans: { club: [price] }, ...(paidThrough === undefined ? {} : { paidThrough }) };
  const found = await lookAtSubscription(at, 'paidonce', calls.billing);
  if (found.outcome !== 'seen') throw new Error('it was expected to be there');
  return found;
}

/** What the events of these types have stated, in their order. */
async function told({ sandbox, shop }: Club): Promise<readonly SubscriptionStatement[]> {
  await sandbox.deliverDue();
  return shop.received.flatMap(({ event }) => {
    if (!billingEventTypes.includes(event.type) || isIdleBilling(event.type, event.data.object)) return [];
    const asOf = new Date(event.created * 1_000).toISOString();
    const mapped = toSubscriptionObservation(event.data.object, { account, asOf, eventId: event.id }, 'paidonce');
    expect([event.type, mapped.unreadable, mapped.incomplete]).toEqual([event.type, [], []]);
    return mapped.statements;
  });
}

const contents = (statements: readonly SubscriptionStatement[]) => statements.map(({ fact }) => subscriptionFactContent(fact));
const paid = (statements: readonly SubscriptionStatement[]) =>
  statements.flatMap(({ fact }) => (fact.kind === 'invoice' && fact.status === 'paid' ? [fact] : []));
const until = (statements: readonly SubscriptionStatement[]) => paid(statements).map(({ lines }) => lines.at(-1)?.to);

describe('a subscription that begins in Checkout', () => {
  test('is told whole by one read of its session, and each object names it', async () => {
    const club = await openClub(3);
    const answer = await club.calls.billing.session(club.session);
    const mapped = toSubscriptionObservation(answer?.object, { account, asOf: answer?.asOf ?? '' }, 'paidonce');
    expect(mapped.claim).toMatchObject({ subscription: club.id, subscriptionId: 'club-7', ledgerId: 'ledger-1' });
    expect(mapped.statements.map(({ fact }) => fact)).toMatchObject([
      { kind: 'lifecycle', status: 'active', items: [{ price: club.price, quantity: 3 }] },
      {
        kind: 'invoice',
        status: 'paid',
        reason: 'create',
        totalMinor: 9_000,
        lines: [{ role: 'base', price: club.price, quantity: 3, netMinor: 9_000 }],
      },
      { kind: 'allocation', status: 'paid', amountMinor: 9_000 },
    ]);
    expect(until(mapped.statements)).toEqual(['2026-05-01T00:00:00.000Z']);
  });
});

describe('a renewal', () => {
  test('says the same by its events as by a look, and its events need no read', async () => {
    const club = await openClub();
    const known = await look(club);
    await club.sandbox.advance(30 * dayMs + 2 * hourMs);
    const events = await told(club);
    expect(until(events)).toEqual(['2026-05-01T00:00:00.000Z', '2026-06-01T00:00:00.000Z']);
    expect(paid(events).map(({ reason }) => reason)).toEqual(['create', 'cycle']);
    const seen = await look(club, '2026-05-01T00:00:00.000Z');
    for (const content of contents(seen.statements)) expect(contents(events)).toContain(content);
    const lifecycle = known.statements.flatMap(({ fact }) => (fact.kind === 'lifecycle' ? fact : []))[0];
    const holds: KnownSubscription['holds'] = (fact) => 'reason' in fact && fact.reason === 'create';
    const renewal = events.filter(({ asOf }) => asOf > '2026-05-01');
    expect(renewal.map(({ fact }) => fact.kind).toSorted()).toEqual(['allocation', 'invoice', 'lifecycle']);
    const plans = { club: [club.price] };
    for (const statement of renewal) {
      expect(
        readBefore({ statements: [statement] }, { plans, invoices: [], holds, ...(lifecycle ? { lifecycle } : {}) }, true),
      ).toBeUndefined();
    }
  });

  test('that is a draft yet is looked for in the list, and its look is no later than it', async () => {
    const club = await openClub();
    await club.sandbox.advance(30 * dayMs + 1_000);
    const draft = await look(club, '2026-05-01T00:00:00.000Z');
    expect(draft.statements.map(({ fact }) => fact.kind)).toEqual(['lifecycle']);
    expect(draft.look).toBe('2026-05-01T00:00:01.000Z');
    await club.sandbox.advance(2 * hourMs);
    expect(until((await look(club, '2026-05-01T00:00:00.000Z')).statements)).toEqual(['2026-06-01T00:00:00.000Z']);
  });

  test('that is declined leaves an open invoice, and the state says so', async () => {
    const club = await openClub();
    await decline(club);
    await club.sandbox.advance(30 * dayMs + 2 * hourMs);
    const { statements } = await look(club, '2026-05-01T00:00:00.000Z');
    expect(statements.map(({ fact }) => `${fact.kind} ${fact.status}`)).toEqual(
      expect.arrayContaining(['lifecycle past_due', 'invoice open']),
    );
    expect(until(statements)).not.toContain('2026-06-01T00:00:00.000Z');
  });
});

describe('a change in the middle of the period', () => {
  test('to a dearer price at once: a credit of the line, a proration, and no base', async () => {
    const club = await openClub();
    await club.sandbox.advance(10 * dayMs);
    const gold = await priceOf(club.stripe, 6_000);
    await change(club, { price: gold }, 'always_invoice');
    const [first, update] = paid(await told(club));
    expect(update).toMatchObject({ reason: 'update', totalMinor: 2_000 });
    expect(update?.lines.map(({ role, price, netMinor, to, credits }) => ({ role, price, netMinor, to, credits }))).toEqual(
      expect.arrayContaining([
        { role: 'credit', price: club.price, netMinor: -2_000, to: '2026-05-01T00:00:00.000Z', credits: first?.id },
        { role: 'proration', price: gold, netMinor: 4_000, to: '2026-05-01T00:00:00.000Z', credits: undefined },
      ]),
    );
  });

  test('from five seats to one gives the rest to the balance, which pays the next month', async () => {
    const club = await openClub(5);
    await club.sandbox.advance(10 * dayMs);
    await change(club, { quantity: 1 }, 'always_invoice');
    await club.sandbox.advance(21 * dayMs);
    const [, credit, next] = paid(await told(club));
    expect(credit).toMatchObject({ totalMinor: -8_000, balanceMinor: -8_000 });
    expect(next).toMatchObject({
      reason: 'cycle',
      totalMinor: 3_000,
      balanceMinor: 3_000,
      lines: [{ role: 'base', quantity: 1, netMinor: 3_000 }],
    });
  });

  test('six times over fills the first ten lines: the last one pays for the period, and all are read', async () => {
    const club = await openClub();
    for (let seats = 2; seats < 8; seats++) {
      await club.sandbox.advance(dayMs);
      await change(club, { quantity: seats }, 'create_prorations');
    }
    await club.sandbox.advance(25 * dayMs);
    const { latest_invoice: newest } = await club.stripe.subscriptions.retrieve(club.id);
    const answer = await club.calls.billing.object('invoice', String(newest));
    const context = { account, asOf: answer?.asOf ?? '' };
    expect(toSubscriptionObservation(answer?.object, context, 'paidonce')).toMatchObject({ incomplete: [{ list: 'lines', of: newest }] });
    const first = new Set((await club.stripe.invoices.list({ subscription: club.id })).data.map((invoice) => invoice.id));
    const { mapped, reads } = await mapWhole(answer?.object, context, 'paidonce', club.calls.billing, first);
    const lines = paid(mapped.statements)[0]?.lines ?? [];
    expect(lines).toHaveLength(13);
    expect(lines.filter(({ role }) => role === 'base')).toMatchObject([{ quantity: 7, to: '2026-06-01T00:00:00.000Z' }]);
    expect(reads).toHaveLength(1);
  });
});

describe('the end', () => {
  test('at the end of the period is shown before, and is an end after', async () => {
    const club = await openClub();
    await club.stripe.subscriptions.update(club.id, { cancel_at_period_end: true });
    const stateOf = async () => (await look(club)).statements[0]?.fact;
    expect(await stateOf()).toMatchObject({ status: 'active', endsAt: '2026-05-01T00:00:00.000Z' });
    await club.sandbox.advance(31 * dayMs);
    const ended = await stateOf();
    expect(ended).toMatchObject({ status: 'canceled', endedAt: '2026-05-01T00:00:00.000Z', because: 'cancellation_requested' });
    expect(ended).not.toHaveProperty('endsAt');
  });
});

describe('the events of a whole life', () => {
  test('by their ids alone lead to the same as their copies: that is how thin and foreign ones are read', async () => {
    const club = await openClub();
    await club.sandbox.advance(32 * dayMs);
    const read = new Set<string>();
    await told(club);
    for (const { event } of club.shop.received) {
      const { object: type, id } = event.data.object as { object: string; id?: string };
      if (id === undefined || !isBilling(type)) continue;
      const answer = await club.calls.billing.object(type, id);
      for (const content of contents(
        toSubscriptionObservation(answer?.object, { account, asOf: answer?.asOf ?? '' }, 'paidonce').statements,
      ))
        read.add(content);
    }
    const copies = contents(await told(club)).filter((content) => !/^invoice \S+ open|^lifecycle (?!active)/.test(content));
    expect(copies.length).toBeGreaterThan(4);
    for (const content of copies) expect(read).toContain(content);
  });
});

function isBilling(type: string): type is BillingType {
  return billingTypes.some((each) => each === type);
}

async function change(
  { stripe, id }: Club,
  fields: { price?: string; quantity?: number },
  proration_behavior: 'always_invoice' | 'create_prorations',
) {
  const [item] = (await stripe.subscriptions.retrieve(id)).items.data;
  await stripe.subscriptions.update(id, { items: [{ id: item?.id ?? '', ...fields }], proration_behavior });
}

async function decline({ stripe, id }: Club): Promise<void> {
  const customer = String((await stripe.subscriptions.retrieve(id)).customer);
  const bad = (await stripe.paymentMethods.attach('pm_card_chargeCustomerFail', { customer })).id;
  await stripe.subscriptions.update(id, { default_payment_method: bad });
}
