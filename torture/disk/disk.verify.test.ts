// The shop, as a process of its own, on a log whose disk or file is in trouble: a clear error, 503 outside, nothing acknowledged, and
// once the trouble is over, everything comes again by itself.
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Random } from '@paidonce/ledger/simulation';
import { smallDisk } from '@paidonce/ledger/testing/postgres-server';
import { afterAll, expect, onTestFinished, test } from 'vitest';
import { bringTogether } from '../restore/after-a-restore.ts';
import { run } from '../restore/commands.ts';
import { openBeside } from '../shop/beside.ts';
import { serve } from '../shop/customers.ts';
import { torturePrints } from '../shop/figures.ts';
import type { Scene } from '../shop/scene.ts';
import { auditWithDamage, damage, pagesIn, pagesOfEvents } from './damage.ts';
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

test('a page of the log is damaged: `corrupt` at a start, every audit finds it, and the backup with Stripe brings all back', async () => {
  const folder = newFolder();
  const { scene } = await open(folder);
  const [log, backup] = [join(folder, 'ledger.db'), join(folder, 'backup.db')];
  expect(await run(scene, 'paidonce', 'backup', backup)).toMatchObject({ code: 0 });
  await serve(scene, 6, { seed: seed + 1, atOnce: 3 });
  await scene.shop.stop();

  const random = new Random(seed);
  const pages = Array.from({ length: pagesIn(log) }, (_, index) => index + 1);
  const unfound: number[] = [];
  for (const page of pages) if ((await auditWithDamage(log, page, random)) === undefined) unfound.push(page);
  expect(unfound, `damaged pages that no audit finds, seed ${seed}`).toEqual([]);

  damage(log, random.pick(pagesOfEvents(log)), random);
  const acknowledged = scene.acknowledged.size;
  await expect(scene.start()).rejects.toThrow('ended before it was ready');
  expect(scene.warnings()).toMatch(/^corrupt: .*ledger\.db: .*Stop the writers and keep the file as it is\.$/m);
  expect(await run(scene, 'paidonce', 'verify')).toMatchObject({ code: expect.toBeOneOf([2, 3]) });
  expect(scene.acknowledged.size).toBe(acknowledged);
  expect(await run(scene, 'paidonce', 'restore', backup)).toMatchObject({ code: 0 });
  await scene.start();
  expect(await bringTogether(scene)).toEqual([]);
  passed.push(`damaged, each of ${pages.length} pages found`);
});
