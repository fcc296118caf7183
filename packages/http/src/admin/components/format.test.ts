import { describe, expect, test } from 'vitest';
import { catalogues } from '../words.ts';
import { dayText, dayTimeText, duration, type Locale, moneyText, offsetHours, offsetText, percentText } from './format.ts';
import { id, stripeUrl, time } from './ids.ts';

const locale = (lang: 'en' | 'zh-TW', timeZone = 'Asia/Taipei'): Locale => ({
  lang,
  words: catalogues[lang],
  timeZone,
  now: Date.parse('2026-11-29T02:14:07Z'),
});
const en = locale('en');
const zh = locale('zh-TW');
const minute = 60_000;
const hour = 60 * minute;

test.each([
  [0, '0 ms', '0 毫秒'],
  [-5, '0 ms', '0 毫秒'],
  [3, '3 ms', '3 毫秒'],
  [157, '160 ms', '160 毫秒'],
  [999, '1 s', '1 秒'],
  [1_800, '1.8 s', '1.8 秒'],
  [66_000, '66 s', '66 秒'],
  [119_400, '119 s', '119 秒'],
  [7 * minute, '7 min', '7 分鐘'],
  [90 * minute, '90 min', '90 分鐘'],
  [2 * hour, '2 h', '2 小時'],
  [2 * hour + 14 * minute, '2 h 14 min', '2 小時 14 分'],
  [47 * hour, '47 h', '47 小時'],
  [73 * hour, '3 days', '3 天'],
])('%i ms: %s, %s', (ms, english, chinese) => {
  expect([duration(en, ms), duration(zh, ms)]).toEqual([english, chinese]);
});

describe('money', () => {
  test.each([
    [290_000, 'twd', '2,900.00 TWD'],
    [-30_000, 'twd', '−300.00 TWD'],
    [5_000, 'jpy', '5,000 JPY'],
    [1_234, 'kwd', '1.234 KWD'],
    [500, 'isk', '5.00 ISK'],
    [500, 'ugx', '5.00 UGX'],
    [Number.MAX_SAFE_INTEGER, 'usd', '90,071,992,547,409.91 USD'],
    [0, 'usd', '0.00 USD'],
  ])('%i %s is %s', (minor, currency, text) => {
    expect(moneyText('en', minor, currency)).toBe(text);
  });

  test('a difference has its sign', () => {
    expect([moneyText('en', 290_000, 'twd', 'always'), moneyText('en', 0, 'twd', 'always')]).toEqual(['+2,900.00 TWD', '0.00 TWD']);
  });
});

describe('times', () => {
  test('stand in the zone that was chosen, and in UTC for machines', () => {
    expect(time(en, '2026-11-29T01:41:00.000Z').toString()).toBe(
      '<time datetime="2026-11-29T01:41:00.000Z" title="2026-11-29T01:41:00.000Z">29 Nov 09:41</time>',
    );
    expect(dayTimeText(zh, Date.parse('2026-11-28T23:00:00Z'))).toBe('11/29 07:00');
  });

  test('another year is named', () => {
    expect(dayText(en, Date.parse('2025-11-20T04:10:00Z'))).toBe('20 Nov 2025');
    expect(dayText(zh, Date.parse('2025-11-20T04:10:00Z'))).toBe('2025/11/20');
  });

  test.each([
    ['UTC', 'UTC', 0],
    ['Asia/Taipei', 'UTC+8', 8],
    ['Asia/Kolkata', 'UTC+5:30', 5],
    ['America/St_Johns', 'UTC-3:30', -4],
  ])('%s is %s; its days are counted by %i whole hours', (zone, text, hours) => {
    expect([offsetText(zone, en.now), offsetHours(zone, en.now)]).toEqual([text, hours]);
  });
});

test.each([
  [0, '0 %'],
  [1, '100 %'],
  [0.0591, '5.9 %'],
])('%f is %s', (share, text) => {
  expect(percentText(en, share)).toBe(text);
});

describe('an id', () => {
  const full = 'pi_3QiHrjqRn5Tq703wmVwy0Q37cr';
  test('stands whole in the document, in three parts', () => {
    const text = id(en, full).toString();
    expect(text.replaceAll(/<[^>]+>/g, '')).toBe(full);
    expect(text).toContain('<span class="m">');
  });

  test.each([
    ['pi_1', { livemode: true }, 'https://dashboard.stripe.com/payments/pi_1'],
    ['pi_1', { livemode: false }, 'https://dashboard.stripe.com/test/payments/pi_1'],
    ['du_1', { livemode: true, account: 'acct_2' }, 'https://dashboard.stripe.com/acct_2/disputes/du_1'],
    ['du_1', { livemode: false, account: 'acct_2/../..' }, 'https://dashboard.stripe.com/test/disputes/du_1'],
    ['evt_1', { livemode: true }, 'https://dashboard.stripe.com/events/evt_1'],
    ['manual:7c1f', { livemode: true }, undefined],
    ['pi_1/../../x', { livemode: true }, undefined],
    ['javascript:alert(1)', { livemode: true }, undefined],
  ])('%s leads to its page at Stripe, or to none', (objectId, place, url) => {
    expect(stripeUrl(objectId, place)).toBe(url);
  });
});
