// Importing an order: claimed, then placed, paid, granted and settled in one append; delivered never, retried safely.
import { rmSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, onTestFinished, test } from 'vitest';
import { sqliteReader } from './audit/log/sqlite-reader.ts';
import { verifyLog } from './audit/verify/verify.ts';
import { createMemoryLog, openMemoryEventStore } from './event-store/memory.ts';
import { newDirectory } from './event-store/sqlite/log-directory.test-support.ts';
import { openSqliteEventStore } from './event-store/sqlite/sqlite.ts';
import { type Faults, openFaultyStore, unknownOutcome } from './faulty-store.test-support.ts';
import { createPaymentLedger } from './ledger.ts';
import type { Statement } from './observation.ts';
import { at, order1, paid, payment, pi1, pi2, refund, support } from './order/example-order.test-support.ts';
import type { MembershipChange, PaymentLedger } from './payment-ledger.ts';

const { expected, ...terms } = order1;
const order = { ...terms, amountMinor: expected.amountMinor, currency: expected.currency, placedAt: at(0) };
const money: Statement = { payment: pi1, aliases: ['cs_1'], fact: paid(), asOf: at(1), evidence: { objectId: 'cs_1' } };
const refunded = { source: 'webhook', payment: pi1, fact: refund(1_000), asOf: at(2), evidence: { objectId: 're_1' } } as const;

function open() {
  const log = createMemoryLog();
  const faults: Faults = {};
  const delivered: MembershipChange[] = [];
  const eventStore = openFaultyStore(openMemoryEventStore({ log }), faults);
  const deliver = async (change: MembershipChange) => void delivered.push(change);
  const ledger = createPaymentLedger({ eventStore, deliver, background: false });
  const another = createPaymentLedger({ eventStore: openMemoryEventStore({ log }), background: false });
  onTestFinished(async () => {
    await ledger[Symbol.asyncDispose]();
    await another[Symbol.asyncDispose]();
  });
  return { ledger, another, faults, delivered };
}

const types = async (ledger: PaymentLedger, orderId = 'order-1') => (await ledger.history(orderId)).map(({ type }) => type);

describe('importOrder', () => {
  test('makes a membership that the shop is never told of', async () => {
    const { ledger, delivered } = open();
    expect(await ledger.importOrder(order, money, support)).toEqual({ outcome: 'imported' });
    await ledger.settle();
    const imported = { membership: 'active', placedAt: at(0), sequence: 1, delivered: 1, grantedBy: 'manual' };
    expect(await ledger.order('order-1')).toMatchObject(imported);
    expect(await ledger.orderOf('cs_1')).toMatchObject({ orderId: 'order-1' });
    expect((await ledger.memberships('member-1')).items).toMatchObject([{ membershipId: 'order-1', status: 'active' }]);
    expect(delivered).toEqual([]);
    expect((await ledger.history('order-1')).map(({ metadata }) => metadata['cause'])).toEqual(Array(4).fill('import pi_1'));
  });

  test('again adds nothing, whichever process asks', async () => {
    const { ledger, another } = open();
    await ledger.importOrder(order, money, support);
    expect(await another.importOrder(order, money, support)).toEqual({ outcome: 'exists' });
    expect(await types(ledger)).toHaveLength(4);
  });

  test('by two processes at once imports once', async () => {
    const { ledger, another } = open();
    const answers = await Promise.all([ledger, another].map((each) => each.importOrder(order, money, support)));
    expect(answers.map(({ outcome }) => outcome).sort()).toEqual(['exists', 'imported']);
    expect(await types(ledger)).toEqual(['OrderPlaced', 'PaymentObserved', 'MembershipGranted', 'MembershipDelivered']);
  });

  test('is confirmed by the sources that tell of the payment afterwards', async () => {
    const { ledger, delivered } = open();
    await ledger.importOrder(order, money, support);
    expect(await ledger.observePayment({ ...money, source: 'poll' })).toMatchObject({ outcome: 'recorded', membership: 'active' });
    await ledger.settle();
    expect(delivered).toEqual([]);
  });

  test('delivers what comes after it', async () => {
    const { ledger, delivered } = open();
    await ledger.importOrder(order, money, support);
    await ledger.observePayment(refunded);
    await ledger.settle();
    expect(delivered).toMatchObject([{ change: 'revoked', sequence: 2 }]);
  });

  test('delivers a refund that had been held for it', async () => {
    const { ledger, delivered } = open();
    expect(await ledger.observePayment(refunded)).toMatchObject({ outcome: 'held' });
    expect(await ledger.importOrder(order, money, support)).toEqual({ outcome: 'imported' });
    await ledger.settle();
    expect(delivered).toMatchObject([{ change: 'revoked', sequence: 2 }]);
  });

  test('says whose the payment is, where it is another’s', async () => {
    const { ledger } = open();
    await ledger.importOrder(order, money, support);
    const other = await ledger.importOrder({ ...order, orderId: 'order-2' }, money, support);
    expect(other).toEqual({ outcome: 'belongs_to', orderId: 'order-1' });
    expect(await types(ledger, 'order-2')).toEqual([]);
  });

  test('asks nobody about an alias, or a name, of the order that a person moved the payment away from', async () => {
    const { ledger, another } = open();
    const { placedAt: _, ...placed } = order;
    for (const orderId of ['order-1', 'order-2']) await ledger.placeOrder({ ...placed, orderId });
    const byWebhook = { ...money, fact: paid(900), source: 'webhook', orderId: 'order-2' } as const;
    expect(await ledger.observePayment(byWebhook)).toMatchObject({ outcome: 'review', orderId: 'order-2' });
    expect(await ledger.movePayment(pi1, 'order-1', support)).toEqual({ outcome: 'moved' });
    expect(await another.importOrder(order, { ...money, orderId: 'order-2' }, support)).toEqual({ outcome: 'imported' });
    expect((await ledger.order('order-1'))?.openReviews.map(({ kind }) => kind)).not.toContain('claimed_by_two');
  });

  test('asks a person where an alias belongs to another order', async () => {
    const { ledger } = open();
    const { placedAt: _, ...placed } = order;
    await ledger.placeOrder({ ...placed, orderId: 'order-2' });
    await ledger.attachCheckout('order-2', payment('cs_1'));
    expect(await ledger.importOrder(order, money, support)).toEqual({ outcome: 'imported' });
    expect(await ledger.order('order-1')).toMatchObject({ openReviews: [{ kind: 'claimed_by_two' }] });
  });

  test('says that it is not entitled where the payment does not count', async () => {
    const { ledger } = open();
    expect(await ledger.importOrder(order, { ...money, fact: paid(900) }, support)).toEqual({ outcome: 'not_entitled' });
    expect(await ledger.order('order-1')).toMatchObject({ membership: 'none', openReviews: [{ kind: 'amount' }] });
  });

  test('looks again before it says so: another process may have accepted the payment since', async () => {
    const { ledger, another } = open();
    const less = { ...money, fact: paid(900) };
    expect(await ledger.importOrder(order, less, support)).toEqual({ outcome: 'not_entitled' });
    const { revision = 0 } = (await another.order('order-1')) ?? {};
    await another.resolveReview('order-1', 'r1', { resolution: 'grant', seenRevision: revision }, support);
    expect(await ledger.importOrder(order, less, support)).toEqual({ outcome: 'exists' });
  });

  test('leaves an order on other terms as it was', async () => {
    const { ledger } = open();
    const { placedAt: _, ...placed } = order;
    await ledger.placeOrder({ ...placed, plan: 'monthly' });
    expect(await ledger.importOrder(order, money, support)).toEqual({
      outcome: 'differs',
      terms: [{ term: 'plan', placed: 'monthly', given: 'yearly' }],
    });
    expect(await ledger.order('order-1')).toMatchObject({ plan: 'monthly', membership: 'none', payment: 'none' });
  });

  test.each([
    ['order.placedAt', { ...order, placedAt: 'then' }, money, support],
    ['order.amountMinor', { ...order, amountMinor: 1.5 }, money, support],
    ['payment.asOf', order, { ...money, asOf: 'then' }, support],
    ['by.reason', order, money, { ...support, reason: '' }],
  ])('refuses %s by name', async (named, ...input) => {
    const { ledger } = open();
    await expect(ledger.importOrder(...input)).rejects.toThrow(`${named}: `);
    expect(await types(ledger)).toEqual([]);
  });
});

describe('a process that dies within it', () => {
  const steps = [1, 2, 3].flatMap((append) => (['before', 'after'] as const).map((when) => [when, append] as const));

  test.each(steps)('%s append %i: the next one imports it, once, and delivers nothing', async (when, append) => {
    const { ledger, another, faults, delivered } = open();
    let appends = 0;
    faults[when] = ({ method, stream }) => {
      if (method !== 'append' || stream === 'policy') return;
      appends += 1;
      if (appends === append) throw unknownOutcome();
    };
    await expect(ledger.importOrder(order, money, support)).rejects.toThrow('The reply was lost');
    delete faults[when];
    await another.importOrder(order, money, support);
    await ledger.settle();
    expect(await types(another)).toEqual(['OrderPlaced', 'PaymentObserved', 'MembershipGranted', 'MembershipDelivered']);
    expect(delivered).toEqual([]);
  });
});

test('a second payment of an imported order is reviewed', async () => {
  const { ledger } = open();
  await ledger.importOrder(order, money, support);
  const second = { ...money, source: 'webhook', orderId: 'order-1', payment: pi2, aliases: [payment('cs_2').id] } as const;
  expect(await ledger.observePayment(second)).toMatchObject({ outcome: 'review' });
});

test('an audit makes the same decisions again, and finds nothing', async () => {
  const directory = newDirectory();
  onTestFinished(() => rmSync(directory, { recursive: true, force: true }));
  const path = join(directory, 'ledger.db');
  const ledger = createPaymentLedger({ eventStore: await openSqliteEventStore(path), background: false });
  await ledger.importOrder(order, money, support);
  await ledger.importOrder({ ...order, orderId: 'order-2' }, { ...money, payment: pi2, aliases: [], fact: paid(900) }, support);
  await ledger.observePayment(refunded);
  await ledger[Symbol.asyncDispose]();
  const log = sqliteReader(path);
  onTestFinished(() => log.close());
  expect(await verifyLog(log, {})).toMatchObject({ findings: [] });
});
