// The shop on Kysely, with the plugin that renames what it answers.
import { once, sqlOf } from '@paidonce/ledger/once';
import { CamelCasePlugin, type Generated, Kysely, MysqlDialect, PostgresDialect } from 'kysely';
import { createPool } from 'mysql2';
import pg from 'pg';
import { dialectOf, isMysql, type OpenShop } from '../shop.ts';

interface Tables {
  memberships: { id: string; effects: number };
  effects: { id: Generated<number>; membershipId: string; sequence: number };
}

export const openKyselyShop: OpenShop = async (url) => {
  const db = new Kysely<Tables>({
    dialect: isMysql(url)
      ? new MysqlDialect({ pool: createPool({ uri: url, connectionLimit: 8 }) })
      : new PostgresDialect({ pool: new pg.Pool({ connectionString: url, max: 8 }) }),
    plugins: [new CamelCasePlugin()],
  });
  const dialect = dialectOf(url);
  return {
    deliver: ({ change, signal, at }) =>
      db.transaction().execute((tx) =>
        once(
          sqlOf.kysely(tx),
          change,
          async () => {
            at('taken');
            const { membershipId, sequence } = change;
            await tx
              .updateTable('memberships')
              .set((row) => ({ effects: row('effects', '+', 1) }))
              .where('id', '=', membershipId)
              .execute();
            await tx.insertInto('effects').values({ membershipId, sequence }).execute();
            at('written');
          },
          { signal, dialect },
        ),
      ),
    [Symbol.asyncDispose]: () => db.destroy(),
  };
};
