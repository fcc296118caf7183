import { expect, test } from 'vitest';
import { LogDouble } from '../../testing/eventstoredb-double/log-double.ts';
import type { ServerDouble } from '../../testing/eventstoredb-double/server-double.ts';
import { followed, openOn, startDouble } from './double-store.test-support.ts';
import { newEvents } from './events.test-support.ts';

test('whoever asks a follower is sent to the leader, and gets his answer there', async () => {
  const { leader, follower } = await startCluster();
  const store = await openOn(follower.url);
  expect(await store.append('order-1', -1, newEvents(2))).toMatchObject({ appended: true, revision: 1 });
  expect(await store.readStream('order-1')).toHaveLength(2);
  expect(leader.calls).toContain('append');
});

test('the leader dies under load, another one takes over: nothing is lost or doubled, and followers read on', async () => {
  const { leader, follower, url } = await startCluster();
  const [writer, reader] = [await openOn(url), await openOn(url)];
  const following = followed(reader, 400, { prefixes: ['order-'] });
  const appending = Array.from({ length: 8 }, async (_, caller) => {
    for (let revision = -1; revision < 49; revision++) {
      expect(await writer.append(`order-${caller}`, revision, newEvents(1))).toMatchObject({ appended: true, revision: revision + 1 });
    }
  });
  while (leader.log.events.length < 150) await new Promise(setImmediate);
  leader.kill();
  follower.follow(undefined);
  await Promise.all(appending);
  expect(leader.log.events).toHaveLength(400);
  const seen = await following;
  expect(seen.map(({ id }) => id)).toEqual(leader.log.events.map(({ id }) => id));
});

test('a leader that stays but leads no longer sends on; its subscriptions are replaced once they are missed', async () => {
  const { leader, follower, url } = await startCluster();
  const store = await openOn(url);
  const following = followed(store, 20);
  for (let revision = -1; revision < 9; revision++) await store.append('order-1', revision, newEvents(1));
  follower.follow(undefined);
  leader.follow(follower);
  leader.silenceSubscriptions();
  for (let revision = 9; revision < 19; revision++) await store.append('order-1', revision, newEvents(1));
  expect((await following).map(({ revision }) => revision)).toEqual(Array.from({ length: 20 }, (_, revision) => revision));
});

async function startCluster(): Promise<{ leader: ServerDouble; follower: ServerDouble; url: string }> {
  const log = new LogDouble();
  const [leader, follower] = [await startDouble({ log }), await startDouble({ log })];
  follower.follow(leader);
  return { leader, follower, url: `esdb://127.0.0.1:${leader.port},127.0.0.1:${follower.port}?tls=false` };
}
