// The benchmark `npm run bench -- console [ORDERS]`: how long each page of an operations console takes at 200,000 orders, and how
// large it is. The log is made, and read into the read models, before anything is timed.
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type ConsoleReads, createPaymentLedger } from '@paidonce/ledger';
import { openSqliteEventStore } from '@paidonce/ledger/sqlite';
import { type KnownIds, makeConsoleLog } from './console-log.ts';

const defaultOrders = 200_000;
const times = 20;
const dayMs = 86_400_000;

/** A page of the console. */
export interface ConsolePage {
  readonly name: string;
  /** Asks what the page asks, and answers the page: its text, or what it would be made of. */
  readonly make: (reads: ConsoleReads, ids: KnownIds) => Promise<unknown>;
}

export interface TimedPage {
  readonly page: string;
  readonly p50Ms: number;
  readonly p95Ms: number;
  /** The size of its text, in 1,024 bytes; of an answer, as JSON. */
  readonly kb: number;
}

const month = (): { readonly from: string; readonly to: string } => {
  const now = Date.now();
  return { from: new Date(now - 30 * dayMs).toISOString(), to: new Date(now).toISOString() };
};

/** What the pages of CONSOLE.md ask the ledger. */
export const consolePages: readonly ConsolePage[] = [
  {
    name: 'overview',
    make: async (reads) => [await reads.queues(), await reads.statistics(month()), await reads.orders({ limit: 6 })],
  },
  { name: 'find: an order', make: (reads, { orderId }) => reads.find(orderId) },
  { name: 'find: a payment', make: (reads, { objectId }) => reads.find(objectId) },
  { name: 'find: what begins so', make: (reads, { orderId }) => reads.find(orderId.slice(0, 5).toLowerCase()) },
  { name: 'find: a beginning that all have', make: (reads) => reads.find('evt_') },
  { name: 'orders', make: (reads) => reads.orders({ limit: 25 }) },
  { name: 'orders: suspended', make: (reads) => reads.orders({ status: 'suspended', limit: 25 }) },
  { name: 'orders: of a plan that nobody buys', make: (reads) => reads.orders({ plan: 'none', limit: 25 }) },
  {
    name: 'member',
    make: async (reads, { memberId }) => [await reads.memberOrders(memberId), await reads.activity({ memberId })],
  },
  { name: 'reviews', make: (reads) => reads.reviews({ limit: 50 }) },
  { name: 'undelivered', make: async (reads) => [await reads.undelivered({ limit: 50 }), await reads.undeliveredByError()] },
  { name: 'awaiting', make: (reads) => reads.awaiting({ limit: 50 }) },
  { name: 'held', make: (reads) => reads.held({ limit: 50 }) },
  { name: 'suspended', make: (reads) => reads.suspended({ limit: 50 }) },
  { name: 'unreadable', make: (reads) => reads.unreadable({ limit: 50 }) },
  { name: 'activity', make: (reads, { actor }) => reads.activity({ actor, limit: 50 }) },
  { name: 'health', make: (reads) => reads.accountHealth() },
];

export async function consoleBench(): Promise<void> {
  const orders = Number(process.argv[3] ?? defaultOrders);
  await timeConsole(consolePages, orders);
}

/** Makes a log of so many orders, times each page on it, and prints the slowest and the heaviest. */
export async function timeConsole(timed: readonly ConsolePage[], orders: number): Promise<readonly TimedPage[]> {
  if (!(Number.isSafeInteger(orders) && orders >= 100 && orders <= 1_000_000))
    throw new Error('ORDERS must be a number from 100 to 1,000,000');
  const folder = mkdtempSync(join(tmpdir(), 'paidonce-bench-'));
  try {
    const path = join(folder, 'log.db');
    const ids = await makeConsoleLog(path, orders);
    await using ledger = createPaymentLedger({ eventStore: await openSqliteEventStore(path), background: false });
    const startedMs = performance.now();
    await ledger.settle({ timeoutMs: 3_600_000 });
    console.log(`${orders} orders; the read models were made in ${Math.round((performance.now() - startedMs) / 1_000)} s.`);
    const results: TimedPage[] = [];
    for (const page of timed) results.push(await timePage(page, ledger.console, ids));
    console.table(results);
    const slowestPageMs = Math.max(...results.map(({ p50Ms }) => p50Ms));
    const heaviestPageKb = Math.max(...results.map(({ kb }) => kb));
    console.log(JSON.stringify({ bench: 'console', slowestPageMs, heaviestPageKb }));
    return results;
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

/** Makes the page twenty times, after once that is not counted. */
export async function timePage({ name, make }: ConsolePage, reads: ConsoleReads, ids: KnownIds): Promise<TimedPage> {
  const made = await make(reads, ids);
  const text = typeof made === 'string' ? made : JSON.stringify(made);
  const took: number[] = [];
  for (let time = 0; time < times; time++) {
    const startedMs = performance.now();
    await make(reads, ids);
    took.push(performance.now() - startedMs);
  }
  took.sort((a, b) => a - b);
  const at = (share: number): number => rounded(took[Math.floor((took.length - 1) * share)] ?? Number.NaN);
  return { page: name, p50Ms: at(0.5), p95Ms: at(0.95), kb: rounded(Buffer.byteLength(text) / 1_024) };
}

function rounded(value: number): number {
  return Number(value.toFixed(2));
}
