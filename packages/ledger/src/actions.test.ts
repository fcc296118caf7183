// What people do with an order that has news which they did not see, and payments that they link.
import { describe, expect, test } from 'vitest';
import { openStoryProcess, paid, payment, support } from './audit/golden-log.test-support.ts';
import { readerOf } from './audit/log/log-reader.ts';
import { verifyLog } from './audit/verify/verify.ts';
import { createMemoryLog, openMemoryEventStore } from './event-store/memory.ts';
import type { Fact, Observation } from './observation.ts';
import { readOrderEvent } from './order/event-schemas.ts';
import type { PaymentLedger } from './payment-ledger.ts';

const processing: Fact = { kind: 'attempt', status: 'processing' };
const refunded: Fact = { kind: 'refund', id: 're_1', status: 'succeeded', amountMinor: 4_900 };

function openShop() {
  const log = createMemoryLog();
  const delivered: string[] = [];
  const process = openStoryProcess(openMemoryEventStore({ log }), {
    deliver: async ({ idempotencyKey }) => {
      delivered.push(idempotencyKey);
    },
  });
  const { ledger, observe, place } = process;
  return {
    ledger,
    observe,
    place,
    delivered,
    revision: async (orderId: string) => (await ledger.order(orderId))?.revision ?? -1,
    events: async (orderId: string) => (await ledger.history(orderId)).map((stored) => readOrderEvent(stored)),
    types: async (orderId: string) => (await ledger.history(orderId)).map(({ type }) => type),
    findings: async () => (await verifyLog(readerOf(openMemoryEventStore({ log })))).findings,
    [Symbol.asyncDispose]: () => ledger[Symbol.asyncDispose](),
  };
}

const byHand = (orderId: string): Observation => ({
  payment: payment('manual:1', { provider: 'manual' }),
  orderId,
  fact: paid(),
  asOf: '2026-01-05T09:00:00.000Z',
  evidence: { objectId: 'manual:1' },
  source: 'manual',
  by: support,
});

describe('a person acts on what he saw', () => {
  type Act = (ledger: PaymentLedger, seenRevision: number) => Promise<{ readonly outcome: string }>;
  const acts: readonly (readonly [string, string, Act])[] = [
    ['withdraws', 'withdrawn', (ledger, seenRevision) => ledger.withdrawOrder('o1', support, { seenRevision })],
    ['records a payment by hand', 'granted', (ledger, seenRevision) => ledger.observePayment(byHand('o1'), { seenRevision })],
    ['moves a payment away', 'moved', (ledger, fromRevision) => ledger.movePayment(payment('pi_1'), 'o2', support, { fromRevision })],
    ['moves a payment here', 'moved', (ledger, toRevision) => ledger.movePayment(payment('pi_2'), 'o1', support, { toRevision })],
    ['links a payment', 'linked', (ledger, seenRevision) => ledger.linkPayment(payment('pi_new'), 'o1', support, { seenRevision })],
  ];
  const open = async () => {
    const shop = openShop();
    await shop.place('o1');
    await shop.place('o2');
    await shop.observe('webhook', 'pi_1', { kind: 'attempt', status: 'awaiting_customer' }, { orderId: 'o1' });
    await shop.observe('webhook', 'pi_2', { kind: 'attempt', status: 'awaiting_customer' }, { orderId: 'o2' });
    return shop;
  };

  test.each(acts)('%s: done where nothing came since', async (_, outcome, act) => {
    await using shop = await open();
    expect(await act(shop.ledger, await shop.revision('o1'))).toMatchObject({ outcome });
    expect(await shop.findings()).toEqual([]);
  });
  test('states and moves no payment of another order than he saw', async () => {
    await using shop = await open();
    await shop.observe('webhook', 'pi_2', { kind: 'attempt', status: 'processing' }, { orderId: 'o2' });
    const [before, seenRevision] = [await shop.events('o2'), await shop.revision('o1')];
    const stated = { ...byHand('o1'), payment: payment('pi_2') };
    expect(await shop.ledger.observePayment(stated, { seenRevision })).toEqual({ outcome: 'belongs_to', orderId: 'o2' });
    const seen = { fromOrderId: 'o1', fromRevision: seenRevision };
    await shop.place('o3');
    expect(await shop.ledger.movePayment(payment('pi_2'), 'o3', support, seen)).toEqual({ outcome: 'belongs_to', orderId: 'o2' });
    expect(await shop.events('o2')).toEqual(before);
    expect(await shop.ledger.movePayment(payment('pi_2'), 'o3', support, { fromOrderId: 'o2' })).toEqual({ outcome: 'moved' });
    const moved = await shop.ledger.observePayment({ ...stated, orderId: 'o2' }, { seenRevision: await shop.revision('o2') });
    expect(moved).toEqual({ outcome: 'belongs_to', orderId: 'o3' });
    expect(await shop.findings()).toEqual([]);
  });
  test.each(acts)('%s: done where only a confirmation came since', async (_, outcome, act) => {
    await using shop = await open();
    const seen = await shop.revision('o1');
    await shop.observe('poll', 'pi_1', { kind: 'attempt', status: 'awaiting_customer' }, { orderId: 'o1' });
    expect(await shop.revision('o1')).toBe(seen + 1);
    expect(await act(shop.ledger, seen)).toMatchObject({ outcome });
  });
  test.each(acts)(
    '%s: not done where a payment came since; the answer has the revision of now, and with that it is done or refused',
    async (_, _outcome, act) => {
      await using shop = await open();
      const seen = await shop.revision('o1');
      await shop.observe('webhook', 'pi_3', { kind: 'attempt', status: 'awaiting_customer' }, { orderId: 'o1' });
      const [before, links] = [await shop.types('o1'), await shop.ledger.orderOf('pi_new')];
      const revision = await shop.revision('o1');
      expect(await act(shop.ledger, seen)).toEqual({ outcome: 'stale', orderId: 'o1', revision });
      expect(await shop.types('o1')).toEqual(before);
      expect([await shop.ledger.orderOf('pi_new'), await shop.ledger.orderOf('manual:1')]).toEqual([links, undefined]);
      expect((await act(shop.ledger, revision)).outcome).not.toBe('stale');
      expect(await shop.findings()).toEqual([]);
    },
  );
  test.each(acts)('%s twice, by a second press: it finds what the first did', async (_, outcome, act) => {
    await using shop = await open();
    const seen = await shop.revision('o1');
    expect(await act(shop.ledger, seen)).toMatchObject({ outcome });
    const before = await shop.types('o1');
    expect((await act(shop.ledger, seen)).outcome).toMatch(/^(exists|duplicate)$/);
    expect(await shop.types('o1')).toEqual(before);
  });
  test.each(acts)('%s: nobody saw a revision that the order has not', async (_, _outcome, act) => {
    await using shop = await open();
    await expect(act(shop.ledger, 99)).rejects.toMatchObject({ code: 'invalid_input' });
    await expect(act(shop.ledger, -1)).rejects.toMatchObject({ code: 'invalid_input' });
  });

  test('delivers again: stale after a new decision, and the shop is not called', async () => {
    await using shop = await open();
    await shop.observe('webhook', 'pi_1', paid(), { orderId: 'o1' });
    const seen = await shop.revision('o1');
    await shop.observe('webhook', 'pi_1', refunded, { orderId: 'o1' });
    const revision = await shop.revision('o1');
    expect(await shop.ledger.redeliver('o1', support, { seenRevision: seen })).toEqual({ outcome: 'stale', orderId: 'o1', revision });
    expect(shop.delivered).toEqual([]);
    expect(await shop.ledger.redeliver('o1', support, { seenRevision: revision })).toEqual({ outcome: 'delivered' });
    expect(await shop.ledger.redeliver('o1', support, { seenRevision: revision })).toEqual({ outcome: 'nothing_to_deliver' });
    expect(shop.delivered).toEqual(['o1:2']);
  });
  test('only a person can have seen an order', async () => {
    await using shop = await open();
    const { by: _, ...fact } = byHand('o1') as Observation & { by: unknown };
    await expect(shop.ledger.observePayment({ ...fact, source: 'poll' }, { seenRevision: 0 })).rejects.toMatchObject({
      code: 'invalid_input',
    });
  });
  test('a resolution that came too late says the revision of now', async () => {
    await using shop = await open();
    await shop.observe('webhook', 'pi_1', paid(100), { orderId: 'o1' });
    const seen = await shop.revision('o1');
    await shop.observe('webhook', 'pi_1', { ...refunded, amountMinor: 100 } as Fact, { orderId: 'o1' });
    expect(await shop.ledger.resolveReview('o1', 'r1', { resolution: 'grant', seenRevision: seen }, support)).toEqual({
      outcome: 'stale',
      orderId: 'o1',
      revision: await shop.revision('o1'),
    });
  });
});

describe('a person links a payment', () => {
  test('that is held: what it held is recorded and decided on, and the log says who linked it', async () => {
    await using shop = openShop();
    await shop.observe('webhook', 'pi_held', paid(), { aliases: ['cs_held'] });
    await shop.place('o1');
    expect(await shop.ledger.linkPayment(payment('pi_held'), 'o1', support)).toEqual({ outcome: 'linked' });
    expect(await shop.ledger.order('o1')).toMatchObject({ membership: 'active', grantedBy: 'webhook' });
    expect(await shop.events('o1')).toContainEqual({
      type: 'CheckoutAttached',
      data: { payment: payment('pi_held'), attachedAt: expect.any(String), by: support },
    });
    expect(await shop.findings()).toEqual([]);
  });
  test('by its session: the payment that the session took follows', async () => {
    await using shop = openShop();
    await shop.observe('webhook', 'pi_held', paid(), { aliases: ['cs_held'] });
    await shop.place('o1');
    expect(await shop.ledger.linkPayment(payment('cs_held'), 'o1', support)).toEqual({ outcome: 'linked' });
    expect(await shop.ledger.orderOf('pi_held')).toMatchObject({ orderId: 'o1', membership: 'active' });
  });
  test('that is too small: no access, a review', async () => {
    await using shop = openShop();
    await shop.observe('webhook', 'pi_held', paid(100));
    await shop.place('o1');
    await shop.ledger.linkPayment(payment('pi_held'), 'o1', support);
    expect(await shop.ledger.order('o1')).toMatchObject({ membership: 'none', openReviews: [{ kind: 'amount' }] });
  });
  test('of which nothing was reported: it is this order’s when it comes', async () => {
    await using shop = openShop();
    await shop.place('o1');
    expect(await shop.ledger.linkPayment(payment('pi_later'), 'o1', support)).toEqual({ outcome: 'linked' });
    expect(await shop.observe('poll', 'pi_later', processing)).toMatchObject({ outcome: 'recorded', orderId: 'o1' });
  });
  test('that belongs to another order: nothing is linked', async () => {
    await using shop = openShop();
    await shop.place('o1');
    await shop.place('o2');
    expect(await shop.ledger.linkPayment(payment('cs_o1'), 'o2', support)).toEqual({ outcome: 'belongs_to', orderId: 'o1' });
    expect(await shop.types('o2')).not.toContain('PaymentObserved');
  });
  test('to an order that is not placed: refused, and not linked', async () => {
    await using shop = openShop();
    await expect(shop.ledger.linkPayment(payment('pi_1'), 'o9', support)).rejects.toMatchObject({ code: 'order_unknown' });
    await shop.place('o1');
    expect(await shop.ledger.linkPayment(payment('pi_1'), 'o1', support)).toEqual({ outcome: 'linked' });
  });
});
