// The shop's own table of memberships, and the one rule that keeps it right: copy this.
//
// The ledger calls `deliver` at least once for each decision, and after a crash or with several processes it may call
// late. So the table stores the sequence of the decision that it holds, and takes over only a newer one:
// a grant that comes late can never undo a revocation (law 9), and a grant that comes twice changes nothing.
import type { DatabaseSync } from 'node:sqlite';
import type { MembershipChange } from '@paidonce/ledger';

export interface SavedMembership {
  readonly membershipId: string;
  readonly memberId: string;
  readonly plan: string;
  readonly status: MembershipChange['status'];
  readonly sequence: number;
  readonly paidAt: string;
}

export interface Memberships {
  /** What the ledger's `deliver` calls. It throws where nothing was saved: then the ledger tries again. */
  save(change: MembershipChange): void;
  /** Of one member, newest first; without a name, of all. */
  list(memberId?: string): readonly SavedMembership[];
  /** What the members' area asks. */
  hasAccess(memberId: string): boolean;
}

export function openMemberships(database: DatabaseSync): Memberships {
  database.exec(`
    CREATE TABLE IF NOT EXISTS memberships (
      membership_id TEXT PRIMARY KEY, -- the order: last year's refund must not close this year's membership
      member_id     TEXT NOT NULL,
      plan          TEXT NOT NULL,
      status        TEXT NOT NULL,
      sequence      INTEGER NOT NULL,
      paid_at       TEXT NOT NULL     -- the period starts here, also where the payment was found later
    ) STRICT`);

  // The same in PostgreSQL, with its own placeholders.
  const upsert = database.prepare(`
    INSERT INTO memberships (membership_id, member_id, plan, status, sequence, paid_at)
    VALUES (:membershipId, :memberId, :plan, :status, :sequence, :paidAt)
    ON CONFLICT (membership_id) DO UPDATE
       SET status = excluded.status, sequence = excluded.sequence, paid_at = excluded.paid_at
     WHERE excluded.sequence > memberships.sequence`);
  const columns = 'membership_id AS membershipId, member_id AS memberId, plan, status, sequence, paid_at AS paidAt';
  const all = database.prepare(`SELECT ${columns} FROM memberships ORDER BY paid_at DESC`);
  const ofMember = database.prepare(`SELECT ${columns} FROM memberships WHERE member_id = ? ORDER BY paid_at DESC`);
  const active = database.prepare(`SELECT 1 FROM memberships WHERE member_id = ? AND status = 'active'`);

  return {
    save: ({ membershipId, memberId, plan, status, sequence, paidAt }) => {
      database.exec('BEGIN IMMEDIATE');
      try {
        upsert.run({ membershipId, memberId, plan, status, sequence, paidAt });
        // Its `changes` is 1 where the decision is new here. What must happen once with it (a welcome mail to send, a
        // seat to count) is written at this place into tables of your own: in the same transaction, or it may be lost.
        database.exec('COMMIT');
      } catch (error) {
        if (database.isTransaction) database.exec('ROLLBACK');
        throw error;
      }
    },
    list: (memberId) => (memberId === undefined ? all.all() : ofMember.all(memberId)) as unknown as SavedMembership[],
    hasAccess: (memberId) => active.get(memberId) !== undefined,
  };
}
