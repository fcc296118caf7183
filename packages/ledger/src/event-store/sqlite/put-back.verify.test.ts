// A backup that somebody puts back by hand, without `paidonce restore`: moved or copied over the log, while a process runs on
// it or after it was killed, with the -wal and -shm files left where they are.
import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import { copyFileSync, renameSync, rmSync } from 'node:fs';
import { describe, expect, onTestFinished, test } from 'vitest';
import { newLogPath } from './log-directory.test-support.ts';
import type { Appended } from './put-back.test-support.ts';
import { openSqliteEventStore } from './sqlite.ts';

const script = new URL('./put-back.test-support.ts', import.meta.url);

async function start(path: string): Promise<ChildProcess> {
  const child = fork(script, [path], { execArgv: ['--conditions=@paidonce/source'] });
  onTestFinished(() => void child.kill('SIGKILL'));
  await once(child, 'message');
  return child;
}

async function append(child: ChildProcess, count: number): Promise<Appended> {
  const answer = once(child, 'message');
  child.send(count);
  return (await answer)[0] as Appended;
}

async function kill(child: ChildProcess): Promise<void> {
  const gone = once(child, 'exit');
  child.kill('SIGKILL');
  await gone;
}

/** Reads the ids in the log as the next start finds it; where that refuses the -wal file, after it was removed, as a restore does. */
async function idsIn(path: string): Promise<{ readonly refused: string; readonly ids: ReadonlySet<string> }> {
  let refused = '';
  const store = await openSqliteEventStore(path).catch((error: { code: string }) => {
    refused = error.code;
    for (const suffix of ['-wal', '-shm']) rmSync(`${path}${suffix}`, { force: true });
    return openSqliteEventStore(path);
  });
  try {
    return { refused, ids: new Set((await store.readStream('order-1')).map(({ id }) => id)) };
  } finally {
    await store.close();
  }
}

const manners: readonly [how: string, putBack: (backup: string, path: string) => void][] = [
  ['moved', renameSync],
  ['copied', copyFileSync],
];
// Few appends leave everything in the write-ahead log; many have moved it into the file several times.
const sizes: readonly [before: number, lost: number][] = [
  [20, 20],
  [600, 30],
  [600, 600],
];
const cases = manners.flatMap(([how, putBack]) => sizes.map(([before, lost]) => ({ how, putBack, before, lost })));

describe('a backup over the log, 100 appends after it: none is acknowledged that is not there afterwards', () => {
  test.each(cases)('$how under a running process, $before appends in it and $lost behind it', async ({ putBack, before, lost }) => {
    const path = newLogPath();
    const child = await start(path);
    const kept = await append(child, before);
    await backUp(path);
    expect((await append(child, lost)).codes).toEqual([]);

    putBack(`${path}.backup`, path);
    const after = await append(child, 100);
    expect(after.codes).toEqual(['log_went_back']);
    await kill(child);

    const { ids } = await idsIn(path);
    expect(after.acknowledged.filter((id) => !ids.has(id))).toEqual([]);
    expect([...kept.acknowledged].filter((id) => !ids.has(id))).toEqual([]); // What the backup has is whole.
  });

  test.each(cases)('$how after a kill, $before appends in it and $lost behind it', async ({ putBack, before, lost }) => {
    const path = newLogPath();
    const child = await start(path);
    const kept = await append(child, before);
    await backUp(path);
    await append(child, lost);
    await kill(child);

    putBack(`${path}.backup`, path);
    const next = await start(path);
    const after = await append(next, 100);
    expect(after).toEqual({ acknowledged: [], codes: ['log_went_back'] });
    await kill(next);

    const { refused, ids } = await idsIn(path);
    expect(refused).toBe('log_went_back');
    expect([...ids]).toEqual(kept.acknowledged);
  });

  test.each(manners)('%s while another process appends without a pause', async (_, putBack) => {
    const path = newLogPath();
    const child = await start(path);
    await append(child, 50);
    await backUp(path);
    const appending = append(child, 400);
    await new Promise((resolve) => setTimeout(resolve, 5));
    putBack(`${path}.backup`, path);
    const during = await appending;
    expect(during.codes).toContain('log_went_back');
    const after = await append(child, 100);
    expect(after).toEqual({ acknowledged: [], codes: ['log_went_back'] });
  });
});

describe('what is no reason to refuse', () => {
  test('checkpoints of another process, and backups, while both append', async () => {
    const path = newLogPath();
    const [a, b] = [await start(path), await start(path)];
    const appending = [append(a, 1_500)];
    const own = await openSqliteEventStore(path);
    for (let revision = -1; revision < 1_500; revision += 1) {
      await own.append('order-2', revision, [{ id: crypto.randomUUID(), type: 'Noted', data: { text: 'x'.repeat(900) }, metadata: {} }]);
    }
    await own.backup(`${path}.backup`);
    await own.close();
    for (const { codes, acknowledged } of await Promise.all(appending)) {
      expect(codes).toEqual([]);
      expect(acknowledged).toHaveLength(1_500);
    }
    expect((await append(b, 1)).codes).toEqual([]);
  });

  test('a process that was killed at any moment: its -wal file belongs to the log', async () => {
    const path = newLogPath();
    let total = 0;
    for (const count of [1, 30, 300, 700, 5]) {
      const child = await start(path);
      const { acknowledged, codes } = await append(child, count);
      expect(codes).toEqual([]);
      total += acknowledged.length;
      await kill(child);
    }
    const { refused, ids } = await idsIn(path);
    expect([refused, ids.size]).toEqual(['', total]);
  });
});

async function backUp(path: string): Promise<void> {
  const store = await openSqliteEventStore(path);
  await store.backup(`${path}.backup`);
  await store.close();
}
