import { copyFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { afterAll, beforeAll, describe, expect, onTestFinished, test } from 'vitest';
import { newDirectory } from '../../event-store/sqlite/log-directory.test-support.ts';
import { openSqliteEventStore } from '../../event-store/sqlite/sqlite.ts';
import { createPaymentLedger } from '../../ledger.ts';
import { orderColumns } from '../../read-models/order-rows.ts';
import { writeStories } from '../golden-log.test-support.ts';
import { readerOf } from '../log/log-reader.ts';
import { sqliteReader } from '../log/sqlite-reader.ts';
import { type Replayed, type ReplayOptions, replayLog } from './replay.ts';

const directory = newDirectory();
const storiesPath = join(directory, 'told.db');
const live = `${storiesPath}.read-models`;
let copies = 0;

beforeAll(async () => {
  await writeStories(await openSqliteEventStore(storiesPath));
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
    orders: 16,
    memberships: { none: 4, active: 10, revoked: 2 },
  });
  expect(replayed.openReviews).toBeGreaterThan(5);
  expect(replayed.cursor).toBe(String(replayed.events).padStart(20, '0'));
});

// biome-ignore format: a table
const changed: readonly [what: string, change: string, subject: string, place: string, replayed: unknown, live: unknown][] = [
  ['a status', "UPDATE orders SET status = 'active' WHERE order_id = 'unpaid'", 'order unpaid', 'orders.status', 'none', 'active'],
  ['a member', "UPDATE orders SET member_id = 'mallory' WHERE order_id = 'held'", 'order held', 'orders.member_id', 'member-held', 'mallory'],
  ['a plan', "UPDATE orders SET plan = 'max' WHERE order_id = 'held'", 'order held', 'orders.plan', 'pro', 'max'],
  ['a time', "UPDATE orders SET since = '2020' WHERE order_id = 'held'", 'order held', 'orders.since', expect.stringMatching(/^2026/), '2020'],
  ['a wait', "UPDATE orders SET awaited_until = '2020' WHERE order_id = 'held'", 'order held', 'orders.awaited_until', 'null', '2020'],
  ['a delivery', "UPDATE orders SET pending = 1 WHERE order_id = 'held'", 'order held', 'orders.pending', '0', '1'],
  ['a state', `UPDATE orders SET state = replace(state, '"sequence":1', '"sequence":7') WHERE order_id = 'held'`, 'order held', 'orders.state', expect.stringContaining('"sequence":1'), expect.stringContaining('"sequence":7')],
  ['a state that is none', "UPDATE orders SET state = 'x' WHERE order_id = 'held'", 'order held', 'orders.state', expect.anything(), 'x'],
  ['a row removed', "DELETE FROM orders WHERE order_id = 'held'", 'order held', 'orders', 'a row', 'nothing'],
  ['a row of no order', `INSERT INTO orders SELECT 'x', ${orderColumns.slice(1).join()} FROM orders LIMIT 1`, 'order x', 'orders', expect.stringContaining('no such order'), 'a row'],
  ['a review removed', "DELETE FROM reviews WHERE order_id = 'confirmed'", 'order confirmed', 'reviews.r1', expect.stringContaining('claimed_by_two'), 'nothing'],
  ['a review changed', "UPDATE reviews SET review = '{}' WHERE order_id = 'confirmed'", 'order confirmed', 'reviews.r1', expect.stringContaining('claimed_by_two'), '{}'],
  ['a review added', "INSERT INTO reviews VALUES ('held', 'r1', '{}')", 'order held', 'reviews.r1', 'nothing', '{}'],
  ['a review of no order', "INSERT INTO reviews VALUES ('x', 'r1', '{}')", 'order x', 'reviews', 'nothing', 'a review without an order'],
  ['an account', "UPDATE orders SET account = 'acct_x' WHERE order_id = 'held'", 'order held', 'orders.account', 'acct_1', 'acct_x'],
  ['a mode', "UPDATE orders SET livemode = 0 WHERE order_id = 'held'", 'order held', 'orders.livemode', '1', '0'],
  ['what is unsettled', "UPDATE orders SET unsettled = 1 WHERE order_id = 'held'", 'order held', 'orders.unsettled', '0', '1'],
  ['since when an account sells', "UPDATE accounts SET first_placed_at = '2020'", 'account acct_1, live', 'accounts.first_placed_at', expect.stringMatching(/^2026/), '2020'],
  ['whether an account was ever paid', 'UPDATE accounts SET ever_paid = 0', 'account acct_1, live', 'accounts.ever_paid', 'true', 'false'],
  ['an account removed', 'DELETE FROM accounts', 'account acct_1, live', 'accounts', 'a row', 'nothing'],
  ['where a sweep stands', "UPDATE sweeps SET state = replace(state, '2026', '2027') WHERE tier = 'new'", 'sweep new', 'sweeps.state', expect.stringContaining('2026'), expect.stringContaining('2027')],
  ['a sweep that is none', "UPDATE sweeps SET state = 'x'", 'sweep new', 'sweeps.state', expect.stringContaining('"round":1'), 'x'],
  ['the last event of a sweep', "UPDATE sweeps SET event_id = 'x'", 'sweep new', 'sweeps.event_id', expect.any(String), 'x'],
  ['a sweep removed', "DELETE FROM sweeps WHERE tier = 'new'", 'sweep new', 'sweeps', 'a row', 'nothing'],
  ['a sweep added', "INSERT INTO sweeps SELECT 'x', state, event_id FROM sweeps", 'sweep x', 'sweeps', expect.stringContaining('no such sweep'), 'a row'],
  ['a name removed', "DELETE FROM names WHERE id = 'pi_held'", 'order held', 'names', 'pi_held 1 held', 'nothing'],
  ['a name in other letters', "UPDATE names SET id = 'PI_HELD' WHERE id = 'pi_held'", 'order held', 'names', 'pi_held 1 held', 'PI_HELD 1 held'],
  ['a name added', "INSERT INTO names VALUES ('pi_x', 1, 'held')", 'names', 'names', expect.stringMatching(/^\d+ rows/), expect.stringMatching(/^\d+ rows/)],
  ['until when an order waits', "UPDATE queued SET until = '2020' WHERE order_id = (SELECT min(order_id) FROM queued)", expect.stringMatching(/^order /), 'queued', expect.stringMatching(/ $/), expect.stringMatching(/ 2020$/)],
  ['a list that an order waits in', "INSERT INTO queued VALUES ('suspended', '2020', 'held', null)", 'queued', 'queued', expect.any(String), expect.any(String)],
  ['who acted', "UPDATE actions SET actor = 'mallory' WHERE action = 'move'", expect.stringMatching(/^action \d/), 'actions', expect.stringContaining(' support-'), expect.stringContaining(' mallory ')],
  ['an action removed', "DELETE FROM actions WHERE action = 'move'", expect.stringMatching(/^action \d/), 'actions', expect.stringContaining(' move '), 'nothing'],
  ['a payment that is not held', "INSERT INTO held VALUES ('pi_x', 'pi_x', '{}', null, 'poll', '2020')", 'held', 'held', expect.any(String), expect.any(String)],
  ['an object that was never unreadable', "INSERT INTO unreadable VALUES ('evt_x', '{}', '2020', null)", 'object evt_x', 'unreadable', 'nothing', 'evt_x {} 2020 '],
  ['whether an object could be read', "UPDATE unreadable SET read_since = '2020'", expect.stringMatching(/^object /), 'unreadable', expect.any(String), expect.stringMatching(/ 2020$/)],
  ['how many were granted', 'UPDATE hours SET grants = grants + 1 WHERE (hour, source) = (SELECT hour, source FROM hours WHERE grants > 0 LIMIT 1)', expect.stringMatching(/^hours \d/), 'hours', expect.any(String), expect.any(String)],
  ['an hour added', "INSERT INTO hours VALUES (1, 'acct_1', 1, 'poll', 1, 0, 0, 0, '')", 'hours 1 acct_1 1 poll', 'hours', 'nothing', '1 0 0 0 '],
  ['how long it took', "INSERT INTO latencies VALUES (1, 'acct_1', 1, 'webhook', 3, 7, 90)", 'latencies 1 acct_1 1 webhook 3', 'latencies', 'nothing', '7 90'],
  ['how long it waited', "INSERT INTO waits VALUES (1, 'acct_1', 1, 7)", 'waits 1 acct_1 1', 'waits', 'nothing', '7'],
  ['when the shop had it', "UPDATE orders SET saved_at = '2020' WHERE order_id = 'held'", 'order held', 'orders.saved_at', expect.stringMatching(/^(?:2026|null)/), '2020'],
  ['an account added', "INSERT INTO accounts VALUES ('acct_x', 0, '2026', 0)", 'account acct_x, test', 'accounts', expect.stringContaining('no order'), 'a row'],
];

describe('a live row that is not what the log makes of it is found:', () => {
  test.each(changed)('%s', async (_, change, subject, place, replayed, found) => {
    expect(await replaying([change])).toMatchObject({ differing: 1, differences: [{ subject, place, replayed, live: found }] });
  });
});

test('the order of keys in a state is no difference', async () => {
  const reordered = `UPDATE orders SET state = json_object('revision', json_extract(state, '$.revision'), 'rest', 1) WHERE order_id = 'held'`;
  expect(await replaying([reordered])).toMatchObject({ differing: 1 });
  const turned = `UPDATE orders SET state = (SELECT json_group_object(key, CASE WHEN type IN ('object', 'array') THEN json(value) ELSE value END)
    FROM (SELECT * FROM json_each(orders.state) ORDER BY key DESC)) WHERE order_id = 'held'`;
  expect(await replaying([turned])).toMatchObject({ differing: 0 });
});

test('live read models that are behind are compared as far as they are', async () => {
  const behind = [
    "UPDATE cursors SET position = '00000000000000000012' WHERE name = 'orders'",
    'DELETE FROM reviews',
    'DELETE FROM sweeps',
    "DELETE FROM orders WHERE order_id <> 'confirmed'",
  ];
  const { differences, events } = await replaying(behind);
  expect(events).toBe(12);
  // The row is of the end of the log, so it is too new for that cursor.
  const ofOrders = differences.filter(({ place }) => /^(?:orders|reviews)\b/.test(place));
  expect(new Set(ofOrders.map(({ subject }) => subject))).toEqual(new Set(['order confirmed']));
  expect(differences.map(({ subject }) => subject)).toContain('names'); // Of orders that are placed later.
  const early = behind.filter((change) => change !== 'DELETE FROM sweeps');
  expect((await replaying(early)).differences).toContainEqual({
    subject: 'sweep new',
    place: 'sweeps',
    replayed: 'nothing',
    live: 'a row',
  });
});

test('as of an earlier position, and through another store', async () => {
  const log = readerOf(await openSqliteEventStore(storiesPath));
  onTestFinished(() => log.close());
  const asOf = '00000000000000000041' as NonNullable<ReplayOptions['asOf']>;
  expect(await replayLog(log, { asOf })).toMatchObject({ compared: false, events: 41, orders: 4, memberships: { active: 3, revoked: 1 } });
});

test('an order that cannot be replayed is named', async () => {
  const broken = join(directory, 'broken.db');
  copyFileSync(storiesPath, broken);
  const db = new DatabaseSync(broken);
  db.exec("DELETE FROM events WHERE type = 'OrderPlaced' AND stream = (SELECT id FROM streams WHERE name = 'order-held')");
  db.close();
  const log = sqliteReader(broken);
  onTestFinished(() => log.close());
  expect(await replayLog(log)).toMatchObject({
    differing: 1,
    differences: [{ subject: 'order held', place: 'log', replayed: expect.stringContaining('revision 1') }],
  });
});

test('workers find the same as one thread', async () => {
  const changes = ["UPDATE orders SET status = 'active' WHERE order_id = 'unpaid'", "INSERT INTO reviews VALUES ('x', 'r1', '{}')"];
  const { cursor: _, ...alone } = await replaying(changes, { workers: 0 });
  expect(await replaying(changes, { workers: 2, smallLog: 0 })).toMatchObject(alone);
  expect(alone.differing).toBe(2);
});

test('a file that holds no read models is refused', async () => {
  await expect(replaying([], { readModels: storiesPath })).rejects.toMatchObject({ code: 'invalid_input' });
  await expect(replaying([], { readModels: join(directory, 'none.db') })).rejects.toThrow(/does not exist/);
});
