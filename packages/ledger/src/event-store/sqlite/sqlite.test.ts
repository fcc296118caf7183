import { existsSync, readdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { basename, dirname, join, relative } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { describe, expect, onTestFinished, test } from 'vitest';
import { storeContract } from '../../testing/store-contract.ts';
import type { StoredEvent } from '../event-store.ts';
import { eventOf, newDirectory, newLogPath } from './log-directory.test-support.ts';
import { openSqliteEventStore, type SqliteEventStore, type SqliteEventStoreOptions } from './sqlite.ts';

storeContract('the store on SQLite', async () => {
  const directory = newDirectory();
  return {
    open: () => openSqliteEventStore(join(directory, 'ledger.db')),
    backUp: async () => {
      const store = await openSqliteEventStore(join(directory, 'ledger.db'));
      await store.backup(join(directory, 'backup.db'));
      await store.close();
      return async () => {
        for (const suffix of ['-wal', '-shm']) rmSync(join(directory, `ledger.db${suffix}`), { force: true });
        renameSync(join(directory, 'backup.db'), join(directory, 'ledger.db'));
      };
    },
    remove: async () => rmSync(directory, { recursive: true, force: true }),
  };
});

describe('opening', () => {
  test('a log that is opened again has all its events, and goes on behind them', async () => {
    const path = newLogPath();
    const first = await open(path);
    await first.append('order-1', -1, [eventOf(10), eventOf(10)]);
    const before = await allEvents(first);
    await first.close();
    const second = await open(path);
    expect(await allEvents(second)).toEqual(before);
    expect(await second.append('order-1', 1, [eventOf(10)])).toMatchObject({ revision: 2, position: '00000000000000000003' });
  });

  test('an event that is JSON no longer is `corrupt`, and named', async () => {
    const path = newLogPath();
    const store = await open(path);
    await store.append('order-1', -1, [eventOf(10), eventOf(10)]);
    const db = new DatabaseSync(path);
    db.exec("UPDATE events SET data = '{' WHERE revision = 1");
    db.close();
    const corrupt = { code: 'corrupt', message: expect.stringContaining('order-1@1') };
    await expect(store.readStream('order-1')).rejects.toMatchObject(corrupt);
    await expect(allEvents(store)).rejects.toMatchObject(corrupt);
  });

  test('the path is made absolute once, also a name that SQLite would take for something else', async () => {
    const path = newLogPath();
    const store = await open(relative(process.cwd(), path));
    expect(store.path).toBe(path);
    const odd = join(dirname(path), 'file:x?mode=memory');
    const other = await open(odd);
    await other.append('order-1', -1, [eventOf(1)]);
    expect(existsSync(odd)).toBe(true);
  });

  test.each([
    [undefined as never, 'Is the variable with the path set?'],
    ['', 'Is the variable with the path set?'],
    [':memory:', 'openMemoryEventStore()'],
    ['postgres://u:secret@h/d', 'postgres:// is no path of a file. openEventStore(url) of @paidonce/ledger/store-url'],
  ])('%o is no path, and the message says what to do', async (path, message) => {
    await expect(openSqliteEventStore(path)).rejects.toMatchObject({ code: 'invalid_input', message: expect.stringContaining(message) });
  });

  test('a directory that does not exist is said', async () => {
    const path = join(dirname(newLogPath()), 'none', 'ledger.db');
    await expect(openSqliteEventStore(path)).rejects.toMatchObject({
      code: 'store_unavailable',
      message: expect.stringContaining('Does its directory exist'),
    });
  });
});

describe('other processes', () => {
  test('an append waits for a file that is held, and is stored once it is free', async () => {
    const path = newLogPath();
    const store = await open(path);
    const release = hold(path);
    const waiting = store.append('order-1', -1, [eventOf(10)]);
    for (let turn = 0; turn < 20; turn++) await new Promise(setImmediate);
    expect(await store.readStream('order-1')).toEqual([]); // Readers need not wait.
    release();
    expect(await waiting).toMatchObject({ appended: true });
  });

  test('a file that stays held is `store_busy`, with nothing written, and the store goes on later', async () => {
    const path = newLogPath();
    const store = await open(path, { busyTimeoutMs: 30 });
    const release = hold(path);
    const waiting = [1, 2, 3].map((n) => store.append(`order-${n}`, -1, [eventOf(10)]));
    for (const append of waiting) await expect(append).rejects.toMatchObject({ code: 'store_busy' });
    release();
    expect(await allEvents(store)).toEqual([]);
    expect(await store.append('order-1', -1, [eventOf(10)])).toMatchObject({ appended: true, revision: 0 });
  });

  test('opening waits too', async () => {
    const path = newLogPath();
    const db = new DatabaseSync(path);
    db.exec('BEGIN EXCLUSIVE');
    const opening = open(path);
    for (let turn = 0; turn < 20; turn++) await new Promise(setImmediate);
    db.exec('ROLLBACK');
    db.close();
    expect(await allEvents(await opening)).toEqual([]);
  });
});

describe('a trigger that another process makes while the store is open', () => {
  const trigger = "CREATE TRIGGER pay AFTER INSERT ON events BEGIN UPDATE events SET data = '{}' WHERE position = new.position; END";

  test.each([
    ['after appends', 1],
    ['before the first append', 0],
  ])('is refused by the next append, which writes nothing: %s', async (_, appends) => {
    const path = newLogPath();
    const store = await open(path);
    for (let n = 0; n < appends; n++) await store.append('order-1', n - 1, [eventOf(10)]);
    const db = new DatabaseSync(path);
    db.exec(trigger);
    await expect(store.append('order-2', -1, [eventOf(10)])).rejects.toMatchObject({
      code: 'corrupt',
      message: expect.stringContaining('trigger "pay" on "events"'),
    });
    expect(await store.readStream('order-2')).toEqual([]);
    db.exec('DROP TRIGGER pay');
    db.close();
    expect(await store.append('order-2', -1, [eventOf(10)])).toMatchObject({ appended: true });
  });
});

describe('backup', () => {
  test('is a log of its own, equal to the original, and goes on from there', async () => {
    const path = newLogPath();
    const store = await open(path);
    for (let n = 0; n < 50; n++) await store.append(`order-${n}`, -1, [eventOf(100), eventOf(100)]);
    const copyPath = join(dirname(path), 'copy.db');
    await store.backup(copyPath);
    expect(readdirSync(dirname(path)).filter((name) => name.startsWith('copy'))).toEqual(['copy.db']);
    const copy = await open(copyPath);
    expect(await allEvents(copy)).toEqual(await allEvents(store));
    expect(await copy.append('order-7', 1, [eventOf(1)])).toMatchObject({ position: '00000000000000000101' });
    expect(await store.readStream('order-7')).toHaveLength(2);
  });

  test('of a store in use is the log at one moment: the first events, without a gap', async () => {
    const path = newLogPath();
    const store = await open(path);
    let revision = -1;
    let copying = true;
    const appending = (async () => {
      for (; copying || revision < 100; revision += 1) await store.append('order-1', revision, [eventOf(1_000)]);
    })();
    while (revision < 50) await new Promise(setImmediate);
    const copyPath = join(dirname(path), 'copy.db');
    await store.backup(copyPath);
    copying = false;
    await appending;
    const copied = await allEvents(await open(copyPath));
    expect(copied.length).toBeGreaterThan(50);
    expect(copied).toEqual((await allEvents(store)).slice(0, copied.length));
  });

  test('never overwrites a file, and leaves none behind when it fails', async () => {
    const path = newLogPath();
    const store = await open(path);
    await store.append('order-1', -1, [eventOf(10)]);
    const foreign = join(dirname(path), 'taken.db');
    writeFileSync(foreign, 'a letter');
    await expect(store.backup(foreign)).rejects.toMatchObject({ code: 'invalid_input' });
    expect(readFileSync(foreign, 'utf8')).toBe('a letter');
    await expect(store.backup(join(dirname(path), 'none', 'copy.db'))).rejects.toMatchObject({ code: 'store_unavailable' });
    const left = readdirSync(dirname(path)).filter((name) => !name.startsWith(basename(path)));
    expect(left).toEqual(['taken.db']);
  });
});

/** Holds the write lock, as another process does during a transaction. */
function hold(path: string): () => void {
  const db = new DatabaseSync(path);
  db.exec('BEGIN IMMEDIATE');
  return () => {
    db.exec('ROLLBACK');
    db.close();
  };
}

async function open(path: string, options?: SqliteEventStoreOptions): Promise<SqliteEventStore> {
  const store = await openSqliteEventStore(path, options);
  onTestFinished(() => store.close());
  return store;
}

async function allEvents(store: SqliteEventStore): Promise<readonly StoredEvent[]> {
  const events: StoredEvent[] = [];
  for await (const page of store.readLog()) events.push(...page.events);
  return events;
}
