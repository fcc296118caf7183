// A shop with subscriptions, over sockets: started, paid and told by the sandbox, decided by a real ledger on SQLite.
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { SubscriptionChange } from '@paidonce/ledger';
import { openTerminal } from '@paidonce/ledger/command-line';
import { openMemoryEventStore } from '@paidonce/ledger/memory';
import { openSqliteEventStore } from '@paidonce/ledger/sqlite';
import type { Fate } from '@paidonce/sandbox';
import { startSandbox } from '@paidonce/sandbox/testing';
import Stripe from 'stripe';
import { describe, expect, onTestFinished, test } from 'vitest';
import { paidonceStripe } from './cli/paidonce-stripe.ts';
import { type Club, type ClubOptions, clubStart, dayMs, openClub } from './club.test-support.ts';
import type { StartSubscription } from './index.ts';
import { type StripePayments, stripePayments } from './index.ts';
import { subscriptionMetadata } from './mapping/claim.ts';
import { hourMs, openShop, refusal, webhookSecret } from './shop.test-support.ts';
import { billingEventTypes, eventTypes } from './stripe/event-types.ts';

interface ClubShop extends Club {
  readonly delivered: SubscriptionChange[];
  readonly prices: Readonly<Record<'silver' | 'gold', string>>;
  readonly given: StartSubscription;
  /** Runs `paidonce-stripe` beside the shop, and answers what it printed. */
  command(...args: string[]): Promise<string>;
  /** By another process, whose clock runs: the calls of this one do not wait. */
  readonly status: StripePayments['status'];
  /** Starts a subscription and pays for it. Returns its id at Stripe. */
  begin(changes?: Partial<StartSubscription>): Promise<string>;
  /** The decisions as the shop got them, once it has all of them. */
  told(subscriptionId?: string): Promise<string[]>;
}

/** The plans are there before the ledger, which names them. */
async function openPrices(stateFile: string): Promise<ClubShop['prices']> {
  const sandbox = await startSandbox({ automatic: false, stateFile, runtime: { now: () => clubStart } });
  const stripe = new Stripe('sk_test_123456789012', { ...sandbox.clientConfig, telemetry: false });
  const priceOf = async (name: string, unit_amount: number): Promise<string> => {
    const { id: product } = await stripe.products.create({ name });
    const currency_options = { eur: { unit_amount } };
    return (await stripe.prices.create({ product, currency: 'usd', unit_amount, currency_options, recurring: { interval: 'month' } })).id;
  };
  const prices = { silver: await priceOf('Silver', 1_000), gold: await priceOf('Gold', 3_000) };
  await sandbox.close();
  return prices;
}

async function openClubShop({ policy, ...options }: ClubOptions = {}): Promise<ClubShop> {
  const directory = mkdtempSync(join(tmpdir(), 'paidonce-club-'));
  onTestFinished(() => rmSync(directory, { recursive: true, force: true }));
  const stateFile = join(directory, 'sandbox.json');
  const prices = await openPrices(stateFile);
  const delivered: SubscriptionChange[] = [];
  const club = await openClub({
    ...options,
    sandbox: { stateFile, ...options.sandbox },
    ledger: {
      eventStore: await openSqliteEventStore(join(directory, 'ledger.db')),
      subscriptions: {
        policy: { plans: { silver: [prices.silver], gold: [prices.gold] }, ...policy },
        deliver: (change) => void delivered.push(change),
      },
      ...options.ledger,
    },
  });
  const { stripe, ledger, payments, sandbox, runtime } = club;
  const page = stripePayments({ ledger, stripe, webhookSecrets: false, poll: false });
  onTestFinished(() => page[Symbol.asyncDispose]());
  const given = {
    subscriptionId: 'club-1',
    memberId: 'member-1',
    plan: 'silver',
    successUrl: 'https://shop.example/done',
  };
  return {
    ...club,
    status: page.status,
    command: (...args) =>
      runCommand(args, { DATA_DIR: directory, STRIPE_API_BASE: sandbox.url, STRIPE_SECRET_KEY: 'sk_test_123456789012' }, runtime),
    delivered,
    prices,
    given,
    begin: async (changes = {}) => {
      const { sessionId } = await payments.startSubscription({ ...given, ...changes });
      sandbox.pay(sessionId);
      return String((await stripe.checkout.sessions.retrieve(sessionId)).subscription);
    },
    told: async (subscriptionId = 'club-1') => {
      await expect.poll(() => ledger.subscription(subscriptionId)).toSatisfy((view) => view?.sequence === view?.delivered);
      return delivered.filter(({ membershipId }) => membershipId === subscriptionId).map(({ change, plan }) => `${change} ${plan}`);
    },
  };
}

async function runCommand(args: readonly string[], env: Readonly<Record<string, string>>, runtime: Club['runtime']): Promise<string> {
  let printed = '';
  const stream = {
    isTTY: false,
    write: (text: string) => {
      printed += text;
      return true;
    },
    drained: async () => undefined,
  };
  await paidonceStripe(args, { env, terminal: openTerminal(stream, stream), runtime });
  return printed;
}

describe('a life that webhooks alone tell', () => {
  test('is granted, extended, changed, late, paid and ended, each once', async () => {
    const { begin, sandbox, stripe, told, ledger, prices } = await openClubShop();
    const id = await begin();
    await sandbox.deliverDue();
    expect(await told()).toEqual(['granted silver']);

    await sandbox.advance({ months: 1, ms: 2 * hourMs });
    expect(await told()).toEqual(['granted silver', 'extended silver']);

    const [item] = (await stripe.subscriptions.retrieve(id)).items.data;
    await stripe.subscriptions.update(id, {
      items: [{ id: String(item?.id), price: prices.gold }],
      proration_behavior: 'always_invoice',
    });
    await sandbox.deliverDue();
    expect(await told()).toEqual(['granted silver', 'extended silver', 'plan_changed gold']);

    const customer = String((await stripe.subscriptions.retrieve(id)).customer);
    sandbox.changeCard(customer, 'charge_fails');
    await sandbox.advance({ months: 1 });
    await sandbox.advance(2 * hourMs);
    expect((await told()).slice(3)).toEqual(['adjusted gold']);
    expect(await ledger.subscription('club-1')).toMatchObject({ status: 'active', inGrace: true });

    sandbox.changeCard(customer, 'success');
    const [open] = (await stripe.invoices.list({ subscription: id, status: 'open' })).data;
    sandbox.payInvoice(String(open?.id));
    await sandbox.deliverDue();
    expect((await told()).slice(4)[0]).toBe('extended gold');

    await stripe.subscriptions.update(id, { cancel_at_period_end: true });
    await sandbox.deliverDue();
    expect(await ledger.subscription('club-1')).toMatchObject({ status: 'active', endsAt: expect.any(String) });
    await sandbox.advance({ months: 1, ms: 2 * hourMs });
    expect((await told()).at(-1)).toBe('ended gold');
    expect(await ledger.subscription('club-1')).toMatchObject({ status: 'revoked' });
  });

  test('a renewal costs no read of Stripe', async () => {
    const { begin, sandbox, told } = await openClubShop();
    await begin();
    await sandbox.deliverDue();
    await sandbox.advance({ months: 1, ms: 2 * hourMs }); // The first one after the clock was asked.
    await told();
    sandbox.calls.reset();
    await sandbox.advance({ months: 1, ms: 2 * hourMs });
    expect(await told()).toEqual(['granted silver', 'extended silver', 'extended silver']);
    expect(sandbox.calls.byRoute()).toEqual({});
  });

  test.each(['refund', 'dispute', 'dispute at another exchange rate'] as const)(
    'a %s of the running month takes it back, and no other payment',
    async (back) => {
      const { begin, sandbox, stripe, told, ledger } = await openClubShop();
      const id = await begin();
      await begin({ subscriptionId: 'club-2', memberId: 'member-2' });
      await sandbox.deliverDue();
      const [paid] = (await stripe.invoices.list({ subscription: id, expand: ['data.payments'] })).data;
      const payment = String(paid?.payments?.data[0]?.payment.payment_intent);
      sandbox.calls.reset();
      if (back === 'refund') sandbox.refund(payment);
      else sandbox.dispute(payment, back === 'dispute' ? {} : { amountMinor: Math.floor((paid?.amount_paid ?? 0) * 0.987) });
      await sandbox.deliverDue();
      expect(await told()).toEqual(['granted silver', back === 'refund' ? 'revoked silver' : 'suspended silver']);
      expect(sandbox.calls.byRoute()).not.toHaveProperty(['GET /v1/subscriptions/:subscription']); // No look.
      expect(await ledger.subscription('club-2')).toMatchObject({ status: 'active' });
    },
  );

  describe.each(['refund', 'lost dispute', 'credit note'] as const)('a %s of a month that is over', (back) => {
    /** The second month is paid, and no event tells of it. */
    async function unheardRenewal() {
      const club = await openClubShop();
      const { begin, sandbox, stripe } = club;
      const id = await begin();
      await sandbox.deliverDue();
      const [first] = (await stripe.invoices.list({ subscription: id, expand: ['data.payments'] })).data;
      sandbox.setFate(id, 'never_made');
      await sandbox.advance({ months: 1, ms: 2 * hourMs });
      sandbox.setFate(id, 'delivered');
      sandbox.calls.reset();
      return { ...club, first: String(first?.id), payment: String(first?.payments?.data[0]?.payment.payment_intent) };
    }

    /** @param fate of the event. A credit note has that of its subscription. */
    async function giveBack({ sandbox, stripe, first, payment }: Awaited<ReturnType<typeof unheardRenewal>>, fate: Fate = 'delivered') {
      if (back === 'refund') sandbox.refund(payment, { fate });
      else if (back === 'lost dispute') sandbox.dispute(payment, { status: 'lost', fate });
      else await stripe.creditNotes.create({ invoice: first, amount: 1_000, credit_amount: 1_000 });
    }

    test('is told with what Stripe has now: who has paid for the next one stays in, though nothing has told of that', async () => {
      const club = await unheardRenewal();
      await giveBack(club);
      await club.sandbox.deliverDue();
      expect(await club.told()).toEqual(['granted silver', 'extended silver']);
      expect((await club.ledger.subscription('club-1'))?.periods.map(({ state }) => state)).toEqual(['given_back', 'paid']);
    });

    test('of which the event comes after the end is looked at too', async () => {
      const aDayLate = 'late:86400';
      const club = await openClubShop();
      const { begin, sandbox, stripe } = club;
      const id = await begin();
      await sandbox.deliverDue();
      const [first] = (await stripe.invoices.list({ subscription: id, expand: ['data.payments'] })).data;
      await sandbox.advance(30 * dayMs - hourMs);
      sandbox.setFate(id, aDayLate);
      await giveBack({ ...club, first: String(first?.id), payment: String(first?.payments?.data[0]?.payment.payment_intent) }, aDayLate);
      sandbox.setFate(id, 'never_made');
      await sandbox.advance(2 * dayMs);
      await sandbox.deliverDue();
      expect(await club.told()).toEqual(['granted silver', 'extended silver']);
      expect((await club.ledger.subscription('club-1'))?.periods.map(({ state }) => state)).toEqual(['given_back', 'paid']);
    });

    test('waits for Stripe where it does not answer, and nothing is lost', async () => {
      const club = await unheardRenewal();
      const { sandbox, ledger, told } = club;
      sandbox.injectFault({ kind: 'status', status: 503, path: '/v1/subscriptions/:subscription', times: 1_000 });
      await giveBack(club);
      await sandbox.deliverDue();
      expect(sandbox.calls.byRoute()).toMatchObject({ 'GET /v1/subscriptions/:subscription': expect.any(Number) });
      expect(await ledger.subscription('club-1')).toMatchObject({ status: 'active', periods: [{ state: 'paid' }] });
      sandbox.clearFaults();
      await sandbox.advance(dayMs); // Stripe sends what was not acknowledged again.
      expect(await told()).toEqual(['granted silver', 'extended silver']);
      expect((await ledger.subscription('club-1'))?.periods.map(({ state }) => state)).toEqual(['given_back', 'paid']);
    });
  });

  test.each([
    ['the newest first', () => 0],
    ['the invoice first', (type: string) => (type === 'invoice.paid' ? 0 : 1)],
    ['the payment first', (type: string) => (type.startsWith('payment_intent') ? 0 : type.startsWith('invoice_payment') ? 1 : 2)],
  ] as const)('its events in another order, %s, say the same', async (_, rank) => {
    const { begin, stripe, payments, runtime, told } = await openClubShop();
    await begin();
    const { data: events } = await stripe.events.list({ limit: 100 });
    for (const event of events.toSorted((a, b) => rank(a.type) - rank(b.type))) {
      const payload = JSON.stringify(event);
      const timestamp = Math.floor((runtime.now?.() ?? new Date()).getTime() / 1_000);
      const signature = stripe.webhooks.generateTestHeaderString({ payload, secret: webhookSecret, timestamp });
      await payments.handleWebhook(Buffer.from(payload), signature);
    }
    expect(await told()).toEqual(['granted silver']);
  });

  test('a refund whose payment nobody has told of asks what it paid for', async () => {
    const { begin, sandbox, stripe, ledger, payments } = await openClubShop();
    const id = await begin();
    const [paid] = (await stripe.invoices.list({ subscription: id, expand: ['data.payments'] })).data;
    const refund = sandbox.refund(String(paid?.payments?.data[0]?.payment.payment_intent));
    await expect
      .poll(async () => {
        await payments.recheck(refund.id); // Until the list of accounts has this one.
        return ledger.subscription('club-1');
      })
      .toMatchObject({ status: 'revoked' });
  });

  test('a refund of a payment that was linked when the process died, before anything was recorded, is told with a look', async () => {
    const eventStore = openMemoryEventStore();
    const { append } = eventStore;
    let dies = false;
    eventStore.append = (stream, ...rest) =>
      dies && stream.startsWith('subscription-') ? Promise.reject(new Error('the process died')) : append.call(eventStore, stream, ...rest);
    const { joinUnheard, sandbox, stripe, payments, ledger } = await openClub({ ledger: { eventStore } });
    const id = await joinUnheard('club-1');
    dies = true;
    await expect(payments.recheck(id)).rejects.toThrow('the process died');
    dies = false;
    const [paid] = (await stripe.invoices.list({ subscription: id, expand: ['data.payments'] })).data;
    sandbox.refund(String(paid?.payments?.data[0]?.payment.payment_intent));
    await sandbox.deliverDue();
    expect(await ledger.subscription('club-1')).toMatchObject({
      status: 'none',
      lookedAt: expect.any(String),
      periods: [{ state: 'given_back' }],
    });
  });
});

describe('a start', () => {
  test('is one checkout however often it is asked for, and one subscription', async () => {
    const { payments, given, sandbox } = await openClubShop();
    const [first, second] = await Promise.all([payments.startSubscription(given), payments.startSubscription(given)]);
    expect(second).toEqual(first);
    expect(await payments.startSubscription(given)).toEqual(first);
    sandbox.pay(first.sessionId);
    const error = await refusal(payments.startSubscription(given)); // No webhook has told of it.
    expect(error).toMatchObject({ code: 'already_subscribed', message: expect.stringContaining('club-1') });
  });

  test('that Stripe refused can be started again once the cause is mended, though Stripe replays the refusal', async () => {
    const { payments, given, sandbox, stripe } = await openClubShop();
    sandbox.injectFault({ kind: 'status', status: 400, stored: true, method: 'POST', path: '/v1/checkout/sessions' });
    expect((await refusal(payments.startSubscription(given))).code).toBe('invalid_input');
    const { sessionId } = await payments.startSubscription(given);
    expect((await stripe.checkout.sessions.list()).data.map(({ id }) => id)).toEqual([sessionId]);
  });

  test('asked for twice at once on other parameters leaves one page to pay, and both callers have it', async () => {
    const { payments, given, stripe } = await openClubShop();
    const visit = (nonce: string) => payments.startSubscription({ ...given, successUrl: `https://shop.example/done?visit=${nonce}` });
    const visits = await Promise.all([visit('a'), visit('b')]);
    const { data: open } = await stripe.checkout.sessions.list({ status: 'open' });
    expect(open).toHaveLength(1);
    expect(visits.map(({ sessionId }) => sessionId)).toEqual(visits.map(() => open[0]?.id));
  });

  test('on other terms ends the page that is open', async () => {
    const { payments, given, stripe } = await openClubShop();
    const first = await payments.startSubscription(given);
    const second = await payments.startSubscription({ ...given, quantity: 3 });
    expect((await stripe.checkout.sessions.retrieve(first.sessionId)).status).toBe('expired');
    expect((await stripe.checkout.sessions.retrieve(second.sessionId)).status).toBe('open');
  });

  test('of another plan takes over, and of three at once one can be paid at most', async () => {
    const { payments, given, stripe } = await openClubShop();
    const left = await payments.startSubscription(given);
    const starts = ['club-2', 'club-3', 'club-4'].map((subscriptionId) =>
      payments.startSubscription({ ...given, subscriptionId, plan: 'gold' }).catch((error: unknown) => error),
    );
    for (const answer of await Promise.all(starts)) {
      if (answer instanceof Error) expect(answer).toMatchObject({ code: 'already_subscribed' });
    }
    const sessions = (await stripe.checkout.sessions.list({ limit: 100 })).data;
    expect(sessions.find(({ id }) => id === left.sessionId)?.status).toBe('expired');
    expect(sessions.filter(({ status }) => status === 'open').length).toBeLessThanOrEqual(1);
  });

  test('asks for no page again that it knows to be expired, whoever ended it', async () => {
    const { payments, given, sandbox, stripe } = await openClubShop();
    const left = ['club-2', 'club-3', 'club-4'].map((subscriptionId) => ({ ...given, subscriptionId }));
    for (const start of left) await payments.startSubscription(start);
    const { data: open } = await stripe.checkout.sessions.list({ status: 'open' });
    for (const { id } of open) await stripe.checkout.sessions.expire(id);
    const asked = async (subscriptionId: string): Promise<Record<string, number>> => {
      sandbox.calls.reset();
      await payments.startSubscription({ ...given, subscriptionId });
      return sandbox.calls.byRoute();
    };
    // The first two were ended by the starts after them, and that answer is enough.
    expect(await asked('club-5')).toMatchObject({
      'POST /v1/checkout/sessions/:session/expire': 1,
      'GET /v1/checkout/sessions/:session': 1,
    });
    expect(await asked('club-6')).toEqual({ 'POST /v1/checkout/sessions': 1, 'POST /v1/checkout/sessions/:session/expire': 1 }); // That of club-5.
  });

  test('that was overtaken while it was made names the other one, and has no page', async () => {
    const { payments, given, stripe } = await openClubShop();
    const create = stripe.checkout.sessions.create.bind(stripe.checkout.sessions);
    stripe.checkout.sessions.create = (async (...asked: Parameters<typeof create>) => {
      const made = await create(...asked);
      stripe.checkout.sessions.create = create;
      await payments.startSubscription({ ...given, subscriptionId: 'club-2', plan: 'gold' });
      return made;
    }) as typeof create;
    expect(await refusal(payments.startSubscription(given))).toMatchObject({
      code: 'already_subscribed',
      message: expect.stringContaining('subscription club-2 of member member-1 took over'),
    });
    const { data: open } = await stripe.checkout.sessions.list({ status: 'open' });
    expect(open.map(({ metadata }) => metadata?.['paidonce_subscription'])).toEqual(['club-2']);
  });

  test('beside a living one is refused with its id, and after its end goes on with the same customer', async () => {
    const { begin, payments, given, sandbox, stripe, told } = await openClubShop();
    const id = await begin();
    await sandbox.deliverDue();
    const again = { ...given, subscriptionId: 'club-2' };
    expect(await refusal(payments.startSubscription(again))).toMatchObject({
      code: 'already_subscribed',
      message: expect.stringContaining('club-1'),
    });
    await stripe.subscriptions.cancel(id);
    await sandbox.deliverDue();
    expect((await told()).at(-1)).toBe('ended silver');
    const { sessionId } = await payments.startSubscription(again);
    const { customer } = await stripe.checkout.sessions.retrieve(sessionId);
    expect(customer).toBe((await stripe.subscriptions.retrieve(id)).customer);
    expect(await refusal(payments.startSubscription(given))).toMatchObject({ code: 'invalid_input' });
  });

  describe('after an end, with the customer of the last one', () => {
    const session = { customer_email: 'ada@example.com', tax_id_collection: { enabled: true } };

    /** A member whose subscription has ended, and his customer. */
    async function formerMember(shop: ClubShop): Promise<string> {
      const id = await shop.begin({ session });
      await shop.sandbox.deliverDue();
      await shop.stripe.subscriptions.cancel(id);
      await shop.sandbox.deliverDue();
      expect((await shop.told()).at(-1)).toBe('ended silver');
      return String((await shop.stripe.subscriptions.retrieve(id)).customer);
    }

    test('works with what the shop gives at each start, though it names him anew', async () => {
      const shop = await openClubShop();
      const former = await formerMember(shop);
      const { sessionId } = await shop.payments.startSubscription({ ...shop.given, subscriptionId: 'club-2', session });
      expect((await shop.stripe.checkout.sessions.retrieve(sessionId)).customer).toBe(former);
    });

    test('goes on without him where he was deleted at Stripe', async () => {
      const shop = await openClubShop();
      const former = await formerMember(shop);
      await shop.stripe.customers.del(former);
      const { sessionId } = await shop.payments.startSubscription({ ...shop.given, subscriptionId: 'club-2', session });
      expect(await shop.stripe.checkout.sessions.retrieve(sessionId)).toMatchObject({ customer: null, customer_email: 'ada@example.com' });
    });

    test('unless he paid in another currency, which Stripe does not mix', async () => {
      const shop = await openClubShop();
      await formerMember(shop);
      const { sessionId } = await shop.payments.startSubscription({
        ...shop.given,
        subscriptionId: 'club-2',
        price: shop.prices.silver,
        session: { currency: 'eur' },
      });
      expect(await shop.stripe.checkout.sessions.retrieve(sessionId)).toMatchObject({ customer: null, currency: 'eur' });
    });

    test('and `customer_update` goes along where there is one alone', async () => {
      const shop = await openClubShop();
      const update = {
        ...session,
        shipping_address_collection: { allowed_countries: ['DE' as const] },
        customer_update: { shipping: 'auto' as const },
      };
      const { sessionId } = await shop.payments.startSubscription({ ...shop.given, session: update });
      expect((await shop.stripe.checkout.sessions.retrieve(sessionId)).status).toBe('open');
    });

    test('but one that the shop names must be there', async () => {
      const shop = await openClubShop();
      const error = await refusal(shop.payments.startSubscription({ ...shop.given, customer: 'cus_none' }));
      expect(error).toMatchObject({ code: 'invalid_input', message: expect.stringContaining("No such customer: 'cus_none'") });
    });
  });

  describe('of one whose first payment was declined, at a Stripe that begins a subscription with the first try', () => {
    /** The page is open for another card, and the subscription is there, incomplete. */
    async function declined(meanwhile?: { readonly quantity: number }) {
      const shop = await openClubShop();
      const { payments, given, ledger, stripe, sandbox, prices } = shop;
      const page = await payments.startSubscription(given);
      if (meanwhile) await payments.startSubscription({ ...given, ...meanwhile });
      const metadata = subscriptionMetadata('paidonce', 'club-1', await ledger.forAdapters.ensureLedgerId());
      const { id: customer } = await stripe.customers.create();
      const items = [{ price: prices.silver }];
      const { id, latest_invoice } = await stripe.subscriptions.create({
        customer,
        items,
        metadata,
        payment_behavior: 'default_incomplete',
      });
      await sandbox.deliverDue();
      expect((await ledger.subscription('club-1'))?.reference?.id).toBe(id);
      return { ...shop, page, id, invoice: String(latest_invoice) };
    }
    const refused = { code: 'already_subscribed', message: expect.stringContaining('start club-1 again') };

    test('is the page that is open, and once it is paid there is a subscription', async () => {
      const { payments, given, page, sandbox, told, invoice } = await declined();
      expect(await payments.startSubscription(given)).toEqual(page);
      await sandbox.advance(60_000);
      sandbox.payInvoice(invoice);
      await sandbox.deliverDue();
      expect(await told()).toEqual(['granted silver']);
      const error = await refusal(payments.startSubscription(given));
      expect(error).toMatchObject(refused);
    });

    test('makes no second page that could be paid as well: on other terms, under another id, or once the page is closed', async () => {
      const { payments, given, page, stripe } = await declined();
      expect(await refusal(payments.startSubscription({ ...given, quantity: 3 }))).toMatchObject(refused);
      expect(await refusal(payments.startSubscription({ ...given, subscriptionId: 'club-2' }))).toMatchObject(refused);
      expect(await payments.startSubscription(given)).toEqual(page);
      await stripe.checkout.sessions.expire(page.sessionId);
      expect(await refusal(payments.startSubscription(given))).toMatchObject(refused);
      expect((await stripe.checkout.sessions.list({ status: 'open' })).data).toEqual([]);
    });

    test('is no page that was made before the subscription was heard of: who pays there begins a second one', async () => {
      const { payments, given } = await declined({ quantity: 3 });
      expect(await refusal(payments.startSubscription({ ...given, quantity: 3 }))).toMatchObject(refused);
    });

    test('is free for a new id after a day, when Stripe has given it up', async () => {
      const { payments, given, sandbox } = await declined();
      await sandbox.advance(24 * hourMs);
      expect(await refusal(payments.startSubscription(given))).toMatchObject({ code: 'invalid_input' });
      expect(await payments.startSubscription({ ...given, subscriptionId: 'club-2' })).toMatchObject({ subscriptionId: 'club-2' });
    });
  });

  test('that was paid while another one took over gets the slot back', async () => {
    const { payments, given, sandbox, ledger } = await openClubShop();
    const { sessionId } = await payments.startSubscription(given);
    sandbox.pay(sessionId);
    const error = await refusal(payments.startSubscription({ ...given, subscriptionId: 'club-2' }));
    expect(error).toMatchObject({ code: 'already_subscribed', message: expect.stringContaining('club-1') });
    expect(await ledger.subscription('club-1')).toMatchObject({ status: 'active' });
  });

  test('is free again once its page has expired, which is asked once', async () => {
    const { payments, given, sandbox, status } = await openClubShop();
    const { sessionId } = await payments.startSubscription(given);
    await sandbox.advance(25 * hourMs);
    expect(await status(sessionId)).toEqual({ state: 'expired', stale: false });
    sandbox.calls.reset();
    expect((await payments.startSubscription(given)).sessionId).not.toBe(sessionId);
    expect(sandbox.calls.byRoute()).toEqual({
      'GET /v1/prices/:price': 1,
      'GET /v1/checkout/sessions/:session': 1,
      'POST /v1/checkout/sessions': 1,
    });
  });
});

describe('the doctor', () => {
  test('names the types of subscriptions that an endpoint lacks, and the rights that they need', async () => {
    const { begin, sandbox, command } = await openClubShop();
    await begin(); // Now the log says that there are subscriptions.
    const [few, all] = ['http://127.0.0.1:1/few', 'http://127.0.0.1:1/all'];
    sandbox.addWebhookEndpoint({ url: few, secret: webhookSecret, enabledEvents: [...eventTypes] });
    sandbox.addWebhookEndpoint({ url: all, secret: webhookSecret, enabledEvents: [...eventTypes, ...billingEventTypes] });
    expect(await command('doctor', '--url', few)).toContain(`${few}: event types: without ${billingEventTypes.join(', ')}. Add them`);
    const found = await command('doctor', '--url', all);
    expect(found).toContain(`good    ${all}: event types: all`);
    expect(found).toContain('good    may read Prices: yes');
  });

  test('counts what was not delivered of subscriptions too', async () => {
    const { begin, sandbox, command } = await openClubShop();
    sandbox.addWebhookEndpoint({ url: 'http://127.0.0.1:1/down', secret: webhookSecret, enabledEvents: ['invoice.paid'] });
    await begin();
    await sandbox.advance(2 * hourMs);
    expect(await command('doctor')).toMatch(
      /events delivered: 1 of the last 3 days reached not every endpoint, the newest evt_\w+ \(invoice\.paid, /,
    );
  });
});

describe('the success page and the portal', () => {
  test('know of the payment before any webhook, by one call', async () => {
    const { payments, given, sandbox, ledger, status } = await openClubShop({ ledger: {} });
    const { sessionId } = await payments.startSubscription(given);
    expect(await refusal(payments.portalUrl('club-1', 'https://shop.example/account'))).toMatchObject({ code: 'not_begun' });
    sandbox.pay(sessionId);
    sandbox.calls.reset();
    expect((await status(sessionId))?.state).toMatch(/^(?:granting|active)$/);
    expect(sandbox.calls.byRoute()).toMatchObject({ 'GET /v1/checkout/sessions/:session': 1 });
    await expect.poll(async () => (await status(sessionId))?.state).toBe('active');
    expect(await payments.portalUrl('club-1', 'https://shop.example/account')).toMatch(/^http/);
    expect(await ledger.subscription('club-1')).toMatchObject({ status: 'active', plan: 'silver' });
  });

  test('a query that waits hears of the webhook', async () => {
    const { payments, given, sandbox, status } = await openClubShop();
    const { sessionId } = await payments.startSubscription(given);
    const waited = status(sessionId, { waitMs: 60_000 });
    sandbox.pay(sessionId);
    await sandbox.deliverDue();
    expect((await waited)?.state).toMatch(/^(?:granting|active|pending)$/);
    await expect.poll(async () => (await status(sessionId))?.state).toBe('active');
  });

  test.each([
    ['grant', 'active'],
    ['none', 'pending'],
  ] as const)('a trial under the policy %s is %s', async (trial, state) => {
    const { payments, given, sandbox, stripe, ledger, status } = await openClubShop({ policy: { trial } });
    const start = { ...given, ...(trial === 'grant' ? { trialDays: 14 } : {}) };
    const { sessionId } = await payments.startSubscription(start);
    if (trial === 'none') {
      expect(await refusal(payments.startSubscription({ ...given, trialDays: 14 }))).toMatchObject({ code: 'invalid_input' });
      expect((await status(sessionId))?.state).toBe(state);
      return;
    }
    sandbox.pay(sessionId);
    await sandbox.deliverDue();
    await expect.poll(async () => (await status(sessionId))?.state).toBe(state);
    expect(await ledger.subscription('club-1')).toMatchObject({ trial: true });
    expect((await stripe.checkout.sessions.retrieve(sessionId)).status).toBe('complete');
  });
});

describe('paidonce-stripe', () => {
  test('rechecks a subscription under the plans of the shop', async () => {
    const { begin, command, ledger } = await openClubShop();
    const id = await begin();
    expect(await command('recheck', 'club-1')).toContain('subscription club-1: active, plan silver');
    expect(await ledger.subscription('club-1')).toMatchObject({ reference: { id }, status: 'active' });
    expect(await command('recheck', id)).toContain('subscription club-1: active, plan silver');
    expect(await command('recheck', 'sub_unknown')).toContain('sub_unknown: not_ours');
  });
});

describe('the option', () => {
  test('is refused without that of the ledger, and false keeps them out', async () => {
    const { ledger, stripe, payments } = await openShop();
    const options = { ledger, stripe, webhookSecrets: false, poll: false } as const;
    expect(() => stripePayments({ ...options, subscriptions: true })).toThrow(/Give createPaymentLedger the option `subscriptions`/);
    expect((await refusal(payments.portalUrl('club-1', 'https://shop.example/'))).code).toBe('invalid_input');
    const dark = await openClubShop({ payments: { subscriptions: false } });
    expect((await refusal(dark.payments.startSubscription(dark.given))).code).toBe('invalid_input');
  });
});

test('a year is a year of months', async () => {
  const { begin, sandbox, told } = await openClubShop();
  await begin();
  await sandbox.advance(95 * dayMs);
  expect(await told()).toEqual(['granted silver', 'extended silver', 'extended silver', 'extended silver']);
});
