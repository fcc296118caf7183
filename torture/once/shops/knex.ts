// The shop on Knex.
import { once, sqlOf } from '@paidonce/ledger/once';
import knex from 'knex';
import { dialectOf, isMysql, type OpenShop } from '../shop.ts';

export const openKnexShop: OpenShop = async (url) => {
  const db = knex.knex({ client: isMysql(url) ? 'mysql2' : 'pg', connection: url, pool: { min: 0, max: 8 } });
  const dialect = dialectOf(url);
  return {
    deliver: ({ change, signal, at }) =>
      db.transaction((trx) =>
        once(
          sqlOf.knex(trx),
          change,
          async () => {
            at('taken');
            await trx('memberships').where({ id: change.membershipId }).increment('effects', 1);
            await trx('effects').insert({ membership_id: change.membershipId, sequence: change.sequence });
            at('written');
          },
          { signal, dialect },
        ),
      ),
    [Symbol.asyncDispose]: () => db.destroy(),
  };
};
