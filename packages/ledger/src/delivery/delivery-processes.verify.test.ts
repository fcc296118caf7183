import { type ChildProcess, fork } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { openSqliteEventStore } from '../event-store/sqlite/sqlite.ts';
import type { Said, Told } from './delivery-process.test-support.ts';

let folder: string;
let children: ChildProcess[];

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'paidonce-two-processes-'));
  children = [];
});

afterEach(() => {
  for (const child of children) child.kill('SIGKILL');
  rmSync(folder, { recursive: true, force: true });
});

/** A process that is told what to do, and what it has said. */
async function start(logPath: string, shopPath: string): Promise<{ tell(told: Told): void; says(said: Said): Promise<void> }> {
  const child = fork(join(import.meta.dirname, 'delivery-process.test-support.ts'), [logPath, shopPath], { stdio: 'inherit' });
  children.push(child);
  const heard = new Set<string>();
  let hear = Promise.withResolvers<void>();
  const wake = (): void => {
    hear.resolve();
    hear = Promise.withResolvers<void>();
  };
  child.on('message', (said) => {
    heard.add(JSON.stringify(said));
    wake();
  });
  child.on('exit', wake);
  const says = async (said: Said): Promise<void> => {
    while (!heard.has(JSON.stringify(said))) {
      if (child.exitCode !== null) throw new Error(`The process ended before it said ${JSON.stringify(said)}`);
      await hear.promise;
    }
  };
  await says({ ready: true });
  return { tell: (told) => void child.send(told), says };
}

test('law 9: a late grant cannot undo a newer revocation, with two processes on one log', async () => {
  const [logPath, shopPath] = [join(folder, 'ledger.db'), join(folder, 'shop.db')];
  const shop = new DatabaseSync(shopPath, { timeout: 2 ** 31 - 1 });
  shop.exec(`create table memberships (membership_id text primary key, status text not null, sequence integer not null);
             create table careless (membership_id text primary key, status text not null)`);
  const [a, b] = [await start(logPath, shopPath), await start(logPath, shopPath)];

  a.tell({ buy: 'o1' });
  await a.says({ delivering: 'o1:1' }); // Stuck in the shop's write from here on.
  b.tell({ refund: 'o1' });
  await b.says({ delivering: 'o1:2' });
  await a.says({ aborted: 'o1:1' }); // a has seen b's decision; its shop call goes on regardless.
  b.tell({ write: 'o1:2' });
  await b.says({ written: 'o1:2' });
  const membership = shop.prepare("select status, sequence from memberships where membership_id = 'o1'");
  expect({ ...membership.get() }).toEqual({ status: 'revoked', sequence: 2 });
  a.tell({ write: 'o1:1' });
  await a.says({ written: 'o1:1' });

  expect(shop.prepare('select status from careless').get()?.['status']).toBe('active'); // The grant did land last.
  expect({ ...membership.get() }).toEqual({ status: 'revoked', sequence: 2 });
  for (const each of [a, b]) {
    each.tell({ stop: true });
    await each.says({ stopped: true });
  }
  shop.close();
  const store = await openSqliteEventStore(logPath);
  const delivered = (await store.readStream('order-o1')).filter(({ type }) => type === 'MembershipDelivered');
  expect(delivered.map(({ data }) => data)).toContainEqual({ sequence: 2 });
  await store.close();
});
