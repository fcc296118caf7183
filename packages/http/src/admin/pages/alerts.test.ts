import type { AccountHealth } from '@paidonce/ledger';
import type { PollHealth } from '@paidonce/stripe-adapter';
import { expect, test } from 'vitest';
import { type AlertFacts, openAlerts } from './alerts.ts';

const now = Date.parse('2026-11-29T10:00:00Z');
const ago = (seconds: number): string => new Date(now - seconds * 1_000).toISOString();
const none = { count: 0 };
const calm: AlertFacts = {
  queues: { reviews: none, undelivered: none, awaiting: none, held: none, suspended: none, unreadable: none },
  lagMs: 400,
  errors: [],
  abandoned: 0,
  due: none,
  doubtful: 0,
  accounts: [],
};
const account = (missed: number): AccountHealth => ({
  account: 'acct_1',
  livemode: true,
  latency: { buckets: [], count: 0 },
  missed,
  hours: [{ from: ago(3_600), webhooks: 0, missed }],
});
const day = 86_400;
/** The tier of what is due: none of its rounds has ended, or the last one so many seconds ago. */
const dueRound = (seconds?: number): PollHealth => {
  const upTo = seconds === undefined ? {} : { upTo: ago(seconds) };
  return {
    tiers: [{ tier: 'due', account: 'acct_1', livemode: true, isNeeded: true, lateMs: 0, ...upTo }],
    reads: { allowed: 5_000, left: 100, days: [] },
  };
};
const poll = (lateMs: number, left: number): PollHealth => ({
  tiers: [{ tier: 'events', account: 'acct_1', livemode: true, isNeeded: true, dueAt: ago(60), lateMs }],
  reads: { allowed: 5_000, left, days: [] },
});
const kinds = (change: Partial<AlertFacts>): readonly string[] => openAlerts({ ...calm, ...change }, now).map(({ kind }) => kind);

test.each<[string, Partial<AlertFacts>, readonly string[]]>([
  ['nothing is wrong', {}, []],
  ['a decision is on its way for the first time', { errors: [{ error: 'none', count: 9, firstAt: ago(9_000), nextTryAt: ago(-1) }] }, []],
  ['a delivery failed a moment ago', { errors: [{ error: 'Error', count: 1, firstAt: ago(29), nextTryAt: ago(-1) }] }, []],
  [
    'deliveries fail for half a minute',
    { errors: [{ error: 'Error', count: 1, firstAt: ago(30), nextTryAt: ago(-1) }] },
    ['delivery_failing'],
  ],
  ['nobody tries it any more', { errors: [{ error: 'Error', count: 1, firstAt: ago(99) }], abandoned: 1 }, ['delivery_abandoned']],
  ['webhooks were missed', { accounts: [account(0), account(2)] }, ['webhook_missed']],
  ['the poll is late', { poll: poll(1, 100) }, ['poll_failing']],
  ['no read is left', { poll: poll(0, 0) }, ['reads_throttled']],
  ['memberships are due, and were not looked at for less than three days', { due: { count: 2, oldestSince: ago(3 * day - 1) } }, []],
  ['nobody could look at them for three days', { due: { count: 2, oldestSince: ago(3 * day) }, poll: dueRound(3 * day) }, ['expiry_blind']],
  ['nobody ever looked', { due: { count: 2, oldestSince: ago(3 * day) }, poll: dueRound() }, ['expiry_blind']],
  ['they are due for as long, and are looked at', { due: { count: 2, oldestSince: ago(9 * day) }, poll: dueRound(600) }, []],
  ['the clock of Stripe was in doubt', { doubtful: 1 }, ['clock_doubtful']],
  ['the lists are a minute behind', { lagMs: 60_000 }, []],
  ['the lists are further behind', { lagMs: 60_001 }, ['read_models_stuck']],
  ['the lists never caught up', { lagMs: Number.POSITIVE_INFINITY }, ['read_models_stuck']],
  [
    'something waits for a person',
    {
      queues: {
        ...calm.queues,
        reviews: { count: 1, oldestSince: ago(9) },
        unreadable: { count: 2, oldestSince: ago(5) },
        held: { count: 3, oldestSince: ago(5) },
      },
    },
    ['object_not_understood', 'review_opened'],
  ],
])('%s', (_, change, expected) => {
  expect(kinds(change)).toEqual(expected);
});

test('an alert says how many, and since when', () => {
  const errors = [
    { error: 'Error', count: 34, firstAt: ago(1_980), nextTryAt: ago(-9) },
    { error: 'timeout', count: 2, firstAt: ago(900), nextTryAt: ago(-60) },
  ];
  expect(openAlerts({ ...calm, errors }, now)).toEqual([{ kind: 'delivery_failing', count: 36, since: ago(1_980) }]);
});
