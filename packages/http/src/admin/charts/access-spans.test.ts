import { createPaymentLedger, type Fact } from '@paidonce/ledger';
import { openMemoryEventStore } from '@paidonce/ledger/memory';
import { expect, onTestFinished, test } from 'vitest';
import { accessOf, type OrderAccess } from './access-spans.ts';

/** What becomes of an order of 49.00 USD to which these facts are reported, one after the other. */
async function accessAfter(...facts: readonly Fact[]): Promise<OrderAccess> {
  const ledger = createPaymentLedger({ eventStore: openMemoryEventStore(), background: false });
  onTestFinished(() => ledger[Symbol.asyncDispose]());
  await ledger.placeOrder({
    orderId: 'o-1',
    memberId: 'm-1',
    plan: 'pro',
    amountMinor: 4_900,
    currency: 'usd',
    livemode: false,
    account: 'acct_1',
  });
  for (const [at, fact] of facts.entries()) {
    await ledger.observePayment({
      source: 'webhook',
      payment: { provider: 'stripe', account: 'acct_1', livemode: false, id: 'pi_1' },
      orderId: 'o-1',
      fact,
      asOf: new Date(Date.parse('2026-01-01T00:00:00Z') + at * 1_000).toISOString(),
      evidence: { objectId: 'pi_1' },
    });
  }
  return accessOf(await ledger.history('o-1'));
}

const paid: Fact = { kind: 'attempt', status: 'paid', amount: { totalMinor: 4_900, currency: 'usd' } };
const refund = (id: string, status: 'succeeded' | 'failed', amountMinor = 4_900): Fact => ({ kind: 'refund', id, status, amountMinor });
const dispute = (status: 'open' | 'won' | 'lost', movements: number): Fact => ({
  kind: 'dispute',
  id: 'du_1',
  status,
  amountMinor: 4_900,
  returnedDebit: false,
  movements,
});

test('an order that nobody paid has no spans', async () => {
  expect(await accessAfter()).toEqual({ spans: [], payments: [], refunds: new Map(), disputes: new Map() });
});

test('a dispute suspends; it is won, and access is back', async () => {
  const { spans, cause, disputes, payments } = await accessAfter(paid, dispute('open', 1), dispute('won', 2));
  expect(spans.map(({ state }) => state)).toEqual(['active', 'suspended', 'active']);
  expect(cause).toMatchObject({ kind: 'dispute_open', objectId: 'du_1' });
  expect([...disputes]).toEqual([['du_1', 'won']]);
  expect(payments).toEqual(['pi_1']);
});

test('a lost dispute revokes, and is named as the cause', async () => {
  const { spans, cause } = await accessAfter(paid, dispute('open', 1), dispute('lost', 1));
  expect(spans.map(({ state }) => state)).toEqual(['active', 'suspended', 'revoked']);
  expect(cause).toMatchObject({ kind: 'dispute_lost', objectId: 'du_1' });
});

test('a refund revokes; where it fails after all, it has moved nothing', async () => {
  const revoked = await accessAfter(paid, refund('re_1', 'succeeded'));
  expect(revoked.spans.map(({ state }) => state)).toEqual(['active', 'revoked']);
  expect(revoked.cause).toMatchObject({ kind: 'refund', objectId: 're_1' });
  expect([...revoked.refunds]).toEqual([['re_1', 4_900]]);

  const restored = await accessAfter(paid, refund('re_1', 'succeeded'), refund('re_1', 'failed'));
  expect(restored.spans.map(({ state }) => state)).toEqual(['active', 'revoked', 'active']);
  expect(restored.refunds.size).toBe(0);
});
