import { DatabaseSync } from 'node:sqlite';
import type { MembershipChange } from '@paidonce/ledger';
import { describe, expect, test } from 'vitest';
import { openMemberships } from './memberships.ts';

const day = Date.parse('2026-11-25T00:00:00.000Z');
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
    const memberships = openMemberships(new DatabaseSync(':memory:'), () => day);
    memberships.save(revoked);
    memberships.save(granted);
    expect(memberships.hasAccess('ada')).toBe(false);
    expect(memberships.list('ada')).toMatchObject([{ status: 'revoked', sequence: 2 }]);
  });

  test('a newer decision replaces an older one, and twice is once', () => {
    const memberships = openMemberships(new DatabaseSync(':memory:'), () => day);
    for (const change of [granted, granted, revoked, revoked]) memberships.save(change);
    expect(memberships.list()).toMatchObject([{ membershipId: 'o-1', status: 'revoked', sequence: 2 }]);
  });

  test('the answer is what is stored, also where a call was refused', () => {
    const memberships = openMemberships(new DatabaseSync(':memory:'), () => day);
    expect(memberships.save(granted)).toEqual({ isNew: true, storedSequence: 1 });
    expect(memberships.save(revoked)).toEqual({ isNew: true, storedSequence: 2 });
    expect(memberships.save(granted)).toEqual({ isNew: false, storedSequence: 2 });
  });

  test('one order of a member says nothing of another one', () => {
    const memberships = openMemberships(new DatabaseSync(':memory:'), () => day);
    for (const change of [granted, revoked, { ...granted, membershipId: 'o-2' }]) memberships.save(change);
    expect(memberships.hasAccess('ada')).toBe(true);
    expect(memberships.hasAccess('bob')).toBe(false);
  });

  test('what cannot be saved is thrown, so that the ledger tries again', () => {
    const database = new DatabaseSync(':memory:');
    const memberships = openMemberships(database, () => day);
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
    for (const memberships of [openMemberships(database, () => day), openMemberships(database, () => day)]) {
      expect(memberships.save(granted)).toEqual({ isNew: false, storedSequence: 2 });
      expect(memberships.list('ada')).toMatchObject([{ status: 'revoked', sequence: 2 }]);
    }
    expect(openMemberships(database, () => day).save({ ...granted, sequence: 3 })).toEqual({ isNew: true, storedSequence: 3 });
    expect(openMemberships(database, () => day).hasAccess('ada')).toBe(true);
  });
});

describe('access ends', () => {
  const at = (text: string) => Date.parse(`${text}T13:00:00.000Z`);
  const month = (membershipId: string, paid: string): MembershipChange => ({
    ...granted,
    ...{ membershipId, plan: 'month', paidAt: `${paid}T13:00:00.000Z`, idempotencyKey: `${membershipId}:1` },
  });
  const refunded = (change: MembershipChange): MembershipChange => ({ ...change, change: 'revoked', status: 'revoked', sequence: 2 });
  function shop() {
    let now = at('2026-11-25');
    const memberships = openMemberships(new DatabaseSync(':memory:'), () => now);
    const hasAccessOn = (text: string) => {
      now = at(text);
      return memberships.hasAccess('ada');
    };
    const ends = () => Object.fromEntries(memberships.list('ada').map(({ membershipId, endsAt }) => [membershipId, endsAt?.slice(0, 10)]));
    return { memberships, hasAccessOn, ends };
  }

  test('a month ends after thirty days', () => {
    const { memberships, hasAccessOn } = shop();
    memberships.save(month('o-1', '2026-11-24'));
    expect(['2026-12-23', '2026-12-24'].map(hasAccessOn)).toEqual([true, false]);
  });

  test('a renewal is a second order, which starts where the first ends', () => {
    const { memberships, hasAccessOn, ends } = shop();
    for (const change of [month('o-1', '2026-11-24'), month('o-2', '2026-12-20')]) memberships.save(change);
    expect(ends()).toEqual({ 'o-1': '2026-12-24', 'o-2': '2027-01-23' });
    expect(['2026-12-24', '2027-01-22', '2027-01-23'].map(hasAccessOn)).toEqual([true, true, false]);
  });

  test('a refund of the first moves the second forward, in whatever order they come', () => {
    const [first, second] = [month('o-1', '2026-11-24'), month('o-2', '2026-12-20')];
    for (const changes of [
      [first, second, refunded(first)],
      [refunded(first), second, first],
      [second, refunded(first)],
    ]) {
      const { memberships, ends } = shop();
      for (const change of changes) memberships.save(change);
      expect(ends()).toEqual({ 'o-1': undefined, 'o-2': '2027-01-19' });
    }
  });

  test('a lifetime has no end', () => {
    const { memberships, hasAccessOn } = shop();
    memberships.save({ ...granted, plan: 'lifetime' });
    expect(hasAccessOn('2099-01-01')).toBe(true);
  });

  test('a plan that nobody knows is thrown, and saves nothing', () => {
    const { memberships, hasAccessOn } = shop();
    expect(() => memberships.save({ ...granted, plan: 'montth' })).toThrow('There is no plan montth');
    expect(hasAccessOn('2026-11-25')).toBe(false);
    expect(memberships.list()).toEqual([]);
  });

  test('a table without ends gets them: a month of an earlier release has ended', () => {
    const database = new DatabaseSync(':memory:');
    database.exec(`
      CREATE TABLE memberships (membership_id TEXT PRIMARY KEY, member_id TEXT NOT NULL, plan TEXT NOT NULL, status TEXT NOT NULL,
        sequence INTEGER NOT NULL, paid_at TEXT NOT NULL) STRICT;
      INSERT INTO memberships VALUES ('o-1', 'ada', 'month', 'active', 1, '2026-10-01T13:00:00.000Z')`);
    const memberships = openMemberships(database, () => at('2026-11-25'));
    expect(memberships.list('ada')).toMatchObject([{ endsAt: '2026-10-31T13:00:00.000Z' }]);
    expect(memberships.hasAccess('ada')).toBe(false);
  });
});
