// The live rows of subscriptions are what the log makes of them; where somebody changed one, the replay finds it.
import { copyFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { afterAll, beforeAll, describe, expect, onTestFinished, test } from 'vitest';
import { newDirectory } from '../../event-store/sqlite/log-directory.test-support.ts';
import { openSqliteEventStore } from '../../event-store/sqlite/sqlite.ts';
import { createPaymentLedger } from '../../ledger.ts';
import { subscriptionColumns } from '../../read-models/subscription-rows.ts';
import { sqliteReader } from '../log/sqlite-reader.ts';
import { logStats } from '../stats.ts';
import { writeSubscriptionStories } from '../subscription-stories.test-support.ts';
import { type Replayed, type ReplayOptions, replayLog } from './replay.ts';

const directory = newDirectory();
const storiesPath = join(directory, 'told.db');
const live = `${storiesPath}.read-models`;
let copies = 0;

beforeAll(async () => {
  const store = await openSqliteEventStore(storiesPath);
  await writeSubscriptionStories(store);
  await store.close();
  await using ledger = createPaymentLedger({ eventStore: await openSqliteEventStore(storiesPath), background: false });
  await ledger.settle();
});
afterAll(() => rmSync(directory, { recursive: true, force: true }));

/** Replays against live read models that were changed with SQL. */
async function replaying(changes: readonly string[], options: ReplayOptions = {}): Promise<Replayed> {
  const readModels = join(directory, `live-${++copies}.db`);
  copyFileSync(live, readModels);
  const db = new DatabaseSync(readModels);
  for (const change of changes) if (Number(db.prepare(change).run().changes) === 0) throw new Error(`changes nothing: ${change}`);
  db.close();
  const log = sqliteReader(storiesPath);
  onTestFinished(() => log.close());
  return replayLog(log, { readModels, ...options });
}

test('what the live read models hold is what the log makes of them', async () => {
  const replayed = await replaying([]);
  expect(replayed).toMatchObject({
    compared: true,
    differences: [],
    differing: 0,
    orders: 0,
    subscriptions: 14,
    subscriptionMemberships: { none: 2, active: 10, suspended: 0, revoked: 2 },
    openReviews: 1,
  });
  expect(replayed.pendingDeliveries).toBeGreaterThan(5);
});

// biome-ignore format: a table
const changed: readonly [what: string, change: string, subject: string, place: string, replayed: unknown, live: unknown][] = [
  ['a status', "UPDATE subscriptions SET status = 'active' WHERE subscription_id = 'refunded'", 'subscription refunded', 'subscriptions.status', 'revoked', 'active'],
  ['an end', "UPDATE subscriptions SET valid_until = '2030' WHERE subscription_id = 'late'", 'subscription late', 'subscriptions.valid_until', '2026-05-09T00:00:00.000Z', '2030'],
  ['when it is due', "UPDATE subscriptions SET due_at = null WHERE subscription_id = 'late'", 'subscription late', 'subscriptions.due_at', '2026-05-09T00:00:00.000Z', 'null'],
  ['the policy', "UPDATE subscriptions SET policy = 'x' WHERE subscription_id = 'late'", 'subscription late', 'subscriptions.policy', expect.stringMatching(/^[0-9a-f]{64}$/), 'x'],
  ['a doubt', "UPDATE subscriptions SET doubtful = 0 WHERE subscription_id = 'ahead'", 'subscription ahead', 'subscriptions.doubtful', '1', '0'],
  ['why a delivery failed', "UPDATE subscriptions SET last_error = 'x' WHERE subscription_id = 'late'", 'subscription late', 'subscriptions.last_error', 'null', 'x'],
  ['a state', `UPDATE subscriptions SET state = replace(state, '"quantity":1', '"quantity":7') WHERE subscription_id = 'late'`, 'subscription late', 'subscriptions.state', expect.any(String), expect.stringContaining('"quantity":7')],
  ['who acted', "UPDATE actions SET actor = 'mallory' WHERE subscription_id = 'ahead' AND action = 'recheck'", expect.stringMatching(/^action \d/) as unknown as string, 'actions', expect.stringContaining(' support-7 '), expect.stringContaining(' mallory ')],
  ['a row removed', "DELETE FROM subscriptions WHERE subscription_id = 'late'", 'subscription late', 'subscriptions', 'a row', 'nothing'],
  ['a row of no subscription', `INSERT INTO subscriptions SELECT 'x', ${subscriptionColumns.slice(1).join()} FROM subscriptions LIMIT 1`, 'subscription x', 'subscriptions', expect.stringContaining('no such subscription'), 'a row'],
  ['a review removed', "DELETE FROM subscription_reviews WHERE subscription_id = 'sub_second'", 'subscription sub_second', 'subscription_reviews.r1', expect.stringContaining('double_subscription'), 'nothing'],
  ['a review of no subscription', "INSERT INTO subscription_reviews VALUES ('x', 'r1', '{}')", 'subscription x', 'subscription_reviews', 'nothing', 'a review without a subscription'],
];

describe('a live row that is not what the log makes of it is found:', () => {
  test.each(changed)('%s', async (_, change, subject, place, replayed, found) => {
    expect(await replaying([change])).toMatchObject({ differing: 1, differences: [{ subject, place, replayed, live: found }] });
  });
});

test('a subscription that cannot be replayed is named', async () => {
  const broken = join(directory, 'broken.db');
  copyFileSync(storiesPath, broken);
  const db = new DatabaseSync(broken);
  db.exec("DELETE FROM events WHERE type = 'SubscriptionPlaced' AND stream = (SELECT id FROM streams WHERE name = 'subscription-late')");
  db.close();
  const log = sqliteReader(broken);
  onTestFinished(() => log.close());
  expect(await replayLog(log)).toMatchObject({
    differing: 1,
    differences: [{ subject: 'subscription late', place: 'log', replayed: expect.stringContaining('revision 1') }],
  });
});

test('workers find the same as one thread', async () => {
  const changes = ["UPDATE subscriptions SET status = 'active' WHERE subscription_id = 'refunded'"];
  const { cursor: _, ...alone } = await replaying(changes, { workers: 0 });
  expect(await replaying(changes, { workers: 2, smallLog: 0 })).toMatchObject(alone);
});

test('the statistics count subscriptions beside orders', async () => {
  const log = sqliteReader(storiesPath);
  onTestFinished(() => log.close());
  expect(await logStats(log)).toMatchObject({
    orders: 0,
    subscriptions: 14,
    subscriptionMemberships: { active: 10, revoked: 2 },
    grantsBySource: { webhook: 11, poll: 1 },
    extensionsBySource: { webhook: 2, poll: 0 },
    unreadableOrders: 0,
  });
});
