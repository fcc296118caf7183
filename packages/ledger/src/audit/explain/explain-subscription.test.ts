import { beforeAll, describe, expect, test } from 'vitest';
import { createMemoryLog, openMemoryEventStore } from '../../event-store/memory.ts';
import { type LogReader, readerOf } from '../log/log-reader.ts';
import { resolveId } from '../resolve-id.ts';
import { writeSubscriptionStories } from '../subscription-stories.test-support.ts';
import {
  explainMemberSubscriptions,
  explainSubscription,
  explainSubscriptionHistory,
  type SubscriptionExplanation,
} from './explain-subscription.ts';
import { memberLines } from './explanation-lines.ts';
import type { Language } from './language.ts';
import { subscriptionLines } from './subscription-lines.ts';
import { subscriptionRows } from './subscription-rows.ts';

let log: LogReader;
beforeAll(async () => {
  const memory = createMemoryLog();
  await writeSubscriptionStories(openMemoryEventStore({ log: memory }));
  log = readerOf(openMemoryEventStore({ log: memory }));
});

async function explained(subscriptionId: string): Promise<SubscriptionExplanation> {
  const explanation = await explainSubscription(log, subscriptionId);
  if (explanation === undefined) throw new Error(`no ${subscriptionId}`);
  return explanation;
}
const all = [
  'renewed',
  'early',
  'late',
  'refunded',
  'disputed',
  'held',
  'upgraded',
  'canceled',
  'imported',
  'first',
  'sub_second',
  'ahead',
];
/** The summary, without its heading, and without the times of day. */
async function summary(subscriptionId: string, language: Language = 'en'): Promise<readonly string[]> {
  const lines = subscriptionLines(await explained(subscriptionId), language);
  return lines.slice(1, lines.indexOf('')).map((line) => line.replaceAll(/ \d\d:\d\d:\d\d/g, ''));
}

describe('the summary says why it stands so, and what happens next', () => {
  test('extended by a renewal, then ended by a look that found none', async () => {
    expect(await summary('renewed')).toEqual([
      'The membership is over since 2026-03-05 UTC.',
      'Ended on 2026-03-05: paid through 2026-03-02, and no renewal by 2026-03-05, which the poll saw at Stripe at 2026-03-05.',
      'The shop took over 2 of 3 decisions.',
    ]);
    expect(await summary('renewed', 'zh-TW')).toEqual([
      '會員資格已終止，自 2026-03-05 UTC 起。',
      '於 2026-03-05 結束：已付至 2026-03-02，到 2026-03-05 仍未續費，輪詢於 2026-03-05 在 Stripe 確認。',
      '3 項決定中，商店已接收 2 項。',
    ]);
  });
  test.each([
    [
      'early',
      'Granted to 2026-04-05 because the webhook said that invoice in_early_1 of 10.00 USD was paid (evt_early_64).',
      '開通至 2026-04-05，因為 webhook 表示發票 in_early_1（10.00 USD）已付款（evt_early_64）。',
    ],
    [
      'refunded',
      'Revoked because the webhook said that refund re_pi_refunded_1 of pi_refunded_1 succeeded (evt_refunded_106).',
      '已撤銷，因為 webhook 表示 pi_refunded_1 的退款 re_pi_refunded_1 已成功（evt_refunded_106）。',
    ],
    [
      'upgraded',
      'Plan changed to gold because the webhook said that invoice in_upgraded_2 of 7.00 USD was paid (evt_upgraded_120).',
      '方案變更為 gold，因為 webhook 表示發票 in_upgraded_2（7.00 USD）已付款（evt_upgraded_120）。',
    ],
    [
      'late',
      'Access lasts until 2026-05-09 now because the webhook said that the subscription is active (evt_late_104.1).',
      '使用期限調整為 2026-05-09，因為 webhook 表示訂閱有效（evt_late_104.1）。',
    ],
    ['canceled', 'Restored because support-7 decided so.', '已恢復，因為 support-7 作此決定。'],
    [
      'disputed',
      'Restored because the webhook said that dispute dp_pi_disputed_1 of pi_disputed_1 is won (evt_disputed_108).',
      '已恢復，因為 webhook 表示 pi_disputed_1 的爭議 dp_pi_disputed_1 勝訴（evt_disputed_108）。',
    ],
    ['sub_second', 'The subscription is a second one of this member; a person must look.', '訂閱是這位會員的第二個訂閱；需由人工查看。'],
    ['held', 'It never gave access: nothing that counts was paid for a plan.', '從未開通：沒有收到可採計的方案付款。'],
    ['late', 'Would end on 2026-05-09 unless a renewal is paid.', '若未續費，將於 2026-05-09 結束。'],
    [
      'ahead',
      'Restored: the shop had decision 4, which this log does not have, so the membership was stated again above it.',
      '已恢復：商店已有決定 4，而這份日誌沒有，因此在其上重新陳述會員資格。',
    ],
  ])('%s', async (subscriptionId, english, chinese) => {
    expect(await summary(subscriptionId)).toContain(english);
    expect(await summary(subscriptionId, 'zh-TW')).toContain(chinese);
  });
  test('one that was canceled says so while it is over', async () => {
    const { entries } = await explained('canceled');
    const until = entries.findIndex(({ event }) => event.type === 'SubscriptionEnded');
    const [, , ended] = subscriptionRows(entries.slice(0, until + 1));
    expect(ended?.decision?.data).toMatchObject({ cause: 'canceled' });
  });
});

describe('the rows', () => {
  test('have each event once, in the order of their first events, of any beginning of a timeline', async () => {
    for (const subscriptionId of all) {
      const { entries } = await explained(subscriptionId);
      for (let length = 1; length <= entries.length; length += 1) {
        const rows = subscriptionRows(entries.slice(0, length));
        expect(new Set(rows.flatMap((row) => row.entries))).toEqual(new Set(entries.slice(0, length)));
        expect(rows.flatMap((row) => row.entries)).toHaveLength(length);
        expect(rows.map(({ at }) => at)).toEqual(rows.map(({ at }) => at).sort());
      }
    }
  });
  test('a renewal is one row: its links, what was said, the decision and what the shop made of it', async () => {
    const { rows } = await explained('renewed');
    const row = rows.find(({ decision }) => decision?.type === 'SubscriptionExtended');
    expect(row?.entries.map(({ event }) => event.type)).toEqual([
      'SubscriptionLinked',
      'SubscriptionObserved',
      'SubscriptionExtended',
      'MembershipDelivered',
    ]);
    expect(row?.delivery?.state).toBe('saved');
    expect(row?.gapMs).toBeGreaterThan(28 * 86_400_000);
  });
  test('a person’s ruling ends its review, in the words of invoices', async () => {
    const lines = subscriptionLines(await explained('canceled'));
    expect(lines.join('\n')).toContain('Review r1: the invoice counts (by support-7)');
    expect(lines.at(-2)).toContain(
      'Restored. support-7 decided so. Access lasts until 2026-07-01 00:00:00, graces included. "called the bank"',
    );
  });
  test('what the provider’s clock cannot be trusted for is said', async () => {
    expect(subscriptionLines(await explained('ahead')).join('\n')).toContain(
      "The provider's clock was in doubt, so its time moves nothing.",
    );
  });
  test('with `every` each event has its line, under its place', async () => {
    const explanation = await explained('late');
    const lines = subscriptionLines(explanation, 'en', { every: true });
    expect(lines.slice(lines.indexOf('') + 1)).toHaveLength(explanation.entries.length);
    expect(lines.at(-1)).toMatch(/^2026-04-15 \S+ {2}subscription-late@12 SubscriptionChanged \{/);
  });
});

test('its own stream alone explains the same decisions', async () => {
  const store = await log.stream('subscription-late');
  const stored = store.map((row) => ({
    ...row,
    data: JSON.parse(row.data) as object,
    metadata: JSON.parse(row.metadata) as Record<string, string>,
  }));
  const own = explainSubscriptionHistory('late', stored);
  const full = await explained('late');
  expect(own?.rows.flatMap(({ decision }) => decision ?? [])).toEqual(full.rows.flatMap(({ decision }) => decision ?? []));
  expect(explainSubscriptionHistory('none', [])).toBeUndefined();
});

test('as of an earlier position nothing later is told', async () => {
  const rows = await log.stream('subscription-renewed');
  const asOf = rows[5]?.position;
  expect(await explainSubscription(log, 'renewed', asOf === undefined ? {} : { asOf })).toMatchObject({
    membership: 'active',
    sequence: 1,
  });
  expect(await explainSubscription(log, 'nobody')).toBeUndefined();
});

describe('found by any id', () => {
  test.each(['late', 'sub_late', 'cs_late', 'in_late_2', 'pi_late_1', 'evt_late_95', 'https://dashboard.stripe.com/invoices/in_late_2'])(
    '%s',
    async (id) => {
      expect(await resolveId(log, id)).toMatchObject({ orderIds: [], subscriptionIds: ['late'], isHeld: false });
    },
  );
});

test('a member has access by a subscription, too', async () => {
  const subscriptions = await explainMemberSubscriptions(log, 'member-first');
  expect(subscriptions.map(({ subscriptionId }) => subscriptionId)).toEqual(['first', 'sub_second']);
  expect(memberLines('member-first', [], { subscriptions })[0]).toBe(
    'Member member-first has access, by subscription first and subscription sub_second.',
  );
  expect(memberLines('member-first', [], { subscriptions, language: 'zh-TW' })[0]).toBe(
    '會員 member-first 目前有會員資格，來自訂閱 first、sub_second。',
  );
});
