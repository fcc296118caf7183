// `paidonce deliver-all` and `paidonce runs` on a SQLite log that a shop's process uses too.
import { rmSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, onTestFinished, test, vi } from 'vitest';
import { writeSubscriptionStories } from '../audit/subscription-stories.test-support.ts';
import { buy } from '../delivery/delivery.test-support.ts';
import { newDirectory } from '../event-store/sqlite/log-directory.test-support.ts';
import { openSqliteEventStore } from '../event-store/sqlite/sqlite.ts';
import { createPaymentLedger } from '../ledger.ts';
import type { MembershipChange } from '../payment-ledger.ts';
import { policy1 } from '../subscription/story.test-support.ts';
import { runPaidonce } from './run-paidonce.test-support.ts';

/** What happens after a run was planned, and before it is started. */
const hooks = vi.hoisted((): { afterPlan: (() => Promise<void>) | undefined } => ({ afterPlan: undefined }));
vi.mock('../ledger.ts', async (original) => {
  const { createPaymentLedger: create } = await original<typeof import('../ledger.ts')>();
  const createPaymentLedger: typeof create = (options) => {
    const ledger = create(options);
    const { plan } = ledger.runs;
    const planAndWait: typeof plan = async (...asked) => {
      const planned = await plan(...asked);
      await hooks.afterPlan?.();
      return planned;
    };
    return Object.assign(ledger, { runs: { ...ledger.runs, plan: planAndWait } });
  };
  return { createPaymentLedger };
});
// A run has at most 5,000 orders: four stand for 5,001 here.
vi.mock('../streams/run-streams.ts', async (original) => ({
  ...(await original<typeof import('../streams/run-streams.ts')>()),
  mostOrders: 3,
}));

const by = ['--actor', 'support-7', '--reason', 'the table was locked'];

/** A log with orders that no process has delivered. */
async function waitingShop(count: number) {
  const directory = newDirectory();
  onTestFinished(() => rmSync(directory, { recursive: true, force: true }));
  const path = join(directory, 'ledger.db');
  const open = async (deliver?: (change: MembershipChange) => Promise<void>, deliversSubscription?: (key: string) => void) =>
    createPaymentLedger({
      eventStore: await openSqliteEventStore(path),
      ...(deliver ? { deliver } : {}),
      ...(deliversSubscription && {
        subscriptions: { policy: policy1, deliver: ({ idempotencyKey }) => deliversSubscription(idempotencyKey) },
      }),
    });
  await using ledger = await open();
  for (let index = 1; index <= count; index += 1) await buy(ledger, `o${index}`);
  const run = (...args: readonly string[]) => runPaidonce([...args, '--store', `sqlite:${path}`]);
  return { open, run, path };
}

describe('deliver-all', () => {
  test('starts a run, says so, and a process of the shop carries it out', async () => {
    const { open, run } = await waitingShop(3);
    const started = await run('deliver-all', ...by);
    expect([started.code, started.err]).toEqual([0, '']);
    expect(started.out).toMatch(/^Run \S+ has started: 3 orders to deliver again\. A process of the shop that delivers carries it out\./);
    const runId = /^Run (\S+)/.exec(started.out)?.[1] ?? '';
    const before = await run('runs', runId);
    expect([before.code, before.out]).toEqual([3, expect.stringContaining('running; 0 done, 0 skipped, 0 failed of 3')]);

    const again = await run('deliver-all', ...by);
    expect([again.code, again.out]).toEqual([3, `Nothing was started: run ${runId} goes on. See: paidonce runs ${runId}\n`]);

    const keys: string[] = [];
    {
      await using ledger = await open(async ({ idempotencyKey }) => {
        keys.push(idempotencyKey);
      });
      await expect.poll(async () => (await ledger.runs.run(runId))?.state).toBe('finished');
      await ledger.settle();
    }
    expect([...new Set(keys)].sort()).toEqual(['o1:1', 'o2:1', 'o3:1']);
    const after = await run('runs', runId);
    expect([after.code, after.out]).toEqual([0, expect.stringContaining('redeliver by support-7 (the table was locked), finished')]);
    expect((await run('verify')).code).toBe(0);
    expect((await run('deliver-all', ...by)).out).toBe('The shop has every decision that is meant.\n');
  });

  test('asks for subscriptions too, and a process of the shop delivers them', async () => {
    const { open, run, path } = await waitingShop(0);
    const told = await openSqliteEventStore(path);
    await writeSubscriptionStories(told);
    await told.close();
    const waiting = (await run('undelivered', '--json')).out;
    const { undelivered } = JSON.parse(waiting) as { undelivered: readonly { subscriptionId: string; sequence: number }[] };
    expect(undelivered.length).toBeGreaterThan(5);
    const asked = await run('deliver-all', ...by);
    expect(asked).toMatchObject({ code: 0, out: `Delivery was asked for ${undelivered.length} subscriptions.\n` });
    const keys: string[] = [];
    {
      await using ledger = await open(undefined, (key) => void keys.push(key));
      await ledger.settle();
    }
    expect(keys.sort()).toEqual(undelivered.map(({ subscriptionId, sequence }) => `subscription/${subscriptionId}:${sequence}`).sort());
    expect(await run('deliver-all', ...by)).toMatchObject({ code: 0, out: 'The shop has every decision that is meant.\n' });
    expect((await run('verify')).code).toBe(0);
  });

  test('of more orders than a run may have is refused before subscriptions are asked for', async () => {
    const { run, path } = await waitingShop(4);
    const told = await openSqliteEventStore(path);
    await writeSubscriptionStories(told);
    await told.close();
    const before = (await run('undelivered', '--json')).out;
    expect(await run('deliver-all', ...by)).toMatchObject({ code: 2, out: '', err: expect.stringContaining('too many for one run') });
    expect((await run('undelivered', '--json')).out).toBe(before);
    expect((await run('runs')).out).toBe('No bulk run was ever started.\n');
  });

  test('where the last order was saved between the plan and the start there is nothing to deliver', async () => {
    const { open, run } = await waitingShop(1);
    hooks.afterPlan = async () => {
      hooks.afterPlan = undefined;
      await using ledger = await open(async () => undefined);
      await ledger.settle();
    };
    expect(await run('deliver-all', ...by)).toMatchObject({ code: 0, out: 'The shop has every decision that is meant.\n' });
  });

  test('refuses to start without a person', async () => {
    const { run } = await waitingShop(1);
    expect((await run('deliver-all', '--reason', 'x')).code).toBe(2);
    expect((await run('deliver-all', '--actor', 'a', '--reason', 'two\nlines')).code).toBe(2);
    expect((await run('runs')).out).toBe('No bulk run was ever started.\n');
  });
});

describe('runs', () => {
  test('--cancel ends a run, in the name of a person; --json is for machines', async () => {
    const { run } = await waitingShop(2);
    const { runId } = JSON.parse((await run('deliver-all', ...by, '--json')).out) as { runId: string };
    expect((await run('runs', runId, '--cancel')).code).toBe(2);
    expect(await run('runs', runId, '--cancel', ...by)).toMatchObject({ code: 0, out: expect.stringContaining('canceled; 0 done') });
    expect(await run('runs', runId, '--cancel', ...by)).toMatchObject({
      code: 3,
      out: expect.stringMatching(/canceled; 0 done.*\nIt had ended: nothing was canceled\.\n$/),
    });
    expect(JSON.parse((await run('runs', runId, '--cancel', ...by, '--json')).out)).toMatchObject({ outcome: 'ended', runs: [{ runId }] });
    expect(JSON.parse((await run('runs', '--json')).out)).toMatchObject({ runs: [{ runId, state: 'canceled', count: 2 }] });
    expect((await run('runs', 'no-such-run')).code).toBe(2);
  });

  test('are all listed, however many there are', async () => {
    const { open, run } = await waitingShop(1);
    const who = { actor: 'support-7', reason: 'the table was locked' };
    {
      await using ledger = await open();
      for (let count = 0; count < 101; count += 1) {
        const { runId } = await ledger.runs.start('redeliver', { orders: ['o1'] }, who);
        await ledger.runs.cancel(runId, who);
      }
    }
    const { runs } = JSON.parse((await run('runs', '--json')).out) as { runs: readonly { runId: string }[] };
    expect(new Set(runs.map(({ runId }) => runId)).size).toBe(101);
    expect((await run('runs')).out.trim().split('\n')).toHaveLength(101);
  });
});
