// The command line on a log of subscriptions alone.
import { rmSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { writeSubscriptionStories } from '../audit/subscription-stories.test-support.ts';
import { newDirectory } from '../event-store/sqlite/log-directory.test-support.ts';
import { openSqliteEventStore } from '../event-store/sqlite/sqlite.ts';
import { createPaymentLedger } from '../ledger.ts';
import { runPaidonce } from './run-paidonce.test-support.ts';

const directory = newDirectory();
const path = join(directory, 'ledger.db');

beforeAll(async () => {
  const store = await openSqliteEventStore(path);
  await writeSubscriptionStories(store);
  await store.close();
  await using ledger = createPaymentLedger({ eventStore: await openSqliteEventStore(path), background: false });
  await ledger.settle();
});
afterAll(() => rmSync(directory, { recursive: true, force: true }));

const run = (...args: readonly string[]) => runPaidonce(args, { LEDGER_URL: `sqlite:${path}` });

describe('explain', () => {
  test('says why a subscription ended, by its own id and by any other one', async () => {
    const { code, out } = await run('explain', 'renewed');
    expect(code).toBe(0);
    expect(out).toMatch(/^Subscription renewed of member member-renewed, plan silver\n/);
    expect(out).toContain('Ended on 2026-03-05 00:00:00: paid through 2026-03-02 00:00:00, and no renewal by 2026-03-05 00:00:00');
    const byInvoice = await run('explain', 'in_renewed_2');
    expect(byInvoice.out).toBe(out);
    expect(byInvoice.err).toContain('in_renewed_2 belongs to subscription renewed.');
  });
  test('speaks Chinese, gives each event, and JSON', async () => {
    expect((await run('explain', 'renewed', '--lang', 'zh-TW')).out).toContain('展延至 2026-03-02 00:00:00');
    expect((await run('explain', 'renewed', '--all')).out).toContain('subscription-renewed@8 SubscriptionExtended');
    expect(JSON.parse((await run('explain', 'renewed', '--json')).out)).toMatchObject({ subscriptionId: 'renewed', membership: 'revoked' });
  });
  test('tells of a member all that he has, also as it was on a day', async () => {
    expect((await run('explain', '--member', 'member-renewed')).out).toMatch(
      /^Member member-renewed has no access: nothing that is listed below gives it\.\n\nSubscription renewed of member member-renewed,/,
    );
    expect((await run('explain', '--member', 'member-renewed', '--lang', 'zh-TW')).out).toMatch(
      /^會員 member-renewed 目前沒有會員資格：以下所列的都未給予。\n\n訂閱 renewed/,
    );
    const then = await run('explain', '--member', 'member-renewed', '--as-of', '2026-02-01');
    expect(then.out).toMatch(/^Member member-renewed had access, by subscription renewed\.\n/);
    expect(await run('explain', '--member', 'nobody')).toMatchObject({
      code: 2,
      err: expect.stringContaining('no order and no subscription'),
    });
  });
});

test('verify, replay and stats count subscriptions, and find nothing', async () => {
  const verified = await run('verify');
  expect(verified.out).toMatch(/ 0 orders, 14 subscriptions, \d+ appends decided again/);
  expect(verified.out).toContain('plans {"');
  expect(verified.code).toBe(0);
  const replayed = await run('replay');
  expect(replayed.out).toContain('Subscriptions: 14 (none 2, active 10, suspended 0, revoked 2).');
  expect(replayed.out).toContain('The live read models are the same, row by row.');
  const { out } = await run('stats');
  expect(out).toContain('Subscriptions: 14 (none 2, active 10, suspended 0, revoked 2)');
  expect(out).toContain('Extended first by: webhook 2, poll 0');
});

test('what is for orders alone says so of a subscription', async () => {
  const { code, err } = await run('order', 'renewed');
  expect(code).toBe(2);
  expect(err).toContain('renewed is of subscription renewed, and this command is for orders. To see it: paidonce explain renewed');
});

test('what waits for a person is listed beside what waits of orders', async () => {
  const reviews = await run('reviews');
  expect(reviews.code).toBe(3);
  expect(reviews.out).toMatch(
    / {2}subscription sub_second, review r1: The subscription is a second one of this member; a person must look\.\n/,
  );
  const undelivered = await run('undelivered');
  expect(undelivered.out).toContain('subscription renewed of member member-renewed: decision 3, revoked; 0 attempts failed\n');
});
