// The PostgreSQL rows of `npm run bench -- store`: the store compared with a bare loop of INSERTs on the same connection, in one
// process and in four, next door to the server and over a network of 1 ms. Slots are interleaved, and the two best of six count.
// The server is the one of PAIDONCE_TEST_POSTGRES, else one of its own.
import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import { openPostgresEventStore } from '@paidonce/ledger/postgres';
import { databaseForTests, skipReason, TcpProxy } from '@paidonce/ledger/testing/postgres-server';
import { Client } from 'pg';
import type { Slot } from './store-postgres-process.ts';

const slots = 6;

interface Configuration {
  readonly processes: number;
  readonly callers: number;
  readonly network?: '1 ms';
}

const configurations: readonly Configuration[] = [
  { processes: 1, callers: 1 },
  { processes: 1, callers: 32 },
  { processes: 1, callers: 256 },
  { processes: 4, callers: 1 },
  { processes: 4, callers: 32 },
  { processes: 4, callers: 256 },
  { processes: 1, callers: 32, network: '1 ms' },
  { processes: 4, callers: 32, network: '1 ms' },
];

export interface PostgresRow extends Configuration {
  /** Appends per second, of all processes together. */
  readonly store: number;
  readonly bare: number;
  readonly ratio: number;
  /** The appends of the slowest process, as a share of the fastest. */
  readonly leastOfMost?: number;
}

export async function storeOnPostgres(): Promise<void> {
  const reason = skipReason();
  if (reason !== undefined) {
    console.error(reason);
    process.exitCode = 2;
    return;
  }
  const database = await databaseForTests();
  const schema = database.newSchema();
  const proxy = await TcpProxy.start(Number(new URL(database.url).port || 5_432));
  proxy.delayMs = 1;
  try {
    await (await openPostgresEventStore({ url: database.url, schema })).close();
    await database.query(`create table ${schema}.bare (like ${schema}.events including all)`);
    const rows: PostgresRow[] = [];
    for (const configuration of configurations) {
      const url = configuration.network ? proxy.through(database.url) : database.url;
      rows.push(await measure(configuration, url, schema));
    }
    console.table(rows);
    console.table([await reading(database.url, schema), await underOpenTransaction(database.url, schema)]);
    const row = rows.find(({ processes, callers, network }) => processes === 1 && callers === 32 && network === undefined);
    console.log(JSON.stringify({ bench: 'store', store: 'postgres', callers: 32, ratio: row?.ratio, rows }));
    console.log(JSON.stringify({ bench: 'store', store: 'postgres', callers: 32, ratio: row?.ratio }));
  } finally {
    await proxy.close();
    await database.remove();
  }
}

/** Measures both in turn. */
async function measure(configuration: Configuration, url: string, schema: string): Promise<PostgresRow> {
  const { processes, callers } = configuration;
  const children = await Promise.all(Array.from({ length: processes }, (_, index) => start(url, schema, nextIndex++ + index)));
  nextIndex += processes;
  const ms = callers === 256 ? 800 : 400;
  const measured: Record<Slot['variant'], number[][]> = { store: [], bare: [] };
  for (const variant of ['store', 'bare'] as const) await run(children, { variant, callers, ms }); // Warms up.
  for (let slot = 0; slot < slots; slot++) {
    for (const variant of slot % 2 === 0 ? (['store', 'bare'] as const) : (['bare', 'store'] as const)) {
      measured[variant].push(await run(children, { variant, callers, ms }));
    }
  }
  for (const child of children) child.disconnect();
  const [store, bare] = [best(measured.store), best(measured.bare)];
  const shares = children.map((_, index) => sum(measured.store.map((slot) => slot[index] ?? 0)));
  return {
    ...configuration,
    store: Math.round(store),
    bare: Math.round(bare),
    ratio: rounded(store / bare),
    ...(processes > 1 && { leastOfMost: rounded(Math.min(...shares) / Math.max(...shares)) }),
  };
}

/** Each process of a run has rows of its own in the table of the bare loop. */
let nextIndex = 1;

async function start(url: string, schema: string, index: number): Promise<ChildProcess> {
  const script = fileURLToPath(new URL('./store-postgres-process.ts', import.meta.url));
  const child = fork(script, [url, schema, String(index)], { execArgv: ['--conditions=@paidonce/source'] });
  await once(child, 'message');
  return child;
}

async function run(children: readonly ChildProcess[], slot: Slot): Promise<number[]> {
  const answers = children.map(async (child) => {
    const [rate] = (await once(child, 'message')) as [number];
    return rate;
  });
  for (const child of children) child.send(slot);
  return Promise.all(answers);
}

/** The mean of the two best slots, all processes together. */
function best(measured: readonly (readonly number[])[]): number {
  const [first = 0, second = 0] = measured.map(sum).toSorted((a, b) => b - a);
  return (first + second) / 2;
}

/** Reading the log, compared with a plain SELECT of the same pages. */
async function reading(url: string, schema: string) {
  const store = await openPostgresEventStore({ url, schema });
  const client = new Client({ connectionString: url });
  await client.connect();
  const columns = 'e.position, s.name, e.revision, e.id, e.type, e.data, e.metadata';
  const sql = `select ${columns} from ${schema}.events e join ${schema}.streams s on s.id = e.stream where e.position > $1 order by e.position limit 512`;
  const readers: Readonly<Record<'store' | 'bare', () => Promise<number>>> = {
    store: async () => {
      let events = 0;
      for await (const page of store.readLog()) {
        events += page.events.length;
        if (events >= 20_000) break;
      }
      return events;
    },
    bare: async () => {
      let [events, after] = [0, 0];
      while (events < 20_000) {
        const { rows } = await client.query(sql, [after]);
        if (rows.length === 0) break;
        events += rows.length;
        after = Number(rows.at(-1).position);
      }
      return events;
    },
  };
  const rates = { store: [] as number[][], bare: [] as number[][] };
  for (let slot = 0; slot < slots; slot++) {
    for (const variant of ['store', 'bare'] as const) {
      const startedMs = performance.now();
      const events = await readers[variant]();
      rates[variant].push([(events * 1_000) / (performance.now() - startedMs)]);
    }
  }
  await client.end();
  await store.close();
  const [mine, bare] = [best(rates.store), best(rates.bare)];
  return { what: 'read the log, events/s', store: Math.round(mine), bare: Math.round(bare), ratio: rounded(mine / bare) };
}

/** An append after 20,000 commits under a transaction that the shop leaves open, compared with one before them. */
async function underOpenTransaction(url: string, schema: string) {
  const store = await openPostgresEventStore({ url, schema });
  const shop = new Client({ connectionString: url });
  await shop.connect();
  await shop.query('begin isolation level repeatable read');
  await shop.query('select count(*) from pg_class');
  const append = async (count: number): Promise<number> => {
    const stream = `open-${crypto.randomUUID()}`;
    const startedMs = performance.now();
    for (let n = 0; n < count; n++)
      await store.append(stream, n - 1, [{ id: crypto.randomUUID(), type: 'Benched', data: {}, metadata: {} }]);
    return (performance.now() - startedMs) / count;
  };
  await append(50);
  const before = await append(200);
  let commits = 0;
  await Promise.all(
    Array.from({ length: 256 }, async () => {
      for (; commits < 20_000; commits++) await append(1);
    }),
  );
  const after = await append(200);
  await shop.query('rollback');
  await shop.end();
  await store.close();
  return {
    what: 'an append after 20,000 under an open transaction, ms',
    store: rounded(after),
    bare: rounded(before),
    ratio: rounded(after / before),
  };
}

function sum(values: readonly number[]): number {
  return values.reduce((total, value) => total + value, 0);
}

function rounded(ratio: number): number {
  return Number(ratio.toFixed(2));
}
