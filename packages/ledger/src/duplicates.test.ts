// A member who is granted the same plan twice at about the same time has most likely paid twice: somebody is told once.
import { describe, expect, test } from 'vitest';
import type { Alert } from './alerts.ts';
import { createMemoryLog, type MemoryLog, openMemoryEventStore } from './event-store/memory.ts';
import { instantRuntime } from './instant-runtime.test-support.ts';
import { createPaymentLedger } from './ledger.ts';
import type { PaymentLedger, PaymentLedgerOptions } from './payment-ledger.ts';

const by = { actor: 'support-1', reason: 'ticket 4711' };
const start = Date.UTC(2026, 0, 1);
const hour = 3_600_000;
const at = (hours: number): string => new Date(start + hours * hour).toISOString();

function open(log: MemoryLog = createMemoryLog(), options: Partial<PaymentLedgerOptions> = {}) {
  const alerts: Alert[] = [];
  const runtime = instantRuntime();
  const ledger = createPaymentLedger({
    eventStore: openMemoryEventStore({ log }),
    background: false,
    runtime,
    onAlert: (alert) => alerts.push(alert),
    ...options,
  });
  return { ledger, alerts, runtime, log };
}

const statement = (orderId: string, paidAt: string) => ({
  payment: { provider: 'stripe', account: 'acct_1', livemode: true, id: `pi_${orderId}` },
  fact: { kind: 'attempt', status: 'paid', amount: { totalMinor: 1_000, currency: 'usd' } } as const,
  asOf: paidAt,
  evidence: { objectId: `pi_${orderId}` },
});

async function bought(ledger: PaymentLedger, orderId: string, paidAt: string, { memberId = 'm1', plan = 'pro' } = {}): Promise<void> {
  await ledger.placeOrder({ orderId, memberId, plan, amountMinor: 1_000, currency: 'usd', account: 'acct_1', livemode: true });
  await ledger.observePayment({ ...statement(orderId, paidAt), orderId, source: 'webhook' });
  await ledger.settle();
}

const refund = (ledger: PaymentLedger, orderId: string) =>
  ledger.observePayment({
    ...statement(orderId, at(30)),
    source: 'webhook',
    fact: { kind: 'refund', id: `re_${orderId}`, status: 'succeeded', amountMinor: 1_000 },
  });

const pairs = async ({ duplicates }: PaymentLedger) => (await duplicates()).items.map((each) => `${each.orderId} ${each.duplicateOf}`);

describe('two orders that give a member the same plan', () => {
  test('paid within a day of each other: an alert for the later one, once, and the list', async () => {
    const { ledger, alerts, log } = open();
    await bought(ledger, 'a', at(0));
    await bought(ledger, 'b', at(24));
    await ledger.settle();
    expect(alerts).toEqual([{ kind: 'same_plan_twice', orderId: 'b', message: expect.stringContaining('by order a') }]);
    expect((await ledger.duplicates()).items).toEqual([{ orderId: 'b', duplicateOf: 'a', memberId: 'm1', plan: 'pro', paidAt: at(24) }]);
    // A process that starts later reads the whole log, and finds the same, silently.
    const later = open(log, { runtime: { ...instantRuntime('later'), now: () => new Date(start + 48 * hour) } });
    await later.ledger.settle();
    expect(await pairs(later.ledger)).toEqual(['b a']);
    expect(later.alerts).toEqual([]);
  });

  test.each([
    ['a renewal a month later', at(30 * 24), {}],
    ['one paid a minute after a day', new Date(start + 24 * hour + 60_000).toISOString(), {}],
    ['another plan', at(1), { plan: 'basic' }],
    ['another member', at(1), { memberId: 'm2' }],
  ])('%s is none', async (_, paidAt, differs) => {
    const { ledger, alerts } = open();
    await bought(ledger, 'a', at(0));
    await bought(ledger, 'b', paidAt, differs);
    expect([alerts, await pairs(ledger)]).toEqual([[], []]);
  });

  test('the first is refunded before the second is paid: none', async () => {
    const { ledger, alerts } = open();
    await bought(ledger, 'a', at(0));
    await refund(ledger, 'a');
    await bought(ledger, 'b', at(2));
    expect([alerts, await pairs(ledger)]).toEqual([[], []]);
  });

  test.each(['a', 'b'])('once %s is refunded, it leaves the list', async (refunded) => {
    const { ledger } = open();
    await bought(ledger, 'a', at(0));
    await bought(ledger, 'b', at(1));
    await refund(ledger, refunded);
    await ledger.settle();
    expect(await pairs(ledger)).toEqual([]);
  });

  test('of three, each later one is listed once, beside one that still stands', async () => {
    const { ledger, alerts } = open();
    for (const [index, orderId] of ['a', 'b', 'c'].entries()) await bought(ledger, orderId, at(index));
    expect(await pairs(ledger)).toEqual(['b a', 'c a']);
    expect(alerts.map(({ orderId }) => orderId)).toEqual(['b', 'c']);
    await refund(ledger, 'a');
    await ledger.settle();
    expect(await pairs(ledger)).toEqual(['c b']);
    expect((await ledger.duplicates({ after: 'b', limit: 1 })).items).toHaveLength(1);
  });

  test('granted in one page of the log: the later one alone', async () => {
    const log = createMemoryLog();
    const writer = open(log, { duplicateWithinHours: 0 }).ledger;
    await bought(writer, 'z', at(0));
    await bought(writer, 'a', at(1));
    expect(await pairs(writer)).toEqual([]);
    expect(await pairs(open(log).ledger)).toEqual(['a z']);
  });

  test('orders of several years that were imported on one day are none', async () => {
    const { ledger, alerts } = open();
    for (const year of [2024, 2025]) {
      const placedAt = `${year}-03-01T00:00:00.000Z`;
      const order = {
        orderId: `y${year}`,
        memberId: 'm1',
        plan: 'pro',
        amountMinor: 1_000,
        currency: 'usd',
        account: 'acct_1',
        livemode: true,
      };
      await ledger.importOrder({ ...order, placedAt }, { ...statement(`y${year}`, placedAt), occurredAt: placedAt }, by);
    }
    await ledger.settle();
    expect([alerts, await pairs(ledger)]).toEqual([[], []]);
  });

  test('an adapter finds the order that stands before the customer pays again', async () => {
    const { ledger, runtime } = open();
    await bought(ledger, 'a', runtime.now().toISOString());
    expect(await ledger.forAdapters.samePlanOrder('m1', 'pro')).toBe('a');
    expect(await ledger.forAdapters.samePlanOrder('m1', 'basic')).toBeUndefined();
    runtime.advance(25 * hour);
    expect(await ledger.forAdapters.samePlanOrder('m1', 'pro')).toBeUndefined();
  });
});

test.each([-1, 721, Number.NaN, '24'])('duplicateWithinHours: %s is refused', (duplicateWithinHours) => {
  expect(() => open(createMemoryLog(), { duplicateWithinHours: duplicateWithinHours as number })).toThrow('duplicateWithinHours');
});

describe('withdrawOrder', () => {
  const place = (ledger: PaymentLedger) =>
    ledger.placeOrder({
      orderId: 'o',
      memberId: 'm1',
      plan: 'pro',
      amountMinor: 1_000,
      currency: 'usd',
      account: 'acct_1',
      livemode: true,
    });
  const session = { ...statement('o', at(0)).payment, id: 'cs_1' };

  test('withdraws once, and says so in the view', async () => {
    const { ledger } = open();
    await place(ledger);
    expect(await ledger.withdrawOrder('o', by)).toEqual({ outcome: 'withdrawn' });
    expect(await ledger.withdrawOrder('o', by)).toEqual({ outcome: 'exists' });
    expect(await ledger.order('o')).toMatchObject({ withdrawn: { by }, membership: 'none' });
  });

  test('of two processes that withdraw and observe, one decides after the other', async () => {
    const log = createMemoryLog();
    const [support, webhook] = [open(log).ledger, open(log).ledger];
    await place(support);
    await webhook.order('o');
    await support.withdrawOrder('o', by);
    expect(await webhook.observePayment({ ...statement('o', at(1)), orderId: 'o', source: 'webhook' })).toMatchObject({
      outcome: 'review',
    });
    expect((await support.order('o'))?.openReviews).toMatchObject([{ kind: 'withdrawn' }]);

    await bought(webhook, 'p', at(2));
    await expect(support.withdrawOrder('p', by)).rejects.toMatchObject({ code: 'already_paid' });
    await expect(support.withdrawOrder('nowhere', by)).rejects.toMatchObject({ code: 'order_unknown' });
  });

  test('an adapter is given the withdrawn orders until their checkouts have ended', async () => {
    const { ledger, runtime } = open();
    await place(ledger);
    await ledger.attachCheckout('o', session, { expiresAt: new Date(runtime.now().getTime() + hour).toISOString() });
    const left = async () => (await ledger.forAdapters.withdrawnOrders()).items.map(({ orderId }) => orderId);
    expect(await left()).toEqual([]);
    await ledger.withdrawOrder('o', by);
    expect(await left()).toEqual(['o']);
    await ledger.observePayment({
      ...statement('o', at(1)),
      payment: session,
      fact: { kind: 'attempt', status: 'expired' },
      source: 'poll',
      evidence: { objectId: 'cs_1' },
    });
    expect(await left()).toEqual([]);
  });

  test('after its last moment a checkout needs no end', async () => {
    const { ledger, runtime } = open();
    await place(ledger);
    await ledger.attachCheckout('o', session, { expiresAt: new Date(runtime.now().getTime() + hour).toISOString() });
    await ledger.withdrawOrder('o', by);
    runtime.advance(2 * hour);
    expect((await ledger.forAdapters.withdrawnOrders()).items).toEqual([]);
  });
});
