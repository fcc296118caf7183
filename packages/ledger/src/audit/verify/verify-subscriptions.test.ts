// What `verify` finds in a log of subscriptions that somebody changed.
import { copyFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { afterAll, beforeAll, describe, expect, onTestFinished, test } from 'vitest';
import { newDirectory } from '../../event-store/sqlite/log-directory.test-support.ts';
import { openSqliteEventStore } from '../../event-store/sqlite/sqlite.ts';
import { sqliteReader } from '../log/sqlite-reader.ts';
import { writeSubscriptionStories } from '../subscription-stories.test-support.ts';
import { type Rule, rules } from './finding.ts';
import { type Verification, verifyLog } from './verify.ts';

const directory = newDirectory();
const storiesPath = join(directory, 'told.db');
let copies = 0;

beforeAll(async () => {
  const store = await openSqliteEventStore(storiesPath);
  await writeSubscriptionStories(store);
  await store.close();
});
afterAll(() => rmSync(directory, { recursive: true, force: true }));

/** Returns what is found in a copy of the log that was changed with SQL. */
async function verifying(changes: readonly string[]): Promise<Verification> {
  const path = join(directory, `copy-${++copies}.db`);
  copyFileSync(storiesPath, path);
  const db = new DatabaseSync(path, { enableForeignKeyConstraints: false });
  const changed = changes.reduce((rows, change) => rows + Number(db.prepare(change).run().changes), 0);
  db.close();
  if (changed === 0) throw new Error(`changes nothing: ${changes.join('; ')}`);
  const log = sqliteReader(path);
  onTestFinished(() => log.close());
  return verifyLog(log);
}
const nothing = ['UPDATE streams SET revision = revision'];

test('a log that only the ledger has written has nothing to find', async () => {
  const { findings, subscriptions, appends } = await verifying(nothing);
  expect(findings).toEqual([]);
  expect(subscriptions).toBe(14);
  expect(appends).toBeGreaterThan(40);
});

const of = (stream: string): string => `stream = (SELECT id FROM streams WHERE name = '${stream}')`;
const at = (id: string, revision: number): string => `WHERE ${of(`subscription-${id}`)} AND revision = ${revision}`;
const edit = (id: string, revision: number, from: string, to: string, column = 'data'): string =>
  `UPDATE events SET ${column} = replace(${column}, '${from}', '${to}') ${at(id, revision)}`;
/** Repeats an event at the end of its stream, changed. It bears the metadata of the last event. */
const repeat = (id: string, revision: number, from: string, to: string, type?: string): readonly string[] => [
  `INSERT INTO events (stream, revision, id, type, data, metadata)
   SELECT stream, (SELECT max(revision) + 1 FROM events WHERE ${of(`subscription-${id}`)}), 'inserted',
     ${type === undefined ? 'type' : `'${type}'`}, replace(data, '${from}', '${to}'), replace((SELECT metadata FROM events WHERE
     ${of(`subscription-${id}`)} ORDER BY revision DESC LIMIT 1), '"cause":"', '"cause":"again ') FROM events ${at(id, revision)}`,
  `UPDATE streams SET revision = revision + 1 WHERE name = 'subscription-${id}'`,
];
const remove = (id: string, revision: number): readonly string[] => [
  `UPDATE events SET position = -position WHERE position >= (SELECT position FROM events ${at(id, revision)})`,
  `DELETE FROM events ${at(id, revision)}`,
  'UPDATE events SET position = -position - 1 WHERE position < 0',
  "UPDATE sqlite_sequence SET seq = seq - 1 WHERE name = 'events'",
  `UPDATE events SET revision = -revision WHERE ${of(`subscription-${id}`)} AND revision > ${revision}`,
  `UPDATE events SET revision = -revision - 1 WHERE ${of(`subscription-${id}`)} AND revision < 0`,
  `UPDATE streams SET revision = revision - 1 WHERE name = 'subscription-${id}'`,
];
const relink = (reference: string, from: string, to: string): string =>
  `UPDATE events SET data = replace(data, '${from}', '${to}') WHERE ${of(`reference-${reference}`)} AND type = 'SubscriptionLinked'`;

const tampered: readonly [what: string, changes: readonly string[], Rule, stream: string, revision: number | undefined][] = [
  ['a grant taken out, ranks closed', remove('refunded', 5), 'law-s3', 'subscription-refunded', 2],
  ['an extension to another day', [edit('renewed', 8, '2026-03-05', '2027-03-05')], 'law-s3', 'subscription-renewed', 8],
  ['a second grant', repeat('upgraded', 5, '"sequence":1', '"sequence":3'), 'law-s4', 'subscription-upgraded', 8],
  ['an invoice that extends twice', repeat('late', 10, '"sequence":3', '"sequence":5'), 'law-s4', 'subscription-late', 13],
  [
    'an invoice made cheaper than its refund',
    [edit('refunded', 2, '"totalMinor":1000', '"totalMinor":9000')],
    'law-s5',
    'subscription-refunded',
    7,
  ],
  ['a suspension taken out, ranks closed', remove('disputed', 7), 'law-s5', 'subscription-disputed', 6],
  ['an end without a look', [edit('renewed', 11, ',"look":"2026-03-05T00:00:00.000Z"', '')], 'law-5', 'subscription-renewed', 11],
  [
    'an end that nothing led to',
    repeat('upgraded', 7, '"sequence":2', '"sequence":3', 'SubscriptionEnded'),
    'schema',
    'subscription-upgraded',
    8,
  ],
  ['an end where the member had paid', remove('renewed', 7), 'law-s3', 'subscription-renewed', 7],
  ['access after the end', repeat('canceled', 5, '"sequence":1', '"sequence":4'), 'law-s4', 'subscription-canceled', 12],
  ['a known fact that is told again', repeat('renewed', 7, 'evt_renewed_30', 'evt_again'), 'law-5', 'subscription-renewed', 13],
  ['a lifecycle that says what was known', repeat('refunded', 3, 'evt_', 'evt_x'), 'law-5', 'subscription-refunded', 9],
  [
    'a time of the provider that is far ahead',
    [edit('late', 6, '"asOf":"2026-04-06', '"asOf":"2026-04-09')],
    'clock',
    'subscription-late',
    6,
  ],
  ['a look that is far ahead', [edit('renewed', 11, '"look":"2026-03', '"look":"2027-03')], 'clock', 'subscription-renewed', 11],
  ['an invoice of another subscription', [relink('in_late_2', '"late"', '"early"')], 'decision', 'subscription-late', 6],
  [
    'a subscription of the provider that belongs to another',
    [relink('sub_upgraded', '"upgraded"', '"early"')],
    'law-3',
    'subscription-upgraded',
    2,
  ],
  ['a session that belongs to another', [relink('cs_upgraded', '"upgraded"', '"early"')], 'law-3', 'subscription-upgraded', 1],
  [
    'a factKey of another fact',
    [edit('late', 6, '"factKey":"in_late_2:open"', '"factKey":"in_late_2:paid"')],
    'decision',
    'subscription-late',
    6,
  ],
  ['a review taken out, ranks closed', remove('canceled', 9), 'decision', 'subscription-canceled', 8],
  [
    'a ruling turned round',
    [edit('canceled', 10, '"resolution":"grant"', '"resolution":"dismiss"')],
    'law-s7',
    'subscription-canceled',
    11,
  ],
  ['an end taken out, ranks closed', remove('renewed', 12), 'law-s11', 'subscription-renewed', 11],
  ['money that was held and has not come', remove('held', 2), 'law-7', 'reference-pi_held_1', 1],
  [
    'a policy of orders in its place',
    [
      `UPDATE events SET metadata = replace(metadata, json_extract(metadata, '$.policy'), (SELECT json_extract(data, '$.hash') FROM events
       WHERE type = 'PolicyAdopted' ORDER BY position LIMIT 1)) ${at('late', 6)}`,
    ],
    'policy',
    'subscription-late',
    6,
  ],
  [
    'a policy of subscriptions changed under its name',
    ["UPDATE events SET data = replace(data, '\"renewalGraceHours\":72', '\"renewalGraceHours\":96') WHERE type = 'PolicyAdopted'"],
    'policy',
    'policy',
    1,
  ],
  [
    'a slot that its holder takes again',
    ["UPDATE events SET data = replace(data, '\"chosen\"', '\"left\"') WHERE type = 'SlotTaken'"],
    'law-s13',
    'slot-member-undecided',
    1,
  ],
  [
    'a slot that is taken from who has begun',
    [
      `INSERT INTO events (stream, revision, id, type, data, metadata) SELECT stream, 2, 'inserted', type, data,
       replace(metadata, substr(json_extract(metadata, '$.recordedAt'), 1, 7), '2026-07') FROM events
       WHERE type = 'SlotTaken' AND revision = 0`,
      "UPDATE streams SET revision = 2 WHERE name = 'slot-member-undecided'",
    ],
    'law-s13',
    'slot-member-undecided',
    2,
  ],
  [
    'a slot of another member',
    ["UPDATE streams SET name = 'slot-member-late' WHERE name = 'slot-member-undecided'"],
    'law-s13',
    'slot-member-late',
    0,
  ],
  ['a delivery of nothing', repeat('early', 3, '', '', 'MembershipDelivered'), 'schema', 'subscription-early', 5],
  ['a cause of another append', [edit('late', 8, '"cause":"', '"cause":"x', 'metadata')], 'append', 'subscription-late', 8],
];

describe('what somebody changed is found where it is', () => {
  test.each(tampered)('%s', async (_, changes, rule, stream, revision) => {
    const { findings } = await verifying(changes);
    expect(findings.map((finding) => [finding.rule, finding.stream, finding.revision])).toContainEqual([rule, stream, revision]);
  });
});

test('each rule of subscriptions is broken at least once', () => {
  const broken = new Set(tampered.map(([, , rule]) => rule));
  const ofSubscriptions = Object.keys(rules).filter((rule) => rule === 'clock' || rule.startsWith('law-s'));
  expect(ofSubscriptions.filter((rule) => !broken.has(rule as Rule))).toEqual([]);
});
