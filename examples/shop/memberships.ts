// The shop's own table of memberships, and the one rule that keeps it right: copy this.
//
// The ledger calls `deliver` at least once for each decision. After a crash, or with several processes, a call may come late or
// again. `onceSync` runs the handler for each newer decision once: it keeps the sequence of the newest one in a table of its own,
// written in the same transaction. So a late grant can never undo a revocation (law 9), and a second call changes nothing.
// With an asynchronous database it is `once`, inside the transaction of your ORM: docs/how-to/save-memberships.md.
import type { DatabaseSync } from 'node:sqlite';
import type { MembershipChange } from '@paidonce/ledger';
import { type Delivered, onceSync, onceTable, sqlOf } from '@paidonce/ledger/once';
import { periodsOf } from '../periods/periods.ts';
import { planNamed } from './plans.ts';

export interface SavedMembership {
  readonly membershipId: string;
  readonly memberId: string;
  readonly plan: string;
  readonly status: MembershipChange['status'];
  readonly sequence: number;
  readonly paidAt: string;
  /** ISO 8601 UTC. Absent: it never ends, or it is not active. */
  readonly endsAt?: string;
}

export interface Memberships {
  /**
   * Saves a decision; the ledger's `deliver` calls it. It throws if nothing was saved: then the ledger tries again. It answers
   * the sequence that is stored now: after a restore of the log or of this database, the ledger sees which is older.
   */
  save(change: MembershipChange): Delivered;
  /** Returns the memberships of one member, or of all, newest first. */
  list(memberId?: string): readonly SavedMembership[];
  /** True if the member has access now: some order is active and has not ended. The members' area calls it. */
  hasAccess(memberId: string): boolean;
}

/** @param nowMs what is past is decided by it. */
export function openMemberships(database: DatabaseSync, nowMs: () => number = Date.now): Memberships {
  database.exec(onceTable.sqlite);
  database.exec(`
    CREATE TABLE IF NOT EXISTS memberships (
      membership_id TEXT PRIMARY KEY, -- the order: last year's refund must not close this year's membership
      member_id     TEXT NOT NULL,
      plan          TEXT NOT NULL,
      status        TEXT NOT NULL,
      paid_at       TEXT NOT NULL,    -- the period starts here, also where the payment was found later
      ends_at       TEXT              -- of an active one; null: it never ends
    ) STRICT`);
  leaveSequenceColumn(database);
  addEnds(database);

  const sql = sqlOf.nodeSqlite(database);
  const upsert = database.prepare(`
    INSERT INTO memberships (membership_id, member_id, plan, status, paid_at)
    VALUES (:membershipId, :memberId, :plan, :status, :paidAt)
    ON CONFLICT (membership_id) DO UPDATE SET status = excluded.status, paid_at = excluded.paid_at`);
  const columns = 'membership_id AS membershipId, member_id AS memberId, plan, status, sequence, paid_at AS paidAt, ends_at AS endsAt';
  const rows = 'memberships JOIN paidonce_delivered ON key = membership_id';
  const all = database.prepare(`SELECT ${columns} FROM ${rows} ORDER BY paid_at DESC`);
  const ofMember = database.prepare(`SELECT ${columns} FROM ${rows} WHERE member_id = ? ORDER BY paid_at DESC`);
  const active = database.prepare(
    `SELECT 1 FROM memberships WHERE member_id = ? AND status = 'active' AND (ends_at IS NULL OR ends_at > ?)`,
  );

  return {
    save: (change) =>
      inTransaction(database, () =>
        onceSync(sql, change, () => {
          const { membershipId, memberId, plan, status, paidAt } = change;
          upsert.run({ membershipId, memberId, plan, status, paidAt });
          writeEnds(database, memberId);
          // What else must happen once with it (count a seat, send a welcome mail) is written here, into tables of your own. The
          // mail as a row of an outbox table, from which another process sends it: nothing outside of this transaction is once.
        }),
      ),
    list: (memberId) => (memberId === undefined ? all.all() : ofMember.all(memberId)).map(savedOf),
    hasAccess: (memberId) => active.get(memberId, new Date(nowMs()).toISOString()) !== undefined,
  };
}

function savedOf({ endsAt, ...row }: Record<string, unknown>): SavedMembership {
  return { ...row, ...(endsAt === null ? {} : { endsAt }) } as SavedMembership;
}

// #region ends
/**
 * Writes the ends of all periods of a member anew: where one order is refunded, its later ones move. BEGIN IMMEDIATE lets one
 * delivery at a time do so; with another database, first lock the member's row: `select … from members where id = $1 for update`.
 */
function writeEnds(database: DatabaseSync, memberId: string): void {
  const write = database.prepare('UPDATE memberships SET ends_at = ? WHERE membership_id = ?');
  const rows = database.prepare(
    'SELECT membership_id AS membershipId, plan, status, paid_at AS paidAt FROM memberships WHERE member_id = ?',
  );
  const orders = rows.all(memberId) as unknown as readonly Pick<SavedMembership, 'membershipId' | 'plan' | 'status' | 'paidAt'>[];
  for (const { membershipId, status } of orders) if (status !== 'active') write.run(null, membershipId);
  const active = orders.filter(({ status }) => status === 'active');
  for (const { membershipId, endsAt } of periodsOf(active.map((order) => ({ ...order, lasts: lengthOf(order.plan) }))))
    write.run(endsAt ?? null, membershipId);
}
// #endregion ends

/** @throws Error: there is no such plan. Access without an end must not follow from a typing error. */
function lengthOf(plan: string) {
  const known = planNamed(plan);
  if (known === undefined) throw new Error(`There is no plan ${plan}, so nobody knows how long it lasts: add it to plans.ts`);
  return known.lasts;
}

function inTransaction<Answer>(database: DatabaseSync, work: () => Answer): Answer {
  database.exec('BEGIN IMMEDIATE');
  try {
    const answer = work();
    database.exec('COMMIT');
    return answer;
  } catch (error) {
    if (database.isTransaction) database.exec('ROLLBACK');
    throw error;
  }
}

/** Earlier releases of this shop kept the sequence in a column of its own table. A shop that does can change over like this. */
function leaveSequenceColumn(database: DatabaseSync): void {
  inTransaction(database, () => {
    const column = database.prepare(`SELECT 1 FROM pragma_table_info('memberships') WHERE name = 'sequence'`);
    if (column.get() === undefined) return;
    database.exec(`
      INSERT INTO paidonce_delivered (key, sequence) SELECT membership_id, sequence FROM memberships WHERE true ON CONFLICT DO NOTHING;
      ALTER TABLE memberships DROP COLUMN sequence`);
  });
}

/** An earlier release of this shop kept no end: a month gave access for ever. */
function addEnds(database: DatabaseSync): void {
  inTransaction(database, () => {
    const column = database.prepare(`SELECT 1 FROM pragma_table_info('memberships') WHERE name = 'ends_at'`);
    if (column.get() !== undefined) return;
    database.exec('ALTER TABLE memberships ADD COLUMN ends_at TEXT');
    const members = database.prepare('SELECT DISTINCT member_id AS memberId FROM memberships').all();
    for (const { memberId } of members) writeEnds(database, String(memberId));
  });
}
