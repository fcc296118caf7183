import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, dirname, join } from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import { newDirectory } from '../event-store/sqlite/log-directory.test-support.ts';
import { holdTemporary, temporaryPrefix } from './temporary-folder.ts';

test('a folder is removed in the end, and may be made again', () => {
  const path = temporaryPath();
  for (let life = 0; life < 2; life++) {
    const remove = holdTemporary(path);
    writeFileSync(path, 'rows');
    remove();
    expect(existsSync(dirname(path))).toBe(false);
  }
});

test('a folder stays while its process lives, and is removed by another process once that was killed', async () => {
  const path = temporaryPath();
  const script = `const { holdTemporary } = await import(${JSON.stringify(new URL('./temporary-folder.ts', import.meta.url).href)});
    const remove = holdTemporary(${JSON.stringify(path)});
    process.stdout.write('held');
    setInterval(() => remove.name, 1_000);`;
  const child = spawn(process.execPath, ['--input-type=module', '--conditions=@paidonce/source', '-e', script], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  onTestFinished(() => void child.kill('SIGKILL'));
  await once(child.stdout, 'data');
  writeFileSync(path, 'rows');
  holdTemporary(temporaryPath())();
  expect(existsSync(path)).toBe(true);
  child.kill('SIGKILL');
  await once(child, 'exit');
  holdTemporary(temporaryPath())();
  expect(existsSync(dirname(path))).toBe(false);
});

test('what is held by this process, has no lock, is there already, or lies elsewhere is left alone', () => {
  const [held, other] = [temporaryPath(), temporaryPath()];
  const elsewhere = join(newDirectory(), `${temporaryPrefix}mine`, 'read-models.db');
  const remove = holdTemporary(held);
  for (const path of [other, elsewhere]) mkdirSync(dirname(path));
  onTestFinished(() => rmSync(dirname(other), { recursive: true }));
  holdTemporary(temporaryPath())();
  for (const path of [other, elsewhere]) holdTemporary(path)();
  expect([held, other, elsewhere].map((path) => existsSync(dirname(path)))).toEqual([true, true, true]);
  remove();
});

test('where no lock can be had the folder is left to who opens the file', () => {
  const path = temporaryPath();
  const inTheWay = join(tmpdir(), `paidonce-new-${basename(dirname(path))}`);
  mkdirSync(join(inTheWay, 'lock'), { recursive: true });
  onTestFinished(() => rmSync(inTheWay, { recursive: true, force: true }));
  const remove = holdTemporary(path);
  expect(existsSync(dirname(path))).toBe(false);
  mkdirSync(dirname(path));
  remove();
  expect(existsSync(dirname(path))).toBe(false);
});

function temporaryPath(): string {
  return join(tmpdir(), `${temporaryPrefix}${crypto.randomUUID()}`, 'read-models.db');
}
