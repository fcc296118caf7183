// What most shops write by hand: a table whose primary key is the payment, and a job for whoever grants, in one transaction. On
// PostgreSQL the job is graphile-worker's or pg-boss's; on SQLite it is a row of a second table.
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { makeWorkerUtils } from 'graphile-worker';
import pg from 'pg';
import { PgBoss } from 'pg-boss';
import { type Paid, type Place, paidOf, poolSize, type Side, timesOf } from '../side.ts';

const table = `create table payments (id text primary key, order_id text not null, amount_minor bigint not null, currency text not null,
  event_id text not null, paid_at text not null)`;
const columns = 'payments (id, order_id, amount_minor, currency, event_id, paid_at)';
const insert = `insert into ${columns} values ($1, $2, $3, $4, $5, $6) on conflict do nothing returning id`;

function valuesOf({ payment, orderId, amountMinor, currency, eventId, at }: Paid): (string | number)[] {
  return [payment, orderId, amountMinor, currency, eventId, at];
}

/** One statement, which is the fastest: the job is added by the SQL function that graphile-worker documents for it. */
export async function graphileWorker({ url }: Place): Promise<Side> {
  const pool = new pg.Pool({ connectionString: url, max: poolSize });
  const utils = await makeWorkerUtils({ pgPool: pool });
  await utils.migrate();
  await pool.query(table);
  const payload = `json_build_object('payment', id)`;
  const text = `with paid as (${insert}) select (graphile_worker.add_job('grant', ${payload})).id from paid`;
  return {
    prepare: async () => undefined,
    paid: async (payment) => {
      await pool.query(text, valuesOf(paidOf(payment)));
    },
    counted: async () => {
      const { rows } = await pool.query<{ id: string }>(`select payload->>'payment' as id from graphile_worker._private_jobs`);
      return timesOf(rows.map(({ id }) => id));
    },
    close: async () => {
      await utils.release();
      await pool.end();
    },
  };
}

/** `send` in the transaction of the insert, by the option that pg-boss documents for it. */
export async function pgBoss({ url }: Place): Promise<Side> {
  const pool = new pg.Pool({ connectionString: url, max: poolSize });
  const boss = new PgBoss({ connectionString: url, max: 2, supervise: false, schedule: false });
  await boss.start();
  await boss.createQueue('grant');
  await pool.query(table);
  return {
    prepare: async () => undefined,
    paid: async (payment) => {
      const paid = paidOf(payment);
      const client = await pool.connect();
      try {
        await client.query('begin');
        const { rowCount } = await client.query(insert, valuesOf(paid));
        const db = { executeSql: (text: string, values?: unknown[]) => client.query(text, values) };
        if (rowCount === 1) await boss.send('grant', { payment: paid.payment }, { db });
        await client.query('commit');
        client.release();
      } catch (error) {
        client.release(error as Error);
        throw error;
      }
    },
    counted: async () => {
      const { rows } = await pool.query<{ id: string }>(`select data->>'payment' as id from pgboss.job where name = 'grant'`);
      return timesOf(rows.map(({ id }) => id));
    },
    close: async () => {
      await boss.stop({ graceful: false });
      await pool.end();
    },
  };
}

/** The same with Node's own SQLite: the two tables and nothing else, which is the least that can be written for it. */
export async function sqliteByHand({ folder }: Place): Promise<Side> {
  const db = new DatabaseSync(join(folder, 'shop.db'));
  db.exec(
    `PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL; ${table}; CREATE TABLE jobs (id INTEGER PRIMARY KEY, payment TEXT NOT NULL)`,
  );
  const [begin, commit, rollback] = ['BEGIN IMMEDIATE', 'COMMIT', 'ROLLBACK'].map((text) => db.prepare(text));
  const pay = db.prepare(`INSERT INTO ${columns} VALUES (?, ?, ?, ?, ?, ?) ON CONFLICT DO NOTHING`);
  const add = db.prepare('INSERT INTO jobs (payment) VALUES (?)');
  return {
    prepare: async () => undefined,
    paid: async (payment) => {
      const paid = paidOf(payment);
      begin?.run();
      try {
        if (pay.run(...valuesOf(paid)).changes === 1) add.run(paid.payment);
        commit?.run();
      } catch (error) {
        rollback?.run();
        throw error;
      }
    },
    counted: async () => timesOf((db.prepare('SELECT payment FROM jobs').all() as { payment: string }[]).map((row) => row.payment)),
    close: async () => db.close(),
  };
}
