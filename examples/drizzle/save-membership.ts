// Saves memberships with Drizzle, each decision once: `createPaymentLedger({ eventStore, deliver: shop.saveMembership })`.

import type { MembershipChange } from '@paidonce/ledger';
import { type Delivered, once, sqlOf } from '@paidonce/ledger/once';
import { drizzle } from 'drizzle-orm/node-postgres';
import { integer, pgTable, text, timestamp } from 'drizzle-orm/pg-core';
import pg from 'pg';

const memberships = pgTable('memberships', {
  id: text().primaryKey(), // The order: last year's refund must not close this year's membership.
  memberId: text('member_id').notNull(),
  plan: text().notNull(),
  status: text().notNull(),
  paidAt: timestamp('paid_at', { withTimezone: true, mode: 'string' }).notNull(),
});
const outbox = pgTable('outbox', {
  id: integer().primaryKey().generatedAlwaysAsIdentity(),
  kind: text().notNull(),
  membershipId: text('membership_id').notNull(),
});

export function openShop(connectionString: string) {
  const pool = new pg.Pool({ connectionString });
  const db = drizzle(pool);

  // #region save
  const saveMembership = (change: MembershipChange, signal: AbortSignal): Promise<Delivered> =>
    db.transaction((tx) =>
      once(
        sqlOf.drizzle(tx),
        change,
        async () => {
          const { membershipId: id, memberId, plan, status, paidAt } = change;
          await tx
            .insert(memberships)
            .values({ id, memberId, plan, status, paidAt })
            .onConflictDoUpdate({ target: memberships.id, set: { status, paidAt } });
          // Another process sends the mail from this row: only what this transaction writes happens once.
          await tx.insert(outbox).values({ kind: change.change, membershipId: id });
        },
        { signal },
      ),
    );
  // #endregion save

  return { saveMembership, [Symbol.asyncDispose]: () => pool.end() };
}
