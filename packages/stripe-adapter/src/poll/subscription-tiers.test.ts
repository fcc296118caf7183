// What the poll finds of subscriptions whose webhooks were lost, and how memberships end: by a look, by one process, once.
import { createMemoryLog, openMemoryEventStore } from '@paidonce/ledger/memory';
import { describe, expect, test } from 'vitest';
import { dayMs, openClub } from '../club.test-support.ts';
import { stripePayments } from '../index.ts';
import { hourMs, openShop, refusal } from '../shop.test-support.ts';
import type { SweepOptions } from './poll.ts';

const only = (...tiers: NonNullable<SweepOptions['tiers']>): SweepOptions => ({ tiers });
/** After the renewal was charged: a month, and an hour for the draft. */
const renewed = 30 * dayMs + 2 * hourMs;
/** Three days after what was paid for: nobody has grace beyond. */
const over = 33 * dayMs + hourMs;
const secondMonth = '2026-06-01T00:00:00.000Z';

describe('a renewal whose webhook is lost', () => {
  test('is found by its event, and by its invoice where Stripe never made one', async () => {
    for (const [fate, tier] of [
      ['lost', 'events-billing'],
      ['never_made', 'invoices'],
    ] as const) {
      const { join, sandbox, payments, ledger } = await openClub();
      sandbox.setFate(await join('club-1'), fate);
      await sandbox.advance(renewed);
      const swept = await payments.sweep(only(tier));
      expect([tier, swept.calls]).toEqual([tier, 1]);
      expect(await ledger.subscription('club-1')).toMatchObject({ status: 'active', paidThrough: secondMonth });
    }
  });

  test('is reported to a person where no webhook tells it either', async () => {
    const { join, sandbox, payments, alerts } = await openClub();
    await join('club-1');
    sandbox.setFate(await join('club-2'), 'lost');
    await sandbox.advance(renewed);
    await payments.sweep(only('invoices'));
    await sandbox.advance(5 * 60_000);
    await sandbox.deliverDue();
    await payments.sweep(only('invoices'));
    expect(alerts).toEqual(['renewal_missed']);
  });

  test('costs a call for all of them, and nothing where no subscription lives', async () => {
    const { join, sandbox, payments } = await openClub();
    expect(await payments.sweep()).toMatchObject({ calls: 0 });
    for (const id of ['club-1', 'club-2', 'club-3']) sandbox.setFate(await join(id), 'never_made');
    await sandbox.advance(renewed);
    expect(await payments.sweep(only('invoices'))).toMatchObject({ calls: 1, lookedAt: 6 });
  });
});

test('a state that differs after what was paid is over ends nothing, where an invoice from long before reaches further', async () => {
  const { join, sandbox, stripe, payments, ledger } = await openClub();
  const id = await join('club-1');
  sandbox.setFate(id, 'never_made');
  const tenth = Date.parse('2026-04-10T00:00:00.000Z') / 1_000;
  await stripe.subscriptions.update(id, { trial_end: tenth, proration_behavior: 'none' });
  await sandbox.advance(34 * dayMs);
  await payments.sweep(only('subscriptions'));
  expect(await ledger.subscription('club-1')).toMatchObject({ status: 'active', paidThrough: '2026-05-10T00:00:00.000Z' });
});

describe('one that was paid while nobody could read, and of which no event came', () => {
  test.each(['invoices', 'subscriptions'] as const)('is found by %s, though its session expired long ago', async (tier) => {
    const { joinUnheard, sandbox, payments, ledger } = await openClub();
    await joinUnheard('club-1');
    await sandbox.advance(5 * dayMs);
    expect((await payments.pollHealth()).tiers).toContainEqual(expect.objectContaining({ tier, isNeeded: true }));
    await payments.sweep(only(tier));
    expect(await ledger.subscription('club-1')).toMatchObject({ status: 'active', paidThrough: '2026-05-01T00:00:00.000Z' });
  });

  test('is looked for in one round more, and then no more', async () => {
    const { ledger, sandbox, payments } = await openClub();
    await ledger.placeSubscription({ subscriptionId: 'club-1', memberId: 'm-1', plan: 'club', account: sandbox.account, livemode: false });
    await sandbox.advance(5 * dayMs);
    expect(await payments.sweep(only('invoices', 'subscriptions'))).toMatchObject({ calls: 2 });
    expect(await payments.sweep(only('invoices', 'subscriptions'))).toMatchObject({ calls: 0 });
  });
});

test('an open invoice is read by its id, since Stripe lists it by when it was made', async () => {
  const { join, decline, sandbox, stripe, payments, ledger } = await openClub();
  const id = await join('club-1');
  await decline(id);
  await sandbox.advance(renewed);
  await sandbox.deliverDue();
  await expect.poll(() => ledger.forAdapters.openInvoices()).toMatchObject({ items: [{ subscriptionId: 'club-1' }] });
  await payments.sweep(only('invoices'));
  const [open] = (await stripe.invoices.list({ subscription: id, status: 'open' })).data;
  sandbox.setFate(id, 'never_made');
  await sandbox.advance(9 * dayMs - 3 * hourMs);
  sandbox.payInvoice(open?.id ?? '');
  for (let round = 0; round < 72; round++) {
    await sandbox.advance(hourMs);
    await payments.sweep(only('invoices'));
  }
  expect(await ledger.subscription('club-1')).toMatchObject({ paidThrough: secondMonth });
  await expect.poll(() => ledger.forAdapters.openInvoices()).toMatchObject({ items: [] });
});

test('an invoice that was made long ago and paid late, of which no event ever came, is found by its money, and asked for once', async () => {
  const { join, decline, sandbox, stripe, payments, ledger } = await openClub();
  const id = await join('club-1');
  const { customer, items } = await stripe.subscriptions.retrieve(id);
  const { id: item, price } = items.data[0]!;
  const product = String(price.product);
  const year = await stripe.prices.create({ product, currency: 'usd', unit_amount: 30_000, recurring: { interval: 'year' } });
  await decline(id);
  sandbox.setFate(id, 'never_made');
  await sandbox.advance(10 * dayMs);
  await payments.sweep(only('events', 'events-billing')); // Each event of a subscription may read it, with its newest invoice.
  await stripe.subscriptions.update(id, { items: [{ id: item, price: year.id }], proration_behavior: 'none' });
  const [open] = (await stripe.invoices.list({ subscription: id, status: 'open' })).data;
  await sandbox.advance(9 * dayMs);
  await payments.sweep(only('invoices')); // The next list begins three days before this one.
  expect(await ledger.forAdapters.openInvoices()).toMatchObject({ items: [] });
  sandbox.changeCard(String(customer), 'success');
  sandbox.payInvoice(String(open?.id));
  await payments.sweep(only('events', 'events-billing', 'objects', 'invoices'));
  expect(await ledger.subscription('club-1')).toMatchObject({ paidThrough: '2026-05-01T00:00:00.000Z' });
  await expect.poll(() => ledger.forAdapters.hasSubscription(String(customer))).toBe(true); // The read models follow.
  expect(await payments.sweep(only('money'))).toMatchObject({ calls: 3, found: 1 });
  expect(await ledger.subscription('club-1')).toMatchObject({ paidThrough: '2027-04-11T00:00:00.000Z' });
  expect(await payments.sweep(only('money'))).toMatchObject({ calls: 2, found: 0 });
});

test('a credit to the balance of which no event was made is found by the credit notes, a day later at most', async () => {
  const { join, sandbox, stripe, payments, ledger } = await openClub();
  const id = await join('club-1');
  const [first] = (await stripe.invoices.list({ subscription: id })).data;
  const money = () => payments.sweep(only('money'));
  expect(await money()).toMatchObject({ calls: 2 });
  sandbox.setFate(id, 'never_made');
  await stripe.creditNotes.create({ invoice: String(first?.id), amount: first?.total ?? 0, credit_amount: first?.total ?? 0 });
  await sandbox.advance(hourMs);
  await payments.sweep(only('events', 'events-billing', 'invoices', 'subscriptions'));
  expect(await ledger.subscription('club-1')).toMatchObject({ status: 'active' });
  expect(await money()).toMatchObject({ calls: 2, found: 1 });
  expect(await ledger.subscription('club-1')).toMatchObject({ status: 'revoked' });
});

test('credit notes are read to the last page: what they credit counts together', async () => {
  const { join, sandbox, stripe, payments, ledger } = await openClub();
  const id = await join('club-1');
  const [first] = (await stripe.invoices.list({ subscription: id })).data;
  const [invoice, whole] = [String(first?.id), first?.total ?? 0];
  sandbox.setFate(id, 'never_made');
  const credit = (amount: number) => stripe.creditNotes.create({ invoice, amount, credit_amount: amount });
  await credit(whole - 100); // The newest come first, so this one is on the second page.
  for (let note = 0; note < 100; note += 1) await credit(1);
  expect(await payments.sweep(only('money'))).toMatchObject({ calls: 3, found: 101 });
  expect(await ledger.subscription('club-1')).toMatchObject({ status: 'revoked' });
});

test('a dispute that is lost moves no money: while it is open it is read by its id, and then no more', async () => {
  const { join, sandbox, stripe, payments, ledger } = await openClub();
  const id = await join('club-1');
  const [first] = (await stripe.invoices.list({ subscription: id, expand: ['data.payments'] })).data;
  const payment = String(first?.payments?.data[0]?.payment.payment_intent);
  const dispute = sandbox.dispute(payment, { fate: 'never_made' });
  await payments.sweep(only('money'));
  expect(await ledger.subscription('club-1')).toMatchObject({ status: 'suspended' });
  await expect.poll(() => ledger.forAdapters.unsettledSubscriptions()).toMatchObject({ items: [{ subscriptionId: 'club-1' }] });
  await sandbox.advance(3 * dayMs);
  await payments.sweep(only('money'));
  sandbox.updateDispute(dispute.id, 'lost', 'never_made');
  await sandbox.advance(3 * dayMs); // The row of the dispute is in no list any more.
  sandbox.calls.reset();
  await payments.sweep(only('money'));
  expect(sandbox.calls.byRoute()).toMatchObject({ 'GET /v1/disputes/:dispute': expect.any(Number) });
  expect(await ledger.subscription('club-1')).toMatchObject({ status: 'revoked' });
  await expect.poll(() => ledger.forAdapters.unsettledSubscriptions()).toMatchObject({ items: [] });
  sandbox.calls.reset();
  await payments.sweep(only('money'));
  expect(sandbox.calls.byRoute()).not.toHaveProperty('GET /v1/disputes/:dispute');
});

test('a turn over all subscriptions heals a state that no event told', async () => {
  const { join, sandbox, stripe, payments, ledger } = await openClub();
  const id = await join('club-1');
  sandbox.setFate(id, 'never_made');
  await stripe.subscriptions.update(id, { cancel_at_period_end: true });
  expect(await payments.sweep(only('subscriptions'))).toMatchObject({ calls: 1, lookedAt: 1, found: 1 });
  expect(await ledger.subscription('club-1')).toMatchObject({ status: 'active', endsAt: '2026-05-01T00:00:00.000Z' });
});

describe('what is due', () => {
  test('ends by one look once nothing was paid, and not before', async () => {
    const { join, decline, sandbox, payments, ledger } = await openClub();
    const id = await join('club-1');
    sandbox.setFate(id, 'never_made');
    await decline(id);
    await sandbox.advance(33 * dayMs - hourMs);
    expect(await payments.sweep(only('due'))).toMatchObject({ calls: 0 });
    await sandbox.advance(2 * hourMs);
    await payments.sweep(only('due'));
    // Stripe says past_due, so there is more grace: it is told, and the next look is later.
    expect(await ledger.subscription('club-1')).toMatchObject({ status: 'active', inGrace: true });
    expect(await payments.sweep(only('due'))).toMatchObject({ calls: 0 });
    await sandbox.advance(20 * dayMs);
    await payments.sweep(only('due'));
    expect(await ledger.subscription('club-1')).toMatchObject({ status: 'revoked', paidThrough: '2026-05-01T00:00:00.000Z' });
    expect(await payments.sweep(only('due'))).toMatchObject({ calls: 0 });
  });

  test('is renewed by the list of invoices first, so that a look at each is saved', async () => {
    const { join, sandbox, payments, ledger } = await openClub();
    for (const id of ['club-1', 'club-2', 'club-3']) sandbox.setFate(await join(id), 'never_made');
    await sandbox.advance(over);
    sandbox.calls.reset();
    await payments.sweep(only('due'));
    expect(sandbox.calls.byRoute()).toEqual({ 'GET /v1/invoices': 1 });
    for (const id of ['club-1', 'club-2', 'club-3']) expect(await ledger.subscription(id)).toMatchObject({ paidThrough: secondMonth });
  });

  test('does not end while Stripe cannot be asked; a person is told after three days', async () => {
    const { join, unpaid, sandbox, payments, ledger, alerts } = await openClub();
    await unpaid(await join('club-1'));
    await sandbox.advance(over);
    sandbox.injectFault({ kind: 'status', status: 500, times: 1_000 });
    for (let day = 0; day < 4; day++) {
      expect((await refusal(payments.sweep(only('due')))).code).toBe('provider_unavailable');
      expect(await ledger.subscription('club-1')).toMatchObject({ status: 'active' });
      await sandbox.advance(dayMs);
    }
    expect(alerts).toContain('expiry_blind');
    sandbox.clearFaults();
    await payments.sweep(only('due'));
    expect(await ledger.subscription('club-1')).toMatchObject({ status: 'revoked' });
  });

  test('does not end where Stripe does not have it: a person looks', async () => {
    const { join, unpaid, sandbox, stripe, payments, ledger } = await openClub();
    await unpaid(await join('club-1'));
    await sandbox.advance(over);
    const retrieve = stripe.subscriptions.retrieve.bind(stripe.subscriptions);
    stripe.subscriptions.retrieve = ((_: string, ...asked: []) => retrieve('sub_gone', ...asked)) as typeof retrieve;
    await payments.sweep(only('due'));
    expect(await ledger.subscription('club-1')).toMatchObject({ status: 'active', openReviews: [{ kind: 'subscription_missing' }] });
  });
});

describe('a look', () => {
  test('between whose reads somebody pays ends nothing: its time is that of the first', async () => {
    const { join, decline, sandbox, stripe, payments, ledger } = await openClub({ policy: { dunningGraceDays: 3 } });
    const id = await join('club-1');
    sandbox.setFate(id, 'never_made');
    await decline(id);
    await sandbox.advance(over);
    const [open] = (await stripe.invoices.list({ subscription: id, status: 'open' })).data;
    let paid = false;
    const retrieve = stripe.subscriptions.retrieve.bind(stripe.subscriptions);
    stripe.subscriptions.retrieve = (async (...asked: Parameters<typeof retrieve>) => {
      const answer = await retrieve(...asked);
      if (!paid) sandbox.payInvoice(open?.id ?? '');
      paid = true;
      return answer;
    }) as typeof retrieve;
    await payments.sweep(only('due'));
    expect(paid).toBe(true);
    expect(await ledger.subscription('club-1')).toMatchObject({ status: 'active', paidThrough: secondMonth });
  });

  test('between whose reads the boundary lies is of before, and ends nothing; the next one does', async () => {
    const { join, unpaid, drift, sandbox, stripe, payments, ledger } = await openClub();
    await unpaid(await join('club-1'));
    await sandbox.advance(33 * dayMs - 60_000);
    await payments.sweep(only('invoices'));
    drift(5 * 60_000);
    const list = stripe.invoices.list.bind(stripe.invoices);
    let reads = 0;
    stripe.invoices.list = (async (...asked: Parameters<typeof list>) => {
      if (asked[0]?.subscription !== undefined && ++reads === 1) await sandbox.advance(120_000);
      return list(...asked);
    }) as typeof list;
    await payments.sweep(only('due'));
    expect(reads).toBe(1);
    expect(await ledger.subscription('club-1')).toMatchObject({ status: 'active' });
    for (let round = 0; round < 2; round++) await payments.sweep(only('due'));
    expect(await ledger.subscription('club-1')).toMatchObject({ status: 'revoked' });
  });

  test('that is not recorded, since the process dies, is made again, and ends once', async () => {
    const log = createMemoryLog();
    let dies = false;
    const store = openMemoryEventStore({ log });
    const append: typeof store.append = (...asked) =>
      dies && String(asked[0]).startsWith('subscription-') ? Promise.reject(new Error('the process died')) : store.append(...asked);
    const { join, unpaid, sandbox, payments, ledger } = await openClub({ ledger: { eventStore: { ...store, append } } });
    await unpaid(await join('club-1'));
    await sandbox.advance(over);
    dies = true;
    await payments.sweep(only('due'));
    expect(await ledger.subscription('club-1')).toMatchObject({ status: 'active' });
    expect(await ledger.forAdapters.sweepProgress(`due-${sandbox.account}-test`)).toMatchObject({ finished: false });
    dies = false;
    await payments.sweep(only('due'));
    expect(await ledger.subscription('club-1')).toMatchObject({ status: 'revoked', sequence: 2 });
  });

  test('of two replicas at once is made by one of them', async () => {
    const { join, unpaid, sandbox, stripe, payments, ledger, runtime } = await openClub();
    await unpaid(await join('club-1'));
    await sandbox.advance(over);
    await using other = stripePayments({ ledger, stripe, webhookSecrets: false, poll: false, runtime });
    const swept = await Promise.all([payments.sweep(only('due')), other.sweep(only('due'))]);
    expect(swept.map(({ calls }) => Math.min(calls, 1)).toSorted()).toEqual([0, 1]);
    expect(await ledger.subscription('club-1')).toMatchObject({ status: 'revoked', sequence: 2 });
  });
});

test('without the option nothing is asked of subscriptions, and no tier of theirs is shown', async () => {
  const { checkout, sandbox, payments } = await openShop();
  sandbox.pay(await checkout());
  sandbox.calls.reset();
  await payments.sweep();
  expect(Object.keys(sandbox.calls.byRoute()).toSorted()).toEqual([
    'GET /v1/balance_transactions',
    'GET /v1/checkout/sessions',
    'GET /v1/events',
  ]);
  expect((await payments.pollHealth()).tiers.map(({ tier }) => tier)).toEqual(['events', 'objects', 'money']);
});
