// Dry runs of the write path of subscriptions: each answers what the call answers then, and writes nothing.
import { describe, expect, test } from 'vitest';
import { createMemoryLog, openMemoryEventStore } from './event-store/memory.ts';
import { instantRuntime } from './instant-runtime.test-support.ts';
import { createPaymentLedger } from './ledger.ts';
import type { PaymentLedger } from './payment-ledger.ts';
import type { SubscriptionFact, SubscriptionObservation, SubscriptionReference } from './subscription/observation.ts';
import {
  allocation,
  day,
  dispute,
  lifecycle,
  month,
  paymentReference,
  policy1,
  reference1,
  refund,
} from './subscription/story.test-support.ts';

const by = { actor: 'support-7', reason: 'the customer called' };
const { type: _, ...policy } = policy1;
const placed = { subscriptionId: 'sub-1', memberId: 'member-1', plan: 'silver', account: 'acct_1', livemode: true } as const;
const firstMonth = [month('in_1', 0, { reason: 'create' }), lifecycle('active'), allocation('inpay_1', 'in_1', 'pi_1')];

function open() {
  const log = createMemoryLog();
  const eventStore = openMemoryEventStore({ log });
  const ledger = createPaymentLedger({ eventStore, runtime: instantRuntime(), background: false, subscriptions: { policy } });
  const events = async (): Promise<number> => {
    let count = 0;
    for await (const page of openMemoryEventStore({ log }).readLog({})) count += page.events.length;
    return count;
  };
  return { ledger, events };
}

function told(days: number, facts: readonly SubscriptionFact[], subscription: SubscriptionReference = reference1): SubscriptionObservation {
  const statements = facts.map((fact) => ({ fact, asOf: day(days), evidence: { objectId: 'evt_1' } }));
  return { source: 'poll', subscription, subscriptionId: 'sub-1', statements, look: day(days) } as SubscriptionObservation;
}

async function member(ledger: PaymentLedger): Promise<void> {
  await ledger.placeSubscription(placed);
  await ledger.observeSubscription(told(0, firstMonth));
}

type Prepare = (ledger: PaymentLedger) => Promise<unknown>;
const nothing: Prepare = async () => undefined;
const refundHeld: Prepare = (ledger) =>
  ledger.observePayment({
    payment: paymentReference('pi_1'),
    fact: { kind: 'refund', id: 're_1', status: 'succeeded', amountMinor: 1_000 },
    asOf: day(1),
    evidence: { objectId: 're_1' },
    source: 'webhook',
  });

describe('what would be observed', () => {
  test.each<[string, Prepare, SubscriptionObservation, string]>([
    ['of one that waits to be placed', nothing, { ...told(0, firstMonth), subscriptionId: 'sub-1' }, 'recorded'],
    ['of one that is placed: it is granted', (ledger) => ledger.placeSubscription(placed), told(0, firstMonth), 'granted'],
    ['what is known', member, told(0, firstMonth), 'duplicate'],
    ['a renewal', member, told(30, [month('in_2', 30)]), 'extended'],
    ['an end that a look shows', member, told(90, [lifecycle('active')]), 'ended'],
    ['a refund of the running month', member, told(5, [refund('pi_1')]), 'revoked'],
    ['a dispute', member, told(5, [dispute('pi_1', 'open')]), 'suspended'],
    ['a second one of the provider', member, told(5, firstMonth, { ...reference1, id: 'sub_2' }), 'granted'],
  ])('%s', async (_name, prepare, said, outcome) => {
    const { ledger, events } = open();
    await using _ledger = ledger;
    await prepare(ledger);
    const before = await events();
    const { result, after } = await ledger.forAdapters.subscriptions.wouldObserve(said);
    expect(await events()).toBe(before);
    expect(result.outcome).toBe(outcome);
    expect(await ledger.observeSubscription(said)).toEqual(result);
    expect((await events()) > before).toBe(outcome !== 'duplicate');
    expect('subscriptionId' in result && (await ledger.subscription(result.subscriptionId))).toEqual(after);
  });

  test('of nobody at all', async () => {
    const { ledger } = open();
    await using _ledger = ledger;
    const { subscriptionId: _id, ...unnamed } = told(0, firstMonth);
    const { result } = await ledger.forAdapters.subscriptions.wouldObserve(unnamed as SubscriptionObservation);
    expect(result).toEqual({ outcome: 'unknown', subscription: reference1 });
  });

  test('shows the subscription before and after', async () => {
    const { ledger } = open();
    await using _ledger = ledger;
    await member(ledger);
    const { before, after } = await ledger.forAdapters.subscriptions.wouldObserve(told(90, [lifecycle('active')]));
    expect([before?.status, after?.status]).toEqual(['active', 'revoked']);
  });
});

describe('what would be imported', () => {
  const given = { ...placed, placedAt: day(0) };
  const read = (days: number, facts = firstMonth) => {
    const { subscription, statements, look } = told(days, facts);
    return { subscription, statements, ...(look === undefined ? {} : { look }) };
  };

  test.each<[string, Prepare, ReturnType<typeof read>, string, string | undefined]>([
    ['one that is paid', nothing, read(5), 'imported', 'active'],
    ['one that was over long ago', nothing, read(90), 'not_entitled', 'none'],
    ['one whose refund is held under its payment', refundHeld, read(5), 'not_entitled', 'none'],
    ['one that waits to be placed', (ledger) => ledger.observeSubscription(told(0, firstMonth)), read(5), 'imported', 'active'],
    ['one that is there', member, read(5), 'exists', 'active'],
  ])('%s', async (_name, prepare, about, outcome, status) => {
    const { ledger, events } = open();
    await using _ledger = ledger;
    await prepare(ledger);
    const before = await events();
    const { result, after } = await ledger.forAdapters.subscriptions.wouldImport(given, about);
    expect(await events()).toBe(before);
    expect([result.outcome, after?.status]).toEqual([outcome, status]);
    expect(await ledger.importSubscription(given, about, by)).toEqual(result);
    const view = await ledger.subscription('sub-1');
    expect(view).toEqual({ ...after, revision: view?.revision });
  });

  test('of another one’s subscription, and on a plan that the policy does not have, is refused as the import is', async () => {
    const { ledger, events } = open();
    await using _ledger = ledger;
    await member(ledger);
    const before = await events();
    const { wouldImport } = ledger.forAdapters.subscriptions;
    const other = { ...given, subscriptionId: 'sub-9' };
    expect(await wouldImport(other, read(5))).toEqual({ result: { outcome: 'belongs_to', subscriptionId: 'sub-1' } });
    await expect(wouldImport({ ...other, plan: 'tin' }, read(5))).rejects.toMatchObject({ code: 'invalid_input' });
    expect(await events()).toBe(before);
  });
});
