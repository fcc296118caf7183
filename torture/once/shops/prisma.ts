// The shop on Prisma. Its client for PostgreSQL serves both, but for the adapter: the models are the same.
import { once, sqlOf } from '@paidonce/ledger/once';
import { PrismaMariaDb } from '@prisma/adapter-mariadb';
import { PrismaPg } from '@prisma/adapter-pg';
import { PrismaClient as MysqlClient } from '../node_modules/.prisma-mysql/client.js';
import { PrismaClient } from '../node_modules/.prisma-postgresql/client.js';
import { dialectOf, isMysql, type OpenShop } from '../shop.ts';

export const openPrismaShop: OpenShop = async (url) => {
  const prisma = isMysql(url)
    ? (new MysqlClient({ adapter: new PrismaMariaDb(url.replace('mysql:', 'mariadb:')) }) as unknown as PrismaClient)
    : new PrismaClient({ adapter: new PrismaPg({ connectionString: url, max: 8 }) });
  await prisma.$connect();
  const dialect = dialectOf(url);
  return {
    deliver: ({ change, signal, at }) =>
      prisma.$transaction(
        (tx) =>
          once(
            sqlOf.prisma(tx),
            change,
            async () => {
              at('taken');
              const { membershipId: id, sequence } = change;
              await tx.membership.update({ where: { id }, data: { effects: { increment: 1 } } });
              await tx.effect.create({ data: { membershipId: id, sequence } });
              at('written');
            },
            { signal, dialect },
          ),
        { timeout: 60_000, maxWait: 60_000 },
      ),
    [Symbol.asyncDispose]: () => prisma.$disconnect(),
  };
};
