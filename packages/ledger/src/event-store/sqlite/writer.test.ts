import { constants, DatabaseSync } from 'node:sqlite';
import { describe, expect, onTestFinished, test } from 'vitest';
import { type Runtime, systemRuntime } from '../../runtime.ts';
import { type AppendResult, logStart } from '../event-store.ts';
import { checkAppend } from '../stored-text.ts';
import { openConnection } from './connection.ts';
import { eventOf, newLogPath } from './log-directory.test-support.ts';
import { LogFile } from './log-file.ts';
import { openKnownFile } from './main-file.ts';
import { Writer } from './writer.ts';

describe('groups', () => {
  test('who appends in one turn of the event loop shares one commit', async () => {
    const { append, groups } = openWriter();
    await Promise.all([append('a'), append('b'), Promise.resolve().then(() => append('c'))]);
    await append('d');
    expect(groups).toEqual([3, 1]);
  });

  test('callers in a loop stay together', async () => {
    const { append, groups } = openWriter();
    const callers = Array.from({ length: 32 }, async (_, caller) => {
      for (let revision = -1; revision < 9; revision++) await append(`order-${caller}`, revision);
    });
    await Promise.all(callers);
    expect(groups).toEqual(Array(10).fill(32));
  });

  test('a group ends at 512 appends', async () => {
    const { append, groups } = openWriter();
    await Promise.all(Array.from({ length: 1_100 }, (_, n) => append(`order-${n}`)));
    expect(groups).toEqual([512, 512, 76]);
  });

  test('a group ends before 1 MiB', async () => {
    const { append, groups } = openWriter();
    await Promise.all(Array.from({ length: 5 }, (_, n) => append(`order-${n}`, -1, 400_000)));
    expect(groups).toEqual([2, 2, 1]);
  });

  test('within a group each append is judged alone, in order of arrival', async () => {
    const { append, groups } = openWriter();
    const results = await Promise.all([append('a', -1), append('a', -1), append('a', 0), append('b', 0), append('b', -1)]);
    expect(groups).toEqual([5]);
    expect(results).toMatchObject([
      { appended: true, revision: 0 },
      { appended: false, actualRevision: 0 },
      { appended: true, revision: 1 },
      { appended: false, actualRevision: -1 },
      { appended: true, revision: 0 },
    ]);
  });
});

test('what is appended together is judged before any of it is written, on what the same group wrote before', async () => {
  const { append, appendAll, groups, file } = openWriter();
  const results = await Promise.all([
    append('a'),
    appendAll(['a', 0], ['b', -1]),
    appendAll(['c', -1], ['b', -1]),
    append('c'),
    appendAll(['b', 0], ['c', 0]),
  ]);
  expect(groups).toEqual([5]);
  expect(results).toMatchObject([
    { appended: true, revision: 0 },
    [
      { appended: true, revision: 1 },
      { appended: true, revision: 0 },
    ],
    [
      { appended: false, actualRevision: -1 },
      { appended: false, actualRevision: 0 },
    ],
    { appended: true, revision: 0 },
    [
      { appended: true, revision: 1 },
      { appended: true, revision: 1 },
    ],
  ]);
  expect(file.readPage(logStart, undefined).events.map(({ stream }) => stream)).toEqual(['a', 'a', 'b', 'c', 'b', 'c']);
});

describe('the queue', () => {
  test('takes 10,000 appends; the next is `store_busy`, and all that were taken are stored', async () => {
    const { append, file } = openWriter();
    const accepted = Array.from({ length: 10_000 }, (_, n) => append(`order-${n}`));
    await expect(append('one-more')).rejects.toMatchObject({ code: 'store_busy', message: expect.stringContaining('10000 appends') });
    for (const result of await Promise.all(accepted)) expect(result.appended).toBe(true);
    expect(file.readStream('one-more', -1)).toEqual([]);
    expect(await append('one-more')).toMatchObject({ appended: true, position: '00000000000000010001' });
  });

  test('takes 16 MiB', async () => {
    const { append } = openWriter();
    const accepted = Array.from({ length: 16 }, (_, n) => append(`order-${n}`, -1, 1_000_000));
    await expect(append('one-more', -1, 1_000_000)).rejects.toMatchObject({ code: 'store_busy' });
    const small = append('small', -1, 1_000);
    for (const result of await Promise.all([...accepted, small])) expect(result.appended).toBe(true);
    expect(await append('one-more', -1, 1_000_000)).toMatchObject({ appended: true });
  });
});

describe('a file that another process holds', () => {
  test('is looked at again after a short wait, and the wait is chance', async () => {
    const waits: number[] = [];
    const chances = [0, 0.5, 0.999];
    const { append, path } = openWriter({
      random: () => chances[waits.length % 3] as number,
      sleep: async (ms) => {
        waits.push(ms);
        if (waits.length === 3) release();
      },
    });
    const other = new DatabaseSync(path);
    other.exec('BEGIN IMMEDIATE');
    const release = (): void => other.close();
    expect(await append('a')).toMatchObject({ appended: true });
    expect(waits).toEqual([1, 1.5, 1.999]);
  });

  test('gets a gap after each commit of ours, once it has written', async () => {
    const gaps: number[] = [];
    let now = 0;
    const { append, path } = openWriter({ monotonicNowMs: () => (now += 0.4), sleep: async (ms) => void gaps.push(ms) });
    await append('a');
    expect(gaps).toEqual([]);
    const other = openLogFile(path);
    other.commit([[checkAppend('b', -1, [eventOf(1)])]]);
    other.close();
    await append('c');
    expect(gaps).toEqual([expect.closeTo(0.4)]);
    await append('d');
    expect(gaps).toHaveLength(1);
  });
});

describe('a disk that is full', () => {
  test('is `store_full`, with nothing of the group written, and the store works again once there is room', async () => {
    const { append, file, db } = openWriter();
    await append('a');
    const pages = Number(db.prepare('PRAGMA page_count').get()?.['page_count']);
    db.exec(`PRAGMA max_page_count = ${pages + 20}`);
    let revision = -1;
    for (;;) {
      const group = await Promise.allSettled([append('first', revision, 5_000), append('second', revision, 5_000)]);
      const failed = group.filter((outcome) => outcome.status === 'rejected');
      if (failed.length > 0) {
        expect(failed).toHaveLength(2); // Both were in one transaction.
        for (const { reason } of failed)
          expect(reason).toMatchObject({ code: 'store_full', message: expect.stringContaining('make room') });
        break;
      }
      revision += 1;
    }
    expect(revision).toBeGreaterThan(0);
    for (const stream of ['first', 'second']) expect(file.readStream(stream, -1)).toHaveLength(revision + 1);
    await expect(append('first', revision, 50_000)).rejects.toMatchObject({ code: 'store_full' });
    expect(file.readPage(logStart, undefined).events).toHaveLength(1 + 2 * (revision + 1));

    db.exec('PRAGMA max_page_count = 1000000');
    expect(await append('second', revision, 50_000)).toMatchObject({ appended: true, revision: revision + 1 });
    const places = file.readPage(logStart, undefined).events.map((event) => Number(event.position));
    expect(places).toEqual(places.map((_, n) => n + 1));
  });
});

describe('a file that breaks its own rules', () => {
  test('is `corrupt` for who meets it, and for nobody else in the same group', async () => {
    const { append, file, path, groups } = openWriter();
    await append('a', -1);
    await append('a', 0);
    const db = new DatabaseSync(path);
    db.exec("UPDATE streams SET revision = 0 WHERE name = 'a'");
    db.close();
    const group = await Promise.allSettled([append('b', -1), append('a', 0), append('b', 0)]);
    expect(group).toMatchObject([{ value: { appended: true } }, { reason: { code: 'corrupt' } }, { value: { appended: true } }]);
    expect(file.readStream('b', -1)).toHaveLength(2);
    const next = await Promise.all([append('b', 1), append('c', -1)]); // These two share a transaction again.
    expect(next).toMatchObject([{ appended: true }, { appended: true }]);
    expect(groups.slice(-5)).toEqual([3, 1, 1, 1, 2]);
  });
});

describe('a transaction that cannot be rolled back', () => {
  test('takes its connection along: nobody reads what it wrote and never commits', async () => {
    const { append, file, path, db } = openWriter();
    await append('a', -1);
    await append('a', 0);
    const damage = new DatabaseSync(path);
    damage.exec("UPDATE streams SET revision = 0 WHERE name = 'a'");
    damage.close();
    const { SQLITE_TRANSACTION, SQLITE_DENY, SQLITE_OK } = constants;
    db.setAuthorizer((action, what) => (action === SQLITE_TRANSACTION && what === 'ROLLBACK' ? SQLITE_DENY : SQLITE_OK));
    // The first of the two is inserted before the second is found to be corrupt.
    for (const outcome of await Promise.allSettled([append('b', -1), append('a', 0)]))
      expect(outcome).toMatchObject({ status: 'rejected', reason: { code: 'store_unavailable' } });
    expect(() => file.readStream('b', -1)).toThrow(expect.objectContaining({ code: 'store_unavailable' }));
    expect(db.isOpen).toBe(false);
    const again = openLogFile(path);
    expect(again.readStream('b', -1)).toEqual([]);
    expect(again.commit([[checkAppend('b', -1, [eventOf(1)])]]).results).toMatchObject([[{ appended: true }]]);
    again.close();
  });
});

interface OpenWriter {
  readonly append: (stream: string, expectedRevision?: number, bytes?: number) => Promise<AppendResult>;
  /** Appends one event to each stream, all together. */
  readonly appendAll: (...appends: readonly (readonly [stream: string, expectedRevision: number])[]) => ReturnType<Writer['append']>;
  /** How many appends each commit had. */
  readonly groups: number[];
  readonly file: LogFile;
  readonly db: DatabaseSync;
  readonly path: string;
}

function openWriter(runtime: Partial<Runtime> = {}): OpenWriter {
  const path = newLogPath();
  const { db, seen } = openKnownFile(path, () => openConnection(path));
  const groups: number[] = [];
  class CountedFile extends LogFile {
    override commit(appends: Parameters<LogFile['commit']>[0]): ReturnType<LogFile['commit']> {
      groups.push(appends.length);
      return super.commit(appends);
    }
  }
  const file = new CountedFile(db, path, seen);
  const writer = new Writer({ file, runtime: { ...systemRuntime, ...runtime }, busyTimeoutMs: 1_000, onCommit: () => undefined });
  onTestFinished(async () => {
    await writer.drain();
    file.close();
  });
  const appendAll: OpenWriter['appendAll'] = (...appends) =>
    writer.append(appends.map(([stream, expectedRevision]) => checkAppend(stream, expectedRevision, [eventOf(100)])));
  const append: OpenWriter['append'] = async (stream, expectedRevision = -1, bytes = 100) =>
    (await writer.append([checkAppend(stream, expectedRevision, [eventOf(bytes)])]))[0]!;
  return { append, appendAll, groups, file, db, path };
}

function openLogFile(path: string): LogFile {
  const { db, seen } = openKnownFile(path, () => openConnection(path));
  return new LogFile(db, path, seen);
}
