// The benchmark `npm run bench -- cold-start`: how long a process without a disk needs on PostgreSQL until its lists are at the
// head of a log of 100,000 events, with the snapshot that another process left and without. And how fast a new process catches
// up, compared with reading the log.
import { createPaymentLedger, type PaymentLedger } from '@paidonce/ledger';
import { openPostgresEventStore, type PostgresEventStore } from '@paidonce/ledger/postgres';
import { databaseForTests, skipReason } from '@paidonce/ledger/testing/postgres-server';

const orders = 11_200;
const callers = 256;
const rounds = 3;

export async function coldStart(): Promise<void> {
  const reason = skipReason();
  if (reason !== undefined) {
    console.error(reason);
    process.exitCode = 2;
    return;
  }
  const database = await databaseForTests();
  const options = { url: database.url, schema: database.newSchema() };
  const open = (): Promise<PostgresEventStore> => openPostgresEventStore(options);
  try {
    const events = await fill(await open());
    const without: number[] = [];
    const reading: number[] = [];
    for (let round = 0; round < rounds; round++) {
      reading.push(await timed(() => read(open)));
      without.push(await timed(() => lists(open, { readModels: ':memory:' })));
    }
    const saving = createPaymentLedger({ eventStore: await open() });
    while ((await saving.memberships(memberOf(orders - 1))).items.length === 0) await new Promise((resolve) => setTimeout(resolve, 100));
    await saving[Symbol.asyncDispose]();
    const withSnapshot: number[] = [];
    for (let round = 0; round < rounds; round++) withSnapshot.push(await timed(() => lists(open, {})));
    const [{ bytes } = { bytes: 0 }] = await database.query(
      `select sum(octet_length(bytes))::int as bytes from ${options.schema}.snapshots`,
    );
    const [best, bestWithout, bestReading] = [withSnapshot, without, reading].map((all) => Math.min(...all)) as [number, number, number];
    console.table([
      {
        events,
        'without, s': rounded(bestWithout / 1_000),
        'with snapshot, s': rounded(best / 1_000),
        'snapshot, MB': rounded(Number(bytes) / 1e6),
        'read the log, s': rounded(bestReading / 1_000),
      },
    ]);
    const catchUp = rounded(bestReading / bestWithout);
    console.log(JSON.stringify({ bench: 'cold-start', store: 'postgres', events, ratio: rounded(bestWithout / best), catchUp }));
  } finally {
    await database.remove();
  }
}

/** A process that starts, answers from its lists, and ends. */
async function lists(open: () => Promise<PostgresEventStore>, options: { readonly readModels?: string }): Promise<void> {
  const ledger = createPaymentLedger({ eventStore: await open(), background: false, ...options });
  const { items } = await ledger.memberships(memberOf(orders - 1));
  if (items.length !== 1) throw new Error('the lists are not at the head of the log');
  await ledger[Symbol.asyncDispose]();
}

async function read(open: () => Promise<PostgresEventStore>): Promise<void> {
  const store = await open();
  await countEvents(store);
  await store.close();
}

async function countEvents(store: PostgresEventStore): Promise<number> {
  let events = 0;
  for await (const page of store.readLog()) events += page.events.length;
  return events;
}

/** Nine events an order: placed, attached, two links, three observations, granted, delivered. */
async function fill(store: PostgresEventStore): Promise<number> {
  const ledger = createPaymentLedger({ eventStore: store, background: false, readModels: ':memory:', deliver: async () => undefined });
  let next = 0;
  await Promise.all(
    Array.from({ length: callers }, async () => {
      while (next < orders) await sell(ledger, next++);
    }),
  );
  await ledger.settle({ timeoutMs: 600_000 });
  const events = await countEvents(store);
  await ledger[Symbol.asyncDispose]();
  return events;
}

async function sell(ledger: PaymentLedger, n: number): Promise<void> {
  const account = { account: 'acct_bench', livemode: false };
  const payment = { provider: 'stripe', id: `pi_${n}`, ...account };
  const orderId = `order-${n}`;
  await ledger.placeOrder({ orderId, memberId: memberOf(n), plan: 'pro', amountMinor: 4_900, currency: 'usd', ...account });
  await ledger.attachCheckout(orderId, { ...payment, id: `cs_${n}` });
  for (const source of ['webhook', 'poll', 'status_query'] as const) {
    await ledger.observePayment({
      payment,
      aliases: [`cs_${n}`],
      orderId,
      source,
      fact: { kind: 'attempt', status: 'paid', amount: { totalMinor: 4_900, currency: 'usd' } },
      asOf: '2026-01-01T00:00:00.000Z',
      evidence: { objectId: payment.id, eventId: `evt_${n}` },
    });
  }
}

function memberOf(n: number): string {
  return `member-${n}`;
}

async function timed(work: () => Promise<void>): Promise<number> {
  const startedMs = performance.now();
  await work();
  return performance.now() - startedMs;
}

function rounded(value: number): number {
  return Number(value.toFixed(2));
}
