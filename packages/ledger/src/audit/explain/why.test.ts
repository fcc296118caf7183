import { describe, expect, test } from 'vitest';
import { decide, type OrderCommand } from '../../order/decide.ts';
import type { OrderEvent } from '../../order/events.ts';
import { at, dispute, observe, order1, paid, pi1, place, refund, resolve, withdraw } from '../../order/example-order.test-support.ts';
import { evolve, initialState } from '../../order/order.ts';
import { defaultPolicy } from '../../order/policy.ts';
import { sentenceText } from './sentence.ts';
import { headlineOf, type Standing, standingOf } from './standing.ts';
import { type ReadEvent, timelineOf } from './timeline.ts';
import { whyText } from './why.ts';

const now = '2026-01-02T00:00:00.000Z';
const saved = (sequence: number): OrderEvent => ({ type: 'MembershipDelivered', data: { sequence } });

/** The standing after commands, one a minute from minute 2 on; an event stands for itself. */
function standingAfter(...steps: readonly (OrderCommand | OrderEvent)[]): Standing {
  let state = initialState('order-1');
  const events: ReadEvent[] = [];
  for (const [index, step] of steps.entries()) {
    const added = 'data' in step ? [step] : decide(state, step, defaultPolicy);
    for (const event of added) {
      state = evolve(state, event);
      const place = `order-order-1@${events.length}`;
      events.push({ event, recordedAt: at(2 + index), instance: '', cause: '', policy: '', place });
    }
  }
  const { order, entries } = timelineOf('order-1', events);
  return standingOf(order, entries, order.decided?.paidAt);
}

const attach = (expiresAt: string): OrderCommand => ({
  type: 'attach',
  checkout: { payment: { ...pi1, id: 'cs_1' }, attachedAt: at(2), expiresAt },
});

// Each: the steps, the headline, and the sentence in both languages.
describe('why an order stands as it does', () => {
  test.each<[string, Standing, string, string, string]>([
    [
      'placed, and a payment may come',
      standingAfter(place, attach('2026-01-03T00:00:00.000Z')),
      'awaiting',
      'member-1 has not paid yet: 10.00 USD is expected, until 2026-01-03 00:00:00.',
      'member-1 尚未付款：應收 10.00 USD，有效至 2026-01-03 00:00:00。',
    ],
    [
      'placed, and its checkout is over',
      standingAfter(place, attach(at(30))),
      'none',
      'member-1 has no access: 10.00 USD was expected, and no payment that counts came in.',
      'member-1 沒有使用權：應收 10.00 USD，沒有收到可採計的付款。',
    ],
    [
      'withdrawn',
      standingAfter(place, withdraw),
      'none',
      'support-7 withdrew the order: no payment is expected.',
      'support-7 撤回了訂單：不再接受付款。',
    ],
    [
      'granted, and the shop has not saved it: never "active"',
      standingAfter(place, observe(paid())),
      'undelivered',
      'member-1 paid 10.00 USD and should have access, but your shop has not saved it.',
      'member-1 已付 10.00 USD，應有使用權，但商店尚未儲存。',
    ],
    [
      'granted by a status query, and saved; the webhook came later',
      standingAfter(place, observe(paid(), { source: 'status_query' }), saved(1), observe(paid())),
      'active',
      'member-1 has access because the status query found the payment of 10.00 USD, 2 min after it was made. The webhook came later and only confirmed it.',
      'member-1 有使用權：狀態查詢在付款 2 分鐘後找到 10.00 USD 的付款。webhook 較晚才到，只是證實。',
    ],
    [
      'granted by the webhook',
      standingAfter(place, observe(paid()), saved(1)),
      'active',
      'member-1 has access because the webhook reported the payment of 10.00 USD, 2 min after it was made.',
      'member-1 有使用權：webhook 在付款 2 分鐘後回報 10.00 USD 的付款。',
    ],
    [
      'too little was paid',
      standingAfter(place, observe(paid(900))),
      'reviews',
      'member-1 has no access: 9.00 USD came in, 10.00 USD was expected. Someone has to decide.',
      'member-1 沒有使用權：實收 9.00 USD，應收 10.00 USD。需由人工判斷。',
    ],
    [
      'too much was paid: access, and a decision all the same',
      standingAfter(place, observe(paid(1_100)), saved(1)),
      'reviews',
      'member-1 has access, and a payment of 11.00 USD needs a decision: more was paid than the order expects.',
      'member-1 有使用權，有一筆 11.00 USD 的付款需由人工判斷：付款金額高於訂單應收金額。',
    ],
    [
      'a person accepted it',
      standingAfter(place, observe(paid(900)), resolve('grant', 2), saved(1)),
      'active',
      'member-1 has access because support-7 accepted the payment of 9.00 USD.',
      'member-1 有使用權：support-7 採計了 9.00 USD 的付款。',
    ],
    [
      'disputed',
      standingAfter(place, observe(paid()), saved(1), observe(dispute('open')), saved(2)),
      'suspended',
      'member-1 has had no access since 2026-01-01 00:05:00: the payment of 10.00 USD is disputed. The bank decides; the member does not need to pay again.',
      'member-1 自 2026-01-01 00:05:00 起沒有使用權，因為 10.00 USD 的付款正在爭議中。結果由銀行決定，會員不需要再次付款。',
    ],
    [
      'refunded, and the shop has not saved it',
      standingAfter(place, observe(paid()), saved(1), observe(refund(1_000))),
      'undelivered',
      'member-1 should have no access any more, but your shop has not saved it.',
      'member-1 不應再有使用權，但商店尚未儲存。',
    ],
    [
      'refunded',
      standingAfter(place, observe(paid()), saved(1), observe(refund(1_000)), saved(2)),
      'revoked',
      'member-1 has had no access since 2026-01-01 00:05:00: 10.00 USD was refunded.',
      'member-1 自 2026-01-01 00:05:00 起沒有使用權，因為已退款 10.00 USD。',
    ],
    [
      'not placed',
      standingAfter(observe(paid())),
      'none',
      'The order is not placed yet: what was reported of it waits.',
      '訂單尚未成立：收到的回報先等候。',
    ],
  ])('%s', (_, standing, headline, english, chinese) => {
    expect(headlineOf(standing, now)).toBe(headline);
    expect(sentenceText(whyText(standing, 'en', now))).toBe(english);
    expect(sentenceText(whyText(standing, 'zh-TW', now))).toBe(chinese);
  });
});

describe('the amounts of an order', () => {
  test('what came, what was expected, what went back', () => {
    const standing = standingAfter(place, observe(paid()), observe(refund(400)), observe(dispute('open', { amountMinor: 600 })));
    expect(standing).toMatchObject({ paidMinor: 1_000, refundedMinor: 400, disputedMinor: 600, placed: order1 });
  });

  test('an open review has what came and what would count', () => {
    expect(standingAfter(place, observe(paid(900))).openReviews).toMatchObject([
      { reviewId: 'r1', review: 'amount', came: { totalMinor: 900 }, owedMinor: 1_000, currency: 'usd' },
    ]);
  });

  test('a grant without a webhook within 2 minutes is rescued; one in time is not', () => {
    const polled = [place, observe(paid(), { source: 'poll' })] as const;
    expect(standingAfter(...polled).grant).toMatchObject({ source: 'poll', rescued: true });
    expect(standingAfter(...polled, observe(paid())).grant).toMatchObject({ rescued: false, webhookAfterMs: 60_000 });
    expect(standingAfter(...polled, saved(1), saved(1), observe(paid())).grant).toMatchObject({ rescued: true, webhookAfterMs: 180_000 });
  });
});
