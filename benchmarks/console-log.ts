// Makes the log of a shop that has sold for a year: the real ledger writes a few orders in memory, and copies of them, with other
// ids and times, are written to a SQLite log. Ids come in no order, as those of a provider do.
import { DatabaseSync } from 'node:sqlite';
import {
  createPaymentLedger,
  type Fact,
  type Observation,
  type PaymentLedger,
  type Runtime,
  type Source,
  systemRuntime,
} from '@paidonce/ledger';
import { createMemoryLog, openMemoryEventStore } from '@paidonce/ledger/memory';
import { openSqliteEventStore } from '@paidonce/ledger/sqlite';
import { LogWriter } from './grown-log.ts';

const dayMs = 86_400_000;
/** How long the shop has sold, until now. */
export const soldMs: number = 365 * dayMs;
const account = 'acct_bench';
const storyStart = '2026-01-01T00:00:00.000Z';
const actor = 'support-7';

/** What happened to an order. */
const stories = ['webhook', 'webhook', 'webhook', 'poll', 'status_query', 'refunded', 'expired', 'unpaid'] as const;
/** Each once in so many orders. */
const rareStories = ['disputed', 'review', 'undelivered', 'held', 'unreadable'] as const;
const rareEvery = 400;
type Story = (typeof stories)[number] | (typeof rareStories)[number];
const all: readonly Story[] = [...new Set<Story>([...stories, ...rareStories])];

/** Makes an id. All have the same length, so that one can replace another. Steps of a prime give each number once. */
function nameOf(story: Story, number: number): string {
  return `S${all.indexOf(story).toString(36)}-${String((number * 7_368_787) % 10_000_000).padStart(7, '0')}`;
}

function storyOf(number: number): Story {
  const rare = number % rareEvery === 1 ? rareStories[Math.floor(number / rareEvery) % rareStories.length] : undefined;
  return rare ?? stories[number % stories.length] ?? 'webhook';
}

/** Ids that the pages of a console are asked for. */
export interface KnownIds {
  readonly orderId: string;
  readonly memberId: string;
  readonly objectId: string;
  readonly actor: string;
}

/** Writes a new log of that many orders, placed evenly over the last year. */
export async function makeConsoleLog(path: string, orders: number): Promise<KnownIds> {
  const rows = await tellStories();
  const byStory = new Map(all.map((story) => [story, rows.filter(({ stream }) => stream.includes(nameOf(story, 0)))]));
  await (await openSqliteEventStore(path)).close();
  const db = new DatabaseSync(path);
  db.exec('PRAGMA synchronous = OFF; BEGIN');
  const writer = new LogWriter(db);
  for (const row of rows.filter(({ stream }) => stream === 'policy' || stream === 'ledger')) writer.write(row);
  const shiftMs = Date.now() - soldMs - Date.parse(storyStart);
  for (let number = 0; number < orders; number++) {
    const story = storyOf(number);
    const [from, to] = [nameOf(story, 0), nameOf(story, number + 1)];
    const laterMs = shiftMs + Math.floor((number / orders) * soldMs);
    const renamed = (text: string): string => text.replaceAll(from, to);
    const moved = (text: string): string =>
      text.replace(/\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z/g, (time) => new Date(Date.parse(time) + laterMs).toISOString());
    for (const row of byStory.get(story) ?? [])
      writer.write({ ...row, stream: renamed(row.stream), data: moved(renamed(row.data)), metadata: moved(row.metadata) });
    writer.forget();
  }
  db.exec('COMMIT; PRAGMA wal_checkpoint(TRUNCATE)');
  db.close();
  const orderId = nameOf('webhook', orders - 1 - ((orders - 1) % stories.length) + 1);
  return { orderId, memberId: `m-${orderId}`, objectId: `pi_${orderId}`, actor };
}

/** A clock that moves 50 ms with each reading, and by each sleep. */
function readingClock(): Runtime {
  let nowMs = Date.parse(storyStart);
  const read = (): number => {
    nowMs += 50;
    return nowMs;
  };
  return {
    ...systemRuntime,
    now: () => new Date(read()),
    monotonicNowMs: read,
    // A delivery that succeeds is done before the turn ends, and its time limit is not reached.
    sleep: async (ms, signal) => {
      await new Promise((turn) => setImmediate(turn));
      if (signal?.aborted !== true) nowMs += ms;
    },
  };
}

async function tellStories() {
  const log = createMemoryLog();
  const runtime = readingClock();
  const isLost = nameOf('undelivered', 0);
  await using ledger = createPaymentLedger({
    eventStore: openMemoryEventStore({ log }),
    runtime,
    background: false,
    deliver: async ({ membershipId }) => {
      if (membershipId === isLost) throw new Error('the table is locked');
    },
  });
  for (const story of all) await tell(ledger, runtime, story);
  return log.rows;
}

const payment = (id: string) => ({ provider: 'stripe', account, livemode: true, id });
const paid = (totalMinor = 4_900): Fact => {
  const parts = { subtotalMinor: totalMinor, discountMinor: 0, taxMinor: 0, shippingMinor: 0 };
  return { kind: 'attempt', status: 'paid', amount: { totalMinor, currency: 'usd', parts } };
};

async function tell(ledger: PaymentLedger, runtime: Runtime, story: Story): Promise<void> {
  const orderId = nameOf(story, 0);
  let statements = 0;
  const observe = (source: Source, fact: Fact): Promise<unknown> => {
    statements += 1;
    const evidence = {
      objectId: `cs_${orderId}`,
      ...(source === 'webhook' ? { eventId: `evt_${orderId}_${statements}` } : {}),
      apiVersion: '2026-10-28.endive',
    };
    const statement = { payment: payment(`pi_${orderId}`), aliases: [`cs_${orderId}`], fact, asOf: runtime.now().toISOString(), evidence };
    const by = { actor, reason: 'the customer asked' };
    return ledger.observePayment({ ...statement, source, ...(source === 'manual' ? { by } : {}) } as Observation);
  };
  if (story === 'held') {
    await observe('webhook', paid());
    return;
  }
  if (story === 'unreadable') {
    const object = {
      objectId: `evt_${orderId}`,
      type: 'charge.updated',
      account,
      livemode: true,
      sha256: 'cd'.repeat(32),
      path: 'data.object.amount',
    };
    await ledger.forAdapters.recordUnreadable(object);
    return;
  }
  await ledger.placeOrder({ orderId, memberId: `m-${orderId}`, plan: 'pro', amountMinor: 4_900, currency: 'usd', account, livemode: true });
  const expiresAt = new Date(runtime.now().getTime() + dayMs).toISOString();
  await ledger.attachCheckout(orderId, payment(`cs_${orderId}`), { expiresAt });
  if (story === 'unpaid') return;
  if (story === 'expired') {
    await observe('webhook', { kind: 'attempt', status: 'expired' });
    return;
  }
  await observe(story === 'poll' || story === 'status_query' ? story : 'webhook', paid(story === 'review' ? 4_000 : 4_900));
  await ledger.settle();
  if (story === 'undelivered') return;
  if (story === 'status_query') await observe('webhook', paid());
  await observe('poll', paid(story === 'review' ? 4_000 : 4_900));
  if (story === 'disputed')
    await observe('webhook', {
      kind: 'dispute',
      id: `dp_${orderId}`,
      status: 'open',
      amountMinor: 4_900,
      returnedDebit: false,
      movements: 1,
    });
  if (story === 'refunded') {
    await observe('webhook', { kind: 'refund', id: `re_${orderId}`, status: 'succeeded', amountMinor: 4_900 });
    await ledger.settle();
    await observe('manual', { kind: 'refund', id: `re_${orderId}`, status: 'succeeded', amountMinor: 4_900 });
  }
  await ledger.settle();
}
