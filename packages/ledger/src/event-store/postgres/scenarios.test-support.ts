// What the store must do on a server that is shared, slow, replicated or put back, each as a function that throws where it does
// not. Tests call them; `mutants.verify.test.ts` calls each on code that lacks what it rests on, and expects that it throws.
import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import { Client } from 'pg';
import { LedgerError } from '../../errors.ts';
import { testRuntime } from '../../test-runtime.test-support.ts';
import { TcpProxy } from '../../testing/postgres-server/index.ts';
import type { AppendResult, EventStore, NewEvent } from '../event-store.ts';
import { Load } from './load.test-support.ts';
import { openPostgresEventStore, type PostgresEventStoreOptions } from './postgres.ts';

export interface Stage {
  /** The URL of the server, as somebody who may do everything there. */
  readonly url: string;
  readonly schema: string;
  /** The URL as another role. Default: `url`. */
  readonly roleUrl?: string;
  /** The URL of a replica of that server. */
  readonly replicaUrl?: string;
  /** How long the calls of `silence` try. */
  readonly timeoutMs?: number;
}

/** Four processes append at once, each on connections of its own: all are stored, in one order without gaps. */
export async function racing({ url, roleUrl = url, schema }: Stage): Promise<void> {
  const stores = [];
  for (let n = 0; n < 4; n++) stores.push(await open({ url: roleUrl, schema }));
  const load = new Load(stores, 8);
  await load.more(400);
  await load.end();
  assert.deepEqual(load.failed, []);
  await closeAll(stores);
}

/** Twelve processes open a new schema at the same moment, several times. */
export async function opening({ url, schema }: Stage): Promise<void> {
  for (let round = 0; round < 6; round++) {
    const stores = await Promise.all(Array.from({ length: 12 }, () => open({ url, schema: `${schema}_${round}` })));
    await closeAll(stores);
    await query(url, `drop schema ${schema}_${round} cascade`);
  }
}

/** What is called in order on one stream is written in order, without waiting for each answer. */
export async function inOrder({ url, schema }: Stage): Promise<void> {
  const store = await open({ url, schema });
  const called = Array.from({ length: 20 }, (_, n) => store.append('in-order', n - 1, newEvents(1)));
  assert.deepEqual(
    (await Promise.all(called)).map((result) => result.appended && result.revision),
    Array.from({ length: 20 }, (_, n) => n),
  );
  await store.close();
}

/** What is appended together is written together, or none of it. */
export async function together({ url, schema }: Stage): Promise<void> {
  const store = await open({ url, schema });
  const at = (stream: string, expectedRevision: number) => ({ stream, expectedRevision, events: newEvents(1) });
  await store.append('taken', -1, newEvents(1));
  const refused = await store.appendAll?.([at('free', -1), at('taken', -1)]);
  assert.deepEqual(refused, [
    { appended: false, actualRevision: -1 },
    { appended: false, actualRevision: 0 },
  ]);
  assert.deepEqual(await store.readStream('free'), []);
  await store.close();
}

/** Appends read no table from its beginning to its end, also where their plans were made while it was small. */
export async function growing({ url, schema }: Stage): Promise<void> {
  await (await open({ url, schema })).close();
  const before = await scanned(url, schema, 0); // Making an index reads its table once.
  const store = await open({ url, schema });
  const count = 2_000;
  for (let n = 0; n < 10; n++) await store.append(randomUUID(), -1, newEvents(1));
  await query(url, `analyze ${schema}.events, ${schema}.streams`); // Plans are made anew, for tables of one page.
  await Promise.all(Array.from({ length: count - 10 }, () => store.append(randomUUID(), -1, newEvents(1))));
  const [stream, events] = [randomUUID(), newEvents(1)];
  for (let sent = 0; sent < 2; sent++) assert.ok((await store.append(stream, -1, events)).appended);
  assert.ok(!(await store.append(stream, -1, newEvents(1))).appended);
  await store.close();
  assert.equal((await scanned(url, schema, 2 * (count + 1))) - before, 0);
}

/** How often the log's tables were read from end to end. Waits for the counts, which a connection hands in when it ends. */
async function scanned(url: string, schema: string, written: number): Promise<number> {
  const sql = `select coalesce(sum(n_tup_ins) filter (where relname in ('events', 'streams')), 0)::int as written,
    coalesce(sum(seq_scan) filter (where relname in ('events', 'streams')), 0)::int as scans,
    coalesce(sum(n_tup_ins) filter (where relname = 'about'), 0)::int as made
    from pg_stat_user_tables where schemaname = '${schema}'`;
  for (;;) {
    const [counts] = await query(url, sql);
    if (counts?.['made'] === 1 && Number(counts['written']) >= written) return Number(counts['scans']);
    await turn();
  }
}

/** The last event that was acknowledged is taken away: nothing more is acknowledged or read. */
export async function wentBack({ url, schema }: Stage): Promise<void> {
  for (const use of [
    (store: EventStore) => store.append(randomUUID(), -1, newEvents(1)),
    (store: EventStore) => store.readStream('kept'),
  ]) {
    const store = await open({ url, schema });
    const stream = randomUUID();
    await store.append(stream, -1, newEvents(2));
    await query(url, `delete from ${schema}.events where position = (select max(position) from ${schema}.events)`);
    await rejectsWith('log_went_back', use(store));
    await store.close();
    await query(url, `delete from ${schema}.events; delete from ${schema}.streams`);
  }
}

/** Connections fall silent without an end, as behind a firewall that forgot them: the next attempt takes new ones. */
export async function silence({ url, schema, timeoutMs = 60_000 }: Stage): Promise<void> {
  const proxy = await TcpProxy.start(Number(new URL(url).port));
  const store = await open({ url: proxy.through(url), schema, runtime: {}, attemptTimeoutMs: 1_000, timeoutMs });
  await store.append(randomUUID(), -1, newEvents(1));
  assert.ok(proxy.silence() > 0);
  const results = await Promise.all(Array.from({ length: 4 }, () => store.append(randomUUID(), -1, newEvents(1))));
  assert.deepEqual(new Set(results.map(({ appended }) => appended)), new Set([true]));
  assert.deepEqual(await store.readStream('nothing'), []);
  await store.close();
  await proxy.close();
}

/** For a while the address leads to a replica that lags: calls and followers wait, and take it for no log that went back. */
export async function laggingReplica({ url, schema, replicaUrl = '' }: Stage): Promise<void> {
  const [primary, replica] = [Number(new URL(url).port), Number(new URL(replicaUrl).port)];
  const proxy = await TcpProxy.start(primary);
  const store = await open({ url: proxy.through(url), schema });
  const stream = randomUUID();
  await query(replicaUrl, 'select pg_wal_replay_resume()');
  await store.append(stream, -1, newEvents(1));
  while (!(await hasEvents(replicaUrl, schema))) await turn();
  await query(replicaUrl, 'select pg_wal_replay_pause()');
  await store.append(stream, 0, newEvents(1)); // The replica does not have it.
  const audit = await open({ url: proxy.through(url), schema, readOnly: true });
  await audit.readStream(stream);
  for (const use of [
    () => followToHead(store),
    () => store.append(stream, 1, newEvents(1)),
    () => store.readStream(stream),
    () => audit.readStream(stream),
  ]) {
    const { accepted } = proxy;
    proxy.targetPort = replica;
    proxy.cut();
    const used = use();
    used.catch(() => undefined);
    while (proxy.accepted < accepted + 6 && (await isPending(used))) await turn();
    proxy.targetPort = primary;
    proxy.cut();
    await used;
  }
  await query(replicaUrl, 'select pg_wal_replay_resume()');
  await closeAll([store, audit]);
  await proxy.close();
}

async function followToHead(store: EventStore): Promise<void> {
  for await (const { caughtUp } of store.readLog({ follow: new AbortController().signal })) if (caughtUp) return;
}

async function hasEvents(url: string, schema: string): Promise<boolean> {
  try {
    return (await query(url, `select from ${schema}.events`)).length > 0;
  } catch {
    return false; // Not even the table has arrived.
  }
}

/** While no standby confirms, an append waits; where the wait is cancelled, it is not acknowledged; nor is a repetition of it. */
export async function unconfirmed({ url, roleUrl = url, schema }: Stage): Promise<void> {
  const store = await open({ url: roleUrl, schema });
  try {
    await query(url, "alter system set synchronous_standby_names = 'nobody'");
    await query(url, 'select pg_reload_conf()');
    await query(url, 'select pg_sleep(0.2)'); // Until every process of the server has read it.
    const events = newEvents(1);
    const stream = randomUUID();
    const first = store.append(stream, -1, events);
    first.catch(() => undefined);
    const pid = await waitingForStandby(url, first);
    await query(url, `select pg_cancel_backend(${pid})`);
    await rejectsWith('store_unavailable', first);
    const again = store.append(stream, -1, events);
    await waitingForStandby(url, again);
    await query(url, 'alter system reset synchronous_standby_names');
    await query(url, 'select pg_reload_conf()');
    assert.deepEqual((await again).appended, true);
  } finally {
    await query(url, 'alter system reset synchronous_standby_names');
    await query(url, 'select pg_reload_conf()');
    await store.close();
  }
}

/** Waits until the append stands at the server and waits for the standby. Throws where it is answered before that. */
async function waitingForStandby(url: string, append: Promise<AppendResult>): Promise<number> {
  for (;;) {
    assert.ok(await isPending(append), 'it was answered before a standby had it');
    const [row] = await query(url, "select pid from pg_stat_activity where wait_event = 'SyncRep' and application_name = 'paidonce'");
    if (row) return Number(row['pid']);
  }
}

export const scenarios: Readonly<Record<string, (stage: Stage) => Promise<void>>> = {
  racing,
  opening,
  inOrder,
  together,
  growing,
  wentBack,
  silence,
  laggingReplica,
  unconfirmed,
};

async function open(options: PostgresEventStoreOptions): Promise<EventStore> {
  return openPostgresEventStore({ runtime: testRuntime, ...options });
}

async function closeAll(stores: readonly EventStore[]): Promise<void> {
  await Promise.all(stores.map((store) => store.close()));
}

async function query(url: string, sql: string): Promise<readonly Record<string, unknown>[]> {
  const client = new Client({ connectionString: url });
  await client.connect();
  try {
    return (await client.query(sql)).rows as Record<string, unknown>[];
  } finally {
    await client.end();
  }
}

async function rejectsWith(code: string, call: Promise<unknown>): Promise<void> {
  await assert.rejects(call, (error: unknown) => error instanceof LedgerError && error.code === code);
}

async function isPending(call: Promise<unknown>): Promise<boolean> {
  const pending = Symbol('pending');
  const first = await Promise.race([call.catch(() => undefined), new Promise((resolve) => setImmediate(resolve, pending))]);
  return first === pending;
}

function turn(): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, 10));
}

function newEvents(count: number): readonly NewEvent[] {
  return Array.from({ length: count }, () => ({ id: randomUUID(), type: 'Noted', data: { n: 1 }, metadata: { version: '1' } }));
}
