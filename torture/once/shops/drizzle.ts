// The shop on Drizzle.
import { once, sqlOf } from '@paidonce/ledger/once';
import { eq, sql } from 'drizzle-orm';
import { int, mysqlTable, varchar } from 'drizzle-orm/mysql-core';
import { drizzle as drizzleMysql } from 'drizzle-orm/mysql2';
import { drizzle } from 'drizzle-orm/node-postgres';
import { integer, pgTable, serial, text } from 'drizzle-orm/pg-core';
import mysql from 'mysql2/promise';
import pg from 'pg';
import { isMysql, type OpenShop, type Shop } from '../shop.ts';

const memberships = pgTable('memberships', { id: text().primaryKey(), effects: integer().notNull() });
const effects = pgTable('effects', { id: serial(), membershipId: text('membership_id').notNull(), sequence: integer().notNull() });
const mysqlMemberships = mysqlTable('memberships', { id: varchar({ length: 160 }).primaryKey(), effects: int().notNull() });
const mysqlEffects = mysqlTable('effects', {
  id: int().autoincrement(),
  membershipId: varchar('membership_id', { length: 160 }).notNull(),
  sequence: int().notNull(),
});

export const openDrizzleShop: OpenShop = async (url) => (isMysql(url) ? onMysql(url) : onPostgres(url));

function onPostgres(url: string): Shop {
  const pool = new pg.Pool({ connectionString: url, max: 8 });
  const db = drizzle(pool);
  return {
    deliver: ({ change, signal, at }) =>
      db.transaction((tx) =>
        once(
          sqlOf.drizzle(tx),
          change,
          async () => {
            at('taken');
            const { membershipId, sequence } = change;
            await tx
              .update(memberships)
              .set({ effects: sql`${memberships.effects} + 1` })
              .where(eq(memberships.id, membershipId));
            await tx.insert(effects).values({ membershipId, sequence });
            at('written');
          },
          { signal },
        ),
      ),
    [Symbol.asyncDispose]: () => pool.end(),
  };
}

function onMysql(url: string): Shop {
  const pool = mysql.createPool({ uri: url, connectionLimit: 8 });
  const db = drizzleMysql(pool);
  return {
    deliver: ({ change, signal, at }) =>
      db.transaction((tx) =>
        once(
          sqlOf.drizzle(tx),
          change,
          async () => {
            at('taken');
            const { membershipId, sequence } = change;
            await tx
              .update(mysqlMemberships)
              .set({ effects: sql`${mysqlMemberships.effects} + 1` })
              .where(eq(mysqlMemberships.id, membershipId));
            await tx.insert(mysqlEffects).values({ membershipId, sequence });
            at('written');
          },
          { signal, dialect: 'mysql' },
        ),
      ),
    [Symbol.asyncDispose]: () => pool.end(),
  };
}
