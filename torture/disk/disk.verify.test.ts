// The shop, as a process of its own, on a log whose disk or file is in trouble: a clear error, 503 outside, nothing acknowledged, and
// once the trouble is over, everything comes again by itself.
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { smallDisk } from '@paidonce/ledger/testing/postgres-server';
import { afterAll, expect, onTestFinished, test } from 'vitest';
import { openBeside } from '../shop/beside.ts';
import { torturePrints } from '../shop/figures.ts';
import type { Scene } from '../shop/scene.ts';
import { failingDisk } from './disks.ts';
import { type AnswersInTrouble, openTroubledShop, postOrder, type TroubledShop, wrongAfterwards } from './trouble.ts';

const { TEST_SEED = '1' } = process.env;
const seed = Number(TEST_SEED);
const passed: string[] = [];
afterAll(() => torturePrints('disk', seed, passed.join('; ')));

async function open(folder: string): Promise<TroubledShop> {
  const shop = await openTroubledShop(folder, seed);
  onTestFinished(() => shop[Symbol.asyncDispose]());
  return shop;
}

function newFolder(): string {
  const folder = mkdtempSync(join(tmpdir(), 'paidonce-troubled-'));
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }));
  return folder;
}

/** Nothing was acknowledged, and each webhook was answered so that Stripe sends it again. */
function expectRefused(answers: AnswersInTrouble): void {
  expect(answers.webhook.filter((status) => status !== 503)).toEqual([]);
  expect(answers.status).toMatch(/^503 |^200 .*"stale":true/); // Stale: the state that it had before.
  expect(answers).toMatchObject({ order: 503, manual: 503, acknowledged: 0 });
}

async function expectWhole(scene: Scene, what: string): Promise<void> {
  expect(await wrongAfterwards(scene), `${what}, seed ${seed}`).toEqual([]);
  passed.push(what);
}

test('the disk is full: `store_full`, and the same process goes on once there is room', async ({ skip }) => {
  const disk = smallDisk('8m');
  if (disk === undefined) {
    console.warn(
      'SKIPPED: the shop on a full disk. It needs Linux, and the right to mount a small one: as root, or by `npm run torture -- --disk` where unshare gives it',
    );
    return skip();
  }
  onTestFinished(() => disk.remove());
  const { scene, ask } = await open(disk.folder);
  const { pid } = scene.shop;
  const filler = join(disk.folder, 'filler');
  disk.fill(filler);
  for (let refused = 0; refused < 3; ) refused = (await postOrder(scene)).status === 503 ? refused + 1 : 0; // The files may have room inside.
  expectRefused(await ask());
  expect(scene.warnings()).toMatch(/ledger\.db: .*Nothing was written; make room/);
  rmSync(filler);
  await expectWhole(scene, 'full');
  expect(scene.shop.pid).toBe(pid);
});

test('the disk turns read-only: `store_unavailable`, also at a start; once it is repaired, a start is enough', async ({ skip }) => {
  const disk = failingDisk();
  if (disk === undefined) {
    console.warn('SKIPPED: the shop on a disk that turns read-only. It needs Linux, and root to mount an ext4 in a file');
    return skip();
  }
  onTestFinished(() => disk[Symbol.dispose]());
  const { scene, ask } = await open(disk.folder);
  disk.fail();
  expectRefused(await ask());
  expect(scene.warnings()).toMatch(/ledger\.db: disk I\/O error .*The disk fails, or was made read-only/);
  await scene.shop.stop();
  disk.mount('ro');
  await expect(scene.start()).rejects.toThrow('ended before it was ready');
  expect(scene.warnings()).toMatch(/ledger\.db: .*.*This process must be allowed to write the file and its directory\.$/m);
  disk.mount('rw');
  await scene.start();
  await expectWhole(scene, 'read-only');
});

test('another process holds the log: `store_busy`, and the same process goes on once it is free', async () => {
  const folder = newFolder();
  const { scene, ask } = await open(folder);
  const { pid } = scene.shop;
  using holder = openBeside(join(folder, 'ledger.db'));
  holder.exec('BEGIN IMMEDIATE');
  expectRefused(await ask());
  expect(scene.warnings()).toContain('ledger.db: another process is writing. Nothing was written; try again.');
  holder.exec('ROLLBACK');
  await expectWhole(scene, 'locked');
  expect(scene.shop.pid).toBe(pid);
});

test('a newer release has changed the layout: `file_newer`, while running and at a start; put back, all goes on', async () => {
  const folder = newFolder();
  const { scene, ask } = await open(folder);
  using newer = openBeside(join(folder, 'ledger.db'));
  const version = Number(newer.prepare('PRAGMA user_version').get()?.['user_version']);
  newer.exec(`BEGIN IMMEDIATE; ALTER TABLE events ADD COLUMN later TEXT; PRAGMA user_version = ${version + 1}; COMMIT`);
  expectRefused(await ask());
  const named = `ledger.db has layout ${version + 1}, this release knows up to ${version}. Upgrade @paidonce/ledger`;
  expect(scene.warnings()).toContain(named);
  await scene.shop.stop();
  await expect(scene.start()).rejects.toThrow('ended before it was ready');
  expect(scene.warnings().split(named).length).toBeGreaterThan(2);
  newer.exec(`BEGIN IMMEDIATE; ALTER TABLE events DROP COLUMN later; PRAGMA user_version = ${version}; COMMIT`);
  await scene.start();
  await expectWhole(scene, 'newer layout');
});
