// The shop's own table of members, which the console asks: support knows an e-mail address, and the ledger knows ids alone. The
// addresses are made up here; in your own shop they are in your table of users.
import type { DatabaseSync } from 'node:sqlite';
import type { PaymentAdminPluginOptions } from '@paidonce/http';

type Hooks = Required<Pick<PaymentAdminPluginOptions, 'findMember' | 'describeMember'>>;

export interface Members extends Hooks {
  /** Notes a member who has come to the shop. Whoever is known stays as they are. */
  add(memberId: string): void;
}

/** The console shows no more. */
const mostFound = 20;

/** @param shopUrl where a member's page is. */
export function openMembers(database: DatabaseSync, shopUrl: string): Members {
  database.exec(`
    CREATE TABLE IF NOT EXISTS members (
      member_id TEXT PRIMARY KEY,
      email     TEXT NOT NULL
    ) STRICT;
    CREATE INDEX IF NOT EXISTS members_by_email ON members (email)`);
  const insert = database.prepare('INSERT INTO members VALUES (?, ?) ON CONFLICT DO NOTHING');
  const byEmail = database.prepare('SELECT member_id AS memberId FROM members WHERE email >= ?1 AND email < ?2 ORDER BY email LIMIT ?3');
  const emailOf = database.prepare('SELECT email FROM members WHERE member_id = ?');

  return {
    add: (memberId) => void insert.run(memberId, `${memberId.toLowerCase()}@example.com`),
    // All that begin with it: support hears the rest on the telephone.
    findMember: async (text) => {
      const from = text.trim().toLowerCase();
      return byEmail.all(from, `${from}\u{10ffff}`, mostFound).map((row) => String(row['memberId']));
    },
    describeMember: async (memberId) => {
      const row = emailOf.get(memberId);
      return row && { text: String(row['email']), url: `${shopUrl}/members/${memberId}` };
    },
  };
}
