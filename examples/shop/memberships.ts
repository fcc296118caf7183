// The shop's own table of memberships, and the one rule that keeps it right: copy this.
//
// The ledger calls `deliver` at least once for each decision. After a crash, or with several processes, a call may come late.
// So the table stores the sequence of its decision, and accepts only a newer one: a late grant can never undo a revocation
// (law 9), and a second call changes nothing. The ledger gets the stored sequence as the answer.
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
  /**
   * Saves a decision; the ledger's `deliver` calls it. It throws if nothing was saved: then the ledger tries again. It answers
   * the sequence that the table has now: after a restore of the log or of this table, the ledger sees which is older.
   */
  save(change: MembershipChange): { readonly storedSequence: number };
  /** Returns the memberships of one member, or of all, newest first. */
  list(memberId?: string): readonly SavedMembership[];
  /** True if the member has access. The members' area calls it. */
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

  // PostgreSQL has the same statement, with other placeholders.
  const upsert = database.prepare(`
    INSERT INTO memberships (membership_id, member_id, plan, status, sequence, paid_at)
    VALUES (:membershipId, :memberId, :plan, :status, :sequence, :paidAt)
    ON CONFLICT (membership_id) DO UPDATE
       SET status = excluded.status, sequence = excluded.sequence, paid_at = excluded.paid_at
     WHERE excluded.sequence > memberships.sequence`);
  const stored = database.prepare('SELECT sequence AS storedSequence FROM memberships WHERE membership_id = ?');
  const columns = 'membership_id AS membershipId, member_id AS memberId, plan, status, sequence, paid_at AS paidAt';
  const all = database.prepare(`SELECT ${columns} FROM memberships ORDER BY paid_at DESC`);
  const ofMember = database.prepare(`SELECT ${columns} FROM memberships WHERE member_id = ? ORDER BY paid_at DESC`);
  const active = database.prepare(`SELECT 1 FROM memberships WHERE member_id = ? AND status = 'active'`);

  return {
    save: ({ membershipId, memberId, plan, status, sequence, paidAt }) => {
      database.exec('BEGIN IMMEDIATE');
      try {
        upsert.run({ membershipId, memberId, plan, status, sequence, paidAt });
        // `changes` is 1 if the decision is new here. If something must happen once with it (send a welcome mail, count a
        // seat), write it here into your own tables: in the same transaction, or it may be lost.
        const { storedSequence } = stored.get(membershipId) as { storedSequence: number };
        database.exec('COMMIT');
        return { storedSequence };
      } catch (error) {
        if (database.isTransaction) database.exec('ROLLBACK');
        throw error;
      }
    },
    list: (memberId) => (memberId === undefined ? all.all() : ofMember.all(memberId)) as unknown as SavedMembership[],
    hasAccess: (memberId) => active.get(memberId) !== undefined,
  };
}
