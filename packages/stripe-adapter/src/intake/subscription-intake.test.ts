// From events and reads of the sandbox into a ledger of subscriptions, over sockets: what is read before, and what is observed.
import { createPaymentLedger, LedgerError, type PaymentReference } from '@paidonce/ledger';
import { type Lifecycle, type SubscriptionObservation, silentLogger, subscriptionFactContent } from '@paidonce/ledger/adapter';
import { openMemoryEventStore } from '@paidonce/ledger/memory';
import { startGround } from '@paidonce/sandbox/testing';
import type Stripe from 'stripe';
import { describe, expect, onTestFinished, test } from 'vitest';
import { creditNote, invoice, invoicePayment, line, listOf, marks, parent, subscription } from '../billing-objects.test-support.ts';
import { runtime } from '../billing-server.test-support.ts';
import { subscriptionMetadata } from '../mapping/claim.ts';
import type { Provenance } from '../mapping/provenance.ts';
import { refusal } from '../shop.test-support.ts';
import { openAccounts } from '../stripe/accounts.ts';
import { type BillingType, billingTypes } from '../stripe/billing-types.ts';
import { billingEventTypes } from '../stripe/event-types.ts';
import { StripeCalls } from '../stripe/stripe-calls.ts';
import { eventSchema, thinEventSchema } from '../stripe/stripe-event-objects.ts';
import { Intake } from './intake.ts';
import type { OwnedSubscription, SubscriptionLedger } from './known-subscriptions.ts';
import { NotOursCache } from './not-ours-cache.ts';
import { OurLedger } from './our-ledger.ts';
import { ProviderClock } from './provider-clock.ts';
import { siblingSessions } from './sibling-sessions.ts';
import { StripeEvents } from './stripe-events.ts';
import { SubscriptionIntake } from './subscription-intake.ts';

const dayMs = 86_400_000;
const hourMs = 3_600_000;

/** Remembers what it was told, and links what names one another, as a ledger does. */
class ToldLedger implements SubscriptionLedger {
  readonly observations: SubscriptionObservation[] = [];
  readonly missing: string[] = [];
  readonly looks: string[] = [];
  readonly linked = new Map<string, string>([['cs_started', 'club-7']]);
  /** ISO 8601 UTC. */
  paidThrough: string | undefined;
  #reference: PaymentReference | undefined;
  #lifecycle: Lifecycle | undefined;

  async subscriptionOf(reference: string | PaymentReference): Promise<OwnedSubscription | undefined> {
    const subscriptionId = this.linked.get(typeof reference === 'string' ? reference : reference.id);
    if (subscriptionId === undefined) return undefined;
    const facts = this.observations.flatMap(({ statements }) => statements.map(({ fact }) => fact));
    const contents = new Set(facts.map(subscriptionFactContent));
    return {
      subscriptionId,
      invoices: facts.flatMap((fact) => (fact.kind === 'invoice' ? { fact, sources: [] } : [])),
      holds: (fact) => contents.has(subscriptionFactContent(fact)),
      ...(this.paidThrough ? { paidThrough: this.paidThrough } : {}),
      ...(this.#reference ? { reference: this.#reference } : {}),
      ...(this.#lifecycle ? { lifecycle: this.#lifecycle } : {}),
    };
  }

  async observeSubscription(observation: SubscriptionObservation) {
    this.observations.push(observation);
    this.#reference = observation.subscription;
    const ids = observation.statements.flatMap(({ fact }) => (fact.kind === 'invoice' ? fact.id : []));
    for (const id of [observation.subscription.id, ...ids]) this.linked.set(id, 'club-7');
    for (const { fact } of observation.statements) if (fact.kind === 'lifecycle') this.#lifecycle = fact;
    return { outcome: 'recorded' as const, orderId: 'club-7', membership: 'active' as const };
  }

  countLook(outcome: string) {
    this.looks.push(outcome);
  }

  async isMissing(subscriptionId: string) {
    this.missing.push(subscriptionId);
  }
}

async function opened() {
  const now = new Date('2026-04-01T00:00:00Z');
  const { sandbox, shop, stripe } = await startGround({ runtime: { now: () => now } });
  const { id: product } = await stripe.products.create({ name: 'Club' });
  const { id: price } = await stripe.prices.create({ product, currency: 'usd', unit_amount: 3_000, recurring: { interval: 'month' } });
  const eventStore = openMemoryEventStore();
  const ledger = createPaymentLedger({ eventStore });
  onTestFinished(() => ledger[Symbol.asyncDispose]());
  let aheadMs = 0;
  const asked: string[] = [];
  const around = <T>(what: string, call: () => Promise<T>): Promise<T> => {
    asked.push(what);
    return call();
  };
  const calls = new StripeCalls({ stripe, runtime: { ...runtime, now: () => sandbox.now() }, around });
  const accounts = openAccounts(calls, { account: 'acct_1' });
  const told = new ToldLedger();
  const ourLedger = new OurLedger({ ledger, scope: 'paidonce' });
  /** As a process that has just begun. */
  const openIntake = () =>
    new SubscriptionIntake({
      ledger,
      subscriptions: told,
      plans: { club: [price] },
      accounts,
      ourLedger,
      // Its monotonic clock runs with the sandbox's time.
      clock: new ProviderClock({ monotonicNowMs: () => sandbox.now().getTime() - now.getTime() - aheadMs }),
      notOurs: new NotOursCache({ ...runtime, monotonicNowMs: () => sandbox.now().getTime() }),
      log: silentLogger,
    });
  const intake = openIntake();
  const orders = new Intake({
    ledger,
    accounts,
    siblings: siblingSessions(ledger, accounts, 'paidonce', silentLogger),
    ourLedger,
    log: silentLogger,
  });
  const events = new StripeEvents({ ledger, accounts, intake: orders, ourLedger, subscriptions: intake });
  const session = await stripe.checkout.sessions.create({
    mode: 'subscription',
    success_url: 'https://shop.example/done',
    line_items: [{ price, quantity: 1 }],
    metadata: subscriptionMetadata('paidonce', 'club-7', await ledger.forAdapters.ensureLedgerId()),
    subscription_data: { metadata: subscriptionMetadata('paidonce', 'club-7', await ledger.forAdapters.ensureLedgerId()) },
  });
  sandbox.pay(session.id);
  const id = String((await stripe.checkout.sessions.retrieve(session.id)).subscription);
  let taken = 0;

  return {
    ...{ sandbox, stripe, calls, shop, told, intake, openIntake, asked, id, session: session.id },
    /** The objects that were kept by their id, and the path in each. */
    async kept(): Promise<string[]> {
      const found: string[] = [];
      for await (const { events } of eventStore.readLog({ prefixes: ['unreadable-'] })) {
        found.push(...events.map(({ data }) => `${(data as { objectId: string }).objectId} ${(data as { path: string }).path}`));
      }
      return found;
    },
    events,
    /** Takes in the events since the last time, as a webhook would. */
    async webhooks(order: (all: Stripe.Event[]) => Stripe.Event[] = (all) => all, changes: object = {}) {
      await sandbox.deliverDue();
      const all = shop.received.slice(taken).map(({ event }) => event);
      taken = shop.received.length;
      const outcomes: string[] = [];
      for (const event of order(all)) {
        if (!billingEventTypes.includes(event.type)) continue;
        outcomes.push((await events.takeSnapshot(eventSchema.parse({ ...event, ...changes }), { source: 'webhook' })).outcome);
      }
      return outcomes;
    },
    /** How far the time of Stripe runs ahead of what it should be. */
    jump: (ms: number) => {
      aheadMs = ms;
    },
  };
}

const factsOf = (observations: readonly SubscriptionObservation[]) =>
  observations.map(
    ({ statements, look }) => `${look ? 'look: ' : ''}${statements.map(({ fact }) => `${fact.kind} ${fact.status}`).join(', ')}`,
  );

describe('the first word of a subscription', () => {
  test('is looked at, whichever object it is of, and what follows is not', async () => {
    const { webhooks, told, asked, id } = await opened();
    await webhooks();
    expect(factsOf(told.observations)[0]).toBe('look: lifecycle active, invoice paid, allocation paid');
    expect(told.observations[0]).toMatchObject({
      subscription: { id, account: 'acct_1', livemode: false },
      subscriptionId: 'club-7',
      source: 'webhook',
    });
    expect(told.observations.slice(1).filter(({ look }) => look !== undefined)).toEqual([]);
    expect(asked).toEqual([`GET /v1/subscriptions/${id}`, 'GET /v1/events', 'GET /v1/events']); // The clock is asked twice.
  });

  test('may be the session: it is linked by metadata, and proves nothing by itself', async () => {
    const { intake, told, stripe, session } = await opened();
    const object = await stripe.checkout.sessions.retrieve(session);
    const provenance: Provenance = { source: 'webhook', account: 'acct_1', asOf: '2026-04-01T00:00:00.000Z', form: 'snapshot' };
    expect(await intake.take(object, provenance)).toMatchObject({ outcome: 'recorded' });
    expect(factsOf(told.observations)).toEqual(['look: lifecycle active, invoice paid, allocation paid']);
  });

  test('may be the answer to a success page: it is the look, and costs no second read', async () => {
    const { intake, told, asked, calls, session } = await opened();
    const { object, asOf } = (await calls.billing.session(session))!;
    expect(await intake.take(object, { source: 'status_query', account: 'acct_1', asOf })).toMatchObject({ outcome: 'recorded' });
    expect(factsOf(told.observations)).toEqual(['look: lifecycle active, invoice paid, allocation paid']);
    expect(told.observations[0]).toMatchObject({ look: asOf, source: 'status_query' });
    expect(asked).toEqual([`GET /v1/checkout/sessions/${session}`, 'GET /v1/events', 'GET /v1/events']);
  });
});

describe('a renewal', () => {
  test('needs no read at all', async () => {
    const { webhooks, told, asked, sandbox } = await opened();
    await webhooks();
    const before = told.observations.length;
    asked.length = 0;
    await sandbox.advance(30 * dayMs + 2 * hourMs);
    await webhooks();
    expect(asked).toEqual([]);
    expect(factsOf(told.observations.slice(before)).toSorted()).toEqual(['invoice paid', 'lifecycle active']); // Its allocation came before it.
  });

  test('whose events come in the wrong order is the same; an allocation of an unlinked invoice is passed over', async () => {
    const { webhooks, told, sandbox } = await opened();
    await webhooks();
    const before = told.observations.length;
    await sandbox.advance(30 * dayMs + 2 * hourMs);
    const outcomes = await webhooks((events) => events.toSorted((a, b) => rank(a) - rank(b)));
    expect(outcomes[0]).toBe('not_ours'); // Told again by the next list, when the invoice is linked.
    expect(factsOf(told.observations.slice(before))).toContain('invoice paid');
  });
});

const rank = ({ type }: Stripe.Event) => (type === 'invoice_payment.paid' ? 0 : 1);

describe('a state that is other than known', () => {
  test('is read again, so that an old event overwrites nothing', async () => {
    const { webhooks, told, asked, sandbox, stripe, shop, intake, id } = await opened();
    await webhooks();
    const created = shop.received.find(({ event }) => event.type === 'customer.subscription.created')!.event;
    expect(created.data.object).toMatchObject({ status: 'incomplete' });
    await sandbox.advance(dayMs);
    await stripe.subscriptions.cancel(id);
    await webhooks();
    asked.length = 0;
    const provenance: Provenance = {
      source: 'webhook',
      account: 'acct_1',
      asOf: '2026-04-01T00:00:00.000Z',
      eventId: created.id,
      form: 'snapshot',
    };
    await intake.take(created.data.object, provenance); // A day late.
    expect(asked).toEqual([`GET /v1/subscriptions/${id}`]);
    expect(factsOf(told.observations).at(-1)).toMatch(/^lifecycle canceled, invoice paid/);
    // The event is of the subscription. Told a month later, it would bring another invoice along.
    const named = told.observations.at(-1)?.statements.map(({ evidence }) => ('eventId' in evidence ? evidence.eventId : 'none'));
    expect(named).toEqual([created.id, 'none', 'none']);
  });
});

describe('a copy of another release, and a thin event', () => {
  test('are names: the objects are read', async () => {
    const { webhooks, told, asked, sandbox } = await opened();
    await webhooks((events) => events, { api_version: '2025-02-24.acacia' });
    expect(factsOf(told.observations)[0]).toMatch(/^look: .*lifecycle active, invoice paid, allocation paid$/);
    asked.length = 0;
    await sandbox.advance(30 * dayMs + 2 * hourMs);
    await webhooks((events) => events, { api_version: '2025-02-24.acacia' });
    expect(asked.some((what) => what.startsWith('GET /v1/invoices/in_'))).toBe(true);
    expect(
      told.observations.flatMap(({ statements }) => statements).filter(({ fact }) => fact.kind === 'invoice' && fact.status === 'paid')
        .length,
    ).toBeGreaterThan(1);
  });

  test('are names: a thin one costs a read of its object, and one that decides nothing none', async () => {
    const { webhooks, told, asked, sandbox, stripe, events, id } = await opened();
    await webhooks();
    await sandbox.advance(30 * dayMs + 2 * hourMs);
    const newest = String((await stripe.subscriptions.retrieve(id)).latest_invoice);
    const before = told.observations.length;
    asked.length = 0;
    const thin = (type: string, related: string) =>
      events.takeThin(
        thinEventSchema.parse({
          id: 'evt_thin',
          type: `v1.${type}`,
          created: '2026-05-01T02:00:00.000Z',
          livemode: false,
          related_object: { id: related, type: related.startsWith('in_') ? 'invoice' : 'subscription' },
        }),
        { source: 'webhook' },
      );
    expect(await thin('invoice.updated', newest)).toEqual({ outcome: 'ignored' });
    expect(await thin('customer.subscription.trial_will_end', id)).toEqual({ outcome: 'ignored' });
    expect(asked).toEqual([]);
    expect(await thin('invoice.paid', newest)).toMatchObject({ outcome: 'recorded' });
    expect(await thin('customer.subscription.item_price_changed', id)).toMatchObject({ outcome: 'recorded' });
    expect(asked).toEqual([`GET /v1/invoices/${newest}`, `GET /v1/subscriptions/${id}`]);
    expect(factsOf(told.observations.slice(before))).toEqual([
      'invoice paid, allocation paid',
      'lifecycle active, invoice paid, allocation paid',
    ]);
  });

  test('of what Stripe does not have are not ours', async () => {
    const { intake, told } = await opened();
    const provenance: Provenance = { source: 'webhook', account: 'acct_1', asOf: '2026-04-01T00:00:00.000Z', livemode: false };
    for (const type of billingTypes) expect(await intake.takeById(type, missingOf(type), provenance)).toEqual({ outcome: 'not_ours' });
    expect(told.observations).toEqual([]);
  });
});

const missingOf = (type: BillingType) =>
  ({ subscription: 'sub_0', invoice: 'in_0', invoice_payment: 'inpay_0', credit_note: 'cn_0' })[type];

describe('a copy of another release of what is not ours', () => {
  const foreign: Provenance = { source: 'poll', account: 'acct_1', asOf: '2026-04-01T00:00:00.000Z', form: 'foreign_snapshot' };
  /** As a version before March 2025 has it. */
  const old = (fields: object): object => {
    const { parent: _, ...rest } = invoice();
    return { ...rest, subscription: 'sub_9', ...fields };
  };
  const strangers = { order: 'club-7' };

  // biome-ignore format: a table
  test.each<[string, object]>([
    ['a subscription', subscription({ id: 'sub_9', metadata: {} })],
    ['an invoice', invoice({ parent: parent('sub_9', strangers) })],
    ['an invoice that no subscription made', invoice({ parent: null })],
    ['an old invoice', old({ subscription_details: { metadata: strangers } })],
    ['an old invoice of another scope', old({ subscription_details: { metadata: { ...marks, paidonce: 'other' } } })],
    ['an old invoice that no subscription made', old({ subscription: null, subscription_details: null })],
    ['what was paid for an invoice that nobody has linked', invoicePayment()],
    ['a credit note of one', creditNote()],
  ])('costs no call: %s', async (_, copy) => {
    const { intake, told, asked } = await opened();
    expect(await intake.take(copy, foreign)).toEqual({ outcome: 'not_ours' });
    expect([told.observations, asked]).toEqual([[], []]);
  });

  // biome-ignore format: a table
  test.each<[string, object]>([
    ['an old invoice from before Stripe copied metadata into it', old({})],
    ['one that shows none', old({ subscription_details: { metadata: null } })],
    ['an invoice that names its subscription in a way of its own', old({ subscription: undefined })],
    ['a subscription without metadata', { ...subscription(), metadata: undefined }],
    ['what was paid for an invoice that it does not name', { ...invoicePayment(), invoice: undefined }],
  ])('that does not show it is read, and then remembered: %s', async (_, copy) => {
    const { intake, told, asked } = await opened();
    for (const times of [1, 1]) {
      expect(await intake.take(copy, foreign)).toEqual({ outcome: 'not_ours' });
      expect(asked).toHaveLength(times);
    }
    expect(told.observations).toEqual([]);
  });

  test('is read where it is ours, by its metadata or by a link alone', async () => {
    const { intake, asked, stripe, webhooks, told, id } = await opened();
    const paid = String((await stripe.subscriptions.retrieve(id)).latest_invoice);
    const copies = [
      [old({ id: paid, subscription: 'sub_elsewhere', subscription_details: { metadata: marks } }), `GET /v1/invoices/${paid}`],
      [old({ id: paid, subscription: id, subscription_details: { metadata: {} } }), `GET /v1/invoices/${paid}`],
      [old({ id: paid, subscription: { id, object: 'subscription' }, subscription_details: null }), `GET /v1/invoices/${paid}`],
      [creditNote({ invoice: paid }), 'GET /v1/credit_notes/cn_1'],
    ] as const;
    for (const [copy, read] of copies) {
      asked.length = 0;
      await intake.take(copy, foreign);
      expect(asked[0]).toBe(read);
      if (told.observations.length === 0) await webhooks();
    }
    expect(told.linked.get(id)).toBe('club-7');
  });
});

describe('what is not ours', () => {
  test.each([
    ['without our metadata', {}],
    ['of another scope', { paidonce: 'other', paidonce_subscription: 'club-7' }],
    ['of another ledger', { paidonce: 'paidonce', paidonce_subscription: 'club-7', paidonce_ledger: 'ledger-of-others' }],
  ])('%s is neither read nor recorded', async (_what, metadata) => {
    const { intake, told, asked } = await opened();
    const lines = listOf([line()], { has_more: true });
    const provenance: Provenance = { source: 'webhook', account: 'acct_1', asOf: '2026-04-01T00:00:00.000Z', form: 'snapshot' };
    expect(await intake.take(invoice({ lines, parent: parent('sub_9', metadata) }), provenance)).toEqual({ outcome: 'not_ours' });
    expect([told.observations, asked]).toEqual([[], []]);
  });
});

describe('money that went back', () => {
  const payment = { provider: 'stripe', account: 'acct_1', livemode: false, id: 'pi_1' };
  const evidence = { objectId: 're_1' };
  const refund = { kind: 'refund', id: 're_1', status: 'succeeded', amountMinor: 3_000 } as const;

  async function told() {
    const club = await opened();
    await club.webhooks();
    club.told.linked.set('pi_1', 'club-7');
    club.asked.length = 0;
    const take = (asOf: string, intake = club.intake) =>
      intake.takeMoneyBack({ payment, fact: refund, asOf, evidence }, {}, { source: 'webhook', account: 'acct_1', asOf, form: 'snapshot' });
    return { ...club, take };
  }

  test('of a period that runs is recorded at once, and nothing is read', async () => {
    const { told: ledger, asked, take } = await told();
    ledger.paidThrough = '2026-05-01T00:00:00.000Z';
    await take('2026-04-30T23:59:59.999Z');
    expect(asked).toEqual([]);
    expect(factsOf(ledger.observations).at(-1)).toBe('refund succeeded');
  });

  test('while the period ran, and told after it, is recorded with a look, also by a process that has asked Stripe nothing yet', async () => {
    const { told: ledger, asked, take, id, sandbox, openIntake } = await told();
    await sandbox.advance(30 * dayMs + 2 * hourMs);
    ledger.paidThrough = '2026-05-01T00:00:00.000Z';
    await take('2026-04-30T23:00:00.000Z', openIntake());
    expect(asked).toContain(`GET /v1/subscriptions/${id}`);
    expect(factsOf(ledger.observations).at(-1)).toMatch(/^look: refund succeeded/);
  });

  test.each([
    ['is over', '2026-05-01T00:00:00.000Z'],
    ['is not known', undefined],
  ])('where what is paid for %s is recorded with a look, and told again without one', async (_, paidThrough) => {
    const { told: ledger, asked, take, id, sandbox } = await told();
    await sandbox.advance(30 * dayMs + 2 * hourMs);
    ledger.paidThrough = paidThrough;
    await take('2026-05-01T00:00:00.000Z');
    expect(asked).toEqual([`GET /v1/subscriptions/${id}`]);
    expect(factsOf(ledger.observations).at(-1)).toBe('look: refund succeeded, lifecycle active, invoice paid, allocation paid');
    asked.length = 0;
    await take('2026-05-01T00:05:00.000Z');
    expect(asked).toEqual([]);
    expect(factsOf(ledger.observations).at(-1)).toBe('refund succeeded');
  });
});

describe('a clock in doubt', () => {
  test('lets a payment count without its time, and takes no state of the subscription', async () => {
    const { webhooks, told, sandbox, jump, intake, shop } = await opened();
    await webhooks();
    await sandbox.advance(30 * dayMs + 2 * hourMs);
    jump(10 * dayMs); // Ten days less have passed here than Stripe says.
    await sandbox.deliverDue();
    const of = (type: string) => shop.received.findLast(({ event }) => event.type === type)!.event;
    const take = ({ data, created, id }: Stripe.Event) =>
      intake.take(data.object, {
        source: 'webhook',
        account: 'acct_1',
        asOf: new Date(created * 1_000).toISOString(),
        eventId: id,
        form: 'snapshot',
      });
    expect(await take(of('invoice.paid'))).toMatchObject({ outcome: 'recorded' });
    expect(told.observations.at(-1)?.statements).toMatchObject([{ fact: { kind: 'invoice', status: 'paid' }, doubtful: true }]);
    const before = told.observations.length;
    expect(await refusal(take(of('customer.subscription.updated')))).toMatchObject({ code: 'provider_unavailable' });
    expect(told.observations).toHaveLength(before);
  });

  test('lets a dispute count without its time, which would end what else is paid for', async () => {
    const { webhooks, told, sandbox, intake, jump } = await opened();
    await webhooks();
    told.linked.set('pi_1', 'club-7');
    told.paidThrough = '2026-05-01T00:00:00.000Z';
    const payment = { provider: 'stripe', account: 'acct_1', livemode: false, id: 'pi_1' };
    const fact = { kind: 'dispute', id: 'du_1', status: 'open', amountMinor: 3_000, returnedDebit: false, movements: 1 } as const;
    const take = () => {
      const asOf = sandbox.now().toISOString();
      return intake.takeMoneyBack({ payment, fact, asOf, evidence: { objectId: 'du_1' } }, {}, { source: 'poll', account: 'acct_1', asOf });
    };
    expect(await take()).toMatchObject({ outcome: 'recorded' });
    expect(told.observations.at(-1)?.statements).toEqual([expect.not.objectContaining({ doubtful: true })]);
    jump(10 * dayMs);
    await sandbox.advance(hourMs);
    expect(await take()).toMatchObject({ outcome: 'recorded' });
    expect(told.observations.at(-1)?.statements).toMatchObject([{ fact: { ...fact, payment }, doubtful: true }]);
  });
});

describe('an answer without a date', () => {
  test('tells no state of the subscription: our own clock is nobody’s word', async () => {
    const { intake, told, stripe, id } = await opened();
    const retrieve = stripe.subscriptions.retrieve.bind(stripe.subscriptions);
    stripe.subscriptions.retrieve = (async (...asked: Parameters<typeof retrieve>) => {
      const answer = await retrieve(...asked);
      const { date: _, ...headers } = answer.lastResponse.headers;
      return Object.defineProperty({ ...answer }, 'lastResponse', { value: { ...answer.lastResponse, headers } });
    }) as typeof retrieve;
    const provenance: Provenance = { source: 'webhook', account: 'acct_1', asOf: '2026-04-01T00:00:00.000Z' };
    expect(await refusal(intake.takeById('subscription', id, provenance))).toMatchObject({ code: 'provider_unavailable' });
    expect(told.observations).toEqual([]);
  });
});

describe('an event of the other mode', () => {
  test('is ignored, and nothing is asked', async () => {
    const { sandbox, shop, events, asked } = await opened();
    await sandbox.deliverDue();
    const paid = shop.received.find(({ event }) => event.type === 'invoice.paid')!.event;
    expect(await events.takeSnapshot(eventSchema.parse(paid), { source: 'webhook', livemode: true })).toEqual({ outcome: 'ignored' });
    expect(asked).toEqual([]);
  });
});

describe('what cannot be read', () => {
  test('of ours is kept by its id, and what the ledger refuses too', async () => {
    const { webhooks, intake, told, id, kept } = await opened();
    await webhooks();
    const provenance: Provenance = {
      source: 'webhook',
      account: 'acct_1',
      asOf: '2026-04-01T00:00:00.000Z',
      livemode: false,
      form: 'snapshot',
    };
    expect(await intake.take(invoice({ status: 'settled', parent: parent(id) }), provenance)).toEqual({ outcome: 'unreadable' });
    told.observeSubscription = () => Promise.reject(new LedgerError('invalid_input', 'statements.0: cannot be'));
    expect(await intake.take(invoice({ id: 'in_odd', parent: parent(id) }), provenance)).toEqual({ outcome: 'unreadable' });
    expect(await kept()).toEqual(['in_1 status', 'in_odd observation']);
  });

  test('of a look is kept too, and what was understood counts, without the time of a look', async () => {
    const { webhooks, intake, told, kept, stripe, id } = await opened();
    await webhooks();
    const owner = (await told.subscriptionOf(id))!;
    const retrieve = stripe.subscriptions.retrieve.bind(stripe.subscriptions);
    stripe.subscriptions.retrieve = (async (...asked: Parameters<typeof retrieve>) => {
      const answer = await retrieve(...asked);
      return Object.defineProperty({ ...answer, status: 'hibernating' }, 'lastResponse', { value: answer.lastResponse });
    }) as typeof retrieve;
    const provenance: Provenance = { source: 'poll', account: 'acct_1', asOf: '2026-04-01T00:00:00.000Z' };
    expect(await intake.lookAt({ ...owner, reference: owner.reference! }, provenance)).toMatchObject({ outcome: 'recorded' });
    expect(factsOf(told.observations).at(-1)).toBe('invoice paid, allocation paid');
    expect(told.looks.at(-1)).toBe('undated');
    expect(await kept()).toEqual([`${id} status`]);
  });
});

describe('a look of the poll', () => {
  test('is one observation, with its time; of what Stripe does not have there is none, and a person has to look', async () => {
    const { webhooks, intake, told, sandbox, id } = await opened();
    await webhooks();
    await sandbox.advance(33 * dayMs);
    const owner = (await told.subscriptionOf(id))!;
    const provenance: Provenance = { source: 'poll', account: 'acct_1', asOf: '2026-04-01T00:00:00.000Z' };
    expect(
      await intake.lookAt({ ...owner, reference: owner.reference!, paidThrough: '2026-05-01T00:00:00.000Z' }, provenance),
    ).toMatchObject({
      outcome: 'recorded',
    });
    expect(told.observations.at(-1)).toMatchObject({ source: 'poll', look: '2026-05-04T00:00:00.000Z' });
    expect(factsOf(told.observations).at(-1)).toBe('look: lifecycle active, invoice paid, allocation paid');
    const before = told.observations.length;
    expect(await intake.lookAt({ ...owner, reference: { ...owner.reference!, id: 'sub_0' } }, provenance)).toEqual({ outcome: 'not_ours' });
    expect(told.observations).toHaveLength(before);
    expect(told.missing).toEqual(['club-7']);
    expect(told.looks.slice(-2)).toEqual(['seen', 'missing']);
  });
});
