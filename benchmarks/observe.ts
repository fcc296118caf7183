// The benchmark `npm run bench -- observe`: durable observations per second, compared with a bare loop that only commits rows
// of the same size to a file with the same settings. Both run in turn, several times; the medians are compared.
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createPaymentLedger, type Observation, type PaymentLedger, type Source } from '@paidonce/ledger';
import { openSqliteEventStore } from '@paidonce/ledger/sqlite';
import { bareGroupCommit } from './group-commit.ts';

const callerCounts = [1, 32, 256] as const;
const rounds = 5;
const account = 'acct_bench';
const sources: readonly Source[] = ['webhook', 'poll', 'status_query', 'manual'];

interface Row {
  readonly workload: 'recorded' | 'first payment';
  readonly callers: number;
  readonly perSecond: number;
  readonly bare: number;
  readonly ratio: number;
}

/** Measures facts of placed orders with linked payments, each from four sources; and also first payments, which need a link. */
export async function observe(): Promise<void> {
  const folder = mkdtempSync(join(tmpdir(), 'paidonce-bench-'));
  try {
    const rows: Row[] = [];
    for (const callers of callerCounts) {
      const orders = callers === 1 ? 100 : 1_000;
      const recorded = await compare(
        folder,
        callers,
        (n) => recordedFacts(folder, `${callers}-${n}`, callers, orders),
        orders * sources.length,
      );
      rows.push({ workload: 'recorded', callers, ...recorded });
      const first = await compare(folder, callers, (n) => firstPayments(folder, `first-${callers}-${n}`, callers, orders), orders);
      rows.push({ workload: 'first payment', callers, ...first });
    }
    console.table(
      rows.map((row) => ({ ...row, perSecond: Math.round(row.perSecond), bare: Math.round(row.bare), ratio: row.ratio.toFixed(2) })),
    );
    const row = rows.find(({ workload, callers }) => workload === 'recorded' && callers === 32);
    if (!row) throw new Error('no row for 32 callers');
    const { callers, perSecond, bare, ratio } = row;
    console.log(
      JSON.stringify({
        bench: 'observe',
        callers,
        perSecond: Math.round(perSecond),
        bare: Math.round(bare),
        ratio: Number(ratio.toFixed(3)),
      }),
    );
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

interface Measured {
  readonly perSecond: number;
  /** The mean size of an event's row in the log. */
  readonly rowBytes: number;
}

async function compare(
  folder: string,
  callers: number,
  measure: (round: number) => Promise<Measured>,
  rows: number,
): Promise<Omit<Row, 'workload' | 'callers'>> {
  const ours: number[] = [];
  const bares: number[] = [];
  for (let round = 0; round < rounds; round++) {
    const { perSecond, rowBytes } = await measure(round);
    ours.push(perSecond);
    bares.push(await bareGroupCommit({ path: join(folder, `bare-${callers}-${rows}-${round}.db`), callers, rows, rowBytes }));
  }
  const perSecond = median(ours);
  const bare = median(bares);
  return { perSecond, bare, ratio: perSecond / bare };
}

async function recordedFacts(folder: string, name: string, callers: number, orders: number): Promise<Measured> {
  return withLedger(folder, name, async (ledger) => {
    await eachOf(orders, 64, async (order) => {
      await ledger.placeOrder(placed(order));
      await ledger.attachCheckout(`order-${order}`, payment(order));
    });
    await ledger.settle();
    // One source after the other: in real use four sources report a payment minutes apart.
    return timed(orders * sources.length, callers, (fact) =>
      ledger.observePayment(paid(fact % orders, sources[Math.floor(fact / orders)] ?? 'poll')),
    );
  });
}

async function firstPayments(folder: string, name: string, callers: number, orders: number): Promise<Measured> {
  return withLedger(folder, name, async (ledger) => {
    await eachOf(orders, 64, (order) => ledger.placeOrder(placed(order)));
    await ledger.settle();
    return timed(orders, callers, (order) => ledger.observePayment({ ...paid(order, 'webhook'), orderId: `order-${order}` }));
  });
}

async function withLedger(folder: string, name: string, work: (ledger: PaymentLedger) => Promise<number>): Promise<Measured> {
  // Measure only the writes: no read models are updated.
  await using ledger = createPaymentLedger({ eventStore: await openSqliteEventStore(join(folder, `${name}.db`)), background: false });
  const perSecond = await work(ledger);
  const history = (await ledger.history('order-0')).filter(({ type }) => type === 'PaymentObserved');
  const bytes = history.reduce(
    (sum, { id, type, data, metadata }) => sum + id.length + type.length + JSON.stringify(data).length + JSON.stringify(metadata).length,
    0,
  );
  return { perSecond, rowBytes: Math.round(bytes / history.length) };
}

async function timed(count: number, callers: number, work: (index: number) => Promise<unknown>): Promise<number> {
  const startedAtMs = performance.now();
  await eachOf(count, callers, work);
  return (count * 1_000) / (performance.now() - startedAtMs);
}

async function eachOf(count: number, callers: number, work: (index: number) => Promise<unknown>): Promise<void> {
  let next = 0;
  const caller = async (): Promise<void> => {
    while (next < count) await work(next++);
  };
  await Promise.all(Array.from({ length: callers }, caller));
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

function payment(order: number) {
  return { provider: 'stripe', account, livemode: false, id: `pi_${order}` };
}

function paid(order: number, source: Source): Observation {
  const statement = {
    payment: payment(order),
    fact: { kind: 'attempt', status: 'paid', amount: { totalMinor: 4_900, currency: 'usd' } },
    asOf: '2026-01-01T00:00:00.000Z',
    evidence: { objectId: `pi_${order}`, eventId: `evt_${order}`, apiVersion: '2026-10-28.endive' },
  } as const;
  return source === 'manual' ? { ...statement, source, by: { actor: 'support-1', reason: 'bench' } } : { ...statement, source };
}

function median(values: readonly number[]): number {
  const sorted = values.toSorted((a, b) => a - b);
  return sorted[Math.floor(sorted.length / 2)] ?? Number.NaN;
}
