// The club's own table: a row for each subscription, written by what the ledger delivers, and asked by the door.
import type { DatabaseSync } from 'node:sqlite';
import type { SubscriptionChange } from '@paidonce/ledger';

export interface MemberRow {
  readonly membershipId: string;
  readonly plan: string;
  readonly quantity: number;
  readonly status: SubscriptionChange['status'];
  /** ISO 8601 UTC. */
  readonly validUntil: string;
}

export interface Members {
  save(change: SubscriptionChange): { readonly storedSequence: number };
  /** Which of the plans the member may use now; undefined: none. */
  accessOf(memberId: string, now: Date): MemberRow | undefined;
  /** Whether this subscription lets anybody in now. */
  isOpen(membershipId: string, now: Date): boolean;
  list(memberId: string): readonly MemberRow[];
  /** How often somebody was welcomed. */
  welcomes(memberId: string): number;
}

// #region table
const table = `
  CREATE TABLE IF NOT EXISTS club_members (
    membership_id TEXT PRIMARY KEY,
    member_id     TEXT NOT NULL,
    plan          TEXT NOT NULL,
    quantity      INTEGER NOT NULL,
    status        TEXT NOT NULL,
    valid_until   TEXT NOT NULL,
    sequence      INTEGER NOT NULL
  ) STRICT;`;
// #endregion table

export function openMembers(database: DatabaseSync): Members {
  database.exec(`
    ${table}
    CREATE TABLE IF NOT EXISTS club_mails (member_id TEXT NOT NULL, mail TEXT NOT NULL) STRICT`);

  // #region save
  const upsert = database.prepare(`
    INSERT INTO club_members VALUES ($membershipId, $memberId, $plan, $quantity, $status, $validUntil, $sequence)
    ON CONFLICT (membership_id) DO UPDATE SET
      plan = excluded.plan, quantity = excluded.quantity, status = excluded.status,
      valid_until = excluded.valid_until, sequence = excluded.sequence
    WHERE sequence < excluded.sequence`);
  const stored = database.prepare('SELECT sequence FROM club_members WHERE membership_id = ?');

  function saveSubscription(change: SubscriptionChange): { readonly storedSequence: number } {
    const { membershipId, memberId, plan, quantity, status, validUntil, sequence } = change;
    const { changes } = upsert.run({ membershipId, memberId, plan, quantity, status, validUntil, sequence });
    if (changes > 0 && change.change === 'granted') welcome(memberId);
    return { storedSequence: Number(stored.get(membershipId)?.['sequence']) };
  }
  // #endregion save

  const mail = database.prepare('INSERT INTO club_mails VALUES (?, ?)');
  const mails = database.prepare('SELECT count(*) AS n FROM club_mails WHERE member_id = ?');
  const welcome = (memberId: string): void => void mail.run(memberId, 'welcome');

  const columns = 'membership_id AS membershipId, plan, quantity, status, valid_until AS validUntil';
  // #region check
  const open = `status = 'active' AND valid_until > $aDayAgo`; // The day: so that an outage of ours throws nobody out.
  const aDayBefore = (now: Date): string => new Date(now.getTime() - 86_400_000).toISOString();
  // #endregion check
  const ofMember = database.prepare(
    `SELECT ${columns} FROM club_members WHERE member_id = $memberId AND ${open} ORDER BY valid_until DESC`,
  );
  const ofId = database.prepare(`SELECT 1 FROM club_members WHERE membership_id = $membershipId AND ${open}`);
  const all = database.prepare(`SELECT ${columns} FROM club_members WHERE member_id = ? ORDER BY rowid DESC`);

  /** In one transaction, so that a row without its mail cannot be. */
  function save(change: SubscriptionChange): { readonly storedSequence: number } {
    database.exec('BEGIN IMMEDIATE');
    try {
      const answer = saveSubscription(change);
      database.exec('COMMIT');
      return answer;
    } catch (error) {
      if (database.isTransaction) database.exec('ROLLBACK');
      throw error;
    }
  }

  return {
    save,
    accessOf: (memberId, now) => ofMember.get({ memberId, aDayAgo: aDayBefore(now) }) as MemberRow | undefined,
    isOpen: (membershipId, now) => ofId.get({ membershipId, aDayAgo: aDayBefore(now) }) !== undefined,
    list: (memberId) => all.all(memberId) as unknown as MemberRow[],
    welcomes: (memberId) => Number(mails.get(memberId)?.['n']),
  };
}
