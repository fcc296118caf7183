// `backfill` and `reconcile` as calls: what the commands do, on a ledger that runs.
import { describe, expect, test } from 'vitest';
import { openShop, plan, refusal, type Shop } from '../shop.test-support.ts';
import { backfill, type OperationsShop, reconcile } from './index.ts';

const since = new Date('2026-01-01');
const old = { memberId: 'member-1', plan: 'year', amountMinor: 1_000, currency: 'eur', placedAt: '2026-11-01T00:00:00Z' };

async function openOperations() {
  const delivered: string[] = [];
  const shop = await openShop({ ledger: { deliver: async ({ idempotencyKey }) => void delivered.push(idempotencyKey) } });
  const on: OperationsShop = { ledger: shop.ledger, stripe: shop.stripe };
  return { ...shop, delivered, on };
}

async function soldBefore({ stripe, sandbox }: Pick<Shop, 'stripe' | 'sandbox'>): Promise<string> {
  const { id } = await stripe.checkout.sessions.create({
    mode: 'payment',
    line_items: [{ quantity: 1, price_data: { currency: 'eur', unit_amount: 1_000, product_data: { name: 'Year' } } }],
    success_url: 'https://shop.example/',
  });
  sandbox.pay(id, { fate: 'never_made' });
  return id;
}

describe('backfill', () => {
  test('imports and grants on the ledger of the caller, which delivers; a dry run counts the same', async () => {
    const shop = await openOperations();
    const [served, waiting, marked] = [await soldBefore(shop), await soldBefore(shop), await shop.checkout()];
    shop.sandbox.pay(marked, { fate: 'never_made' });
    const orders = [
      { ...old, orderId: 'old-1', paymentId: served, fulfilled: true },
      { ...old, orderId: 'old-2', paymentId: waiting, fulfilled: false },
    ];
    const counts = { examined: 3, granted: 2, imported: 1, known: 0, unpaid: 0, review: 0, fulfilledUnpaid: [] };
    expect(await backfill(shop.on, { since, orders, dryRun: true })).toMatchObject(counts);
    expect(await shop.ledger.order('old-1')).toBeUndefined();
    expect(await backfill(shop.on, { since, orders })).toMatchObject(counts);
    await shop.ledger.settle();
    expect(shop.delivered.toSorted()).toEqual(['old-2:1', 'order-1:1']);
    expect(await reconcile(shop.on, { eventStore: shop.store, since })).toMatchObject({ memberships: 3, mismatches: [], unproved: [] });
  });

  test('refuses a bad order before it does anything with the good ones', async () => {
    const shop = await openOperations();
    const orders = [
      { ...old, orderId: 'old-1', paymentId: await soldBefore(shop), fulfilled: true },
      { ...old, orderId: 'old-2', paymentId: 'ch_1', fulfilled: true },
    ];
    const error = await refusal(backfill(shop.on, { since, orders }));
    expect(error).toMatchObject({ code: 'invalid_input', message: expect.stringContaining('orders[1] cannot be read: paymentId') });
    expect(await shop.ledger.order('old-1')).toBeUndefined();
  });

  test('names a paid order that is not placed, each time and whoever has reported its payment before', async () => {
    const shop = await openOperations();
    const { id } = await shop.stripe.checkout.sessions.create({
      mode: 'payment',
      line_items: [{ quantity: 1, price_data: { currency: 'eur', unit_amount: 1_000, product_data: { name: 'Year' } } }],
      success_url: 'https://shop.example/',
      metadata: { paidonce: 'paidonce', paidonce_order: 'lost-1' },
    });
    shop.sandbox.pay(id, { fate: 'never_made' });
    const named = { known: 0, review: 1, problems: [`${id}: it names an order that is not placed; list it among --orders`] };
    expect(await backfill(shop.on, { since, dryRun: true })).toMatchObject(named);
    expect(await backfill(shop.on, { since })).toMatchObject(named);
    expect(await backfill(shop.on, { since })).toMatchObject(named);
    const orders = [{ ...old, orderId: 'lost-1', paymentId: id, fulfilled: false }];
    expect(await backfill(shop.on, { since, orders })).toMatchObject({ granted: 1, review: 0 });
    expect(await backfill(shop.on, { since })).toMatchObject({ known: 1, review: 0 });
  });
});

describe('reconcile', () => {
  test('finds what no source has reported, and repairs it where that is asked', async () => {
    const shop = await openOperations();
    const { sessionId } = await shop.payments.startCheckout(plan);
    shop.sandbox.pay(sessionId, { fate: 'never_made' });
    const settings = { eventStore: shop.store, since };
    expect((await reconcile(shop.on, settings)).mismatches).toMatchObject([
      { kind: 'paid_without_grant', paymentId: expect.stringMatching(/^pi_/) },
    ]);
    expect((await reconcile(shop.on, { ...settings, repair: true })).mismatches).toMatchObject([{ repaired: true }]);
    expect((await reconcile(shop.on, settings)).mismatches).toEqual([]);
  });
});

test.each([
  [{ since: new Date('never') }, {}, /since/],
  [{ since }, { scope: 'my shop' }, /scope/],
])('%j %j is refused', async (settings, changes, message) => {
  const shop = await openOperations();
  const error = await refusal(backfill({ ...shop.on, ...changes }, settings));
  expect(error).toMatchObject({ code: 'invalid_input', message: expect.stringMatching(message) });
});
