import { DatabaseSync } from 'node:sqlite';
import type { MembershipChange } from '@paidonce/ledger';
import { describe, expect, test } from 'vitest';
import { openMemberships } from './memberships.ts';

const granted: MembershipChange = {
  membershipId: 'o-1',
  memberId: 'ada',
  plan: 'year',
  change: 'granted',
  status: 'active',
  sequence: 1,
  paidAt: '2026-11-24T13:00:00.000Z',
  idempotencyKey: 'o-1:1',
};
const revoked: MembershipChange = { ...granted, change: 'revoked', status: 'revoked', sequence: 2, idempotencyKey: 'o-1:2' };

describe('law 9: the newest decision wins at the shop', () => {
  test('a grant that comes late never undoes a newer revocation', () => {
    const memberships = openMemberships(new DatabaseSync(':memory:'));
    memberships.save(revoked);
    memberships.save(granted);
    expect(memberships.hasAccess('ada')).toBe(false);
    expect(memberships.list('ada')).toMatchObject([{ status: 'revoked', sequence: 2 }]);
  });

  test('a newer decision replaces an older one, and twice is once', () => {
    const memberships = openMemberships(new DatabaseSync(':memory:'));
    for (const change of [granted, granted, revoked, revoked]) memberships.save(change);
    expect(memberships.list()).toMatchObject([{ membershipId: 'o-1', status: 'revoked', sequence: 2 }]);
  });

  test('the answer is what is stored, also where a call was refused', () => {
    const memberships = openMemberships(new DatabaseSync(':memory:'));
    expect(memberships.save(granted)).toEqual({ isNew: true, storedSequence: 1 });
    expect(memberships.save(revoked)).toEqual({ isNew: true, storedSequence: 2 });
    expect(memberships.save(granted)).toEqual({ isNew: false, storedSequence: 2 });
  });

  test('one order of a member says nothing of another one', () => {
    const memberships = openMemberships(new DatabaseSync(':memory:'));
    for (const change of [granted, revoked, { ...granted, membershipId: 'o-2' }]) memberships.save(change);
    expect(memberships.hasAccess('ada')).toBe(true);
    expect(memberships.hasAccess('bob')).toBe(false);
  });

  test('what cannot be saved is thrown, so that the ledger tries again', () => {
    const database = new DatabaseSync(':memory:');
    const memberships = openMemberships(database);
    database.exec('DROP TABLE memberships');
    expect(() => memberships.save(granted)).toThrow(/no such table/);
    expect(database.isTransaction).toBe(false);
  });

  test('a database with the sequence in the table itself goes on, and a late call stays refused', () => {
    const database = new DatabaseSync(':memory:');
    database.exec(`
      CREATE TABLE memberships (membership_id TEXT PRIMARY KEY, member_id TEXT NOT NULL, plan TEXT NOT NULL, status TEXT NOT NULL,
        sequence INTEGER NOT NULL, paid_at TEXT NOT NULL) STRICT;
      INSERT INTO memberships VALUES ('o-1', 'ada', 'year', 'revoked', 2, '2026-11-24T13:00:00.000Z')`);
    for (const memberships of [openMemberships(database), openMemberships(database)]) {
      expect(memberships.save(granted)).toEqual({ isNew: false, storedSequence: 2 });
      expect(memberships.list('ada')).toMatchObject([{ status: 'revoked', sequence: 2 }]);
    }
    expect(openMemberships(database).save({ ...granted, sequence: 3 })).toEqual({ isNew: true, storedSequence: 3 });
    expect(openMemberships(database).hasAccess('ada')).toBe(true);
  });
});
