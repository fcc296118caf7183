// A file system that is full, and not only a file that may not grow: SQLite meets it in the `-wal`, and in its index.
import { randomUUID } from 'node:crypto';
import { rmSync } from 'node:fs';
import { join } from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import type { LedgerError } from '../../errors.ts';
import { smallDisk } from '../../testing/postgres-server/index.ts';
import { openSqliteEventStore } from './sqlite.ts';

test('while the disk is full an append is `store_full` with nothing written; once there is room the same process goes on', async ({
  skip,
}) => {
  const disk = smallDisk('8m');
  if (disk === undefined) {
    console.warn('SKIPPED: a full disk under SQLite. It needs Linux, and root to mount a small one');
    skip();
    return;
  }
  onTestFinished(() => disk.remove());
  const path = join(disk.folder, 'ledger.db');
  const store = await openSqliteEventStore(path);
  onTestFinished(() => store.close());
  let revision = -1;
  const append = async (): Promise<void> => {
    const events = [{ id: randomUUID(), type: 'Noted', data: { text: 'x'.repeat(20_000) }, metadata: { version: '1' } }];
    const result = await store.append('order-1', revision, events);
    expect(result).toMatchObject({ appended: true, revision: revision + 1 });
    revision += 1;
  };
  for (let n = 0; n < 10; n++) await append();
  const filler = join(disk.folder, 'filler');
  disk.fill(filler);
  const refusals: LedgerError[] = [];
  while (refusals.length < 5) await append().catch((error: LedgerError) => refusals.push(error)); // The file may have room inside.
  for (const refusal of refusals) {
    expect(refusal).toMatchObject({ code: 'store_full', message: expect.stringContaining('Nothing was written; make room') });
  }
  expect(await store.readStream('order-1')).toHaveLength(revision + 1);
  rmSync(filler);
  for (let n = 0; n < 10; n++) await append();
  await store.close();
  const next = await openSqliteEventStore(path);
  expect(await next.readStream('order-1')).toHaveLength(revision + 1);
  await next.close();
});
