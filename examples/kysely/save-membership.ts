// Saves memberships with Kysely, each decision once: `createPaymentLedger({ eventStore, deliver: shop.saveMembership })`.

import type { MembershipChange } from '@paidonce/ledger';
import { type Delivered, once, sqlOf } from '@paidonce/ledger/once';
import { type ColumnType, type GeneratedAlways, Kysely, PostgresDialect } from 'kysely';
import pg from 'pg';

interface Tables {
  memberships: {
    id: string; // The order: last year's refund must not close this year's membership.
    member_id: string;
    plan: string;
    status: string;
    paid_at: ColumnType<Date, string, string>;
  };
  outbox: { id: GeneratedAlways<number>; kind: string; membership_id: string };
}

export function openShop(connectionString: string) {
  const db = new Kysely<Tables>({ dialect: new PostgresDialect({ pool: new pg.Pool({ connectionString }) }) });

  // #region save
  const saveMembership = (change: MembershipChange, signal: AbortSignal): Promise<Delivered> =>
    db.transaction().execute((tx) =>
      once(
        sqlOf.kysely(tx),
        change,
        async () => {
          const { membershipId: id, memberId: member_id, plan, status, paidAt: paid_at } = change;
          await tx
            .insertInto('memberships')
            .values({ id, member_id, plan, status, paid_at })
            .onConflict((conflict) => conflict.column('id').doUpdateSet({ status, paid_at }))
            .execute();
          // Another process sends the mail from this row: only what this transaction writes happens once.
          await tx.insertInto('outbox').values({ kind: change.change, membership_id: id }).execute();
        },
        { signal },
      ),
    );
  // #endregion save

  return { saveMembership, [Symbol.asyncDispose]: () => db.destroy() };
}
