import { spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, readFileSync, rmSync, statSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeEach, describe, expect, test } from 'vitest';
import { newDirectory } from './event-store/sqlite/log-directory.test-support.ts';
import { openSqliteEventStore } from './event-store/sqlite/sqlite.ts';
import { appendToFile, readText, refuseLink, writeNewFile } from './written-files.ts';

const directory = newDirectory();
let folder = '';
let count = 0;
beforeEach(() => {
  folder = join(directory, String(++count));
  mkdirSync(folder);
});
afterAll(() => rmSync(directory, { recursive: true, force: true }));

const refusal = (message: string) => expect.objectContaining({ code: 'invalid_input', message: expect.stringContaining(message) });
const modeOf = (path: string): number => statSync(path).mode & 0o777;

describe.each<[string, (path: string) => void]>([
  ['a new file', (path) => writeNewFile(path, 'text')],
  ['a file that grows', (path) => appendToFile(path, 'text')],
])('%s', (what, write) => {
  test('is for owner and group', () => {
    const path = join(folder, 'new');
    write(path);
    expect(readFileSync(path, 'utf8')).toBe('text');
    expect(modeOf(path) & ~0o640).toBe(0);
  });

  test.each([
    ['of a file', true],
    ['of nothing', false],
  ])('is never written through a link %s', (_, exists) => {
    const [target, path] = [join(folder, 'target'), join(folder, 'link')];
    if (exists) writeFileSync(target, 'a letter');
    symlinkSync(target, path);
    expect(() => write(path)).toThrow(refusal(what === 'a new file' ? 'exists' : 'is a link'));
    expect(existsSync(target) ? readFileSync(target, 'utf8') : undefined).toBe(exists ? 'a letter' : undefined);
  });

  test('in a folder that does not exist is a clear sentence', () => {
    expect(() => write(join(folder, 'none', 'new'))).toThrow(refusal('cannot be written'));
  });
});

test('a new file never replaces another', () => {
  const path = join(folder, 'there');
  writeFileSync(path, 'a letter');
  expect(() => writeNewFile(path, 'text')).toThrow(refusal('exists. It was left as it is'));
  expect(readFileSync(path, 'utf8')).toBe('a letter');
});

// No file may be longer than nothing: the write fails as on a full disk.
test.skipIf(process.platform === 'win32')('a new file that the disk has no room for leaves nothing behind', () => {
  const path = join(folder, 'new');
  const source = new URL('written-files.ts', import.meta.url);
  const script = `import(${JSON.stringify(source)}).then(({ writeNewFile }) => writeNewFile(${JSON.stringify(path)}, 'text')).catch(({ code }) => console.log(code))`;
  const limited = `trap '' XFSZ; ulimit -f 0; exec "$0" "$@"`;
  const { stdout } = spawnSync('sh', ['-c', limited, process.execPath, '-e', script], { encoding: 'utf8' });
  expect(stdout).toBe('invalid_input\n');
  expect(existsSync(path)).toBe(false);
});

test('a link is refused where the end of a file would be cut off', () => {
  symlinkSync(join(folder, 'target'), join(folder, 'link'));
  expect(() => refuseLink(join(folder, 'link'))).toThrow(refusal('is a link'));
  expect(() => refuseLink(join(folder, 'none'))).not.toThrow();
});

test('a log, the files beside it and its backup are for owner and group', async () => {
  const path = join(folder, 'ledger.db');
  const store = await openSqliteEventStore(path);
  await store.append('order-1', -1, [{ id: 'id', type: 'Noted', data: {}, metadata: {} }]);
  await store.backup(join(folder, 'copy.db'));
  for (const file of [path, `${path}-wal`, `${path}-shm`, join(folder, 'copy.db')]) expect(modeOf(file) & ~0o640).toBe(0);
  await store.close();
});

test('a backup replaces no link', async () => {
  const store = await openSqliteEventStore(join(folder, 'ledger.db'));
  const link = join(folder, 'link');
  symlinkSync(join(folder, 'target'), link);
  await expect(store.backup(link)).rejects.toThrow(refusal('exists'));
  expect(existsSync(join(folder, 'target'))).toBe(false);
  await store.close();
});

describe('a text that is read', () => {
  test('has no byte-order mark', () => {
    writeFileSync(join(folder, 'key'), '\ufeffkey\n');
    expect(readText(join(folder, 'key'))).toBe('key\n');
  });

  test('has an end, also where the device has none', () => {
    writeFileSync(join(folder, 'long'), 'x'.repeat(101));
    expect(readText(join(folder, 'long'), 101)).toHaveLength(101);
    expect(() => readText(join(folder, 'long'), 100)).toThrow(refusal('more than 100 bytes'));
    if (existsSync('/dev/zero')) expect(() => readText('/dev/zero', 10_000_000)).toThrow(refusal('more than 10000000 bytes'));
  });

  test('is no folder', () => {
    expect(() => readText(folder)).toThrow(refusal('it is a folder'));
  });
});
