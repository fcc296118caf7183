// What a file system refuses is an answer of one line, and nothing of the work is left behind.
import { execFileSync, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { copyFileSync, existsSync, readdirSync, rmSync } from 'node:fs';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { beforeAll, expect, onTestFinished, type TestContext, test } from 'vitest';
import { writeStories } from '../audit/golden-log.test-support.ts';
import { newDirectory } from '../event-store/sqlite/log-directory.test-support.ts';
import { openSqliteEventStore } from '../event-store/sqlite/sqlite.ts';
import { type SmallDisk, smallDisk } from '../testing/postgres-server/index.ts';
import { runPaidonce } from './run-paidonce.test-support.ts';

let [folder, path, backup] = ['', '', ''];
beforeAll(async () => {
  folder = newDirectory();
  [path, backup] = [join(folder, 'ledger.db'), join(folder, 'backup.db')];
  const store = await openSqliteEventStore(path);
  await writeStories(store);
  const again = await openSqliteEventStore(path);
  await again.backup(backup);
  await again.close();
  await store.close();
  return () => rmSync(folder, { recursive: true, force: true });
});

/** A disk of its own. Skips the test where none can be mounted. */
function mounted({ skip }: Pick<TestContext, 'skip'>): SmallDisk {
  const disk = smallDisk('8m');
  if (disk === undefined) {
    console.warn('SKIPPED: a file system that is full or read-only. It needs Linux, and root to mount a small one');
    return skip();
  }
  onTestFinished(() => disk.remove());
  return disk;
}

function makeReadOnly(disk: SmallDisk): void {
  execFileSync('mount', ['-o', 'remount,ro', disk.folder]);
}

async function refused(code: string, why: RegExp, ...args: readonly string[]): Promise<void> {
  const ran = await runPaidonce([...args, '--json']);
  expect(ran).toMatchObject({ code: 2, err: expect.stringMatching(why) });
  expect(JSON.parse(ran.out)).toEqual({ error: code, message: expect.stringMatching(why) });
}

test('restore into a folder that does not exist', () =>
  refused(
    'store_unavailable',
    /ENOENT.*Does its directory exist/,
    'restore',
    backup,
    '--store',
    `sqlite:${join(folder, 'none', 'ledger.db')}`,
  ));

test('restore onto a full disk', async (context) => {
  const disk = mounted(context);
  disk.fill(join(disk.folder, 'filler'));
  await refused('store_full', /ENOSPC.*Make room/, 'restore', backup, '--store', `sqlite:${join(disk.folder, 'ledger.db')}`);
  expect(readdirSync(disk.folder)).toEqual(['filler']);
});

test('backup and restore of a log on a medium that is read-only', async (context) => {
  const disk = mounted(context);
  const there = join(disk.folder, 'ledger.db');
  copyFileSync(path, there); // In the mode of a log in use, as whoever copies the file of a stopped process keeps it.
  makeReadOnly(disk);
  const [copy, restored] = [join(folder, 'copy.db'), join(folder, 'restored.db')];
  expect(await runPaidonce(['backup', copy, '--store', `sqlite:${there}`])).toMatchObject({ code: 0 });
  expect(await runPaidonce(['restore', there, '--store', `sqlite:${restored}`])).toMatchObject({ code: 0 });
  expect((await runPaidonce(['verify', '--store', `sqlite:${restored}`])).code).toBe(0);
  await refused('store_unavailable', /EROFS/, 'restore', backup, '--store', `sqlite:${join(disk.folder, 'new.db')}`);
});

test('import of a file that cannot be read: no store is made', async () => {
  const [socket, made] = [join(folder, 'socket'), join(folder, 'made.db')];
  const server = createServer().listen(socket);
  await once(server, 'listening');
  onTestFinished(() => void server.close());
  await refused('invalid_input', /socket cannot be read: ENXIO/, 'import', socket, '--create', '--store', `sqlite:${made}`);
  expect(existsSync(made)).toBe(false);
});

test.each(['stats', 'export'])('a full disk behind standard output: %s', (command) => {
  if (!existsSync('/dev/full')) return console.warn('SKIPPED: a full disk behind standard output. There is no /dev/full');
  const main = fileURLToPath(new URL('./main.ts', import.meta.url));
  const { status, stderr } = spawnSync(
    'sh',
    ['-c', `"${process.execPath}" --conditions=@paidonce/source "${main}" ${command} --store "sqlite:${path}" > /dev/full`],
    { encoding: 'utf8' },
  );
  expect([status, stderr]).toEqual([2, expect.stringMatching(/^Standard output cannot be written: ENOSPC$/m)]);
  expect(stderr).not.toMatch(/^ {4}at /m);
});
