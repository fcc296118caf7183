// What is wrong with a server, a role or a schema is told at opening, in one sentence with the remedy; nothing is acknowledged.
import { afterAll, beforeAll, describe, expect, onTestFinished, test } from 'vitest';
import { testRuntime } from '../../test-runtime.test-support.ts';
import { type PostgresServer, startPostgres } from '../../testing/postgres-server/index.ts';
import { openEventStore } from '../store-url.ts';
import type { PostgresClient, PostgresPool } from './client.ts';
import { openPostgresEventStore } from './postgres.ts';
import { grantsFor, readGrantsFor, schemaScript } from './schema.ts';
import { allEvents, describeWithBinaries, newEvents, openPool, openStore } from './server.test-support.ts';

describeWithBinaries('opening on a server', () => {
  let server: PostgresServer;
  beforeAll(async () => {
    server = await startPostgres();
  });
  afterAll(() => server?.remove());

  describe('the URL', () => {
    test('opens the log in its schema, which is made with the first opening', async () => {
      const store = await openUrl(`${server.url()}?schema=shop_ledger&clients=2`);
      expect(await store.append('order-1', -1, newEvents(2))).toMatchObject({ appended: true, revision: 1 });
      const again = await openUrl(server.url().replace('postgres://', 'postgresql://').concat('?schema=shop_ledger'), { create: false });
      expect(await again.readStream('order-1')).toHaveLength(2);
      expect(await server.query("select count(*)::int as n from pg_namespace where nspname = 'shop_ledger'")).toEqual([{ n: 1 }]);
    });

    test.each([
      ['a wrong password', (url: string) => url.replace(/:[^:@]*@/, ':secret@'), 'Check user and password in the URL'],
      ['a wrong user', (url: string) => url.replace('//postgres:', '//nobody:'), 'Check user and password in the URL'],
      ['a wrong database', (url: string) => url.replace(/postgres$/, 'none'), 'database "none" does not exist. Check the database\'s name'],
      ['TLS where there is none', (url: string) => `${url}?sslmode=require`, 'The server does not speak TLS. Write ?sslmode=disable'],
    ])('%s is told at once, without the password', async (_, wrong, advice) => {
      const refused = await refusalOf(openEventStore(wrong(server.url())));
      expect(refused).toMatchObject({ code: 'invalid_input', message: expect.stringContaining(advice) });
      expect(String(refused)).not.toMatch(/secret|:[0-9a-f-]{36}@/);
    });

    test("of a shop on Prisma is taken as it is: the shop's tables are in public, and the ledger's are not", async () => {
      await server.query('create database prisma');
      const url = `${server.url('prisma')}?schema=public&connection_limit=5&pool_timeout=10`;
      await server.query('create table events (id integer)', 'prisma');
      const store = await openUrl(url);
      expect(await store.append('order-1', -1, newEvents(1))).toMatchObject({ appended: true });
      const again = await openStore({ url });
      expect(await again.readStream('order-1')).toHaveLength(1);
      expect(await server.query("select relname from pg_stat_user_tables where schemaname = 'public'", 'prisma')).toEqual([
        { relname: 'events' },
      ]);
      expect(await refusalOf(openPostgresEventStore({ url, schema: 'public' }))).toMatchObject({ code: 'invalid_input' });
    });

    test('where nobody listens, it is tried again until the time is over, and told with what to check', async () => {
      const refused = await refusalOf(openPostgresEventStore({ url: 'postgres://u:p@127.0.0.1:1/db', timeoutMs: 300 }));
      expect(refused).toMatchObject({
        code: 'store_unavailable',
        message: expect.stringMatching(/within 0\.3 s\. Nobody listens there\. Check host and port/),
      });
    });

    test('a server that is starting is waited for', async () => {
      await server.stop();
      const opening = openUrl(`${server.url()}?schema=waited`);
      opening.catch(() => undefined);
      await server.start();
      expect(await (await opening).readStream('order-1')).toEqual([]);
    });

    test('a schema that may not be made is named, with how to make it', async () => {
      const refused = await refusalOf(openEventStore(`${server.url()}?schema=none`, { create: false }));
      expect(refused).toMatchObject({
        code: 'invalid_input',
        message: expect.stringMatching(
          /There is no ledger in the schema none\. .*paidonce postgres-schema --schema none \| psql, or pass --create/,
        ),
      });
      await expect(openEventStore(`${server.url()}?schema=none`, { readOnly: true })).rejects.toMatchObject({ code: 'invalid_input' });
      expect(await server.query("select from pg_namespace where nspname = 'none'")).toHaveLength(0);
    });
  });

  describe('roles', () => {
    test('one that may not make the schema gets the grant to paste; once the owner made it, it appends, and can change nothing', async () => {
      await server.query("create role app login password 'secret'");
      const url = server.url('postgres', 'app', 'secret');
      expect(await refusalOf(openPostgresEventStore({ url, schema: 'owned' }))).toMatchObject({
        code: 'invalid_input',
        message: expect.stringContaining('The role app may not make the schema owned in the database postgres'),
      });
      await server.query(schemaScript('owned'));
      const [lacks, grants] =
        /lacks rights in the schema owned: .* As its owner run: (.*);$/.exec(
          String((await refusalOf(openPostgresEventStore({ url, schema: 'owned' }))) as Error),
        ) ?? [];
      expect(lacks).toBeDefined();
      await server.query(grants as string);
      const store = await openStore({ url, schema: 'owned', create: false });
      expect(await store.append('order-1', -1, newEvents(1))).toMatchObject({ appended: true });
      const pool = openPool(url);
      for (const sql of [
        'update owned.events set data = data',
        'delete from owned.events',
        'truncate owned.events',
        'create trigger t before insert on owned.events for each row execute function suppress_redundant_updates_trigger()',
        'alter table owned.events disable trigger all',
        'create or replace function owned.append_1() returns integer language sql as $$ select 1 $$',
        'drop schema owned cascade',
      ]) {
        await expect(pool.query(sql), sql).rejects.toMatchObject({ code: '42501' });
      }
    });

    test('one that may only read opens for audits, and is told what it lacks to append', async () => {
      await server.query(
        `${schemaScript('audited')} create role auditor login password 'secret'; ${readGrantsFor('audited', 'auditor').join(';')}`,
      );
      const url = server.url('postgres', 'auditor', 'secret');
      const audit = await openStore({ url, schema: 'audited', readOnly: true });
      expect(await allEvents(audit)).toEqual([]);
      expect(await refusalOf(openPostgresEventStore({ url, schema: 'audited' }))).toMatchObject({
        message: expect.stringMatching(
          /^The role auditor lacks rights in the schema audited: insert on streams, insert on events, .*grant insert on audited\.streams/,
        ),
      });
    });

    test('each right that is missing is named', async () => {
      await server.query(`${schemaScript('partial')} create role "Odd role" login password 'secret'`);
      const url = server.url('postgres', 'Odd%20role', 'secret');
      await server.query(grantsFor('partial', '"Odd role"').join(';'));
      await (await openPostgresEventStore({ url, schema: 'partial' })).close();
      for (const [revoke, named] of [
        ['revoke insert on partial.events from "Odd role"', 'insert on events'],
        ['revoke delete on partial.snapshots from "Odd role"', 'insert on events, delete on snapshots'],
        ['revoke usage on schema partial from "Odd role"', 'permission denied for schema partial'],
      ] as const) {
        await server.query(revoke);
        const { message } = (await refusalOf(openPostgresEventStore({ url, schema: 'partial' }))) as Error;
        expect(message).toContain(
          `The role Odd role lacks rights in the schema partial: ${named}. As its owner run: grant usage on schema partial to "Odd role";`,
        );
      }
    });

    test('one whose transactions are read only is refused; one with a hasty limit is warned', async () => {
      await server.query(
        "create role readers login superuser password 'secret'; alter role readers set default_transaction_read_only = on",
      );
      await server.query("create role hasty login superuser password 'secret'; alter role hasty set statement_timeout = '1s'");
      expect(await refusalOf(openPostgresEventStore({ url: server.url('postgres', 'readers', 'secret') }))).toMatchObject({
        code: 'invalid_input',
        message: expect.stringContaining('default_transaction_read_only'),
      });
      const store = await openStore({ url: server.url('postgres', 'hasty', 'secret'), schema: 'hasty' });
      expect(store.warnings).toEqual([expect.stringContaining('statement_timeout of this role is 1s')]);
    });
  });

  describe('a schema that is not as this release made it is refused, and its flaw is named', () => {
    test.each([
      [
        'a trigger',
        'create trigger planted before insert on SCHEMA.events for each row execute function suppress_redundant_updates_trigger()',
        'there is a trigger planted on events',
      ],
      ['a rule', 'create rule planted as on insert to SCHEMA.events do also notify planted', 'there is a rule planted on events'],
      ['an unlogged table', 'alter table SCHEMA.events set unlogged', 'events is unlogged, and empty after a crash'],
      ['row security', 'alter table SCHEMA.events enable row level security', 'events has row security'],
      ['a table that inherits', 'create table SCHEMA.child () inherits (SCHEMA.events)', 'events inherits, or is inherited from'],
      [
        'a view in place of a table',
        'alter table SCHEMA.events rename to kept; create view SCHEMA.events as table SCHEMA.kept',
        'events is no plain table',
      ],
      ['a column too many', 'alter table SCHEMA.events add extra integer', 'the columns of events are'],
      ['a column of another type', 'alter table SCHEMA.events alter data type jsonb using data::jsonb', 'data jsonb!'],
      ['another collation', 'alter table SCHEMA.streams alter name type text collate "default"', 'the columns of streams are'],
      ['a column that gets a default', "alter table SCHEMA.events alter type set default 'none'", 'type text! C (default)'],
      [
        'a unique index that is gone',
        'alter table SCHEMA.events drop constraint events_stream_revision_key',
        'events is not unique by stream, revision',
      ],
      ['a table that is gone', 'drop table SCHEMA.snapshots', 'the table snapshots is missing'],
      ['an altered function', 'alter function SCHEMA.append_1 security definer', 'the function append_1 was altered'],
      [
        'a function with another search path',
        'alter function SCHEMA.append_1 set search_path = public',
        'the function append_1 was altered',
      ],
      ['a function that is gone', 'drop function SCHEMA.append_1', 'the function append_1 is missing'],
      [
        'a second function',
        'create function SCHEMA.append_1(integer) returns integer language sql as $$ select 1 $$',
        'there is a second function append_1',
      ],
    ])('%s', async (_, sql, flaw) => {
      const schema = `altered_${crypto.randomUUID().replaceAll('-', '_')}`;
      await server.query(schemaScript(schema));
      await (await openPostgresEventStore({ url: server.url(), schema })).close();
      await server.query(sql.replaceAll('SCHEMA', schema));
      const refused = await refusalOf(openPostgresEventStore({ url: server.url(), schema }));
      expect(refused).toMatchObject({ code: 'invalid_input', message: expect.stringContaining(flaw) });
    });

    test('a function with another body', async () => {
      await server.query(schemaScript('rewritten').replace('perform pg_advisory_xact_lock', 'perform pg_try_advisory_xact_lock'));
      await expect(openPostgresEventStore({ url: server.url(), schema: 'rewritten' })).rejects.toThrow('the function append_1 was altered');
    });

    test('a schema of a newer release is `file_newer`; one that is no ledger is left as it is', async () => {
      await server.query(`${schemaScript('newer')} update newer.about set layout = 99`);
      await expect(openPostgresEventStore({ url: server.url(), schema: 'newer' })).rejects.toMatchObject({
        code: 'file_newer',
        message: expect.stringContaining('layout 99'),
      });
      await server.query('create schema foreign_one; create table foreign_one.events (id integer)');
      await expect(openPostgresEventStore({ url: server.url(), schema: 'foreign_one' })).rejects.toMatchObject({
        code: 'invalid_input',
        message: expect.stringContaining(
          'The schema foreign_one has tables that are not of a ledger (events). Name one for the ledger alone',
        ),
      });
      expect(
        await server.query(
          "select from pg_class c join pg_namespace n on n.oid = c.relnamespace where n.nspname = 'foreign_one' and relkind = 'r'",
        ),
      ).toHaveLength(1);
    });
  });

  test('what is opened again has the same layout: the script and the store make one schema', async () => {
    await server.query(schemaScript('by_hand'));
    await (await openPostgresEventStore({ url: server.url(), schema: 'by_hand' })).close();
    await expect(openPostgresEventStore({ url: server.url(), schema: 'By-hand' })).rejects.toMatchObject({ code: 'invalid_input' });
  });

  describe('the pool of the shop', () => {
    test('is used and left open, with its own ways to read numbers; no listener stays', async () => {
      const pool = openPool(server.url(), {
        types: { getTypeParser: (type: number) => (value: string) => (type === textType ? value : [`parsed ${value}`]) } as never,
      });
      const store = await openPostgresEventStore({ pool, schema: 'shared' });
      for (let n = 0; n < 20; n++) await store.append(`order-${n}`, -1, newEvents(1));
      expect(await store.readStream('order-7')).toHaveLength(1);
      await store.close();
      const client = await pool.connect();
      expect(client.listenerCount('notice')).toBe(0);
      client.release();
      expect((await pool.query('select 1')).rows).toHaveLength(1);
    });

    test('of one connection is refused', async () => {
      const pool = openPool(server.url(), { max: 1 });
      await expect(openPostgresEventStore({ pool, schema: 'alone', attemptTimeoutMs: 1_000 })).rejects.toMatchObject({
        code: 'invalid_input',
        message: expect.stringContaining('has no second connection. Give it at least two'),
      });
    });

    test('whose connections are one session of the server, as those of PGlite, is refused', async () => {
      const client = await openPool(server.url(), { max: 1 }).connect();
      onTestFinished(() => client.release());
      let turn: Promise<unknown> = Promise.resolve();
      const session = Object.assign(Object.create(client) as typeof client, {
        query: (...args: [string, unknown[]]) => {
          turn = turn.catch(() => undefined).then(() => client.query(...args));
          return turn;
        },
        on: () => undefined,
        removeListener: () => undefined,
        release: () => undefined,
      }) as unknown as PostgresClient;
      const pool: PostgresPool = { connect: async () => session, end: async () => undefined, on: () => undefined };
      await expect(openPostgresEventStore({ pool, schema: 'one_session' })).rejects.toMatchObject({
        code: 'invalid_input',
        message: expect.stringContaining('The lock of the log does not lock: two sessions held it at once'),
      });
    });

    test('whose connections all wait for the ledger fails with what to do, and works again once one is free', async () => {
      const pool = openPool(server.url(), { max: 2 });
      const clock = { skewMs: 0 };
      const store = await openStore({
        pool,
        schema: 'starved',
        runtime: { ...testRuntime, monotonicNowMs: () => performance.now() + clock.skewMs },
      });
      const held = [await pool.connect(), await pool.connect()];
      let isWaiting = true;
      const passing = (async () => {
        for (; isWaiting; clock.skewMs += 300_000) await new Promise((resolve) => setTimeout(resolve, 20));
      })();
      await expect(store.append('order-1', -1, newEvents(1))).rejects.toMatchObject({
        code: 'store_unavailable',
        message: expect.stringMatching(/all connections of the pool are in use.*Nothing was written\.$/),
      });
      isWaiting = false;
      await passing;
      for (const client of held) client.release();
      expect(await store.append('order-1', -1, newEvents(1))).toMatchObject({ appended: true });
    });

    test('whose idle connections are ended does not end the process', async () => {
      const { Pool } = await import('pg');
      const pool = new Pool({ connectionString: server.url(), max: 4 }); // Nobody listens to its errors but the store.
      onTestFinished(() => pool.end());
      const store = await openStore({ pool, schema: 'ended' });
      await store.append('order-1', -1, newEvents(1));
      await server.query(
        'select pg_terminate_backend(pid) from pg_stat_activity where pid <> pg_backend_pid() and backend_type = $$client backend$$',
      );
      expect(await store.append('order-1', 0, newEvents(1))).toMatchObject({ appended: true });
    });
  });
});

describeWithBinaries('a server that cannot keep the promises', () => {
  test('because its database is not UTF8', async () => {
    const server = await startPostgres({ initdb: ['--encoding=SQL_ASCII'] });
    onTestFinished(() => server.remove());
    expect(await refusalOf(openPostgresEventStore({ url: server.url() }))).toMatchObject({
      code: 'invalid_input',
      message: expect.stringContaining('The encoding of the database is SQL_ASCII. Make one with encoding UTF8'),
    });
  });

  test.each(['fsync', 'full_page_writes'])('because %s is off', async (setting) => {
    const server = await startPostgres({ settings: { [setting]: 'off' } });
    onTestFinished(() => server.remove());
    expect(await refusalOf(openPostgresEventStore({ url: server.url() }))).toMatchObject({
      code: 'invalid_input',
      message: expect.stringContaining('a crash would lose what was acknowledged. Turn both on'),
    });
  });
});

/** The object id of the type `text`. */
const textType = 25;

async function openUrl(url: string, options?: { readonly create?: boolean }) {
  const store = await openEventStore(url, options);
  onTestFinished(() => store.close());
  return store;
}

function refusalOf(call: Promise<unknown>): Promise<unknown> {
  return call.then(
    () => 'it was not refused',
    (error: unknown) => error,
  );
}
