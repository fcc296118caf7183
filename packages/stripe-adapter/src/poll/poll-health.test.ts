import { describe, expect, test } from 'vitest';
import { openShop } from '../shop.test-support.ts';

const minuteMs = 60_000;

describe('the health of the poll', () => {
  test('of a ledger without orders: no tier, and all reads are left', async () => {
    const { payments } = await openShop({ payments: { poll: false } });
    expect(await payments.pollHealth()).toEqual({ tiers: [], reads: { allowed: 5_000, left: 5_000, days: [] } });
  });

  test('a tier that ran is on time until its next round should long have come', async () => {
    let aheadMs = 0;
    const now = (): Date => new Date(Date.now() + aheadMs);
    const { payments, checkout, sandbox } = await openShop({ payments: { poll: false, runtime: { now } } });
    await checkout();
    await payments.sweep();
    const { tiers, reads } = await payments.pollHealth();
    expect(tiers.map(({ tier, account, isNeeded, lateMs }) => ({ tier, account, isNeeded, lateMs }))).toEqual(
      ['events', 'objects', 'money'].map((tier) => ({ tier, account: sandbox.account, isNeeded: true, lateMs: 0 })),
    );
    const spent = reads.days.reduce((sum, day) => sum + day.reads, 0);
    expect(spent).toBeGreaterThan(0);
    expect(reads).toMatchObject({ allowed: 5_000, left: 5_000 - spent });

    // The checkout stays open for a day; the events tier should have come every few minutes.
    aheadMs = 180 * minuteMs;
    const later = new Map((await payments.pollHealth()).tiers.map(({ tier, lateMs }) => [tier, lateMs]));
    expect(later.get('events')).toBeGreaterThan(60 * minuteMs);
    expect(later.get('money')).toBe(0);
  });
});
