// The benchmark `npm run bench -- store`: the EventStoreDB store compared with the raw client, on the server that
// EVENTSTOREDB_URL names. All append the same event at an explicit revision, each caller to its own stream. Then the store on
// PostgreSQL, which needs no server of yours.
import { EventStoreDBClient } from '@eventstore/db-client';
import { openEventStoreDbEventStore } from '@paidonce/ledger/eventstoredb';
import { storeOnPostgres } from './store-postgres.ts';

const callerCounts = [1, 32, 256] as const;
/** The rounds are short and many, so that other work on the machine affects all three in the same way. */
const rounds = 20;
const roundMs = 500;
/** Data of about the size of an order's event. */
const data = {
  source: 'webhook',
  payment: { provider: 'stripe', account: 'acct_bench', livemode: false, id: 'pi_bench' },
  text: 'x'.repeat(400),
};
const metadata = { version: '1', instance: 'bench', cause: 'bench', recordedAt: '2026-01-01T00:00:00.000Z' };

/** A server that runs insecurely accepts any credentials. */
const credentials = { username: 'bench', password: 'bench' };

/** Appends one event after `revision`. */
type Append = (stream: string, revision: number) => Promise<unknown>;

interface Rates {
  /** Appends per second by the store, the median of the rounds. */
  readonly adapter: number;
  /** The same by the client, with credentials on the call, as the store does. */
  readonly raw: number;
  /** The same without credentials: all appends share one gRPC stream, which is faster, but its failures end the process. */
  readonly rawBatch: number;
}
/** The rates of the store divided by those of the client: the median of the rounds, each compared within its round. */
interface Ratios {
  readonly ratio: number;
  readonly ratioToBatch: number;
}
const names = ['raw', 'adapter', 'rawBatch'] as const;

export async function store(): Promise<void> {
  const { EVENTSTOREDB_URL: url } = process.env;
  if (url) await storeOnEventStoreDb(url);
  else console.log('SKIPPED: EventStoreDB. Set EVENTSTOREDB_URL to a server to measure on, like esdb://127.0.0.1:2113?tls=false');
  await storeOnPostgres();
}

async function storeOnEventStoreDb(url: string): Promise<void> {
  const [raw, batch] = [connect(url), connect(url)];
  const adapter = await openEventStoreDbEventStore(connect(url));
  try {
    const appends: Readonly<Record<keyof Rates, Append>> = {
      adapter: (stream, revision) => adapter.append(stream, revision, [{ id: crypto.randomUUID(), type: 'Benched', data, metadata }]),
      raw: (stream, revision) =>
        raw.appendToStream(stream, rawEvent(), { expectedRevision: expected(revision), requiresLeader: true, credentials }),
      rawBatch: (stream, revision) => batch.appendToStream(stream, rawEvent(), { expectedRevision: expected(revision) }),
    };
    for (const append of Object.values(appends)) await perSecond(32, append, 2 * roundMs); // Warms up.
    const rows = [];
    for (const callers of callerCounts) {
      const rates = await compare(callers, appends);
      rows.push({ callers, ...rates });
    }
    console.table(rows);
    console.log(JSON.stringify({ bench: 'store', rows }));
  } finally {
    await adapter.close();
    await Promise.all([raw.dispose(), batch.dispose()]);
  }
}

/** Measures all three in turn, so that a slow moment of the machine affects all. Each is first equally often. */
async function compare(callers: number, appends: Readonly<Record<keyof Rates, Append>>): Promise<Rates & Ratios> {
  const measured: Record<keyof Rates, number[]> = { adapter: [], raw: [], rawBatch: [] };
  for (let round = 0; round < rounds; round++) {
    for (let turn = 0; turn < names.length; turn++) {
      const name = names[(round + turn) % names.length] as keyof Rates;
      measured[name].push(await perSecond(callers, appends[name], roundMs));
    }
  }
  const perRound = (other: keyof Rates): number =>
    rounded(median(measured.adapter.map((rate, round) => rate / (measured[other][round] ?? Number.NaN))));
  const rates = { adapter: median(measured.adapter), raw: median(measured.raw), rawBatch: median(measured.rawBatch) };
  return {
    adapter: Math.round(rates.adapter),
    raw: Math.round(rates.raw),
    rawBatch: Math.round(rates.rawBatch),
    ratio: perRound('raw'),
    ratioToBatch: perRound('rawBatch'),
  };
}

async function perSecond(callers: number, append: Append, ms: number): Promise<number> {
  const group = `bench-${crypto.randomUUID()}`;
  const startedMs = performance.now();
  let appended = 0;
  await Promise.all(
    Array.from({ length: callers }, async (_, caller) => {
      for (let revision = -1; performance.now() - startedMs < ms; revision++) {
        await append(`${group}-${caller}`, revision);
        appended += 1;
      }
    }),
  );
  return (appended * 1_000) / (performance.now() - startedMs);
}

function connect(url: string): EventStoreDBClient {
  return EventStoreDBClient.connectionString(url);
}

function expected(revision: number): bigint | 'no_stream' {
  return revision === -1 ? 'no_stream' : BigInt(revision);
}

function rawEvent() {
  return { contentType: 'application/json', id: crypto.randomUUID(), type: 'Benched', data, metadata } as const;
}

function median(values: readonly number[]): number {
  return values.toSorted((a, b) => a - b)[Math.floor(values.length / 2)] ?? Number.NaN;
}

function rounded(ratio: number): number {
  return Number(ratio.toFixed(2));
}
