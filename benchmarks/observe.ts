// The benchmark `npm run bench -- observe`: durable observations per second, compared with a bare loop that only commits rows
// of the same size to a file with the same settings. Both run in turn, several times; the ratio is the median of the rounds. What it
// can be depends on the disk: where a sync costs nothing, the ledger's own work is all that counts.
//   --add-sync-ms 0,0.2,1   makes each sync take so much longer, on both sides. Default: 0. On a file system in memory
//                           (TMPDIR=/dev/shm) a sync costs nothing, so this is what it costs there.
//   --callers 32            so many callers at once. Default: 1,32,256
//   --save                  writes benchmarks/results/observe.json
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { createPaymentLedger, type PaymentLedger } from '@paidonce/ledger';
import { openSqliteEventStore } from '@paidonce/ledger/sqlite';
import { saveResults } from '../scripts/save-results.ts';
import { bareGroupCommit, withSlowerSync } from './group-commit.ts';
import { eachOf, median, numbersIn, rounded, timed } from './measures.ts';
import { account, paid, payment, sources } from './payments.ts';

export interface ObserveOptions {
  readonly addSyncMs: readonly number[];
  readonly callers: readonly number[];
  readonly rounds: number;
  /** With one caller a tenth of them. */
  readonly orders: number;
}

export interface ObserveRow {
  readonly workload: 'recorded' | 'first payment';
  readonly callers: number;
  readonly perSecond: number;
  /** The processor time of an observation, in microseconds. */
  readonly cpu: number;
  readonly bare: number;
  /** What a commit of the bare loop takes, the sync of the disk included. */
  readonly commitMs: number;
  /** What was added to each sync, on both sides. 0: it is the disk's own. */
  readonly addedSyncMs: number;
  readonly ratio: number;
}

export async function observe(): Promise<void> {
  const { values } = parseArgs({
    args: process.argv.slice(3),
    options: {
      'add-sync-ms': { type: 'string', default: '0' },
      callers: { type: 'string', default: '1,32,256' },
      save: { type: 'boolean', default: false },
    },
  });
  const addSyncMs = numbersIn('add-sync-ms', values['add-sync-ms'], 0);
  const rows = await measureObserve({ addSyncMs, callers: numbersIn('callers', values.callers), rounds: 5, orders: 1_000 });
  if (values.save) saveResults('benchmarks', 'observe', { rows });
}

/** Measures facts of placed orders with linked payments, each from four sources; and also first payments, which need a link. */
export async function measureObserve({ addSyncMs, callers, rounds, orders }: ObserveOptions): Promise<readonly ObserveRow[]> {
  const folder = mkdtempSync(join(tmpdir(), 'paidonce-bench-'));
  try {
    const rows: ObserveRow[] = [];
    for (const [index, ms] of addSyncMs.entries()) {
      for (const count of callers) {
        const measured = count === 1 ? Math.ceil(orders / 10) : orders;
        const compared = (workload: ObserveRow['workload'], measure: typeof recordedFacts): Promise<Omit<ObserveRow, 'addedSyncMs'>> =>
          compare(workload, join(folder, `${index}-${count}-${measure.name}`), { callers: count, orders: measured, rounds }, measure);
        rows.push({ ...(await withSlowerSync(ms, () => compared('recorded', recordedFacts))), addedSyncMs: ms });
        rows.push({ ...(await withSlowerSync(ms, () => compared('first payment', firstPayments))), addedSyncMs: ms });
      }
    }
    console.table(rows);
    const last = rows.filter(({ workload, callers: count }) => workload === 'recorded' && count === 32);
    console.log(JSON.stringify({ bench: 'observe', rows: last }));
    return rows;
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

interface Measured {
  /** How many observations were made. */
  readonly count: number;
  readonly perSecond: number;
  readonly cpu: number;
  /** The mean size of an event's row in the log. */
  readonly rowBytes: number;
}

type Measure = (path: string, callers: number, orders: number) => Promise<Measured>;

type Compared = 'perSecond' | 'cpu' | 'bare' | 'commitMs' | 'ratio';

async function compare(
  workload: ObserveRow['workload'],
  path: string,
  { callers, orders, rounds }: { readonly callers: number; readonly orders: number; readonly rounds: number },
  measure: Measure,
): Promise<Omit<ObserveRow, 'addedSyncMs'>> {
  const each: Pick<ObserveRow, Compared>[] = [];
  for (let round = 0; round < rounds; round++) {
    const { count, rowBytes, perSecond, cpu } = await measure(`${path}-${round}.db`, callers, orders);
    const bare = await bareGroupCommit({ path: `${path}-${round}-bare.db`, callers, rows: count, rowBytes });
    each.push({ perSecond, cpu, bare: bare.perSecond, commitMs: bare.commitMs, ratio: perSecond / bare.perSecond });
  }
  const of = (what: Compared): number => median(each.map((round) => round[what]));
  return {
    workload,
    callers,
    perSecond: Math.round(of('perSecond')),
    cpu: Math.round(of('cpu')),
    bare: Math.round(of('bare')),
    commitMs: rounded(of('commitMs')),
    ratio: rounded(of('ratio')),
  };
}

async function recordedFacts(path: string, callers: number, orders: number): Promise<Measured> {
  return withLedger(path, orders * sources.length, callers, async (ledger) => {
    await eachOf(orders, 64, async (order) => {
      await ledger.placeOrder(placed(order));
      await ledger.attachCheckout(`order-${order}`, payment(order));
    });
    // One source after the other: in real use four sources report a payment minutes apart.
    return (fact) => ledger.observePayment(paid(fact % orders, sources[Math.floor(fact / orders)] ?? 'poll'));
  });
}

async function firstPayments(path: string, callers: number, orders: number): Promise<Measured> {
  return withLedger(path, orders, callers, async (ledger) => {
    await eachOf(orders, 64, (order) => ledger.placeOrder(placed(order)));
    return (order) => ledger.observePayment({ ...paid(order, 'webhook'), orderId: `order-${order}` });
  });
}

/** Makes so many observations. @param prepare writes what they need first, and answers how each is made. */
async function withLedger(
  path: string,
  count: number,
  callers: number,
  prepare: (ledger: PaymentLedger) => Promise<(index: number) => Promise<unknown>>,
): Promise<Measured> {
  // Measure only the writes: no read models are updated.
  await using ledger = createPaymentLedger({ eventStore: await openSqliteEventStore(path), background: false });
  const observed = await prepare(ledger);
  await ledger.settle();
  const { micros, cpu } = await timed(count, () => eachOf(count, callers, observed));
  const history = (await ledger.history('order-0')).filter(({ type }) => type === 'PaymentObserved');
  const bytes = history.reduce(
    (sum, { id, type, data, metadata }) => sum + id.length + type.length + JSON.stringify(data).length + JSON.stringify(metadata).length,
    0,
  );
  return { count, perSecond: 1e6 / micros, cpu, rowBytes: Math.round(bytes / history.length) };
}

function placed(order: number) {
  return {
    orderId: `order-${order}`,
    memberId: `member-${order}`,
    plan: 'pro',
    amountMinor: 4_900,
    currency: 'usd',
    account,
    livemode: false,
  };
}
