// The poll on a server where an operator has deleted the stream of an order for ever: all other orders are polled.
import { EventStoreDBClient } from '@eventstore/db-client';
import { openEventStoreDbEventStore } from '@paidonce/ledger/eventstoredb';
import { ServerDouble } from '@paidonce/ledger/testing/eventstoredb-double';
import { expect, onTestFinished, test } from 'vitest';
import { openShop } from '../shop.test-support.ts';

test.each(['events', 'objects', 'money'] as const)('the tier %s takes in the others, ends its round, and moves on', async (tier) => {
  const double = await ServerDouble.start();
  onTestFinished(() => double.kill());
  const eventStore = await openEventStoreDbEventStore(EventStoreDBClient.connectionString(double.url), { quietMs: 100 });
  const alerts: string[] = [];
  const { checkout, sandbox, payments, ledger } = await openShop({ ledger: { eventStore, onAlert: ({ kind }) => alerts.push(kind) } });
  const lost = await checkout();
  const kept = await checkout({ orderId: 'order-2', memberId: 'member-2' });
  for (const session of [lost, kept]) sandbox.pay(session, { fate: 'lost' });
  double.log.tombstone('order-order-1');
  for (let sweeps = 0; sweeps < 3; sweeps++) await payments.sweep({ tiers: [tier] });
  expect(await ledger.order('order-2')).toMatchObject({ membership: 'active', grantedBy: 'poll' });
  await expect(ledger.order('order-1')).rejects.toMatchObject({ code: 'corrupt' });
  const tierStream = [...new Set(double.log.events.map(({ stream }) => stream))].find((stream) => stream.startsWith(`sweep-${tier}`)) ?? '';
  const rounds = (await eventStore.readStream(tierStream)).map(({ type }) => type);
  expect(rounds.slice(0, 2)).toEqual(['SweepStarted', 'SweepFinished']);
  await ledger.settle();
  await expect.poll(() => alerts.filter((kind) => kind === 'stream_deleted')).toHaveLength(1);
  expect(alerts).not.toContain('poll_failing');
});
