import { fork } from 'node:child_process';
import { once } from 'node:events';
import { chmodSync, chownSync, copyFileSync, existsSync, readdirSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, onTestFinished, test, vi } from 'vitest';
import { runPaidonce } from '../../cli/run-paidonce.test-support.ts';
import { eventOf, newDirectory } from '../../event-store/sqlite/log-directory.test-support.ts';
import { openSqliteEventStore } from '../../event-store/sqlite/sqlite.ts';
import { fileMode } from '../../written-files.ts';

const links = vi.hoisted(() => ({ fail: false }));
vi.mock('node:fs', async (original) => {
  const fs = await original<typeof import('node:fs')>();
  const linkSync: typeof fs.linkSync = (from, to) => {
    if (links.fail) throw Object.assign(new Error('EPERM: operation not permitted, link'), { code: 'EPERM', syscall: 'link' });
    fs.linkSync(from, to);
  };
  return { ...fs, linkSync };
});

/** A log of 30 events, of which a backup has 20. */
async function backedUp(): Promise<{ readonly directory: string; readonly path: string; readonly backup: string; readonly url: string }> {
  const directory = newDirectory();
  onTestFinished(() => rmSync(directory, { recursive: true, force: true }));
  const [path, backup] = [join(directory, 'ledger.db'), join(directory, 'backup.db')];
  const store = await openSqliteEventStore(path);
  for (let revision = -1; revision < 19; revision += 1) await store.append('order-1', revision, [eventOf(100)]);
  await store.backup(backup);
  for (let revision = 19; revision < 29; revision += 1) await store.append('order-1', revision, [eventOf(100)]);
  await store.close();
  return { directory, path, backup, url: `sqlite:${path}` };
}

async function eventsIn(path: string): Promise<number> {
  const store = await openSqliteEventStore(path);
  const events = await store.readStream('order-1');
  await store.close();
  return events.length;
}

describe('paidonce restore', () => {
  test('puts the backup in the place of the log, keeps the old log, and leaves nothing else behind', async () => {
    const { directory, path, backup, url } = await backedUp();
    const ran = await runPaidonce(['restore', backup, '--store', url]);
    expect(ran).toMatchObject({ code: 0, err: '' });
    expect(ran.out).toMatch(/20 events.*\n.*kept as .*before-restore, with 30 events/);
    expect(readdirSync(directory).toSorted()).toEqual(['backup.db', 'ledger.db', 'ledger.db.before-restore']);
    expect([await eventsIn(path), await eventsIn(`${path}.before-restore`)]).toEqual([20, 30]);
    const again = await runPaidonce(['restore', backup, '--store', url, '--json']);
    expect(JSON.parse(again.out)).toMatchObject({ size: 20, kept: `${path}.before-restore-2`, keptSize: 20 });
  });

  test.each([0o444, 0o644, 0o600])('a backup with the mode %o: the log has the mode and the owner of the old one', async (mode) => {
    const { path, backup, url } = await backedUp();
    const isRoot = process.getuid?.() === 0;
    if (isRoot) chownSync(path, 65_534, 65_534);
    chmodSync(path, 0o660);
    chmodSync(backup, mode);
    const { uid, gid } = statSync(path);
    expect(await runPaidonce(['restore', backup, '--store', url])).toMatchObject({ code: 0 });
    const restored = statSync(path);
    expect([restored.mode & 0o777, restored.uid, restored.gid]).toEqual([0o660, uid, gid]);
    rmSync(path);
    expect(await runPaidonce(['restore', backup, '--store', url])).toMatchObject({ code: 0 });
    expect(statSync(path).mode & 0o777 & ~fileMode).toBe(0); // Where there was no log, nobody else may read it.
    expect(await eventsIn(path)).toBe(20);
  });

  test('on a file system that knows no second name for a file', async () => {
    const { directory, path, backup, url } = await backedUp();
    links.fail = true;
    onTestFinished(() => {
      links.fail = false;
    });
    expect(await runPaidonce(['restore', backup, '--store', url])).toMatchObject({ code: 0 });
    expect(readdirSync(directory).toSorted()).toEqual(['backup.db', 'ledger.db', 'ledger.db.before-restore']);
    expect([await eventsIn(path), await eventsIn(`${path}.before-restore`)]).toEqual([20, 30]);
  });

  test('after a crash: the -wal file of the old log is not left beside the backup', async () => {
    const { path, backup, url } = await backedUp();
    await killedWhileOpen(path);
    expect(existsSync(`${path}-wal`)).toBe(true);
    expect(await runPaidonce(['restore', backup, '--store', url])).toMatchObject({ code: 0 });
    expect(existsSync(`${path}-wal`)).toBe(false);
    expect(await eventsIn(path)).toBe(20);
    expect(await eventsIn(`${path}.before-restore`)).toBe(35); // Also what was in its -wal file.
  });

  test('after a crash and a log that was removed by hand: its -wal file does not stay either', async () => {
    const { path, backup, url } = await backedUp();
    await killedWhileOpen(path);
    rmSync(path);
    expect(await runPaidonce(['restore', backup, '--store', url])).toMatchObject({ code: 0 });
    expect(existsSync(`${path}-wal`)).toBe(false);
    expect(await eventsIn(path)).toBe(20);
  });

  test('after somebody had moved a backup over the log by hand, and SQLite would destroy it', async () => {
    const { path, backup, url } = await backedUp();
    await killedWhileOpen(path);
    copyFileSync(backup, path);
    await expect(openSqliteEventStore(path)).rejects.toMatchObject({
      code: 'log_went_back',
      message: expect.stringContaining('paidonce restore'),
    });
    expect(await runPaidonce(['restore', backup, '--store', url])).toMatchObject({ code: 0 });
    expect(await eventsIn(path)).toBe(20);
  });

  test('where there is no log, and where the log is no longer one', async () => {
    const { path, backup, url } = await backedUp();
    writeFileSync(path, Buffer.alloc(8_192, 7));
    expect((await runPaidonce(['restore', backup, '--store', url])).code).toBe(2); // Not ours to overwrite.
    rmSync(path);
    expect((await runPaidonce(['restore', backup, '--store', url])).code).toBe(0);
    expect(await eventsIn(path)).toBe(20);
  });

  test('is refused while the log is open, in this process or another, and changes nothing', async () => {
    const { directory, path, backup, url } = await backedUp();
    const store = await openSqliteEventStore(path);
    const before = readdirSync(directory);
    expect(await runPaidonce(['restore', backup, '--store', url])).toMatchObject({
      code: 2,
      err: expect.stringContaining('is open in another process'),
    });
    expect(readdirSync(directory)).toEqual(before);
    expect(await store.append('order-1', 29, [eventOf(100)])).toMatchObject({ appended: true });
    await store.close();

    const child = await openedElsewhere(path);
    expect(await runPaidonce(['restore', backup, '--store', url])).toMatchObject({
      code: 2,
      err: expect.stringContaining('is open in another process'),
    });
    child.kill('SIGKILL');
    await once(child, 'exit');
    expect(await runPaidonce(['restore', backup, '--store', url])).toMatchObject({ code: 0 });
  });

  test('is refused for what is no backup', async () => {
    const { directory, path, backup, url } = await backedUp();
    const other = join(directory, 'other.db');
    writeFileSync(other, 'not a log');
    const store = await openSqliteEventStore(`${path}.live`);
    await store.append('order-1', -1, [eventOf(100)]);
    const refused: readonly [backup: string, store: string, why: RegExp][] = [
      [path, url, /is the log itself/],
      [other, url, /no SQLite file/],
      [join(directory, 'absent.db'), url, /does not exist/],
      [`${path}.live`, url, /a log in use/],
      [backup, 'esdb://127.0.0.1:2113', /is no SQLite file/],
    ];
    for (const [file, to, why] of refused) {
      expect(await runPaidonce(['restore', file, '--store', to])).toMatchObject({ code: 2, err: expect.stringMatching(why) });
    }
    await store.close();
    expect(await eventsIn(path)).toBe(30);
  });
});

async function openedElsewhere(path: string) {
  const child = fork(new URL('../../event-store/sqlite/put-back.test-support.ts', import.meta.url), [path], {
    execArgv: ['--conditions=@paidonce/source'],
  });
  onTestFinished(() => void child.kill('SIGKILL'));
  await once(child, 'message');
  const answer = once(child, 'message');
  child.send(5);
  await answer;
  return child;
}

async function killedWhileOpen(path: string): Promise<void> {
  const child = await openedElsewhere(path);
  child.kill('SIGKILL');
  await once(child, 'exit');
}
