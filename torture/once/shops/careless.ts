// Two shops that are wrong, so that the torture can be seen to find them: one takes the row in a transaction before that of the
// handler, and loses effects; one looks before it writes, without a lock, and doubles them.
import { once, sqlOf } from '@paidonce/ledger/once';
import pg from 'pg';
import { counterSql, effectSql, type OpenShop, type Telling } from '../shop.ts';

async function inTransaction<Answer>(pool: pg.Pool, work: (client: pg.PoolClient) => Promise<Answer>): Promise<Answer> {
  const client = await pool.connect();
  try {
    await client.query('begin');
    const answer = await work(client);
    await client.query('commit');
    return answer;
  } catch (error) {
    await client.query('rollback');
    throw error;
  } finally {
    client.release();
  }
}

async function write(client: pg.PoolClient, { change, at }: Telling): Promise<void> {
  at('taken');
  await client.query(`${counterSql}$1`, [change.membershipId]);
  await client.query(`${effectSql}($1, $2)`, [change.membershipId, change.sequence]);
  at('written');
}

export const openLosingShop: OpenShop = async (url) => {
  const pool = new pg.Pool({ connectionString: url, max: 8 });
  return {
    deliver: async (telling) => {
      const delivered = await inTransaction(pool, (client) => once(sqlOf.pg(client), telling.change, async () => undefined));
      if (delivered.isNew) await inTransaction(pool, (client) => write(client, telling));
      return delivered;
    },
    [Symbol.asyncDispose]: () => pool.end(),
  };
};

export const openDoublingShop: OpenShop = async (url) => {
  const pool = new pg.Pool({ connectionString: url, max: 8 });
  return {
    deliver: (telling) =>
      inTransaction(pool, async (client) => {
        const { membershipId, sequence } = telling.change;
        const { rows } = await client.query('select 1 from effects where membership_id = $1 and sequence >= $2', [membershipId, sequence]);
        if (rows.length === 0) await write(client, telling);
        return { isNew: rows.length === 0, storedSequence: sequence };
      }),
    [Symbol.asyncDispose]: () => pool.end(),
  };
};
