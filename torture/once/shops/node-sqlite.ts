// The shop on `node:sqlite`, where each process has a connection of its own.
import { DatabaseSync } from 'node:sqlite';
import { onceSync, sqlOf } from '@paidonce/ledger/once';
import { counterSql, effectSql, type OpenShop } from '../shop.ts';

export const openNodeSqliteShop: OpenShop = async (path) => {
  const database = new DatabaseSync(path, { timeout: 60_000 });
  const sql = sqlOf.nodeSqlite(database);
  const counter = database.prepare(`${counterSql}?`);
  const effect = database.prepare(`${effectSql}(?, ?)`);
  return {
    deliver: async ({ change, signal, at }) => {
      database.exec('begin immediate');
      try {
        const handler = (): undefined => {
          at('taken');
          counter.run(change.membershipId);
          effect.run(change.membershipId, change.sequence);
          at('written');
        };
        const delivered = onceSync(sql, change, handler, { signal });
        database.exec('commit');
        return delivered;
      } catch (error) {
        database.exec('rollback');
        throw error;
      }
    },
    [Symbol.asyncDispose]: async () => database.close(),
  };
};
