// Servers that cannot be started here: too old, another product, or one session for all.
import { expect, test } from 'vitest';
import { systemRuntime } from '../../runtime.ts';
import { Connections } from './connections.ts';
import { FakeClient, FakePool } from './fake-pool.test-support.ts';
import { checkLock, checkServer } from './opening-check.ts';
import { openPostgresEventStore } from './postgres.ts';

/** What a server answers about itself. */
const good = {
  version: '140000',
  shown: '14.0',
  name: 'PostgreSQL 14.0 on x86_64',
  replica: 'false',
  encoding: 'UTF8',
  fsync: 'on',
  pages: 'on',
  readonly: 'off',
  commits: 'on',
  statements: '0',
  hasty: 'false',
  standbys: '',
  replicas: '0',
};

test.each([
  ['older than 14', { version: '130023', shown: '13.23' }, 'The server is PostgreSQL 13.23. PaidOnce needs 14 or newer: upgrade it'],
  [
    'CockroachDB',
    { name: 'CockroachDB CCL v25.2', version: '130000' },
    'This server is CockroachDB, whose advisory locks do not lock. Use PostgreSQL',
  ],
  [
    'PGlite',
    { name: 'PostgreSQL 18.6 (PGlite 0.5.14) on wasm32-unknown-emscripten', version: '180006', fsync: 'off' },
    'This server is PGlite: one session for all, and no disk that it waits for. Use PostgreSQL',
  ],
  ['a read replica', { replica: 'true' }, 'The server is a read replica: it cannot append, and its reads lag. Name the primary'],
])('a server that is %s is refused', async (_, server, message) => {
  await expect(checkServer(clientOf({ ...good, ...server }), false)).rejects.toMatchObject({
    code: 'invalid_input',
    message: expect.stringContaining(message),
  });
});

test('what may stay as it is, an operator is told', async () => {
  expect(await checkServer(clientOf(good), false)).toEqual([]);
  const told = await checkServer(clientOf({ ...good, commits: 'off', hasty: 'true', statements: '500ms', replicas: '2' }), false);
  expect(told).toEqual([
    expect.stringContaining('synchronous_commit is off by default here'),
    expect.stringContaining('statement_timeout of this role is 500ms'),
    expect.stringContaining('a failover can lose what was acknowledged'),
  ]);
  expect(await checkServer(clientOf({ ...good, replica: 'true', fsync: 'off' }), true)).toEqual([]);
});

test('a lock that two sessions hold at once is refused, as on PGlite, which has one session for all', async () => {
  const pool = new FakePool();
  const taken = { answer: 'true' };
  pool.answer = async (text) => (text.includes('pg_try_advisory') ? [{ taken: taken.answer }] : []);
  const connections = new Connections(pool, systemRuntime);
  await expect(checkLock(connections, 1_000, 1)).rejects.toMatchObject({
    code: 'invalid_input',
    message: expect.stringContaining('The lock of the log does not lock: two sessions held it at once'),
  });
  taken.answer = 'false';
  await checkLock(connections, 1_000, 1);
  expect(pool.queries.at(-1)).toBe('rollback');
});

test.each([
  [{}, 'Pass a url or a pool, and not both'],
  [{ url: 'postgres://h/d', pool: new FakePool() }, 'Pass a url or a pool, and not both'],
  [{ url: '' }, 'Is the variable with the URL set?'],
  [{ url: 'ledger.db' }, 'url is no address of PostgreSQL. It begins with postgres://'],
  [{ pool: new FakePool(), lookMs: 0 }, 'lookMs: 0 is no time. Pass milliseconds above 0'],
  [{ pool: new FakePool(), timeout: 1 } as object, 'There is no option timeout. There are: url, pool, schema'],
  [{ pool: new FakePool(), schema: 'pg_ledger' }, 'schema: "pg_ledger" is no plain name in lower case'],
  [{ pool: new FakePool(), schema: `a${'b'.repeat(50)}` }, 'is no plain name in lower case'],
])('options %# that cannot be used are named', async (options, message) => {
  await expect(openPostgresEventStore(options)).rejects.toMatchObject({ code: 'invalid_input', message: expect.stringContaining(message) });
});

function clientOf(server: object): FakeClient {
  const pool = new FakePool();
  pool.answer = async () => [server];
  return new FakeClient(pool);
}
