// The migration of the made-up shop, with the counts that docs/how-to/migrate.md tells.
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { sqliteReader, verifyLog } from '@paidonce/ledger/audit';
import { expect, onTestFinished, test } from 'vitest';
import { playMigration } from './play.ts';

test('from a live webhook handler to PaidOnce, and back, nobody is welcomed twice and nobody loses access', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'paidonce-migration-'));
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }));
  const phases: string[] = [];
  const played = await playMigration(folder, (phase) => phases.push(phase));

  expect(played.shadow).toEqual({
    old: ['n1', 'n3', 'n4'],
    ledger: ['n1', 'n2', 'n3'],
    undelivered: 1,
    shadowDiffers: 1,
    mails: { d1: 1, h1: 1, h2: 1, h3: 1, h4: 1, n1: 1, n3: 5, n4: 1, r1: 1 },
  });
  const counts = { examined: 13, granted: 2, imported: 4, known: 4, unpaid: 2, review: 1, notOurs: 0 };
  const problems = [expect.stringMatching(/^r1: it has refunds or disputes/)];
  const fulfilledUnpaid = [expect.stringMatching(/^d1 \(cs_\w+\): the payment is failed$/)];
  expect(played.dryRun).toMatchObject({ ...counts, problems, fulfilledUnpaid });
  expect(played.backfill).toMatchObject({ ...counts, problems: played.dryRun.problems, fulfilledUnpaid: played.dryRun.fulfilledUnpaid });
  const waiting = { l1: 'paid_not_fulfilled', l2: 'paid_not_fulfilled', n2: 'paid_not_fulfilled' };
  expect(played.compared).toEqual({ ...waiting, d1: 'fulfilled_unpaid', n4: 'fulfilled_unpaid', r1: 'fulfilled_unpaid' });
  expect(played.afterSupport).toEqual(waiting);
  expect(played.reconciled).toBe(0);

  const members = { c1: 'active', h1: 'revoked', h2: 'active', h3: 'active', h4: 'active', l1: 'active', l2: 'active' };
  const memberships = { ...members, n1: 'active', n2: 'active', n3: 'active' };
  expect(played.cutOver.memberships).toEqual(memberships);
  expect(played.cutOver.mails.toSorted()).toEqual(['c1:1', 'h1:2', 'l1:1', 'l2:1', 'n2:1']);
  expect(played.cutOver.compared).toEqual({});
  expect(played.wayBack).toMatchObject({ unknown: true, backfill: { imported: 1, granted: 0, review: 0 } });
  expect(played.wayBack.memberships).toEqual({ ...memberships, w1: 'active' });

  const reader = sqliteReader(join(folder, 'ledger.db'));
  expect(await verifyLog(reader)).toMatchObject({ found: 0 });
  await reader.close();
  expect(phases.length).toBe(6);
});
