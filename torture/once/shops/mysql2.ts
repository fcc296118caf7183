// The shop on plain `mysql2`.
import { once, sqlOf } from '@paidonce/ledger/once';
import mysql from 'mysql2/promise';
import { counterSql, effectSql, type OpenShop } from '../shop.ts';

export const openMysql2Shop: OpenShop = async (url) => {
  const pool = mysql.createPool({ uri: url, connectionLimit: 8 });
  return {
    deliver: async ({ change, signal, at }) => {
      const connection = await pool.getConnection();
      try {
        await connection.beginTransaction();
        const delivered = await once(
          sqlOf.mysql2(connection),
          change,
          async () => {
            at('taken');
            await connection.query(`${counterSql}?`, [change.membershipId]);
            await connection.query(`${effectSql}(?, ?)`, [change.membershipId, change.sequence]);
            at('written');
          },
          { signal },
        );
        await connection.commit();
        return delivered;
      } catch (error) {
        await connection.rollback();
        throw error;
      } finally {
        connection.release();
      }
    },
    [Symbol.asyncDispose]: () => pool.end(),
  };
};
