// The shop's new tables, beside the old ones: a row for each membership, and an outbox for the mails. `once` writes both in one
// transaction, so that a repeated delivery writes, and mails, nothing.
import type { DatabaseSync } from 'node:sqlite';
import type { MembershipChange } from '@paidonce/ledger';
import { type Delivered, onceSync, onceTable, sqlOf } from '@paidonce/ledger/once';

export interface NewShop {
  /** The ledger's `deliver`. */
  save(change: MembershipChange): Delivered;
  /** Gives the orders that the old handler fulfilled their rows. Those that have one are left. */
  takeOver(): void;
  /** Status by order. */
  memberships(): Readonly<Record<string, string>>;
  /** The keys of the mails, in the order in which they were written. */
  mails(): readonly string[];
}

export function openNewShop(database: DatabaseSync): NewShop {
  database.exec(`${onceTable.sqlite};
    CREATE TABLE IF NOT EXISTS memberships (
      order_id TEXT PRIMARY KEY, user_id TEXT NOT NULL, plan TEXT NOT NULL, status TEXT NOT NULL, paid_at TEXT NOT NULL
    ) STRICT;
    CREATE TABLE IF NOT EXISTS outbox (idempotency_key TEXT PRIMARY KEY, kind TEXT NOT NULL) STRICT`);
  const sql = sqlOf.nodeSqlite(database);
  const upsert = database.prepare(`
    INSERT INTO memberships (order_id, user_id, plan, status, paid_at) VALUES (?, ?, ?, ?, ?)
    ON CONFLICT (order_id) DO UPDATE SET status = excluded.status, paid_at = excluded.paid_at`);
  const mail = database.prepare('INSERT INTO outbox (idempotency_key, kind) VALUES (?, ?) ON CONFLICT DO NOTHING');
  const transaction = <Answer>(work: () => Answer): Answer => {
    database.exec('BEGIN IMMEDIATE');
    try {
      const answer = work();
      database.exec('COMMIT');
      return answer;
    } catch (error) {
      if (database.isTransaction) database.exec('ROLLBACK');
      throw error;
    }
  };
  return {
    save: (change) =>
      transaction(() =>
        onceSync(sql, change, () => {
          const { membershipId, memberId, plan, status, paidAt, idempotencyKey } = change;
          upsert.run(membershipId, memberId, plan, status, paidAt);
          mail.run(idempotencyKey, status);
        }),
      ),
    takeOver: () =>
      transaction(() =>
        // Sequence 1 is what an import, and a decision that the shop had already, have settled.
        database.exec(`
          INSERT INTO memberships (order_id, user_id, plan, status, paid_at)
            SELECT id, user_id, plan, 'active', paid_at FROM purchase_orders WHERE fulfilled = 1 ON CONFLICT DO NOTHING;
          INSERT INTO paidonce_delivered (key, sequence)
            SELECT id, 1 FROM purchase_orders WHERE fulfilled = 1 ON CONFLICT DO NOTHING`),
      ),
    memberships: () =>
      Object.fromEntries(
        database
          .prepare('SELECT order_id AS id, status FROM memberships ORDER BY order_id')
          .all()
          .map(({ id, status }) => [String(id), String(status)]),
      ),
    mails: () =>
      database
        .prepare('SELECT idempotency_key AS key FROM outbox ORDER BY rowid')
        .all()
        .map(({ key }) => String(key)),
  };
}
