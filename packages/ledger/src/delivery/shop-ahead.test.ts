import { describe, expect, test } from 'vitest';
import type { DeliverAnswer } from '../delivery/shop-ahead.ts';
import type { StoredEvent } from '../event-store/event-store.ts';
import { createMemoryLog, openMemoryEventStore } from '../event-store/memory.ts';
import { createPaymentLedger } from '../ledger.ts';
import type { MembershipChange } from '../payment-ledger.ts';
import { buy, dispute, refund, refundFails, support, world } from './delivery.test-support.ts';

const second = 1_000;
const hour = 3_600_000;

/** A shop with a table of its own that answers what it has. */
function answeringShop() {
  const table = new Map<string, { readonly status: string; readonly sequence: number }>();
  const keys: string[] = [];
  const deliver = async ({ membershipId, status, sequence, idempotencyKey }: MembershipChange): Promise<DeliverAnswer> => {
    keys.push(idempotencyKey);
    if ((table.get(membershipId)?.sequence ?? 0) < sequence) table.set(membershipId, { status, sequence });
    return { storedSequence: table.get(membershipId)?.sequence ?? 0 };
  };
  return { table, keys, deliver };
}

const briefly = (events: readonly StoredEvent[]): readonly string[] =>
  events.map(({ type, data }) => ('sequence' in data ? `${type} ${data.sequence}` : type));

describe('where the shop answers what it has', () => {
  test('its own decision is delivered as ever', async () => {
    const { process, clock, types, alerts } = world();
    const shop = answeringShop();
    const { ledger } = process({ deliver: shop.deliver });
    for (const happens of [buy, dispute, refund, refundFails]) {
      await happens(ledger, 'o1');
      await clock.advance(second);
    }
    expect(shop.keys).toEqual(['o1:1', 'o1:2', 'o1:3', 'o1:4']);
    expect((await types('o1')).filter((type) => type === 'MembershipDelivered')).toHaveLength(4);
    expect(alerts).toEqual([]);
  });

  test('and is ahead of the log, the membership of now is decided above it and delivered, and a person is alerted', async () => {
    const { process, clock, history, alerts } = world();
    const shop = answeringShop();
    shop.table.set('o1', { status: 'revoked', sequence: 3 }); // What the lost log had decided.
    const { ledger } = process({ deliver: shop.deliver });
    await buy(ledger, 'o1');
    await clock.advance(second);
    expect(briefly(await history('o1'))).toEqual([
      'OrderPlaced',
      'PaymentObserved',
      'MembershipGranted 1',
      'ShopAhead 3',
      'MembershipRestored 4',
      'MembershipDelivered 4',
    ]);
    expect(shop.table.get('o1')).toEqual({ status: 'active', sequence: 4 });
    expect(shop.keys).toEqual(['o1:1', 'o1:4']);
    expect(alerts).toMatchObject([{ kind: 'log_behind_shop', orderId: 'o1' }]);
    expect(alerts[0]?.message).toMatch(/has decision 3, this log only 1.*after-a-restore/);
    await refund(ledger, 'o1');
    await clock.advance(second);
    expect(shop.table.get('o1')).toEqual({ status: 'revoked', sequence: 5 });
    expect((await ledger.order('o1'))?.delivered).toBe(5);
  });

  test('an older attempt that a newer decision overtook is no reason', async () => {
    const { process, clock, types, alerts } = world();
    const shop = answeringShop();
    const held = Promise.withResolvers<void>();
    let calls = 0;
    const deliver = async (change: MembershipChange): Promise<DeliverAnswer> => {
      if (calls++ === 0) await held.promise;
      return shop.deliver(change);
    };
    const [a, b] = [process({ name: 'a', deliver }), process({ name: 'b', deliver: shop.deliver })];
    await buy(a.ledger, 'o1');
    await clock.flush();
    await refund(b.ledger, 'o1');
    await clock.flush();
    held.resolve();
    await clock.advance(hour);
    expect(shop.table.get('o1')).toEqual({ status: 'revoked', sequence: 2 });
    expect(await types('o1')).not.toContain('ShopAhead');
    expect(alerts).toEqual([]);
  });

  test('`redeliver` finds it too', async () => {
    const { process, clock, alerts } = world();
    const shop = answeringShop();
    const { ledger } = process({
      deliver: async (change) => (shop.table.size > 0 ? shop.deliver(change) : Promise.reject(new Error('down'))),
    });
    await buy(ledger, 'o1');
    await clock.flush();
    shop.table.set('o1', { status: 'suspended', sequence: 2 });
    expect(await ledger.redeliver('o1', support)).toEqual({ outcome: 'delivered' });
    expect(shop.table.get('o1')).toEqual({ status: 'active', sequence: 3 });
    expect(alerts.map(({ kind }) => kind)).toEqual(['log_behind_shop']);
  });

  test('a process that dies after it raised the sequence leaves it to another one', async () => {
    const { process, clock, history } = world();
    const shop = answeringShop();
    shop.table.set('o1', { status: 'revoked', sequence: 3 });
    const a = process({
      name: 'a',
      deliver: async (change) => (change.sequence > 3 ? new Promise(() => undefined) : shop.deliver(change)),
    });
    await buy(a.ledger, 'o1');
    await clock.advance(second);
    a.kill();
    process({ name: 'b', deliver: shop.deliver });
    await clock.advance(hour);
    expect(shop.table.get('o1')).toEqual({ status: 'active', sequence: 4 });
    expect(briefly(await history('o1')).filter((event) => event.startsWith('ShopAhead'))).toEqual(['ShopAhead 3']);
  });
});

describe('an answer that is no sequence, or lower than what was delivered, is a failed attempt', () => {
  test.each([[-1], [1.5], [Number.NaN], [Number.MAX_SAFE_INTEGER], ['1'], [0], [undefined]])('storedSequence: %s', async (answer) => {
    const { process, clock, types } = world();
    let storedSequence: unknown = answer;
    const { ledger } = process({ deliver: async () => ({ storedSequence }) as DeliverAnswer });
    await buy(ledger, 'o1');
    await clock.flush();
    expect((await types('o1')).slice(3)).toEqual(['DeliveryFailed']);
    storedSequence = 1;
    await clock.advance(2 * second);
    expect((await types('o1')).at(-1)).toBe('MembershipDelivered');
  });
});

test('a shop that is always ahead is a delivery that fails: the stream stays bounded, and a person hears of it', async () => {
  const { process, clock, types, alerts } = world();
  let calls = 0;
  const { ledger } = process({
    deliver: async ({ sequence }) => {
      calls += 1;
      return { storedSequence: sequence + 10 };
    },
  });
  await buy(ledger, 'o1');
  await clock.advance(100 * hour);
  const counts = Map.groupBy(await types('o1'), (type) => type);
  expect(counts.get('ShopAhead')).toHaveLength(1);
  expect(counts.get('DeliveryAbandoned')).toHaveLength(1);
  expect(calls).toBeLessThan(150);
  expect(alerts.map(({ kind }) => kind)).toEqual(['log_behind_shop', 'delivery_failing', 'delivery_abandoned']);
  // A person may have stopped the other writer of that table: then it is raised once more.
  expect(await ledger.redeliver('o1', support)).toEqual({ outcome: 'failed' });
  expect((await types('o1')).filter((type) => type === 'ShopAhead')).toHaveLength(2);
});

test('a shop that answers nothing is believed, as it always was', async () => {
  const log = createMemoryLog();
  await using ledger = createPaymentLedger({ eventStore: openMemoryEventStore({ log }), background: false, deliver: async () => {} });
  await buy(ledger, 'o1');
  await ledger.settle();
  expect((await ledger.order('o1'))?.delivered).toBe(1);
});
