import { readFileSync, writeFileSync } from 'node:fs';
import { DatabaseSync } from 'node:sqlite';
import { describe, expect, test } from 'vitest';
import { openConnection, refuseNetworkFileSystem } from './connection.ts';
import { newLogPath } from './log-directory.test-support.ts';
import { applicationId, migrate, migrations, pragma } from './migrations.ts';

describe('what is not our log is refused and left as it is', () => {
  test.each([
    ['a SQLite file of another program', 'CREATE TABLE customers (id); PRAGMA application_id = 42', 'another program (application_id 42)'],
    ['a SQLite file without a name', 'CREATE TABLE customers (id)', 'another program (application_id 0)'],
    ['an empty file with a version', 'PRAGMA user_version = 7', 'another program'],
  ])('%s', (_, sql, sentence) => {
    const path = newLogPath();
    inFile(path, sql);
    expectRefused(path, 'invalid_input', sentence);
  });

  test('a file that is not SQLite', () => {
    const path = newLogPath();
    writeFileSync(path, 'a letter to a customer, long enough to be taken for a header of a database. '.repeat(20));
    expectRefused(path, 'invalid_input', 'no SQLite file');
  });

  test('a log of a newer release', () => {
    const path = newLogPath();
    openConnection(path).close();
    inFile(path, 'PRAGMA user_version = 99');
    expectRefused(path, 'file_newer', 'layout 99');
  });
});

describe('what somebody put into our file is refused, and nothing is written', () => {
  test.each([
    ['a trigger', 'CREATE TRIGGER pay AFTER INSERT ON events BEGIN UPDATE events SET data = 0; END', 'trigger "pay" on "events"'],
    ['a view', 'CREATE VIEW later AS SELECT * FROM events', 'view "later"'],
    ['a table', 'CREATE TABLE notes (id)', 'table "notes"'],
    ['an index', 'CREATE INDEX by_data ON events (data)', 'index "by_data" on "events"'],
    ['a column', "ALTER TABLE events ADD COLUMN note TEXT NOT NULL DEFAULT ''", 'table "events"; no table "events" as the ledger made it'],
    [
      'a view in the place of a table',
      "ALTER TABLE events RENAME TO kept; CREATE VIEW events AS SELECT * FROM kept WHERE type <> 'MembershipRevoked'",
      'view "events"',
    ],
  ])('%s', (_, sql, sentence) => {
    const path = newLogPath();
    openConnection(path).close();
    inFile(path, sql);
    expectRefused(path, 'corrupt', sentence);
  });

  test('statistics of ANALYZE and VACUUM are no change', () => {
    const path = newLogPath();
    openConnection(path).close();
    inFile(path, "INSERT INTO streams VALUES (1, 'order-1', 0); ANALYZE; VACUUM");
    openConnection(path).close();
  });
});

describe('the layout moves forward', () => {
  const more = [...migrations, 'ALTER TABLE events ADD COLUMN note TEXT', 'CREATE TABLE notes (id) STRICT_IS_MISSING'];

  test('through every step, with its rows', () => {
    const path = newLogPath();
    const db = openConnection(path);
    db.exec("INSERT INTO streams VALUES (1, 'order-1', 0); INSERT INTO events VALUES (1, 1, 0, 'id', 'Noted', '{}', '{}')");
    migrate(db, path, more.slice(0, 2));
    expect(pragma(db, 'user_version')).toBe(2);
    expect(db.prepare('SELECT position, type, note FROM events').all()).toEqual([{ position: 1, type: 'Noted', note: null }]);
    db.close();
  });

  test('or not at all: a step that fails takes the earlier ones back', () => {
    const path = newLogPath();
    const db = openConnection(path);
    expect(() => migrate(db, path, more)).toThrow();
    expect(db.isTransaction).toBe(false);
    expect(pragma(db, 'user_version')).toBe(1);
    expect(db.prepare("SELECT name FROM pragma_table_info('events')").all()).not.toContainEqual({ name: 'note' });
    db.close();
  });

  test('a new file is ours, on disk, and set to durable', () => {
    const path = newLogPath();
    const db = openConnection(path);
    expect(pragma(db, 'application_id')).toBe(applicationId);
    expect(pragma(db, 'synchronous')).toBe(2);
    expect(pragma(db, 'fullfsync')).toBe(1);
    expect(pragma(db, 'busy_timeout')).toBe(0);
    expect(db.prepare('PRAGMA journal_mode').get()).toEqual({ journal_mode: 'wal' });
    db.close();
  });
});

describe('network file systems are refused', () => {
  test.each([
    [0x6969, 'NFS'],
    [0xff534d42, 'CIFS'],
    [0x01021997, '9P'],
  ])('type %i is %s', (type, name) => {
    expect(() => refuseNetworkFileSystem('/mnt/ledger.db', () => type)).toThrow(`/mnt/ledger.db lies on ${name}`);
  });

  test('a share of Windows too; local disks not', () => {
    expect(() => refuseNetworkFileSystem('\\\\server\\share\\ledger.db', () => 0)).toThrow('a network share');
    const [ext4, xfs, btrfs, tmpfs, unknown] = [0xef53, 0x58465342, 0x9123683e, 0x01021994, 0];
    for (const type of [ext4, xfs, btrfs, tmpfs, unknown])
      expect(() => refuseNetworkFileSystem('/data/ledger.db', () => type)).not.toThrow();
  });
});

function inFile(path: string, sql: string): void {
  const db = new DatabaseSync(path);
  db.exec(sql);
  db.close();
}

function expectRefused(path: string, code: string, sentence: string): void {
  const before = readFileSync(path);
  expect(() => openConnection(path)).toThrow(expect.objectContaining({ code, message: expect.stringContaining(sentence) }));
  expect(readFileSync(path).equals(before)).toBe(true);
}
