// The torture's own look at a shop's database: it makes the tables, and counts what the handlers left.
import { DatabaseSync } from 'node:sqlite';
import { onceTable } from '@paidonce/ledger/once';
import mysql from 'mysql2/promise';
import pg from 'pg';
import type { Database } from './shops/index.ts';

export interface Books extends AsyncDisposable {
  place(memberships: readonly string[]): Promise<void>;
  /** What stands there of these memberships now. */
  read(memberships: readonly string[]): Promise<readonly Membership[]>;
}

export interface Membership {
  readonly id: string;
  /** The counter. */
  readonly effects: number;
  /** The sequences of its rows in `effects`, in rising order. */
  readonly sequences: readonly number[];
  /** What the table of `once` has. */
  readonly stored: number;
}

type Run = (text: string) => Promise<readonly Record<string, unknown>[]>;

const serial: Readonly<Record<Database, string>> = {
  postgres: 'serial primary key',
  mysql: 'int auto_increment primary key',
  sqlite: 'integer primary key',
};

export async function openBooks(database: Database, url: string): Promise<Books> {
  const { run, close } = await connect[database](url);
  await run(onceTable[database]);
  await run('create table if not exists memberships (id varchar(160) primary key, effects int not null default 0)');
  await run(`create table if not exists effects (id ${serial[database]}, membership_id varchar(160) not null, sequence int not null)`);
  const key = database === 'mysql' ? '`key`' : '"key"';
  return {
    place: async (memberships) =>
      void (await run(`insert into memberships (id) values ${memberships.map((id) => `('${id}')`).join(', ')}`)),
    read: async (memberships) => {
      const list = memberships.map((id) => `'${id}'`).join(', ');
      const counters = await run(`select id, effects from memberships where id in (${list}) order by id`);
      const rows = await run(`select membership_id as id, sequence from effects where membership_id in (${list}) order by sequence, id`);
      const stored = await run(`select ${key} as id, sequence from paidonce_delivered where ${key} in (${list})`);
      return counters.map(({ id, effects }) => ({
        id: String(id),
        effects: Number(effects),
        sequences: rows.filter((row) => row['id'] === id).map((row) => Number(row['sequence'])),
        stored: Number(stored.find((row) => row['id'] === id)?.['sequence'] ?? 0),
      }));
    },
    [Symbol.asyncDispose]: close,
  };
}

const connect: Readonly<Record<Database, (url: string) => Promise<{ readonly run: Run; readonly close: () => Promise<void> }>>> = {
  postgres: async (url) => {
    const client = new pg.Client(url);
    await client.connect();
    return { run: async (text) => (await client.query(text)).rows, close: () => client.end() };
  },
  mysql: async (url) => {
    const connection = await mysql.createConnection(url);
    const run: Run = async (text) => (await connection.query(text))[0] as unknown as readonly Record<string, unknown>[];
    return { run, close: () => connection.end() };
  },
  sqlite: async (path) => {
    const database = new DatabaseSync(path, { timeout: 60_000 });
    database.exec('pragma journal_mode = wal; pragma synchronous = off');
    return { run: async (text) => database.prepare(text).all(), close: async () => database.close() };
  },
};
