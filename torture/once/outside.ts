// Calls of `once` outside of a transaction: what is no transaction does not compile, and is refused where types are not asked.
import 'reflect-metadata';
import { type Delivered, type OnceChange, once, onceSync, sqlOf } from '@paidonce/ledger/once';
import { PrismaPg } from '@prisma/adapter-pg';
import { drizzle } from 'drizzle-orm/node-postgres';
import knex from 'knex';
import { Kysely, PostgresDialect } from 'kysely';
import mysql from 'mysql2/promise';
import pg from 'pg';
import { DataSource } from 'typeorm';
import { PrismaClient } from './node_modules/.prisma-postgresql/client.js';

type Call = (url: string, change: OnceChange, handler: () => Promise<void>) => Promise<Delivered>;

/** Each with what its refusal names. */
export const outside: Readonly<Record<string, Call>> = {
  'a pool of pg': async (url, change, handler) => {
    const pool = new pg.Pool({ connectionString: url });
    await using _ = closing(() => pool.end());
    // @ts-expect-error A pool runs the next statement on any connection.
    return await once(sqlOf.pg(pool), change, handler);
  },
  'a client of pg without BEGIN': async (url, change, handler) => {
    const client = new pg.Client(url);
    await client.connect();
    await using _ = closing(() => client.end());
    return await once(sqlOf.pg(client), change, handler);
  },
  'the client of Prisma': async (url, change, handler) => {
    const prisma = new PrismaClient({ adapter: new PrismaPg({ connectionString: url }) });
    await using _ = closing(() => prisma.$disconnect());
    // @ts-expect-error The client is no transaction.
    return await once(sqlOf.prisma(prisma), change, handler);
  },
  'the database of Drizzle': async (url, change, handler) => {
    const pool = new pg.Pool({ connectionString: url });
    await using _ = closing(() => pool.end());
    // @ts-expect-error The database is no transaction.
    return await once(sqlOf.drizzle(drizzle(pool)), change, handler);
  },
  'the database of Kysely': async (url, change, handler) => {
    const db = new Kysely<object>({ dialect: new PostgresDialect({ pool: new pg.Pool({ connectionString: url }) }) });
    await using _ = closing(() => db.destroy());
    // @ts-expect-error The database is no transaction.
    return await once(sqlOf.kysely(db), change, handler);
  },
  Knex: async (url, change, handler) => {
    const db = knex.knex({ client: 'pg', connection: url });
    await using _ = closing(() => db.destroy());
    // @ts-expect-error Knex itself is no transaction.
    return await once(sqlOf.knex(db), change, handler);
  },
  'the manager of a data source of TypeORM': async (url, change, handler) => {
    const dataSource = await new DataSource({ type: 'postgres', url }).initialize();
    await using _ = closing(() => dataSource.destroy());
    return await once(sqlOf.typeorm(dataSource.manager), change, handler);
  },
  'a connection of mysql2': async (url, change, handler) => {
    const connection = await mysql.createConnection(url);
    await using _ = closing(() => connection.end());
    return await once(sqlOf.mysql2(connection), change, handler);
  },
  'a pool of mysql2': async (url, change, handler) => {
    const pool = mysql.createPool(url);
    await using _ = closing(() => pool.end());
    // @ts-expect-error A pool runs the next statement on any connection.
    return await once(sqlOf.mysql2(pool), change, handler);
  },
};

function closing(close: () => Promise<unknown>): AsyncDisposable {
  return { [Symbol.asyncDispose]: async () => void (await close()) };
}

/** Never called: these do not compile either. */
export function wrongHandlers(client: pg.Client, change: OnceChange): void {
  // @ts-expect-error A handler without a promise would not be awaited.
  void once(sqlOf.pg(client), change, () => undefined);
  // @ts-expect-error An asynchronous driver cannot run in one turn.
  onceSync(sqlOf.pg(client), change, () => undefined);
  const synchronous = sqlOf.nodeSqlite({ prepare: () => ({ all: () => [] }) });
  // @ts-expect-error An asynchronous handler cannot run in one turn.
  onceSync(synchronous, change, async () => undefined);
  // @ts-expect-error A change of another type has no key.
  void once(sqlOf.pg(client), { ...change, type: 'order' }, async () => undefined);
  // @ts-expect-error There is no such dialect.
  void once(sqlOf.pg(client), change, async () => undefined, { dialect: 'mssql' });
}
