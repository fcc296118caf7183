// The shop on plain `pg`.
import { once, sqlOf } from '@paidonce/ledger/once';
import pg from 'pg';
import { counterSql, effectSql, type OpenShop } from '../shop.ts';

export const openPgShop: OpenShop = async (url) => {
  const pool = new pg.Pool({ connectionString: url, max: 8 });
  return {
    deliver: async ({ change, signal, at }) => {
      const client = await pool.connect();
      try {
        await client.query('begin');
        const delivered = await once(
          sqlOf.pg(client),
          change,
          async () => {
            at('taken');
            await client.query(`${counterSql}$1`, [change.membershipId]);
            await client.query(`${effectSql}($1, $2)`, [change.membershipId, change.sequence]);
            at('written');
          },
          { signal },
        );
        await client.query('commit');
        return delivered;
      } catch (error) {
        await client.query('rollback');
        throw error;
      } finally {
        client.release();
      }
    },
    [Symbol.asyncDispose]: () => pool.end(),
  };
};
