// A membership starts when the money came, whoever speaks first: the smallest inputs, told by every source.
import type { CardName, Fate } from '@paidonce/sandbox';
import { describe, expect, test } from 'vitest';
import { backfill } from './operations/backfill.ts';
import { openBatchContext } from './operations/batch-context.ts';
import { hourMs, openShop, type Shop } from './shop.test-support.ts';
import { thin } from './signed-events.test-support.ts';

const dayMs = 24 * hourMs;
const silent = { info: () => undefined, warn: () => undefined, error: () => undefined };

interface Way {
  readonly fate: Fate;
  /** The shop's clock goes with the sandbox's: a list is read up to now. */
  readonly goesAlong?: true;
  readonly tell: (shop: Shop, sessionId: string) => Promise<unknown>;
}

const ways: Readonly<Record<string, Way>> = {
  webhook: { fate: 'delivered', tell: ({ sandbox }) => sandbox.deliverDue() },
  'webhooks that come an hour late': { fate: 'late:3600', tell: ({ sandbox }) => sandbox.advance(hourMs) },
  'the event tier': { fate: 'lost', tell: ({ payments }) => payments.sweep({ tiers: ['events'] }) },
  'the object tier': { fate: 'never_made', tell: ({ payments }) => payments.sweep({ tiers: ['objects'] }) },
  'the money tier': { fate: 'never_made', goesAlong: true, tell: ({ payments }) => payments.sweep({ tiers: ['money'] }) },
  'a status query': { fate: 'never_made', tell: ({ payments }, sessionId) => payments.status(sessionId) },
  recheck: { fate: 'never_made', tell: ({ payments }) => payments.recheck('order-1') },
  backfill: {
    fate: 'never_made',
    tell: ({ ledger, stripe }) => {
      const work = openBatchContext({ ledger, stripe, scope: 'paidonce', log: silent });
      return backfill(work, { since: new Date(Date.now() - dayMs), by: { actor: 'support-7', reason: 'lost' } });
    },
  },
  'a thin event': {
    fate: 'never_made',
    tell: ({ payments }, id) =>
      payments.handleWebhook(...thin({ id, object: 'checkout.session' }, { type: 'v1.checkout.session.completed' })),
  },
};

/** Days from the start of the checkout to the membership's start. */
async function startedAfterDays({ ledger }: Shop, orderedAt: Date): Promise<number> {
  const granted = (await ledger.history('order-1')).find(({ type }) => type === 'MembershipGranted');
  const { paidAt } = { paidAt: 'no grant', ...(granted?.data as { readonly paidAt: string } | undefined) };
  return Number(((Date.parse(paidAt) - orderedAt.getTime()) / dayMs).toFixed(2)) + 0;
}

/** A checkout that takes seven days to be paid, as vouchers and debits do. */
async function paidAfterSevenDays(
  card: CardName,
  fate: Fate,
  goesAlong = false,
): Promise<{ shop: Shop; sessionId: string; orderedAt: Date }> {
  let aheadMs = 0;
  const runtime = { now: () => new Date(Date.now() + aheadMs) };
  const shop = await openShop({ sandbox: { settleAfterMs: 7 * dayMs }, ledger: { runtime } });
  const sessionId = await shop.checkout();
  const orderedAt = shop.sandbox.now();
  shop.sandbox.pay(sessionId, { card, fate });
  await shop.sandbox.advance(7 * dayMs);
  if (goesAlong) aheadMs = 7 * dayMs;
  return { shop, sessionId, orderedAt };
}

describe.each(Object.entries(ways))('by %s', (_, { fate, tell, goesAlong }) => {
  test('a voucher that was made on the 29th and paid on the 5th starts on the 5th', async () => {
    const { shop, sessionId, orderedAt } = await paidAfterSevenDays('voucher', fate, goesAlong);
    await tell(shop, sessionId);
    expect(await startedAfterDays(shop, orderedAt)).toBe(7);
  });

  test('a debit does not start with its submission', async () => {
    const { shop, sessionId, orderedAt } = await paidAfterSevenDays('processing', fate, goesAlong);
    await tell(shop, sessionId);
    expect(await startedAfterDays(shop, orderedAt)).toBe(7);
  });

  test('a card that was paid days ago starts then', async () => {
    const shop = await openShop();
    const sessionId = await shop.checkout();
    const orderedAt = shop.sandbox.now();
    shop.sandbox.pay(sessionId, { card: 'success', fate: fate.startsWith('late') ? 'delivered' : fate });
    await shop.sandbox.advance(2 * dayMs);
    await tell(shop, sessionId);
    expect(await startedAfterDays(shop, orderedAt)).toBe(0);
  });
});

describe('whoever speaks first', () => {
  const known = async ({ ledger }: Shop) => {
    const events = await ledger.history('order-1');
    return events.flatMap(({ type, data }) => (type.startsWith('Membership') ? [(data as { paidAt?: string }).paidAt] : []));
  };

  test('a read days after a debit was paid does not move its start, in either order', async () => {
    for (const isReadFirst of [true, false]) {
      const { shop, sessionId, orderedAt } = await paidAfterSevenDays('processing', 'late:86400');
      const read = () => shop.payments.recheck('order-1');
      if (isReadFirst) await read();
      await shop.sandbox.advance(2 * dayMs);
      if (!isReadFirst) await read();
      expect(await startedAfterDays(shop, orderedAt)).toBe(7);
      expect(await known(shop)).toHaveLength(1);
      // Suspended and restored, it still starts when the money came.
      const { id } = shop.sandbox.dispute(sessionId);
      await shop.sandbox.deliverDue();
      shop.sandbox.updateDispute(id, 'won');
      await shop.sandbox.deliverDue();
      const times = await known(shop);
      expect(times).toHaveLength(3);
      expect(new Set(times.map((time) => Math.round((Date.parse(String(time)) - orderedAt.getTime()) / dayMs)))).toEqual(new Set([7]));
    }
  });

  test('an authorization starts with its capture, not with its hold', async () => {
    const shop = await openShop();
    const sessionId = await shop.checkout({ session: { payment_intent_data: { capture_method: 'manual' } } });
    const orderedAt = shop.sandbox.now();
    shop.sandbox.pay(sessionId, { fate: 'never_made' });
    await shop.sandbox.advance(3 * dayMs);
    const { payment_intent: intent } = await shop.stripe.checkout.sessions.retrieve(sessionId);
    await shop.stripe.paymentIntents.capture(String(intent));
    await shop.payments.recheck('order-1');
    expect(await startedAfterDays(shop, orderedAt)).toBe(3);
  });

  test('a thin event of a session that was completed before it was paid is not when it was paid', async () => {
    const { shop, sessionId, orderedAt } = await paidAfterSevenDays('processing', 'never_made');
    const completed = { type: 'v1.checkout.session.completed', created: orderedAt.toISOString() };
    await shop.payments.handleWebhook(...thin({ id: sessionId, object: 'checkout.session' }, completed));
    expect(await startedAfterDays(shop, orderedAt)).toBe(7);
  });
});
