// The benchmark `npm run bench -- console [--orders N]`: how long each page of the operations console takes at 200,000 orders, and
// how large it is. A page is a request to the handler that a host mounts: it is let in, read from the read models and the log, and
// made. The log is made, and read into the read models, before anything is timed.
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { paymentConsole } from '@paidonce/http/fetch';
import { createPaymentLedger, type PaymentLedger } from '@paidonce/ledger';
import { openSqliteEventStore } from '@paidonce/ledger/sqlite';
import { stripePayments } from '@paidonce/stripe-adapter';
import Stripe from 'stripe';
import { type KnownIds, makeConsoleLog } from './console-log.ts';

const times = 20;
/** Traditional Chinese has fewer letters, and three bytes for each. */
const languages = ['en', 'zh-TW'] as const;

/** The bounds of the design. */
export const mostMs = 50;
export const mostKb = 30;

export interface TimedPage {
  readonly page: string;
  readonly p50Ms: number;
  readonly p95Ms: number;
  /** The size of its text in the language in which it is larger, in 1,024 bytes. */
  readonly kb: number;
}

/** The pages by their address below the mount. What changes something has none here. */
async function pagesOf({ console: reads }: PaymentLedger, { orderId, memberId, objectId, actor }: KnownIds): Promise<readonly string[]> {
  const [review, failed, suspended] = await Promise.all([
    reads.reviews({ limit: 1 }),
    reads.undelivered({ limit: 1 }),
    reads.suspended({ limit: 1 }),
  ]);
  const orders = [orderId, ...[review, failed, suspended].flatMap(({ items }) => items.map((item) => item.orderId))];
  const queues = ['reviews', 'undelivered', 'awaiting', 'held', 'suspended', 'unreadable'].map((queue) => `queues/${queue}`);
  return [
    ...['', 'orders', 'orders?status=suspended', 'orders?plan=none'],
    ...[`find?q=${orderId.slice(0, 5)}`, 'find?q=evt_', `find?q=${objectId}_none`],
    ...orders.map((id) => `orders/${id}`),
    ...[`orders/${orderId}?all=1`, `members/${memberId}`],
    ...queues,
    ...['activity', `activity?actor=${actor}`, 'runs', 'runs/new?kind=redeliver&pick=all', 'health'],
  ];
}

export async function consoleBench(): Promise<void> {
  const { values } = parseArgs({ args: process.argv.slice(3), options: { orders: { type: 'string', default: '200000' } } });
  await timeConsole(Number(values.orders));
}

/** Makes a log of so many orders, times each page on it, and prints the slowest and the heaviest. */
export async function timeConsole(orders: number): Promise<readonly TimedPage[]> {
  if (!(Number.isSafeInteger(orders) && orders >= 100 && orders <= 1_000_000))
    throw new Error('--orders must be a number from 100 to 1,000,000');
  const folder = mkdtempSync(join(tmpdir(), 'paidonce-bench-'));
  try {
    const path = join(folder, 'log.db');
    const ids = await makeConsoleLog(path, orders);
    await using ledger = createPaymentLedger({ eventStore: await openSqliteEventStore(path), background: false });
    const startedMs = performance.now();
    await ledger.settle({ timeoutMs: 3_600_000 });
    console.log(`${orders} orders; the read models were made in ${Math.round((performance.now() - startedMs) / 1_000)} s.`);
    await using payments = stripePayments({ ledger, stripe: new Stripe('sk_test_bench'), webhookSecrets: ['whsec_bench'], poll: false });
    const handler = paymentConsole({ payments, authenticate: () => ({ actor: 'sup-3' }) });
    const results: TimedPage[] = [];
    for (const page of await pagesOf(ledger, ids)) results.push(await timePage(handler, page));
    console.table(results);
    const slowestPageMs = Math.max(...results.map(({ p50Ms }) => p50Ms));
    const heaviestPageKb = Math.max(...results.map(({ kb }) => kb));
    console.log(JSON.stringify({ bench: 'console', slowestPageMs, heaviestPageKb }));
    return results;
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

/** Makes the page twenty times, after once in each language that is not counted. */
async function timePage(handler: (request: Request) => Promise<Response>, page: string): Promise<TimedPage> {
  const ask = async (language: (typeof languages)[number] = 'en'): Promise<string> => {
    const headers = { accept: 'text/html', 'accept-language': language };
    const answer = await handler(new Request(`http://127.0.0.1/admin/payments/${page}`, { headers }));
    // The text of a search that finds nothing is a page like the others.
    if (answer.status !== 200 && !(answer.status === 404 && page.startsWith('find')))
      throw new Error(`${page} was answered ${answer.status}: ${(await answer.text()).slice(0, 200)}`);
    return answer.text();
  };
  const sizes = await Promise.all(languages.map(async (language) => Buffer.byteLength(await ask(language))));
  const took: number[] = [];
  for (let time = 0; time < times; time++) {
    const startedMs = performance.now();
    await ask();
    took.push(performance.now() - startedMs);
  }
  took.sort((a, b) => a - b);
  const at = (share: number): number => rounded(took[Math.floor((took.length - 1) * share)] ?? Number.NaN);
  return { page: page === '' ? 'overview' : page, p50Ms: at(0.5), p95Ms: at(0.95), kb: rounded(Math.max(...sizes) / 1_024) };
}

function rounded(value: number): number {
  return Number(value.toFixed(2));
}
