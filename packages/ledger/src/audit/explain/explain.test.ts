import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { Position } from '../../event-store/event-store.ts';
import { createMemoryLog, openMemoryEventStore } from '../../event-store/memory.ts';
import { instantRuntime } from '../../instant-runtime.test-support.ts';
import { dispute, observe, paid, place } from '../../order/example-order.test-support.ts';
import { defaultPolicy } from '../../order/policy.ts';
import { openPaymentProcess } from '../../payment-process.test-support.ts';
import { policyHash } from '../../streams/policy-stream.ts';
import { writeStories } from '../golden-log.test-support.ts';
import { writeLaterStories } from '../golden-log-later.test-support.ts';
import { resolveAsOf } from '../log/as-of.ts';
import { type LogReader, readerOf } from '../log/log-reader.ts';
import type { LogRow } from '../log/log-row.ts';
import { verifyLog } from '../verify/verify.ts';
import { type Explanation, explainMember, explainOrder } from './explain.ts';
import { explanationLines } from './explanation-lines.ts';

let log: LogReader;
beforeAll(async () => {
  const memory = createMemoryLog();
  await writeStories(openMemoryEventStore({ log: memory }));
  log = readerOf(openMemoryEventStore({ log: memory }));
});
afterAll(() => log.close());

async function explained(orderId: string, asOf?: Position): Promise<Explanation> {
  const explanation = await explainOrder(log, orderId, asOf === undefined ? {} : { asOf });
  if (!explanation) throw new Error(`no order ${orderId}`);
  return explanation;
}
/** Returns the lines without their times. */
const linesOf = async (orderId: string) =>
  explanationLines(await explained(orderId), 'en', { every: true }).map((line) => line.replace(/^\S+ \S+ {2}/, ''));
const verdicts = async (orderId: string) =>
  (await explained(orderId)).entries.flatMap((entry) => (entry.kind === 'reported' ? [[entry.report.source, entry.verdict.verdict]] : []));

async function allRows(): Promise<readonly LogRow[]> {
  const rows: LogRow[] = [];
  for await (const page of log.rows()) rows.push(...page);
  return rows;
}

describe('an order is explained', () => {
  test('in words: what granted, who confirmed and how much later, what was ignored and by which law', async () => {
    const lines = await linesOf('confirmed');
    expect(lines.slice(0, 6)).toEqual([
      'Order confirmed of member member-confirmed, plan pro',
      'The membership is active since 2026-01-05 09:00:14 UTC.',
      'It was granted because the webhook said that pi_confirmed was paid, 49.00 USD (evt_pi_confirmed).',
      'Confirmed by the poll, 4 s later.',
      'Confirmed by the status query, 7 s later.',
      '1 review open: a person must look.',
    ]);
    expect(lines).toContain(
      'The poll said: pi_confirmed was paid, 49.00 USD [pi_confirmed; provider 2026-01-05 09:00:16, seen 2026-01-05 09:00:17]. It confirms what the webhook had said 4 s before; nothing changes (law 5).',
    );
    expect(lines).toContain('The shop took over decision 1, 1 s after it.');
  });

  test('in rows: what belongs together in one, with the shop below it', async () => {
    expect(explanationLines(await explained('confirmed')).slice(6)).toEqual([
      '',
      '2026-01-05 09:00:04  Order placed for 49.00 USD. plan pro; checkout cs_confirmed opened 3 s later, open until 2026-01-06 09:00:00',
      '2026-01-05 09:00:11  Payment on its way. The webhook reported pi_confirmed as processing. Access does not change.',
      '2026-01-05 09:00:14  Membership granted. The webhook reported pi_confirmed paid, 49.00 USD. Time at Stripe: 2026-01-05 09:00:12.',
      '                     Saved by your shop after 1 s (decision 1, first attempt)',
      '2026-01-05 09:00:18  Confirmed by the poll, the status query and 1 more event',
      '                     within 10 s of the grant; no change',
      '                     2026-01-05 09:00:18 poll pi_confirmed',
      '                     2026-01-05 09:00:21 status_query pi_confirmed',
      '                     2026-01-05 09:00:24 poll pi_confirmed',
      '2026-01-05 09:02:02  Two orders claim the payment, needs review',
      '                     Review r1 is open (Two orders claim the payment)',
    ]);
  });

  test('by what held it: no order was known (law 7)', async () => {
    expect(await linesOf('held')).toContainEqual(expect.stringMatching(/No order was known for it, so it was kept \(law 7\)\.$/));
    expect(await verdicts('early')).toEqual([['webhook', 'waits']]);
    expect((await linesOf('early'))[2]).toBe('It was granted because the webhook said that pi_early was paid, 49.00 USD (evt_pi_early).');
  });

  test('under whatever policy: where another one begins, and what it made of the same facts', async () => {
    const memory = createMemoryLog();
    const { rules: _, ...first } = defaultPolicy;
    const before = openPaymentProcess(openMemoryEventStore({ log: memory }), instantRuntime(), first);
    await before.orders.command('order-1', 'test', place);
    await before.orders.command('order-1', 'test', observe(paid()));
    await before.orders.command('order-1', 'test', observe(dispute('lost', { amountMinor: 50 })));
    const after = openPaymentProcess(openMemoryEventStore({ log: memory }), instantRuntime());
    await after.orders.command('order-1', 'test', observe(dispute('lost', { amountMinor: 50 }), { source: 'poll' }));
    await after.orders.command('order-1', 'test', observe(dispute('lost', { amountMinor: 60 })));
    const reader = readerOf(openMemoryEventStore({ log: memory }));
    const entries = (await explainOrder(reader, 'order-1'))?.entries ?? [];
    expect(
      entries.flatMap((entry): unknown[] => (entry.kind === 'decided' ? [entry.decision] : entry.kind === 'policy_changed' ? [entry] : [])),
    ).toEqual([
      'MembershipGranted',
      'MembershipRevoked',
      expect.objectContaining({ from: policyHash(first), to: policyHash(defaultPolicy) }),
      'MembershipRestored',
    ]);
    const { findings } = await verifyLog(reader);
    // Each decision is made again under the policy that its append names. (Nobody linked the payment here.)
    expect(findings.filter(({ rule }) => rule !== 'law-3')).toEqual([]);
  });

  test('by a person who decided', async () => {
    expect(await linesOf('short')).toEqual(
      expect.arrayContaining([
        'It was granted because support-7 decided so (ticket 4711).',
        expect.stringContaining('It does not count: less was paid than the order expects (law 4).'),
        'support-7 resolved review r1: the payment counts (ticket 4711).',
      ]),
    );
  });

  test('by why its membership is what it is now', async () => {
    const lines = await linesOf('refunded');
    expect(lines.slice(1, 5)).toEqual([
      'The membership is revoked since 2026-01-05 09:01:04 UTC.',
      'It was granted because the poll said that pi_refunded was paid, 49.00 USD (pi_refunded).',
      'Confirmed by the webhook, 18 s later.',
      'What revoked the membership, on 2026-01-05 09:01:04: the webhook said that refund re_1 of pi_refunded is succeeded (49.00 USD) (evt_pi_refunded).',
    ]);
    expect(lines).toContainEqual(expect.stringContaining('what was undone stays undone (law 6)'));
  });

  test('with what its deliveries came to', async () => {
    expect(await linesOf('tried')).toEqual(
      expect.arrayContaining([
        'Delivery of decision 1 failed (Error); tried again after 750 ms.',
        'support-7 asked for decision 1 to be delivered again (ticket 4711).',
      ]),
    );
    expect(await linesOf('abandoned')).toEqual(
      expect.arrayContaining([
        'The shop took over 0 of 1 decision.',
        'Delivery of decision 1 was given up after 72 h. `redeliver` starts it again.',
      ]),
    );
  });

  test('with payments that came from, or went to, other orders', async () => {
    expect(await linesOf('wrong')).toContain('support-7 moved pi_moved to order right (ticket 4711).');
    expect(await linesOf('right')).toContainEqual(
      expect.stringContaining('It was granted because the webhook said that pi_moved was paid'),
    );
  });

  test('that was withdrawn: what was paid afterwards does not count', async () => {
    const memory = createMemoryLog();
    await writeLaterStories(async () => openMemoryEventStore({ log: memory }));
    const regretted = await explainOrder(readerOf(openMemoryEventStore({ log: memory })), 'regretted');
    expect(explanationLines(regretted as Explanation, 'en', { every: true })).toContainEqual(
      expect.stringContaining('It does not count: it was paid after the order was withdrawn (law 4).'),
    );
  });

  test('that was imported: the shop was told nothing', async () => {
    const memory = createMemoryLog();
    await writeLaterStories(async () => openMemoryEventStore({ log: memory }));
    const imported = await explainOrder(readerOf(openMemoryEventStore({ log: memory })), 'imported');
    for (const [language, expected] of [
      ['en', 'The order was imported: the shop knew decision 1, and was told nothing.'],
      ['zh-TW', '訂單由他處匯入：商店早已知道第 1 項決定，未另行通知。'],
    ] as const) {
      expect(explanationLines(imported as Explanation, language, { every: true })).toContainEqual(expect.stringContaining(expected));
    }
    expect(explanationLines(imported as Explanation, 'en', { every: true })).toContainEqual(
      expect.stringMatching(/The shop took over decision 2/),
    );
  });

  test('as it was on a day', async () => {
    const asOf = await resolveAsOf(log, '2026-01-05T09:00:15Z');
    const then = await explained('confirmed', asOf);
    expect(explanationLines(then).slice(1, 4)).toEqual([
      'The membership is active since 2026-01-05 09:00:14 UTC.',
      'It was granted because the webhook said that pi_confirmed was paid, 49.00 USD (evt_pi_confirmed).',
      'No other source has confirmed it.',
    ]);
    expect(await explainOrder(log, 'held', { asOf })).toBeUndefined();
    expect((await explained('confirmed', await resolveAsOf(log, '2026-01-05T09:00:12Z'))).membership).toBe('none');
  });

  test('by each verdict that there is', async () => {
    const met = new Set<string>();
    for (const orderId of ['confirmed', 'early', 'refunded', 'short', 'again', 'doubtful', 'twice']) {
      for (const [, verdict] of await verdicts(orderId)) met.add(String(verdict));
    }
    expect([...met].sort()).toEqual(['confirms', 'decided', 'does_not_count', 'no_change', 'older', 'second_payment', 'waits']);
  });

  test('in Traditional Chinese, sentence for sentence', async () => {
    for (const orderId of [
      'confirmed',
      'held',
      'early',
      'refunded',
      'disputed',
      'short',
      'again',
      'doubtful',
      'partly',
      'wrong',
      'unpaid',
      'tried',
      'abandoned',
    ]) {
      const explanation = await explained(orderId);
      const [english, chinese] = [
        explanationLines(explanation, 'en', { every: true }),
        explanationLines(explanation, 'zh-TW', { every: true }),
      ];
      expect(chinese).toHaveLength(english.length);
      for (const line of chinese) if (line !== '') expect(line).toMatch(/[\u4e00-\u9fff]/);
    }
    expect(explanationLines(await explained('confirmed'), 'zh-TW').slice(0, 4)).toEqual([
      '訂單 confirmed，會員 member-confirmed，方案 pro',
      '會員資格有效，自 2026-01-05 09:00:14 UTC 起。',
      '開通的原因：webhook 表示 pi_confirmed 已付款 49.00 USD（evt_pi_confirmed）。',
      '4 秒後由輪詢證實。',
    ]);
  });
});

describe('a member is explained', () => {
  test('by their orders', async () => {
    const explanations = await explainMember(log, 'member-held');
    expect(explanations).toMatchObject([{ orderId: 'held', memberId: 'member-held', membership: 'active' }]);
  });

  test('as they were on a day: the order was not placed yet', async () => {
    expect(await explainMember(log, 'member-held', { asOf: await resolveAsOf(log, '2026-01-05T09:00:20Z') })).toEqual([]);
  });

  test('by whole names only', async () => {
    expect(await explainMember(log, 'member-hel')).toEqual([]);
  });
});

describe('as of', () => {
  test('a position is itself, padded or not', async () => {
    expect(await resolveAsOf(log, '12')).toBe('00000000000000000012');
    expect(await resolveAsOf(log, '00000000000000000012')).toBe('00000000000000000012');
  });

  test('a position past the end is refused: it may be a day without its hyphens', async () => {
    const end = (await allRows()).length;
    expect(await resolveAsOf(log, String(end))).toMatch(new RegExp(`^0+${end}$`));
    for (const text of [String(end + 1), '20200101', '9'.repeat(20)]) {
      const refused = `Position ${text} is past the end of the log. A day is written 2020-01-01`;
      await expect(resolveAsOf(log, text)).rejects.toMatchObject({ code: 'invalid_input', message: refused });
    }
  });

  test('a time is the last position before the first that was recorded later', async () => {
    const [first, second] = await allRows();
    const { recordedAt } = JSON.parse(second!.metadata) as { recordedAt: string };
    expect(await resolveAsOf(log, recordedAt)).toBe(second!.position);
    expect(await resolveAsOf(log, new Date(Date.parse(recordedAt) - 1).toISOString())).toBe(first!.position);
    expect(await resolveAsOf(log, '2020-01-01T00:00:00Z')).toBe('0'.repeat(20));
  });

  test('a day counts to its end', async () => {
    const rows = await allRows();
    expect(await resolveAsOf(log, '2026-01-08')).toBe(rows.at(-1)!.position);
    expect(Number(await resolveAsOf(log, '2026-01-05'))).toBeLessThan(rows.length);
  });

  test.each(['yesterday', '', '2026-13-45', '12:00', '2026-02-30', '2026-02-31T12:00Z', '2026-01-05T25:00', '1234567890123456'])(
    '%j is refused',
    async (text) => {
      await expect(resolveAsOf(log, text)).rejects.toThrow(/pass a position, a day/);
    },
  );
});
