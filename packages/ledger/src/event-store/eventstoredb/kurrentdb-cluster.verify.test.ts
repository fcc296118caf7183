import { KurrentDBClient } from '@kurrent/kurrentdb-client';
import { expect, onTestFinished, test } from 'vitest';
import { LogDouble } from '../../testing/eventstoredb-double/log-double.ts';
import { ServerDouble } from '../../testing/eventstoredb-double/server-double.ts';
import type { EventStore } from '../event-store.ts';
import { newEvents, pagesOf } from './events.test-support.ts';
import { openEventStoreDbEventStore } from './eventstoredb.ts';

test('through the client of KurrentDB, too, reads go on at the next leader while the dead one stays away', async () => {
  const log = new LogDouble();
  const options = { log, client: '@kurrent/kurrentdb-client' } as const;
  const [leader, follower] = [await ServerDouble.start(options), await ServerDouble.start(options)];
  for (const node of [leader, follower]) onTestFinished(() => node.kill());
  follower.follow(leader);
  const url = `kurrentdb://127.0.0.1:${leader.port},127.0.0.1:${follower.port}?tls=false`;
  const store = await open(url);
  await store.append('order-1', -1, newEvents(2));
  expect(await store.readStream('order-1')).toHaveLength(2);
  leader.kill();
  follower.follow(undefined);
  expect(await store.append('order-1', 1, newEvents(1))).toMatchObject({ appended: true });
  expect(await store.readStream('order-1')).toHaveLength(3);
  expect((await pagesOf(store)).flatMap(({ events }) => events)).toHaveLength(3);
});

async function open(url: string): Promise<EventStore> {
  const connect = (): KurrentDBClient => KurrentDBClient.connectionString(url);
  const store = await openEventStoreDbEventStore(connect(), { timeoutMs: 8_000, attemptTimeoutMs: 2_000, quietMs: 50, reconnect: connect });
  onTestFinished(() => store.close());
  return store;
}
