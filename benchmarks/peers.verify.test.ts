// A small run of `npm run bench -- peers`, so that it does not rot: every side opens, takes payments from several callers at once, and
// shows what it has stored. How fast each is, is the benchmark's own matter.
import { spawnSync } from 'node:child_process';
import { join } from 'node:path';
import { skipReason } from '@paidonce/ledger/testing/postgres-server';
import { expect, test } from 'vitest';
import { installPeers } from './peers/install.ts';
import { sides } from './peers/sides.ts';
import { comparePeers, ratiosOf } from './peers.ts';

const missing = installPeers({ withScripts: false });
if (missing !== undefined) console.warn(`\n  SKIPPED: the benchmark of the peers: ${missing}.\n`);
const atCallers = 4;

test.skipIf(missing)('the sides have the types of what they call', () => {
  const tsc = join(import.meta.dirname, '../node_modules/typescript/bin/tsc');
  const { status, stdout } = spawnSync(process.execPath, [tsc, '-p', join(import.meta.dirname, 'peers')], { encoding: 'utf8' });
  expect(stdout).toBe('');
  expect(status).toBe(0);
});

test.skipIf(missing)('each side is measured, and what PaidOnce and the unique tables have stored counts once', async () => {
  const measured = await comparePeers({ slots: 1, slotMs: 50, callers: [atCallers], side: '', withScripts: false });
  const rows = measured?.rows ?? [];
  const expected = Object.entries(sides).filter(([, { store }]) => store === 'SQLite' || skipReason() === undefined);
  expect(rows.map(({ side }) => side).toSorted()).toEqual(expected.map(([name]) => name).toSorted());
  // Emmett needs a module that is compiled, which takes minutes: not here. The benchmark does it, and says so in its row where it cannot.
  const right = rows.filter(({ side }) => /^PaidOnce|^unique table|^stripe-sync-engine/.test(side));
  expect(right.filter(({ counted, payments }) => counted !== 'once' || payments === 0)).toEqual([]);
  if (skipReason() === undefined) expect(ratiosOf(rows)).toHaveProperty(`postgres${atCallers}`);
});

test('the ratio is to the best package that counted each payment once, and to the table by hand', () => {
  const row = { store: 'SQLite', callers: 1, counted: 'once', payments: 1, failedCalls: 0 } as const;
  const rows = [
    { ...row, side: 'PaidOnce on SQLite', perSecond: 100 },
    { ...row, side: 'emmett-sqlite, tuned', perSecond: 50 },
    { ...row, side: 'emmett-sqlite, as documented', perSecond: 1_000, counted: '3 doubled' },
    { ...row, side: 'unique table, node:sqlite', perSecond: 2_000 },
    { ...row, side: 'PaidOnce on SQLite, read models and delivery on', perSecond: 60 },
  ];
  expect(ratiosOf(rows)).toEqual({ embedded1: 2, whole1: 1.2, byHand1: 0.05 });
  expect(ratiosOf(rows.slice(0, 1))).toEqual({}); // There is nothing beside it.
});
