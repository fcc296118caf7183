import { status } from '@grpc/grpc-js';
import { expect, onTestFinished, test } from 'vitest';
import { LogDouble } from '../../testing/eventstoredb-double/log-double.ts';
import type { ServerDouble } from '../../testing/eventstoredb-double/server-double.ts';
import { followed, openOn, startDouble, stoppedClock } from './double-store.test-support.ts';
import { newEvents } from './events.test-support.ts';

test('whoever asks a follower is sent to the leader, and gets the answer there', async () => {
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
  const received = await following;
  expect(received.map(({ id }) => id)).toEqual(leader.log.events.map(({ id }) => id));
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

test('a call fails while the client looks for another node, and there is none: the process lives, and all goes on later', async () => {
  const { leader, follower, url } = await startCluster();
  const clock = stoppedClock();
  const store = await openOn(`${url}&maxDiscoverAttempts=1`, { timeoutMs: 300, attemptTimeoutMs: 150, runtime: clock });
  const unhandled: unknown[] = [];
  const note = (reason: unknown): void => void unhandled.push(reason); // Without a listener it ends the process.
  process.on('unhandledRejection', note);
  onTestFinished(() => void process.off('unhandledRejection', note));
  const unavailable = { code: status.UNAVAILABLE, details: 'Connection dropped' };
  leader.appendFaults.push({ stored: false, hears: 'nothing' }, { stored: false, hears: unavailable });
  const appending = ['order-1', 'order-2'].map((stream) => store.append(stream, -1, newEvents(1)));
  while (leader.appendFaults.length > 0) await new Promise(setImmediate);
  follower.kill();
  leader.frozen = true;
  const callsBefore = leader.calls.length;
  while (!leader.calls.includes('gossip', callsBefore)) await new Promise(setImmediate);
  clock.start();
  leader.kill(); // The call without an answer fails now, on the old channel.
  for (const outcome of await Promise.allSettled(appending)) expect(outcome).toMatchObject({ reason: { code: 'store_unavailable' } });
  expect(unhandled).toEqual([]);
  clock.stop();
  leader.frozen = false;
  await leader.restart();
  expect(await store.append('order-3', -1, newEvents(1))).toMatchObject({ appended: true });
});

async function startCluster(): Promise<{ leader: ServerDouble; follower: ServerDouble; url: string }> {
  const log = new LogDouble();
  const [leader, follower] = [await startDouble({ log }), await startDouble({ log })];
  follower.follow(leader);
  return { leader, follower, url: `esdb://127.0.0.1:${leader.port},127.0.0.1:${follower.port}?tls=false` };
}
