// `once` in real ORMs on real servers: processes are killed in the middle, and each decision has its effect, and one.
// `npm run torture -- --once N` makes N runs of each shop instead of five.
import { type Delivered, once, sqlOf } from '@paidonce/ledger/once';
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest';
import { install } from './install.ts';

const { TEST_ONCE_RUNS, TEST_SEED = '1' } = process.env;
const missing = install();
if (missing !== undefined) console.warn(`\n  SKIPPED: once in pg, Prisma, Drizzle, Kysely, Knex and TypeORM: ${missing}.\n`);

// Loaded after the installation.
const load = async () => ({
  ...(await import('./servers.ts')),
  ...(await import('./torture.ts')),
  ...(await import('./outside.ts')),
  ...(await import('./books.ts')),
  pg: (await import('pg')).default,
  mysql: await import('mysql2/promise'),
});
const found = missing === undefined ? await load() : undefined;
const postgres = await found?.startPostgres();
const mariadb = await found?.startMariadb();
afterAll(async () => {
  await postgres?.[Symbol.asyncDispose]();
  await mariadb?.[Symbol.asyncDispose]();
});
if (found && !postgres) console.warn('\n  SKIPPED: once on PostgreSQL. Set PAIDONCE_TEST_POSTGRES, install postgresql, or run npm ci\n');
if (found && !mariadb) console.warn('\n  SKIPPED: once on MariaDB. On Debian: apt-get install mariadb-server\n');

const runs = Number(TEST_ONCE_RUNS ?? 5);
const killed = TEST_ONCE_RUNS === undefined ? ['pg', 'prisma'] : ['pg', 'prisma', 'drizzle', 'kysely'];
const right = { doubled: 0, lost: 0, outOfStep: 0 };

/** Kills one of two processes in each run, or none: one run shows then that the ORM runs the statements. */
async function tortured(shop: string, database: 'postgres' | 'mysql' | 'sqlite', url: string, kills: boolean) {
  const untilBroken = shop === 'losing' || shop === 'doubling';
  const tally = await found!.torture({
    shop,
    database,
    url,
    runs: untilBroken ? 1_000 : kills ? runs : 1,
    seed: Number(TEST_SEED),
    kills,
    untilBroken,
  });
  console.log(JSON.stringify(tally));
  return tally;
}

test.skipIf(missing)('each ORM has the type that sqlOf wants, and what is no transaction does not compile', async () => {
  const { spawnSync } = await import('node:child_process');
  const { join } = await import('node:path');
  const tsc = join(import.meta.dirname, '../../node_modules/typescript/bin/tsc');
  const { status, stdout } = spawnSync(process.execPath, [tsc, '-p', import.meta.dirname], { encoding: 'utf8' });
  expect(stdout).toBe('');
  expect(status).toBe(0);
});

describe.skipIf(!postgres)('on PostgreSQL', () => {
  const { url } = postgres ?? { url: '' };

  test.each(killed)('%s: processes are killed in the middle, and each decision has one effect', async (shop) => {
    const tally = await tortured(shop, 'postgres', url, true);
    expect(tally).toMatchObject({ ...right, runs, kills: runs, others: {} });
  });

  test.each(['pg', 'prisma', 'drizzle', 'kysely', 'knex', 'typeorm'].filter((shop) => !killed.includes(shop)))(
    '%s: each decision has one effect',
    async (shop) => {
      expect(await tortured(shop, 'postgres', url, false)).toMatchObject({ ...right, runs: 1, others: {} });
    },
  );

  test.each(['lost', 'doubled'] as const)('a shop that is wrong is found: effects are %s', async (what) => {
    const tally = await tortured(what === 'lost' ? 'losing' : 'doubling', 'postgres', url, true);
    expect(tally[what]).toBeGreaterThan(0);
  });

  describe('one delivery', () => {
    const change = (membershipId: string) => ({ membershipId, sequence: 1 });
    const clients: import('pg').Client[] = [];
    const connected = async (): Promise<import('pg').Client> => {
      const client = new found!.pg.Client(url);
      await client.connect();
      clients.push(client);
      return client;
    };
    const stored = async (id: string) => {
      const client = await connected();
      return (await client.query('select sequence from paidonce_delivered where key = $1', [id])).rows[0]?.sequence;
    };
    beforeAll(async () => {
      await (await found!.openBooks('postgres', url))[Symbol.asyncDispose]();
    });
    afterAll(async () => {
      for (const client of clients) await client.end();
    });

    test.each(Object.keys(found?.outside ?? {}).filter((name) => !name.includes('mysql')))('outside of a transaction: %s', async (name) => {
      const handler = vi.fn(async () => undefined);
      const call = found!.outside[name]!(url, change('outside'), handler);
      await expect(call).rejects.toMatchObject({ code: 'invalid_input', message: expect.stringContaining('there is no transaction') });
      expect(handler).not.toHaveBeenCalled();
      expect(await stored('outside')).toBeUndefined();
    });

    test('a handler that hides a failed statement: COMMIT would answer as if all were well', async () => {
      const client = await connected();
      await client.query('begin');
      const hides = once(sqlOf.pg(client), change('hides'), async () => client.query('select from nowhere').catch(() => undefined));
      await expect(hides).rejects.toMatchObject({ code: '25P02' });
      await client.query('commit');
      expect(await stored('hides')).toBeUndefined();
    });

    test('the table may be in a schema of its own', async () => {
      const client = await connected();
      await client.query('create schema "Own"; create table "Own".taken (key text primary key, sequence integer not null); begin');
      const answers: boolean[] = [];
      for (const sequence of [1, 1, 2]) {
        const options = { table: 'Own.taken' };
        answers.push((await once(sqlOf.pg(client), { membershipId: 'o', sequence }, async () => undefined, options)).isNew);
      }
      await client.query('commit');
      expect(answers).toEqual([true, false, true]);
    });

    /** The first call holds the row; the second waits for it, in a transaction that began before the first has committed. */
    async function waiting(id: string, begin: string, signal?: AbortSignal) {
      const [first, second] = [await connected(), await connected()];
      for (const client of [first, second]) {
        await client.query(begin);
        await client.query('select 1 from memberships');
      }
      await once(sqlOf.pg(first), change(id), async () => undefined);
      const handler = vi.fn(async () => undefined);
      const call = once(sqlOf.pg(second), change(id), handler, signal ? { signal } : {});
      const late = call.then(
        (answer: Delivered) => ({ answer, handled: handler.mock.calls.length }),
        (error: unknown) => ({ error, handled: handler.mock.calls.length }),
      );
      const [{ pid }] = (await first.query('select pg_backend_pid() as pid')).rows as [{ pid: number }];
      const observer = await connected();
      const waits = 'select count(*)::int as n from pg_stat_activity where $1 = any(pg_blocking_pids(pid))';
      await expect.poll(async () => (await observer.query(waits, [pid])).rows[0].n).toBe(1);
      return { first, late };
    }

    test('a second call at once waits, and is not new', async () => {
      const { first, late } = await waiting('waits', 'begin');
      await first.query('commit');
      expect(await late).toEqual({ answer: { isNew: false, storedSequence: 1 }, handled: 0 });
    });

    test('the first is rolled back: the second is new', async () => {
      const { first, late } = await waiting('rolled-back', 'begin');
      await first.query('rollback');
      expect(await late).toEqual({ answer: { isNew: true, storedSequence: 1 }, handled: 1 });
    });

    test.each(['repeatable read', 'serializable'])('%s: the second is refused by the server, and told again', async (level) => {
      const { first, late } = await waiting(level.slice(0, 4), `begin isolation level ${level}`);
      await first.query('commit');
      expect(await late).toMatchObject({ error: { code: '40001' }, handled: 0 });
    });

    test('its signal aborts while it waits: the handler does not run', async () => {
      const abort = new AbortController();
      const { first, late } = await waiting('aborts', 'begin', abort.signal);
      abort.abort(new Error('too late'));
      await first.query('rollback');
      expect(await late).toMatchObject({ error: { message: 'too late' }, handled: 0 });
    });
  });
});

describe.skipIf(!mariadb)('on MariaDB', () => {
  const { url } = mariadb ?? { url: '' };

  test('mysql2: processes are killed in the middle, and each decision has one effect', async () => {
    const tally = await tortured('mysql2', 'mysql', url, true);
    expect(tally).toMatchObject({ ...right, runs, kills: runs });
    // InnoDB may find a deadlock where two first inserts meet. Then the ledger tells again.
    expect(Object.keys(tally.others).filter((code) => code !== 'ER_LOCK_DEADLOCK')).toEqual([]);
  });

  test.each(['prisma', 'drizzle', 'kysely', 'knex', 'typeorm'])('%s: each decision has one effect', async (shop) => {
    expect(await tortured(shop, 'mysql', url, false)).toMatchObject({ ...right, runs: 1 });
  });

  test.each(['a pool of mysql2', 'a connection of mysql2'])('%s is refused', async (which) => {
    await using _ = await found!.openBooks('mysql', url); // Makes the tables.
    let handled = 0;
    const call = found!.outside[which]!(url, { membershipId: 'outside', sequence: 1 }, async () => {
      handled += 1;
    });
    await expect(call).rejects.toThrow('there is no transaction');
    expect(handled).toBe(0);
  });

  test('a handler that hides a deadlock, which has rolled back its transaction', async () => {
    await using books = await found!.openBooks('mysql', url);
    const id = 'hides-a-deadlock';
    await books.place([id]);
    const [victim, other] = [await found!.mysql.createConnection(url), await found!.mysql.createConnection(url)];
    await other.beginTransaction();
    await other.query('update memberships set effects = effects + 1 where id = ?', [id]);
    // The server ends the one that has written less.
    for (let row = 0; row < 50; row += 1) await other.query("insert into effects (membership_id, sequence) values ('other', 1)");
    await victim.beginTransaction();
    const hides = once(sqlOf.mysql2(victim), { membershipId: id, sequence: 1 }, async () => {
      const wanted = other.query('select * from paidonce_delivered where `key` = ? for update', [id]).then(() => other.rollback());
      const refused = await victim.query('update memberships set effects = 9 where id = ?', [id]).catch(({ code }) => code);
      expect(refused).toBe('ER_LOCK_DEADLOCK');
      await wanted;
    });
    await expect(hides).rejects.toThrow('rolled back under the handler');
    await victim.commit();
    expect(await books.read([id])).toEqual([{ id, effects: 0, sequences: [], stored: 0 }]);
    for (const connection of [victim, other]) await connection.end();
  });

  test('ids that differ by case alone are two', async () => {
    const connection = await found!.mysql.createConnection(url);
    await connection.beginTransaction();
    const answers: boolean[] = [];
    for (const membershipId of ['Case', 'case', 'Case']) {
      answers.push((await once(sqlOf.mysql2(connection), { membershipId, sequence: 1 }, async () => undefined)).isNew);
    }
    await connection.rollback();
    await connection.end();
    expect(answers).toEqual([true, true, false]);
  });
});

test.skipIf(missing)('node-sqlite: processes are killed in the middle, and each decision has one effect', async () => {
  const { mkdtempSync, rmSync } = await import('node:fs');
  const { tmpdir } = await import('node:os');
  const { join } = await import('node:path');
  const folder = mkdtempSync(join(tmpdir(), 'paidonce-once-'));
  try {
    const tally = await tortured('node-sqlite', 'sqlite', join(folder, 'shop.db'), true);
    expect(tally).toMatchObject({ ...right, runs, kills: runs, others: {} });
  } finally {
    rmSync(folder, { recursive: true });
  }
});
