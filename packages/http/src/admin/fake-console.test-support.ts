// A shop of some size, as the reads of a console tell it: typed as the ledger's own, so that a page that asks for something else does
// not compile. Times hang on one fixed clock, so that pages come out the same each time.
import {
  type AccountHealth,
  type ActionTaken,
  type BulkRuns,
  type ConsoleReads,
  type Latency,
  type OrderSummary,
  type OrderView,
  type PaymentLedger,
  type Queue,
  type Run,
  type Source,
  type Statistics,
  systemRuntime,
  type UndeliveredDetails,
  type UndeliveredGroup,
} from '@paidonce/ledger';
import type { PollHealth, StripePayments } from '@paidonce/stripe-adapter';
import type { Console } from '../console-call.ts';

const now: number = Date.parse('2026-11-29T02:14:07.000Z');
const minute = 60_000;
const hour = 60 * minute;
const day = 24 * hour;
const before = (ms: number): string => new Date(now - ms).toISOString();
const after = (ms: number): string => before(-ms);

/** The same draw each time. */
function draws(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state * 1_103_515_245 + 12_345) % 2_147_483_648;
    return state / 2_147_483_648;
  };
}

const payment = (id: string): { provider: string; account: string; livemode: boolean; id: string } => ({
  provider: 'stripe',
  account: 'acct_1PxKabcdefghijkl',
  livemode: true,
  id,
});

type Draft = Partial<OrderSummary> & Pick<OrderSummary, 'orderId' | 'memberId'>;
function order({ orderId, memberId, ...rest }: Draft, age: number): OrderSummary {
  return {
    orderId,
    memberId,
    plan: 'year',
    status: 'active',
    queues: [],
    paidMinor: 290_000,
    expectedMinor: 290_000,
    currency: 'twd',
    grantedBy: 'webhook',
    rescued: false,
    placedAt: before(age),
    grantedAt: before(age - 20_000),
    savedAfterMs: 150,
    newestAt: before(age),
    ...rest,
  };
}

const ungranted = { status: 'none', paidMinor: 0 } as const;
function withoutGrant({ grantedBy: _by, grantedAt: _at, savedAfterMs: _ms, ...rest }: OrderSummary): OrderSummary {
  return rest;
}

export const orders: readonly OrderSummary[] = [
  order({ orderId: 'o-10519', memberId: 'm-1063', queues: ['undelivered'] }, 95_000),
  order({ orderId: 'o-10518', memberId: 'm-1088', savedAfterMs: 140 }, 7 * minute),
  order(
    {
      orderId: 'o-10516',
      memberId: 'm-1042',
      plan: 'month',
      paidMinor: 120_000,
      expectedMinor: 120_000,
      grantedBy: 'status_query',
      rescued: true,
    },
    48 * minute,
  ),
  withoutGrant(order({ orderId: 'o-10515', memberId: 'm-1050', status: 'none', queues: ['reviews'], paidMinor: 260_000 }, 134 * minute)),
  withoutGrant(order({ orderId: 'o-10514', memberId: 'm-1047', ...ungranted, queues: ['awaiting'] }, 140 * minute)),
  order({ orderId: 'o-10511', memberId: 'm-1039', grantedBy: 'poll', rescued: true }, 155 * minute),
  order({ orderId: 'o-10311', memberId: 'm-0877', status: 'suspended', queues: ['suspended'] }, 26 * day),
  order({ orderId: 'o-9904', memberId: 'm-1042', status: 'revoked' }, 150 * day),
];

/** `wide`: the 100 rows that a page may have. */
const many = (count: number): readonly number[] => Array.from({ length: count }, (_, at) => at);

const undelivered: readonly UndeliveredDetails[] = many(37).map((at) => ({
  orderId: `o-${10_550 - at}`,
  memberId: `m-${1_100 - at}`,
  status: 'active',
  sequence: 1,
  failures: at === 0 ? 19 : 6,
  abandoned: at === 0,
  decidedAt: before(at === 0 ? 73 * hour : (40 - at) * minute),
  lastError: at === 0 ? { name: 'PrismaClientKnownRequestError', code: 'P2003' } : { name: 'Error', code: 'ECONNREFUSED' },
  ...(at === 0 ? {} : { nextTryAt: after((at % 9) * 7_000 + 1_000) }),
  givesUpAt: after(at === 0 ? -hour : 71 * hour),
}));

const groups: readonly UndeliveredGroup[] = [
  { error: 'Error/ECONNREFUSED', count: 34, firstAt: before(33 * minute), nextTryAt: after(12_000) },
  { error: 'timeout', count: 2, firstAt: before(22 * minute), nextTryAt: after(61_000) },
  { error: 'PrismaClientKnownRequestError/P2003', count: 1, firstAt: before(73 * hour) },
];

const counts: Record<Queue, { count: number; oldestSince?: string }> = {
  reviews: { count: 4, oldestSince: before(134 * minute) },
  undelivered: { count: 37, oldestSince: before(73 * hour) },
  awaiting: { count: 12, oldestSince: before(20 * hour) },
  held: { count: 2, oldestSince: before(90 * minute) },
  suspended: { count: 3, oldestSince: before(8 * day) },
  unreadable: { count: 1, oldestSince: before(2 * day) },
};

const latency: Latency = {
  buckets: [402, 659, 74, 31, 52, 13, 4, 0, 0, 0],
  count: 1_235,
  p50Ms: 1_800,
  p95Ms: 66_000,
  p99Ms: 420_000,
};

/** @param failing days before today on which webhooks failed. */
function days(length: number, until: number = now, failing: readonly number[] = [9, 10]): Statistics['days'] {
  const draw = draws(7);
  return many(length).map((at) => {
    const ago = length - 1 - at;
    const isFailing = failing.includes(ago);
    const rescued = isFailing ? { poll: 14, status_query: 11 } : { poll: draw() < 0.3 ? 1 : 0, status_query: draw() < 0.2 ? 1 : 0 };
    const grants: Record<Source, number> = {
      webhook: isFailing ? 22 : 20 + Math.floor(draw() * 36),
      poll: rescued.poll + (draw() < 0.4 ? 1 : 0),
      status_query: rescued.status_query + (draw() < 0.5 ? 1 : 0),
      manual: draw() < 0.12 ? 1 : 0,
    };
    return { day: new Date(until - ago * day).toISOString().slice(0, 10), grants, rescued };
  });
}

function statistics(from: string, to: string): Statistics {
  const length = Math.max(1, Math.round((Date.parse(to) - Date.parse(from)) / day));
  const draw = draws(11);
  const step = (Date.parse(to) - Date.parse(from)) / 84;
  const oldest = many(84).map((at) => {
    const isOutage = (at >= 44 && at <= 48) || at >= 82;
    const ageMs = isOutage ? 20 * minute + draw() * 140 * minute : draw() < 0.4 ? draw() * 4 * minute : 0;
    return { from: new Date(Date.parse(from) + at * step).toISOString(), ageMs: Math.round(ageMs) };
  });
  const saved: Latency = { buckets: [1_122, 49, 9, 6, 3, 2, 7, 0, 0, 0], count: 1_198, p50Ms: 160, p95Ms: 2_100, p99Ms: 61_000 };
  return { days: days(length, Date.parse(to)), latency: { paid_to_granted: latency, granted_to_saved: saved }, oldest, lagMs: 400 };
}

function account(name: string, seed: number, missedHours: readonly number[]): AccountHealth {
  const draw = draws(seed);
  return {
    account: name,
    livemode: true,
    lastWebhookAt: before(42_000),
    latency: { buckets: [], count: 300, p50Ms: 1_400, p95Ms: 4_800, p99Ms: 9_000 },
    missed: missedHours.length * 2,
    hours: many(24).map((at) => ({
      from: before((24 - at) * hour),
      webhooks: missedHours.includes(at) ? 0 : Math.floor(draw() * 28),
      missed: missedHours.includes(at) ? 2 : 0,
    })),
  };
}
const accounts = [
  account('acct_1PxKabcdefghijkl', 3, []),
  account('acct_1R7vabcdefghijkl', 5, [14, 15, 16]),
  account('acct_1S2mabcdefghijkl', 9, []),
];

const taken = (at: number, action: ActionTaken['action'], more: Partial<ActionTaken>): ActionTaken => ({
  at: before(at),
  actor: 'sup-3',
  action,
  outcome: 'nothing_new',
  position: String(184_213 - at / 1_000),
  ...more,
});
export const activity: readonly ActionTaken[] = [
  taken(7_000, 'run', { runId: 'b-19', reason: 'shop database is back, incident 88', outcome: 'running' }),
  taken(22 * minute, 'recheck', { orderId: 'o-10516', reason: 'ticket 4711' }),
  taken(93 * minute, 'move', { orderId: 'o-10480', actor: 'ops-2', reason: 'paid on the wrong page, ticket 4702', outcome: 'moved' }),
  taken(17 * hour, 'resolve', { orderId: 'o-10402', actor: 'sup-1', reason: 'bank fee of 100, ticket 4689', outcome: 'grant' }),
  taken(20 * hour, 'withdraw', { orderId: 'o-10377', reason: 'ordered twice, ticket 4680', outcome: 'withdrawn' }),
  taken(3 * day, 'observe', { orderId: 'o-10399', actor: 'sup-1', reason: 'transfer, statement 12', outcome: 'granted' }),
];

const run: Run = {
  runId: 'b-19',
  kind: 'redeliver',
  by: { actor: 'sup-3', reason: 'shop database is back, incident 88' },
  state: 'running',
  count: 37,
  done: 19,
  skipped: 2,
  failed: 1,
  failures: [{ orderId: 'o-10550', error: 'P2003' }],
  startedAt: before(7_000),
};
const poll: PollHealth = {
  tiers: [
    {
      tier: 'events',
      account: 'acct_1PxKabcdefghijkl',
      livemode: true,
      upTo: before(118_000),
      isNeeded: true,
      dueAt: after(182_000),
      lateMs: 0,
    },
    {
      tier: 'objects',
      account: 'acct_1PxKabcdefghijkl',
      livemode: true,
      upTo: before(32 * minute),
      isNeeded: true,
      dueAt: after(28 * minute),
      lateMs: 0,
    },
    {
      tier: 'money',
      account: 'acct_1PxKabcdefghijkl',
      livemode: true,
      upTo: before(25.5 * hour),
      isNeeded: true,
      dueAt: before(90 * minute),
      lateMs: 90 * minute,
    },
  ],
  reads: {
    allowed: 5_000,
    left: 1_730,
    days: many(30).map((at) => ({ day: before(at * day).slice(0, 10), reads: at === 9 ? 230 : 90 + ((at * 37) % 30) })),
  },
};

/** The reads of the shop above. `change` replaces some. */
export function fakeReads(change: Partial<ConsoleReads> = {}): ConsoleReads {
  const page = <T>(items: readonly T[]): Promise<{ items: readonly T[]; lagMs: number }> => Promise.resolve({ items, lagMs: 400 });
  return {
    find: async (text, options) => {
      const hits = orders
        .filter(({ orderId }) => orderId.includes(text.toLowerCase()))
        .map((each) => ({ kind: 'order' as const, order: each }))
        .filter(({ kind }) => options?.kind === undefined || options.kind === kind);
      return { query: text, hits, more: false, lagMs: 400 };
    },
    orders: ({ limit = 100 } = {}) => page(orders.slice(0, limit)),
    memberOrders: (memberId) => page(orders.filter((each) => each.memberId === memberId)),
    queues: async () => ({ queues: counts, lagMs: 400 }),
    reviews: () => page(reviews),
    undelivered: ({ limit = 100 } = {}) => Promise.resolve({ items: undelivered.slice(0, limit), next: '2026/o-10514', lagMs: 400 }),
    undeliveredByError: async () => groups,
    awaiting: () => page(orders.filter(({ queues }) => queues.includes('awaiting')).map((each) => ({ ...each, until: after(20 * hour) }))),
    held: () =>
      page([
        {
          payment: payment('pi_3QNEiYV4rfw3cChQrpdnp0DmUK'),
          claims: 'o-10522',
          amount: { totalMinor: 290_000, currency: 'twd' },
          source: 'webhook' as const,
          heldSince: before(90 * minute),
        },
      ]),
    suspended: () =>
      page(
        orders
          .filter(({ status }) => status === 'suspended')
          .map((each) => ({
            ...each,
            because: { kind: 'dispute' as const, id: 'du_1QQkowiRNaZ4zPpPhCcuQDiU82', amountMinor: 290_000 },
            since: before(8 * day),
          })),
      ),
    unreadable: () =>
      page([
        {
          objectId: 'du_1QLiE8GjKkJSfRaS1Qe5CnJTEc',
          type: 'dispute',
          account: 'acct_1PxKabcdefghijkl',
          livemode: true,
          path: 'status',
          apiVersion: '2026-10-15',
          since: before(2 * day),
        },
      ]),
    activity: ({ limit = 50 } = {}) => page(activity.slice(0, limit)),
    statistics: async ({ from, to }) => statistics(from, to),
    totals: async () => ({
      grants: { webhook: 9_412, poll: 131, status_query: 322, manual: 8 },
      rescued: { poll: 12, status_query: 4 },
      latency: {
        paid_to_granted: { buckets: latency.buckets, count: latency.count, totalMs: 9_400_000 },
        granted_to_saved: { buckets: latency.buckets, count: latency.count, totalMs: 1_200_000 },
      },
      pendingSince: before(14 * minute),
      lagMs: 400,
    }),
    accountHealth: async () => accounts,
    ...change,
  };
}

const review = { currency: 'twd', expectedMinor: 290_000, owedMinor: 290_000, plan: 'year' };
const reviews: Awaited<ReturnType<ConsoleReads['reviews']>>['items'] = [
  {
    ...review,
    reviewId: 'r1',
    orderId: 'o-10515',
    memberId: 'm-1050',
    kind: 'amount',
    payment: payment('pi_1'),
    openedAt: before(134 * minute),
    came: { totalMinor: 260_000, currency: 'twd' },
    parts: { subtotalMinor: 290_000, discountMinor: 30_000, taxMinor: 0, shippingMinor: 0 },
    access: 'none',
  },
  {
    ...review,
    reviewId: 'r1',
    orderId: 'o-10498',
    memberId: 'm-1031',
    kind: 'claimed_by_two',
    payment: payment('pi_2'),
    openedAt: before(122 * minute),
    came: { totalMinor: 290_000, currency: 'twd' },
    otherOrderId: 'o-10497',
    access: 'active',
  },
  {
    ...review,
    reviewId: 'r2',
    orderId: 'o-10466',
    memberId: 'm-1012',
    kind: 'overpaid',
    payment: payment('pi_3'),
    openedAt: before(85 * minute),
    came: { totalMinor: 580_000, currency: 'twd' },
    access: 'active',
  },
  {
    ...review,
    reviewId: 'r1',
    orderId: 'o-9120',
    memberId: 'm-0704',
    kind: 'currency',
    payment: payment('pi_4'),
    openedAt: before(40 * minute),
    came: { totalMinor: 9_900, currency: 'jpy' },
    access: 'none',
  },
];

const runs: BulkRuns = {
  plan: async () => ({ count: 37, orders: orders.slice(0, 6), lagMs: 400 }),
  start: async () => ({ outcome: 'started', runId: 'b-20' }),
  run: async (runId) => (runId === run.runId ? run : undefined),
  runs: async () => ({
    items: [
      run,
      {
        ...run,
        runId: 'b-18',
        state: 'finished',
        count: 412,
        done: 412,
        skipped: 0,
        failed: 0,
        failures: [],
        startedAt: before(9 * day),
        endedAt: before(9 * day - 60_000),
      },
    ],
    lagMs: 400,
  }),
  cancel: async () => ({ outcome: 'canceled' }),
};

/** A console whose ledger answers from the shop above. */
export function fakeConsole(change: Partial<ConsoleReads> = {}, hooks: Partial<Console> = {}): Console {
  const ledger: Partial<PaymentLedger> & { readonly console: ConsoleReads; readonly runs: BulkRuns } = {
    runtime: { ...systemRuntime, now: () => new Date(now), monotonicNowMs: () => 3 },
    delivers: true,
    console: fakeReads(change),
    runs,
    order: async (orderId) => (orders.some((each) => each.orderId === orderId) ? ({ livemode: true } as OrderView) : undefined),
    history: async () => [],
    backlog: async () => ({
      openOrders: 12,
      openReviews: 4,
      undelivered: 37,
      abandoned: 1,
      shadowDiffers: 0,
      due: 0,
      doubtful: 0,
      lagMs: 400,
    }),
  };
  const payments: Partial<StripePayments> = {
    ledger: ledger as PaymentLedger,
    pollHealth: async () => poll,
    recheck: async () => ({ objects: [] }),
  };
  return { payments: payments as StripePayments, ...hooks };
}
