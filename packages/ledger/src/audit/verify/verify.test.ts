import { closeSync, copyFileSync, existsSync, openSync, rmSync, writeSync } from 'node:fs';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { afterAll, beforeAll, describe, expect, onTestFinished, test } from 'vitest';
import type { LedgerError } from '../../errors.ts';
import { createMemoryLog, openMemoryEventStore } from '../../event-store/memory.ts';
import { newDirectory } from '../../event-store/sqlite/log-directory.test-support.ts';
import { openSqliteEventStore } from '../../event-store/sqlite/sqlite.ts';
import { instantRuntime } from '../../instant-runtime.test-support.ts';
import { createPaymentLedger } from '../../ledger.ts';
import { dispute, observe, paid, pi1 } from '../../order/example-order.test-support.ts';
import { defaultPolicy } from '../../order/policy.ts';
import { openPaymentProcess } from '../../payment-process.test-support.ts';
import { takeCheckpoint } from '../checkpoint/checkpoint.ts';
import { generateNoteKey, parseSignerKey, parseVerifierKey } from '../checkpoint/signed-note.ts';
import { backUpLog } from '../copy/backup.ts';
import { explainOrder } from '../explain/explain.ts';
import { ndjsonLines } from '../export/ndjson.ts';
import { writeStories } from '../golden-log.test-support.ts';
import { readerOf } from '../log/log-reader.ts';
import { sqliteReader } from '../log/sqlite-reader.ts';
import { takeReceipt } from '../receipt/receipt.ts';
import { replayLog } from '../replay/replay.ts';
import { logStats } from '../stats.ts';
import type { Finding, Rule } from './finding.ts';
import { type Verification, type VerifyOptions, verifyLog } from './verify.ts';

const directory = newDirectory();
const storiesPath = join(directory, 'told.db');
const pair = generateNoteKey('shop.example/ledger');
const signers = [parseSignerKey(pair.signerKey)];
const keys = [parseVerifierKey(pair.verifierKey)];
/** A checkpoint of the whole log, kept outside of it. */
let checkpointNote = '';
let copies = 0;

beforeAll(async () => {
  await writeStories(await openSqliteEventStore(storiesPath));
  const log = sqliteReader(storiesPath);
  checkpointNote = (await takeCheckpoint(log, { origin: 'shop.example/ledger', signers })).note;
  await log.close();
});
afterAll(() => rmSync(directory, { recursive: true, force: true }));

/** Returns what is found in a copy of the log that was changed with SQL. */
async function verifying(changes: readonly string[], options: VerifyOptions = {}): Promise<Verification> {
  const path = join(directory, `copy-${++copies}.db`);
  copyFileSync(storiesPath, path);
  const db = new DatabaseSync(path, { enableForeignKeyConstraints: false });
  const changed = changes.reduce((rows, change) => rows + Number(db.prepare(change).run().changes), 0);
  if (changed === 0) throw new Error(`changes nothing: ${changes.join('; ')}`);
  db.close();
  const log = sqliteReader(path);
  onTestFinished(() => log.close());
  return verifyLog(log, options);
}

const of = (stream: string) => `stream = (SELECT id FROM streams WHERE name = '${stream}')`;
const at = (stream: string, revision: number) => `WHERE ${of(stream)} AND revision = ${revision}`;
const edit = (stream: string, revision: number, from: string, to: string, column = 'data') =>
  `UPDATE events SET ${column} = replace(${column}, '${from}', '${to}') ${at(stream, revision)}`;
/** Appends an event to a stream, with the metadata of the event before it. */
const insert = (stream: string, type: string, data: string): readonly string[] => [
  `INSERT INTO events (stream, revision, id, type, data, metadata)
   SELECT stream, revision + 1, 'inserted', '${type}', '${data}', metadata FROM events WHERE ${of(stream)} ORDER BY revision DESC LIMIT 1`,
  `UPDATE streams SET revision = revision + 1 WHERE name = '${stream}'`,
];
/** Says that the event is of the second schema version of its type. */
const versionTwo = (stream: string, revision: number): string => edit(stream, revision, '"version":"1"', '"version":"2"', 'metadata');
/** Begins a stream with one event. */
const begin = (stream: string, type: string, data: string): readonly string[] => [
  `INSERT INTO streams (name, revision) VALUES ('${stream}', 0)`,
  `INSERT INTO events (stream, revision, id, type, data, metadata)
   SELECT (SELECT id FROM streams WHERE name = '${stream}'), 0, 'begun', '${type}', '${data}', metadata FROM events ORDER BY position DESC LIMIT 1`,
];
/** Removes an event, and renumbers the events after it, in the stream and in the log. */
const removeEvent = (stream: string, revision: number): readonly string[] => [
  `UPDATE events SET position = -position WHERE position >= (SELECT position FROM events ${at(stream, revision)})`,
  `DELETE FROM events ${at(stream, revision)}`,
  'UPDATE events SET position = -position - 1 WHERE position < 0',
  "UPDATE sqlite_sequence SET seq = seq - 1 WHERE name = 'events'",
  `UPDATE events SET revision = -revision WHERE ${of(stream)} AND revision > ${revision}`,
  `UPDATE events SET revision = -revision - 1 WHERE ${of(stream)} AND revision < 0`,
  `UPDATE streams SET revision = revision - 1 WHERE name = '${stream}'`,
];
const cutAfter = (position: number): readonly string[] => [
  `DELETE FROM events WHERE position > ${position}`,
  `UPDATE sqlite_sequence SET seq = ${position} WHERE name = 'events'`,
  'DELETE FROM streams WHERE id NOT IN (SELECT stream FROM events)',
  'UPDATE streams SET revision = (SELECT max(revision) FROM events WHERE stream = streams.id)',
];
/** Removes streams as if they had never existed: the positions in the log are given again. */
const unwrite = (...streams: readonly string[]): readonly string[] => {
  const names = streams.map((name) => `'${name}'`).join(', ');
  return [
    `DELETE FROM events WHERE stream IN (SELECT id FROM streams WHERE name IN (${names}))`,
    `DELETE FROM streams WHERE name IN (${names})`,
    'CREATE TABLE ranks AS SELECT position, row_number() OVER (ORDER BY position) AS rank FROM events',
    'UPDATE events SET position = -(SELECT rank FROM ranks WHERE ranks.position = events.position)',
    'UPDATE events SET position = -position',
    'DROP TABLE ranks',
    "UPDATE sqlite_sequence SET seq = (SELECT max(position) FROM events) WHERE name = 'events'",
  ];
};
/** Inserts a changed copy of a stream's last event after it, and renumbers the rest of the log. */
const repeatEvent = (stream: string, from: string, to: string): readonly string[] => {
  const last = `(SELECT max(position) FROM events WHERE ${of(stream)})`;
  return [
    `CREATE TABLE places AS SELECT ${last} AS last`,
    'UPDATE events SET position = -position WHERE position > (SELECT last FROM places)',
    `INSERT INTO events (position, stream, revision, id, type, data, metadata)
     SELECT position + 1, stream, revision + 1, 'inserted', type, replace(data, '${from}', '${to}'), metadata FROM events WHERE position = (SELECT last FROM places)`,
    'UPDATE events SET position = 1 - position WHERE position < 0',
    `UPDATE streams SET revision = revision + 1 WHERE name = '${stream}'`,
    "UPDATE sqlite_sequence SET seq = (SELECT max(position) FROM events) WHERE name = 'events'",
    'DROP TABLE places',
  ];
};
const summary = ({ findings }: Verification) => findings.map(({ rule, stream, revision }) => [rule, stream, revision]);

test('a log that only the ledger has written has nothing to find', async () => {
  const verification = await verifying(['UPDATE streams SET revision = revision'], { checkpoints: [checkpointNote], keys });
  expect(verification).toMatchObject({ findings: [], found: 0, checkpoints: 1, covered: verification.size, events: verification.size });
  expect(verification.appends).toBeGreaterThan(40);
});

test('the same log is the same through any store, by its tree', async () => {
  const direct = await verifying(['UPDATE streams SET revision = revision']);
  const store = readerOf(await openSqliteEventStore(storiesPath));
  onTestFinished(() => store.close());
  expect(await verifyLog(store, { checkpoints: [checkpointNote], keys })).toEqual({ ...direct, checkpoints: 1, covered: direct.size });
});

describe('a damaged page that no scan of the events needs', () => {
  test.each(['sqlite_autoindex_streams_1', 'sqlite_autoindex_events_1', 'sqlite_sequence'])('of %s is found', async (name) => {
    const path = join(directory, `copy-${++copies}.db`);
    copyFileSync(storiesPath, path);
    const db = new DatabaseSync(path);
    const { pageno } = db.prepare("SELECT pageno FROM dbstat WHERE name = ? AND pagetype = 'leaf'").get(name) as { pageno: number };
    const { page_size: size } = db.prepare('PRAGMA page_size').get() as { page_size: number };
    db.close();
    const file = openSync(path, 'r+');
    writeSync(file, new Uint8Array(size).fill(7), 0, size, (pageno - 1) * size);
    closeSync(file);
    const log = sqliteReader(path);
    onTestFinished(() => log.close());
    const found = await verifyLog(log).then(
      ({ findings }) => findings.map(({ rule, stream }) => `${rule} ${stream}`),
      (error: LedgerError) => [error.code],
    );
    expect(found).toEqual(expect.toBeOneOf([expect.arrayContaining(['file (the file)']), ['corrupt']]));
  });
});

describe('what somebody put into the file', () => {
  const changed = 'UPDATE streams SET revision = revision';
  const hiding = "CREATE VIEW events AS SELECT * FROM kept WHERE type <> 'MembershipRevoked'";

  test.each([
    ['a trigger', ['CREATE TRIGGER pay AFTER INSERT ON events BEGIN SELECT 1; END'], ['trigger "pay" on "events"']],
    ['a table like that of a temporary copy', ['CREATE TABLE origins (position INTEGER PRIMARY KEY, origin TEXT NOT NULL UNIQUE)'], 2],
    ['a view in the place of the events', ['ALTER TABLE events RENAME TO kept', hiding], expect.arrayContaining(['view "events"'])],
  ])('%s is found', async (_, statements, found) => {
    const { findings } = await verifying([changed, ...statements]);
    const ofFile = findings.filter(({ rule }) => rule === 'file').map((finding) => finding.found);
    if (typeof found === 'number') expect(ofFile).toHaveLength(found);
    else expect(ofFile).toEqual(found);
    expect(findings[0]).toMatchObject({ rule: 'file', stream: '(the file)' });
  });

  test('is refused by whoever would sign or show what it may hide', async () => {
    const path = join(directory, `copy-${++copies}.db`);
    copyFileSync(storiesPath, path);
    const db = new DatabaseSync(path);
    db.exec(`ALTER TABLE events RENAME TO kept; ${hiding}`);
    db.close();
    const log = sqliteReader(path);
    onTestFinished(() => log.close());
    const refused = { code: 'corrupt', message: expect.stringContaining('view "events"') };
    await expect(takeCheckpoint(log, { origin: 'shop.example/ledger', signers })).rejects.toMatchObject(refused);
    await expect(takeReceipt(log, 'refunded', { proof: { origin: 'shop.example/ledger', signers } })).rejects.toMatchObject(refused);
    await expect(explainOrder(log, 'refunded')).rejects.toMatchObject(refused);
    await expect(logStats(log)).rejects.toMatchObject(refused);
    await expect(replayLog(log)).rejects.toMatchObject(refused);
    await expect(backUpLog(log, join(directory, 'never.db'))).rejects.toMatchObject(refused);
    await expect(ndjsonLines(log).next()).rejects.toMatchObject(refused);
    expect(existsSync(join(directory, 'never.db'))).toBe(false);
  });
});

// Each row: the change, the place where it is found, and the rule that it breaks. `only`: no other rule finds anything.
const runOf = (orders: readonly string[], count: number): string =>
  JSON.stringify({
    kind: 'redeliver',
    by: { actor: 'a', reason: 'b' },
    selection: { orders },
    count,
    upTo: '',
    startedAt: '2026-01-05T09:00:00.000Z',
  });
const recheck = '{"by":{"actor":"a","reason":"b"},"recheckedAt":"2026-01-05T09:00:00.000Z","looked":1,"recorded":0}';
const tampered: readonly [what: string, changes: readonly string[], Rule, stream: string, revision: number | undefined, only?: true][] = [
  [
    'a trigger',
    ['UPDATE streams SET revision = revision', 'CREATE TRIGGER pay AFTER INSERT ON events BEGIN SELECT 1; END'],
    'file',
    '(the file)',
    undefined,
    true,
  ],
  ['an event deleted', [`DELETE FROM events ${at('order-confirmed', 6)}`], 'revisions', 'order-confirmed', 7],
  ['an event deleted, by its position', [`DELETE FROM events ${at('sweep-new', 0)}`], 'positions', 'sweep-new', 1],
  ['the tail cut off', ['DELETE FROM events WHERE position > 61'], 'positions', '(the end of the log)', undefined],
  ['the end of a stream cut off', [`DELETE FROM events ${at('order-unpaid', 2)}`], 'revisions', 'order-unpaid', undefined],
  [
    'a whole stream removed',
    [`DELETE FROM events WHERE ${of('sweep-new')}`, "DELETE FROM streams WHERE name = 'sweep-new'"],
    'positions',
    'unreadable-evt_new',
    0,
  ],
  [
    'the name of a stream removed',
    ["DELETE FROM streams WHERE name = 'order-unpaid'"],
    'streams',
    expect.stringContaining('(stream'),
    undefined,
  ],
  [
    'a stream of another kind',
    ["UPDATE streams SET name = 'orders-x' WHERE name = 'unreadable-evt_new'"],
    'streams',
    'orders-x',
    undefined,
    true,
  ],
  [
    'an unreadable object under another name',
    ["UPDATE streams SET name = 'unreadable-evt_x' WHERE name = 'unreadable-evt_new'"],
    'streams',
    'unreadable-evt_x',
    0,
    true,
  ],
  [
    'two orders swapped',
    [
      "UPDATE streams SET name = 'x' WHERE name = 'order-confirmed'",
      "UPDATE streams SET name = 'order-confirmed' WHERE name = 'order-held'",
      "UPDATE streams SET name = 'order-held' WHERE name = 'x'",
    ],
    'decision',
    'order-confirmed',
    0,
  ],
  [
    'two references swapped',
    [
      "UPDATE streams SET name = 'x' WHERE name = 'reference-pi_tried'",
      "UPDATE streams SET name = 'reference-pi_tried' WHERE name = 'reference-pi_short'",
      "UPDATE streams SET name = 'reference-pi_short' WHERE name = 'x'",
    ],
    'law-3',
    'order-tried',
    2,
  ],
  ['data that is no JSON', [edit('order-unpaid', 0, '{', '[')], 'stored-text', 'order-unpaid', 0],
  ['a line break in the metadata', [edit('order-unpaid', 2, '{', `{\n`, 'metadata')], 'stored-text', 'order-unpaid', 2, true],
  [
    'a time set back',
    [edit('order-unpaid', 2, '"recordedAt":"2026-01', '"recordedAt":"2025-01', 'metadata')],
    'recorded-at',
    'order-unpaid',
    2,
    true,
  ],
  ['a field that is none', [edit('order-unpaid', 2, '"fact"', '"spare":1,"fact"')], 'schema', 'order-unpaid', 2, true],
  [
    'an event type of a newer release',
    [edit('order-unpaid', 2, 'PaymentObserved', 'PaymentDreamed', 'type')],
    'schema',
    'order-unpaid',
    2,
    true,
  ],
  [
    'a schema version of a newer release',
    [edit('order-unpaid', 2, '"version":"1"', '"version":"2"', 'metadata')],
    'schema',
    'order-unpaid',
    2,
    true,
  ],
  [
    'an event type of a newer release, of a reference',
    [edit('reference-cs_unpaid', 0, 'ReferenceLinked', 'ReferenceX', 'type')],
    'schema',
    'reference-cs_unpaid',
    0,
  ],
  [
    'an event type of a newer release, of a sweep',
    [edit('sweep-new', 1, 'SweepFinished', 'SweepX', 'type')],
    'schema',
    'sweep-new',
    1,
    true,
  ],
  ['a second identity of the log', insert('ledger', 'LedgerCreated', '{"ledgerId":"another"}'), 'streams', 'ledger', 1, true],
  ['an identity that cannot be read', [edit('ledger', 0, '"ledgerId"', '"shopId"')], 'schema', 'ledger', 0, true],
  ['a policy changed under its name', [edit('policy', 0, '"fullRefund":"revoke"', '"fullRefund":"keep"')], 'policy', 'policy', 0],
  ['a policy that nobody adopted', [edit('order-unpaid', 2, '"policy":"', '"policy":"0', 'metadata')], 'policy', 'order-unpaid', 2, true],
  ['a cause of another append', [edit('order-confirmed', 4, '"cause":"', '"cause":"x', 'metadata')], 'append', 'order-confirmed', 4, true],
  ['a decision about another payment', [edit('order-confirmed', 4, 'pi_confirmed', 'pi_x')], 'law-4', 'order-confirmed', 4, true],
  ['a review of another kind', [edit('order-short', 3, '"amount"', '"currency"')], 'decision', 'order-short', 3],
  ['a fact under the key of another', [edit('order-unpaid', 2, ':expired', ':paid')], 'decision', 'order-unpaid', 2, true],
  ['a resolution that saw nothing', [edit('order-short', 4, '"seenRevision":3', '"seenRevision":1')], 'decision', 'order-short', 4],
  [
    'a payment attached twice',
    insert(
      'order-unpaid',
      'CheckoutAttached',
      '{"payment":{"provider":"stripe","account":"acct_1","livemode":true,"id":"cs_unpaid"},"attachedAt":"2026-01-05T09:00:00.000Z"}',
    ),
    'decision',
    'order-unpaid',
    3,
    true,
  ],
  ['a grant taken out, ranks closed', removeEvent('order-held', 3), 'law-4', 'order-held', 2],
  ['a revocation taken out, ranks closed', removeEvent('order-again', 5), 'law-4', 'order-again', 4],
  ['a review taken out, ranks closed', removeEvent('order-doubtful', 3), 'decision', 'order-doubtful', 2],
  ['a price lowered after the sale', [edit('order-short', 0, '"amountMinor":4900', '"amountMinor":4000')], 'law-4', 'order-short', 2],
  [
    'two events of an order in each other’s place',
    [
      `UPDATE events SET revision = -1 ${at('order-refunded', 6)}`,
      `UPDATE events SET revision = 6 ${at('order-refunded', 7)}`,
      `UPDATE events SET revision = 7 ${at('order-refunded', -1)}`,
    ],
    'law-4',
    'order-refunded',
    6,
  ],
  [
    'a second grant',
    insert(
      'order-confirmed',
      'MembershipGranted',
      '{"membershipId":"confirmed","memberId":"member-confirmed","plan":"pro","sequence":2,"paidAt":"2026-01-05T09:00:11.000Z","payment":{"provider":"stripe","account":"acct_1","livemode":true,"id":"pi_confirmed"},"source":"poll"}',
    ),
    'law-2',
    'order-confirmed',
    10,
  ],
  [
    'a grant of an order that nobody paid',
    insert(
      'order-unpaid',
      'MembershipGranted',
      '{"membershipId":"unpaid","memberId":"member-unpaid","plan":"pro","sequence":1,"paidAt":"2026-01-05T09:00:11.000Z","payment":{"provider":"stripe","account":"acct_1","livemode":true,"id":"cs_unpaid"},"source":"poll"}',
    ),
    'law-4',
    'order-unpaid',
    3,
    true,
  ],
  [
    'a membership restored for no reason',
    insert(
      'order-refunded',
      'MembershipRestored',
      '{"membershipId":"refunded","memberId":"member-refunded","plan":"pro","sequence":3,"paidAt":"2026-01-05T09:00:11.000Z","payment":{"provider":"stripe","account":"acct_1","livemode":true,"id":"pi_refunded"},"source":"poll"}',
    ),
    'law-6',
    'order-refunded',
    12,
    true,
  ],
  [
    'a reference linked to a second order',
    insert('reference-pi_tried', 'ReferenceLinked', '{"orderId":"unpaid"}'),
    'law-3',
    'reference-pi_tried',
    1,
    true,
  ],
  ['a reference linked to another order', [edit('reference-pi_tried', 0, 'tried', 'unpaid')], 'law-3', 'order-tried', 2, true],
  ['a move taken out, ranks closed', removeEvent('order-wrong', 4), 'law-3', 'reference-pi_moved', 1],
  ['a move of another payment', [edit('order-wrong', 4, 'pi_moved', 'pi_x')], 'law-3', 'order-wrong', 4],
  ['a move that ends another link', [edit('order-wrong', 4, '"linkRevision":0', '"linkRevision":1')], 'law-3', 'order-wrong', 4],
  [
    'a move of a payment that access was given on',
    insert(
      'order-held',
      'PaymentMoved',
      '{"payment":{"provider":"stripe","account":"acct_1","livemode":true,"id":"pi_held"},"toOrderId":"unpaid","linkRevision":1,"by":{"actor":"a","reason":"r"}}',
    ),
    'law-3',
    'order-held',
    6,
  ],
  [
    'what was moved, and never came to its new order',
    [...removeEvent('order-right', 3), ...removeEvent('order-right', 2)],
    'law-7',
    'order-wrong',
    4,
  ],
  ['a reference whose link was removed', ["DELETE FROM streams WHERE name = 'reference-pi_tried'"], 'law-3', 'order-tried', 2],
  [
    'the same fact from the same source',
    [`${insert('order-unpaid', 'PaymentObserved', 'x')[0]?.replace("'x'", 'data')}`, insert('order-unpaid', '', '')[1] ?? ''],
    'law-5',
    'order-unpaid',
    3,
    true,
  ],
  [
    'a fact held twice',
    [`UPDATE events SET (type, data) = (SELECT type, data FROM events ${at('reference-cs_held', 0)}) ${at('reference-cs_held', 1)}`],
    'law-5',
    'reference-cs_held',
    1,
  ],
  [
    'a fact held under a name that is not its own',
    ["UPDATE streams SET name = 'reference-pi_x' WHERE name = 'reference-pi_held'"],
    'law-7',
    'reference-pi_x',
    0,
  ],
  [
    'what was held, and never came to its order',
    [...removeEvent('order-held', 3), ...removeEvent('order-held', 2)],
    'law-7',
    'reference-pi_held',
    1,
  ],
  ['a run that ends without having begun', begin('run-1', 'RunFinished', '{"at":"2026-01-05T09:00:00.000Z"}'), 'run', 'run-1', 0, true],
  ['a run that miscounts its orders', begin('run-1', 'RunStarted', runOf(['a'], 2)), 'run', 'run-1', 0, true],
  ['a run that handles an order twice', begin('run-1', 'RunStarted', runOf(['a', 'a'], 2)), 'run', 'run-1', 0, true],
  [
    'a run that skips one in silence',
    [
      ...begin('run-1', 'RunStarted', runOf(['a', 'b'], 2)),
      ...insert('run-1', 'RunAdvanced', '{"process":"p","done":1,"skipped":0,"failed":0,"failures":[],"after":"b"}'),
    ],
    'run',
    'run-1',
    1,
    true,
  ],
  [
    'a run that ends before its last order',
    [...begin('run-1', 'RunStarted', runOf(['a', 'b'], 2)), ...insert('run-1', 'RunFinished', '{"at":"2026-01-05T09:00:00.000Z"}')],
    'run',
    'run-1',
    1,
    true,
  ],
  [
    'two runs at a time',
    [...begin('runs', 'RunAdmitted', '{"runId":"1"}'), ...insert('runs', 'RunAdmitted', '{"runId":"2"}')],
    'run',
    'runs',
    1,
    true,
  ],
  [
    'a recheck by the same person at the same time',
    [...insert('order-unpaid', 'StripeRechecked', recheck), ...insert('order-unpaid', 'StripeRechecked', recheck)],
    'decision',
    'order-unpaid',
    4,
    true,
  ],
  ['a time-out that threw something', [edit('order-tried', 4, '"reason":"error"', '"reason":"timeout"')], 'law-9', 'order-tried', 4, true],
  ['a delivery of a decision that is none', insert('order-unpaid', 'MembershipDelivered', '{"sequence":1}'), 'law-9', 'order-unpaid', 3],
  ['a delivery behind a newer one', insert('order-refunded', 'MembershipDelivered', '{"sequence":1}'), 'law-9', 'order-refunded', 12, true],
  [
    'a finding at the shop of a decision that is settled',
    [...insert('order-confirmed', 'MembershipDelivered', '{"sequence":1,"found":true}'), versionTwo('order-confirmed', 10)],
    'law-9',
    'order-confirmed',
    10,
    true,
  ],
  [
    'a finding at the shop by a process that delivers',
    [edit('order-right', 6, '{"sequence":1}', '{"sequence":1,"found":true}'), versionTwo('order-right', 6)],
    'law-9',
    'order-right',
    6,
    true,
  ],
  [
    'a failure of an instance that does not own it',
    [edit('order-tried', 4, '"instance":"0', '"instance":"1', 'metadata')],
    'law-9',
    'order-tried',
    4,
    true,
  ],
  [
    'a taking over of what is settled',
    insert('order-confirmed', 'DeliveryTakenOver', '{"sequence":1}'),
    'law-9',
    'order-confirmed',
    10,
    true,
  ],
  [
    'a shop that is ahead of an order without a decision',
    insert('order-unpaid', 'ShopAhead', '{"sequence":3}'),
    'law-9',
    'order-unpaid',
    3,
  ],
  [
    'a shop that is ahead, and nothing decided above it',
    insert('order-confirmed', 'ShopAhead', '{"sequence":3}'),
    'law-4',
    'order-confirmed',
    10,
  ],
  [
    'a shop that is ahead with less than was decided',
    insert('order-refunded', 'ShopAhead', '{"sequence":1}'),
    'law-9',
    'order-refunded',
    12,
  ],
  ['an abandoning without a failure', insert('order-tried', 'DeliveryAbandoned', '{"sequence":1}'), 'law-9', 'order-tried', 8, true],
  ['a round of the sweep left out', [edit('sweep-new', 0, '"round":1', '"round":2')], 'sweep', 'sweep-new', 0, true],
  ['a round finished that was not started', [edit('sweep-new', 1, '"round":1', '"round":2')], 'sweep', 'sweep-new', 1, true],
];

describe('what somebody did to the file is found', () => {
  test.each(tampered)('%s', async (_, changes, rule, stream, revision, only) => {
    const verification = await verifying(changes);
    expect(summary(verification)).toContainEqual([rule, stream, revision]);
    if (only) expect(new Set(verification.findings.map((finding) => finding.rule))).toEqual(new Set([rule]));
    const finding = verification.findings.find((each) => each.rule === rule) as Finding;
    expect([finding.expected, finding.found].every((text) => text.length > 0)).toBe(true);
  });

  test('by each rule but those of checkpoints, of what a server hides and of subscriptions, at least once', async () => {
    const { rules } = await import('./finding.ts');
    const others = (rule: string): boolean => ['checkpoint', 'readable', 'clock'].includes(rule) || rule.startsWith('law-s');
    expect(new Set(tampered.map(([, , rule]) => rule))).toEqual(new Set(Object.keys(rules).filter((rule) => !others(rule))));
  });
});

// After these changes every rule still holds: only a checkpoint that is kept elsewhere can show them.
const plausible: readonly [what: string, changes: readonly string[]][] = [
  ['evidence that decides nothing edited', [edit('order-confirmed', 3, 'evt_pi_confirmed', 'evt_other')]],
  ['another member throughout', ["UPDATE events SET data = replace(data, 'member-held', 'member-mallory')"]],
  ['the tail cut off, and the file told so', cutAfter(61)],
  ['last week’s file put back', cutAfter(12)],
  ['what was said taken out, ranks closed', removeEvent('order-unpaid', 2)],
  ['an order removed with its references, ranks closed', unwrite('order-partly', 'reference-cs_partly', 'reference-pi_partly')],
  [
    'two orders swapped throughout',
    ["UPDATE events SET data = replace(replace(replace(data, '-tried', '-x'), '-twice', '-tried'), '-x', '-twice')"],
  ],
  ['an observation that nobody made, in its place, ranks opened', repeatEvent('order-unpaid', '"source":"webhook"', '"source":"poll"')],
  ['an event added behind it, as the ledger would', [...insert('sweep-new', 'SweepStarted', '{"round":2}')]],
  [
    'appends to different streams in another order in the log',
    [
      'UPDATE events SET position = -1 WHERE position = 3',
      'UPDATE events SET position = 3 WHERE position = 4',
      'UPDATE events SET position = 4 WHERE position = -1',
    ],
  ],
];

describe('what leaves no trace in the file is found by a checkpoint kept elsewhere', () => {
  test.each(plausible)('%s', async (what, changes) => {
    expect((await verifying(changes)).findings).toEqual([]);
    const { findings } = await verifying(changes, { checkpoints: [checkpointNote], keys });
    // An event that is appended after a checkpoint changes nothing that the checkpoint covers.
    if (what.startsWith('an event added')) expect(findings).toEqual([]);
    else expect(findings).toMatchObject([{ rule: 'checkpoint', stream: '(checkpoint 1)' }]);
  });

  test('whatever is changed in any row', async () => {
    const changes: Readonly<Record<string, (position: number) => string>> = {
      stream: (position) => `UPDATE streams SET name = name || 'x' WHERE id = (SELECT stream FROM events WHERE position = ${position})`,
      revision: (position) => `UPDATE events SET revision = revision + 1000 WHERE position = ${position}`,
      id: (position) => `UPDATE events SET id = 'another' WHERE position = ${position}`,
      type: (position) => `UPDATE events SET type = type || 'x' WHERE position = ${position}`,
      metadata: (position) => `UPDATE events SET metadata = metadata || ' ' WHERE position = ${position}`,
      data: (position) => `UPDATE events SET data = ' ' || data WHERE position = ${position}`,
      row: (position) => `DELETE FROM events WHERE position = ${position}`,
    };
    const { size } = await verifying(['UPDATE streams SET revision = revision']);
    for (const [at, change] of Object.values(changes).entries()) {
      // Each run changes other rows, all over the log.
      for (let position = 1 + at; position <= size; position += 24) {
        const { findings } = await verifying([change(position)], { checkpoints: [checkpointNote], keys });
        expect(findings.map(({ rule }) => rule)).toContain('checkpoint');
      }
    }
  });

  test('last week’s file itself', async () => {
    const grown = join(directory, 'grown.db');
    copyFileSync(storiesPath, grown);
    const order = { orderId: 'new', memberId: 'm', plan: 'pro', amountMinor: 1, currency: 'usd', account: 'acct_1', livemode: true };
    const ledger = createPaymentLedger({ eventStore: await openSqliteEventStore(grown), background: false });
    await ledger.placeOrder(order);
    await ledger[Symbol.asyncDispose]();
    const log = sqliteReader(grown);
    const { note } = await takeCheckpoint(log, { origin: 'shop.example/ledger', signers });
    await log.close();
    const { findings } = await verifying(['UPDATE streams SET revision = revision'], { checkpoints: [checkpointNote, note], keys });
    expect(findings).toMatchObject([
      { rule: 'checkpoint', stream: '(checkpoint 2)', found: expect.stringContaining('it is an older copy') },
    ]);
  });

  test('a log rewritten, with a new tree and a new checkpoint of its own', async () => {
    const rewritten = join(directory, 'rewritten.db');
    copyFileSync(storiesPath, rewritten);
    const db = new DatabaseSync(rewritten);
    db.exec("UPDATE events SET data = replace(data, 'member-held', 'member-mallory')");
    db.close();
    const log = sqliteReader(rewritten);
    onTestFinished(() => log.close());
    const { note } = await takeCheckpoint(log, { origin: 'shop.example/ledger', signers });
    expect((await verifyLog(log, { checkpoints: [note], keys })).findings).toEqual([]);
    expect((await verifyLog(log, { checkpoints: [note, checkpointNote], keys })).findings).toMatchObject([
      { rule: 'checkpoint', stream: '(checkpoint 2)' },
    ]);
  });
});

describe('a checkpoint', () => {
  const otherKey = generateNoteKey('shop.example/ledger');

  test('of a key that nobody gave proves nothing', async () => {
    const { findings } = await verifying(['UPDATE streams SET revision = revision'], {
      checkpoints: [checkpointNote],
      keys: [parseVerifierKey(otherKey.verifierKey)],
    });
    expect(findings).toMatchObject([{ rule: 'checkpoint', found: expect.stringContaining('no key that you gave') }]);
  });

  test('of another log is not mixed with ours', async () => {
    const log = sqliteReader(storiesPath);
    onTestFinished(() => log.close());
    const { note } = await takeCheckpoint(log, { origin: 'other.example/ledger', signers });
    expect((await verifyLog(log, { checkpoints: [checkpointNote, note], keys })).findings).toMatchObject([
      {
        rule: 'checkpoint',
        expected: expect.stringContaining('shop.example/ledger'),
        found: expect.stringContaining('other.example/ledger'),
      },
    ]);
  });
});

test('as of an earlier position only what stood there is judged', async () => {
  const changes = insert('order-unpaid', 'MembershipDelivered', '{"sequence":1}');
  const { size, findings } = await verifying(changes);
  expect(findings).not.toEqual([]);
  const asOf = String(size - 1).padStart(20, '0') as NonNullable<VerifyOptions['asOf']>;
  expect(await verifying(changes, { asOf })).toMatchObject({ findings: [], events: size - 1, size });
  const first = '00000000000000000001' as typeof asOf;
  expect(await verifying(changes, { asOf: first })).toMatchObject({ findings: [], events: 1, streams: 1, orders: 0, appends: 0 });
});

test('a log that grows between two looks at it is no finding', async () => {
  const path = join(directory, 'growing.db');
  copyFileSync(storiesPath, path);
  const log = sqliteReader(path);
  onTestFinished(() => log.close());
  const growing: VerifyOptions = {
    // The checkpoints are read after the size of the log.
    get checkpoints() {
      const db = new DatabaseSync(path);
      for (const change of insert('sweep-new', 'SweepStarted', '{"round":2}')) db.prepare(change).run();
      db.close();
      return [];
    },
  };
  const before = log.sqlite?.end();
  expect(await verifyLog(log, growing)).toMatchObject({ findings: [], size: Number(before) + 1, events: Number(before) + 1 });
});

test('what was decided under the first rules is judged by them: a dispute of a part revoked all', async () => {
  const { rules: _, ...first } = defaultPolicy;
  const memory = createMemoryLog();
  const { place, attach, orders } = openPaymentProcess(openMemoryEventStore({ log: memory }), instantRuntime(), first);
  await place('order-1');
  await attach('order-1', pi1);
  await orders.command('order-1', 'test', observe(paid()));
  const { state } = await orders.command('order-1', 'test', observe(dispute('lost', { amountMinor: 50 })));
  expect(state.membership).toBe('revoked');
  expect((await verifyLog(readerOf(openMemoryEventStore({ log: memory })))).findings).toEqual([]);
});

test('workers find the same as one thread', async () => {
  const path = join(directory, 'worked.db');
  copyFileSync(storiesPath, path);
  const db = new DatabaseSync(path);
  db.exec(`${edit('order-short', 3, '"amount"', '"currency"')}; ${edit('sweep-new', 0, '"round":1', '"round":2')}`);
  db.close();
  const log = sqliteReader(path);
  onTestFinished(() => log.close());
  const alone = await verifyLog(log, { workers: 0 });
  const events: number[] = [];
  expect(await verifyLog(log, { workers: 2, smallLog: 0, onEvents: (read) => events.push(read) })).toEqual(alone);
  expect(events.at(-1)).toBe(2 * alone.size); // Each event was hashed, and each was judged.
  expect(alone.found).toBe(3);
});
