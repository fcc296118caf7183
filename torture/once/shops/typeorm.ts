// The shop on TypeORM.
import 'reflect-metadata';
import { once, sqlOf } from '@paidonce/ledger/once';
import { DataSource, EntitySchema } from 'typeorm';
import { dialectOf, isMysql, type OpenShop } from '../shop.ts';

const membership = new EntitySchema<{ id: string; effects: number }>({
  name: 'memberships',
  columns: { id: { type: 'varchar', primary: true }, effects: { type: 'int' } },
});
const effect = new EntitySchema<{ id: number; membershipId: string; sequence: number }>({
  name: 'effects',
  columns: {
    id: { type: 'int', primary: true, generated: true },
    membershipId: { type: 'varchar', name: 'membership_id' },
    sequence: { type: 'int' },
  },
});

export const openTypeormShop: OpenShop = async (url) => {
  const dataSource = new DataSource({ type: isMysql(url) ? 'mysql' : 'postgres', url, entities: [membership, effect] });
  await dataSource.initialize();
  const dialect = dialectOf(url);
  return {
    deliver: ({ change, signal, at }) =>
      dataSource.transaction((manager) =>
        once(
          sqlOf.typeorm(manager),
          change,
          async () => {
            at('taken');
            const { membershipId, sequence } = change;
            await manager.increment(membership, { id: membershipId }, 'effects', 1);
            await manager.insert(effect, { membershipId, sequence });
            at('written');
          },
          { signal, dialect },
        ),
      ),
    [Symbol.asyncDispose]: () => dataSource.destroy(),
  };
};
