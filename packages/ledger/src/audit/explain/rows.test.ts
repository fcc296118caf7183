import { describe, expect, test } from 'vitest';
import { createMemoryLog, openMemoryEventStore } from '../../event-store/memory.ts';
import type { Source } from '../../observation.ts';
import type { OrderEvent } from '../../order/events.ts';
import {
  attempt,
  decision,
  dispute,
  observed,
  paid,
  paidInParts,
  pi1,
  placed,
  refund,
  review,
  support,
} from '../../order/example-order.test-support.ts';
import { writeStories } from '../golden-log.test-support.ts';
import { writeLaterStories } from '../golden-log-later.test-support.ts';
import { readerOf } from '../log/log-reader.ts';
import { explainOrder } from './explain.ts';
import { expectSoundRows } from './row-properties.test-support.ts';
import { rowText } from './row-text.ts';
import { rowsOf } from './rows.ts';
import { sentenceText } from './sentence.ts';
import { timelineOf } from './timeline.ts';

const begin = Date.UTC(2026, 0, 1);
/** Events of one append each, unless they have the same time. `at`: seconds after the begin. */
function entriesOf(events: readonly (readonly [at: number, event: OrderEvent])[]) {
  return timelineOf(
    'order-1',
    events.map(([at, event], index) => ({
      event,
      recordedAt: new Date(begin + at * 1_000).toISOString(),
      instance: 'i-1',
      cause: '',
      policy: '',
      place: `order-order-1@${index}`,
    })),
  ).entries;
}
const rowsAfter = (...events: Parameters<typeof entriesOf>[0]) => rowsOf(entriesOf(events));
const titles = (rows: ReturnType<typeof rowsOf>, language: 'en' | 'zh-TW' = 'en') =>
  rows.map((row) => sentenceText(rowText(row, language).title));
const by = (source: Source, fact = paid()) => observed(fact, { source });

const checkout: OrderEvent = {
  type: 'CheckoutAttached',
  data: { payment: { ...pi1, id: 'cs_1' }, attachedAt: '2026-01-01T00:00:01.000Z' },
};
const delivered = (sequence: number): OrderEvent => ({ type: 'MembershipDelivered', data: { sequence } });
const failed = (sequence: number, waitMs = 1_000): OrderEvent => ({
  type: 'DeliveryFailed',
  data: { sequence, waitMs, spentMs: waitMs, reason: 'error' },
});
const grant = decision('MembershipGranted', 1);

describe('R1: the order and its checkout are one row', () => {
  test('within 60 s', () => {
    const rows = rowsAfter([0, placed], [60, checkout]);
    expect(titles(rows)).toEqual(['Order placed for 10.00 USD']);
    expect(sentenceText(rowText(rows[0]!, 'en').detail!)).toBe('plan yearly; checkout cs_1 opened 60 s later');
  });
  test('not after 61 s', () => {
    expect(titles(rowsAfter([0, placed], [61, checkout]))).toEqual(['Order placed for 10.00 USD', 'Checkout opened']);
  });
});

describe('R2: a decision has one row with its cause and its deliveries', () => {
  test('that were saved at once', () => {
    const rows = rowsAfter([0, placed], [10, by('poll')], [10, grant], [11, delivered(1)]);
    expect(rows.map(({ kind, entries }) => [kind, entries.length])).toEqual([
      ['placed', 1],
      ['decided', 3],
    ]);
    const { title, detail, below } = rowText(rows[1]!, 'en');
    expect(sentenceText(title)).toBe('Membership granted');
    expect(sentenceText(detail!)).toBe('The poll found pi_1 paid, 10.00 USD. Time at Stripe: 2026-01-01 00:01:00.');
    expect(below.map(({ tone, head, note }) => [tone, sentenceText(head), sentenceText(note!)])).toEqual([
      ['ok', 'Saved by your shop after 1 s', 'decision 1, first attempt'],
    ]);
  });

  test('that end after the next decision', () => {
    const rows = rowsAfter(
      [0, placed],
      [10, by('poll')],
      [10, grant],
      [20, by('webhook', dispute('open'))],
      [20, decision('MembershipSuspended', 2)],
      [30, failed(1)],
      [40, delivered(2)],
    );
    expect(rows.map((row) => (row.kind === 'decided' ? [row.delivery.state, row.delivery.failures.length] : row.kind))).toEqual([
      'placed',
      ['replaced', 1],
      ['saved', 0],
    ]);
  });

  test('that failed: two first, how many more, the last, and the next', () => {
    const rows = rowsAfter(
      [0, placed],
      [10, by('poll')],
      [10, grant],
      ...[11, 12, 14, 18, 26].map((at) => [at, failed(1, 60_000)] as const),
    );
    const row = rows[1]!;
    expect(titles(rows)[1]).toBe('Membership granted, not delivered');
    expect(titles(rows, 'zh-TW')[1]).toBe('已開通會員資格，未交付');
    const [below] = rowText(row, 'en').below;
    expect([sentenceText(below!.head), ...below!.lines.map((line) => sentenceText(line, (iso) => iso.slice(14, 19)))]).toEqual([
      'Your shop could not save it: 5 attempts',
      '00:11 error · 00:12 error · 2 more · 00:26 error',
      'Next attempt at 01:26, by instance i-1',
    ]);
    expect(row).toMatchObject({ delivery: { state: 'failing', givesUpAt: '2026-01-04T00:00:26.000Z' } });
  });
});

describe('R3: a review has one row, with how it ended', () => {
  const short = [
    [0, placed],
    [10, by('webhook', paid(900))],
    [10, review('amount')],
  ] as const;
  const resolution = (how: 'grant' | 'dismiss'): OrderEvent => ({
    type: 'ReviewResolved',
    data: { reviewId: 'r1', resolution: how, seenRevision: 2, by: support },
  });

  test('while it is open', () => {
    const row = rowsAfter(...short)[1]!;
    const { title, detail, below } = rowText(row, 'en');
    expect(sentenceText(title)).toBe('Paid 9.00 USD, needs review');
    expect(sentenceText(detail!)).toBe(
      'The webhook reported pi_1 paid, 9.00 USD. That is 1.00 USD less than expected, so it does not count.',
    );
    expect(sentenceText(below[0]!.head)).toBe('Review r1 is open');
  });

  test('and the person who resolved it has a row of his own', () => {
    const rows = rowsAfter(...short, [20, resolution('dismiss')]);
    expect(rows.map(({ kind }) => kind)).toEqual(['placed', 'review', 'person']);
    expect(sentenceText(rowText(rows[1]!, 'en').below[0]!.head)).toBe('Review r1: closed, nothing changed');
    expect(rowText(rows[2]!, 'en')).toMatchObject({ reason: support.reason });
    expect(titles(rows)[2]).toBe('support-7 resolved review r1: closed, nothing changed');
  });

  test('with the decision that followed', () => {
    const rows = rowsAfter(...short, [20, resolution('grant')], [20, decision('MembershipGranted', 1, { source: 'manual' })]);
    expect(titles(rows)).toEqual(['Order placed for 10.00 USD', 'Paid 9.00 USD, needs review', 'Membership granted']);
    expect(sentenceText(rowText(rows[2]!, 'en').detail!)).toBe('support-7 resolved review r1: the payment counts.');
    expect(rowText(rows[2]!, 'en')).toMatchObject({ reason: support.reason });
  });
});

describe('R4: what was known folds', () => {
  const granted = [
    [0, placed],
    [10, by('status_query')],
    [10, grant],
    [11, delivered(1)],
  ] as const;

  test('into one row that names the sources in the order of their first word', () => {
    const rows = rowsAfter(
      ...granted,
      [20, by('poll')],
      [30, by('webhook')],
      [40, by('webhook', paidInParts({}))],
      [50, by('poll', attempt('processing'))],
    );
    expect(titles(rows).slice(2)).toEqual(['Confirmed by the poll, the webhook and 2 more events']);
    expect(titles(rows, 'zh-TW').slice(2)).toEqual(['由輪詢、webhook 與另外 2 個事件證實']);
    const folded = rowText(rows[2]!, 'en').folded!;
    expect(sentenceText(folded.summary)).toBe('within 40 s of the grant; no change');
    expect(folded.lines.map(({ source, said }) => [source, said && sentenceText(said)])).toEqual([
      ['poll', undefined],
      ['webhook', undefined],
      ['webhook', undefined],
      ['poll', 'The poll found pi_1 as processing.'],
    ]);
  });

  test('but a new fact heads a row, and only its own confirmations fold into it', () => {
    const rows = rowsAfter(...granted, [20, by('webhook', refund(100))], [30, by('poll', refund(100))], [40, by('poll')]);
    expect(titles(rows).slice(2)).toEqual(['Refund of 1.00 USD succeeded', 'Confirmed by the poll']);
    expect(sentenceText(rowText(rows[2]!, 'en').folded!.summary)).toBe('Confirmed by the poll');
  });

  test('not over a day without an event', () => {
    const rows = rowsAfter(...granted, [20, by('poll')], [86_422, by('webhook')]);
    expect(titles(rows).slice(2)).toEqual(['Confirmed by the poll', 'Confirmed by the webhook']);
    expect(sentenceText(rowText(rows[3]!, 'en').gap!)).toBe('1 day without an event');
  });
});

describe('R5: a person has a row', () => {
  test('where he asked for a delivery, with what came of it', () => {
    const asked: OrderEvent = { type: 'DeliveryTakenOver', data: { sequence: 1, by: support } };
    const rows = rowsAfter([0, placed], [10, by('poll')], [10, grant], [11, failed(1)], [20, asked], [21, delivered(1)]);
    expect(titles(rows).slice(1)).toEqual(['Membership granted', 'support-7 delivered decision 1 again']);
    expect(sentenceText(rowText(rows[2]!, 'en').detail!)).toBe('Saved by your shop.');
  });

  test('where he recorded what was known', () => {
    const rows = rowsAfter([0, placed], [10, by('poll')], [10, grant], [20, by('webhook')], [30, by('manual')]);
    expect(titles(rows).slice(2)).toEqual(['Confirmed by the webhook', 'support-7 recorded a payment by hand']);
  });
});

test('R6: more than 24 hours without an event are said', () => {
  const day = 86_400;
  const rows = rowsAfter([0, placed], [day, checkout], [2 * day + 1, checkout], [20.5 * day, checkout]);
  expect(rows.map(({ gapMs }) => gapMs)).toEqual([undefined, undefined, (day + 1) * 1_000, expect.any(Number)]);
  expect(sentenceText(rowText(rows[3]!, 'en').gap!)).toBe('18 days without an event');
  expect(sentenceText(rowText(rows[3]!, 'zh-TW').gap!)).toBe('18 天沒有事件');
});

test('each story of the golden logs has sound rows, and all kinds are met', async () => {
  const met = new Set<string>();
  const memory = createMemoryLog();
  await writeStories(openMemoryEventStore({ log: memory }));
  const later = createMemoryLog();
  await writeLaterStories(async () => openMemoryEventStore({ log: later }));
  for (const log of [memory, later]) {
    const reader = readerOf(openMemoryEventStore({ log }));
    for (const stream of [...log.streams.keys()].filter((name) => name.startsWith('order-'))) {
      const explanation = await explainOrder(reader, stream.slice('order-'.length));
      for (const kind of expectSoundRows(explanation?.entries ?? [])) met.add(kind);
    }
  }
  expect([...met].sort()).toEqual(['attached', 'decided', 'note', 'observed', 'person', 'placed', 'review']);
});
