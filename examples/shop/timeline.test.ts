import { createPaymentLedger, type Fact, type PaymentLedger } from '@paidonce/ledger';
import { openMemoryEventStore } from '@paidonce/ledger/memory';
import { beforeEach, describe, expect, onTestFinished, test } from 'vitest';
import { timelineOf, verdictOf } from './timeline.ts';

let ledger: PaymentLedger;
beforeEach(async () => {
  ledger = createPaymentLedger({ eventStore: openMemoryEventStore(), deliver: async () => undefined });
  onTestFinished(() => ledger[Symbol.asyncDispose]());
  await ledger.placeOrder({
    orderId: 'o',
    memberId: 'ada',
    plan: 'year',
    amountMinor: 9_000,
    currency: 'usd',
    account: 'acct_1',
    livemode: false,
  });
});

const paid = (totalMinor = 9_000): Fact => ({ kind: 'attempt', status: 'paid', amount: { totalMinor, currency: 'usd' } });
const refund: Fact = { kind: 'refund', id: 're_1', status: 'succeeded', amountMinor: 9_000 };

async function observe(source: 'webhook' | 'poll' | 'status_query', fact: Fact, objectId = 'pi_1'): Promise<void> {
  await ledger.observePayment({
    source,
    payment: { provider: 'stripe', account: 'acct_1', livemode: false, id: 'pi_1' },
    orderId: 'o',
    fact,
    asOf: '2026-11-24T13:00:00Z',
    evidence: { objectId },
  });
}

async function told(): Promise<readonly string[]> {
  await ledger.settle();
  return timelineOf('o', await ledger.history('o'), null).flatMap(({ title, effect }) =>
    effect === undefined ? [] : [`${effect}: ${title}`],
  );
}

describe('the timeline tells who granted and who only confirmed', () => {
  test('the first to say "paid" granted, whoever it was', async () => {
    for (const source of ['poll', 'webhook', 'status_query', 'webhook'] as const) await observe(source, paid());
    expect(await told()).toEqual(['granted: Membership granted', 'confirmed: Confirmed by the webhook and the status query']);
    expect(verdictOf(await ledger.history('o'))).toBe('Granted once, by the poll. The webhook and the status query only confirmed it.');
  });

  test('what a source says of the session and of the payment intent is the same fact', async () => {
    const withParts: Fact = {
      kind: 'attempt',
      status: 'paid',
      amount: { totalMinor: 9_000, currency: 'usd', parts: { subtotalMinor: 9_000, discountMinor: 0, taxMinor: 0, shippingMinor: 0 } },
    };
    await observe('webhook', paid());
    await observe('webhook', withParts, 'cs_1');
    await observe('poll', withParts, 'cs_1');
    expect(await told()).toEqual(['granted: Membership granted', 'confirmed: Confirmed by the webhook and the poll']);
  });

  test('processing, then paid, is news of the same payment', async () => {
    await observe('webhook', { kind: 'attempt', status: 'processing' });
    await observe('poll', paid());
    await observe('webhook', paid());
    expect(await told()).toEqual(['recorded: Payment on its way', 'granted: Membership granted', 'confirmed: Confirmed by the webhook']);
  });

  test('a time of another day has its date', async () => {
    await observe('webhook', paid());
    const entries = timelineOf('o', await ledger.history('o'), null);
    expect(entries.at(-1)?.details.join()).toContain('Time at Stripe: 2026-11-24 13:00:00');
  });

  test('a refund revoked, and its confirmation did not', async () => {
    await observe('webhook', paid());
    await observe('poll', refund);
    await observe('webhook', refund);
    expect(await told()).toEqual(['granted: Membership granted', 'revoked: Membership revoked', 'confirmed: Confirmed by the webhook']);
    expect(verdictOf(await ledger.history('o'))).toBe(
      'Granted once, by the webhook. No other source has confirmed it yet. Revoked since, by the poll.',
    );
  });

  test('too little opened a review and granted nothing', async () => {
    await observe('webhook', paid(5_000));
    expect(await told()).toEqual(['review: Paid 50.00 USD, needs review']);
    expect(verdictOf(await ledger.history('o'))).toBe('A payment came, but it does not count until a person has looked at it.');
  });

  test('nothing said, nothing granted', async () => {
    expect(verdictOf(await ledger.history('o'))).toBe('No source has said "paid", so there is no membership.');
  });

  test('the redirect stands where it came in time, and granted nothing', async () => {
    await observe('webhook', paid());
    const history = await ledger.history('o');
    const before = timelineOf('o', history, '2000-01-01T00:00:00.000Z');
    expect(before[0]).toMatchObject({ who: 'Browser', effect: 'nothing' });
    expect(timelineOf('o', history, '2100-01-01T00:00:00.000Z').at(-1)).toMatchObject({ who: 'Browser', effect: 'nothing' });
    expect(before).toHaveLength(3); // The order, the grant, and the redirect.
  });
});
