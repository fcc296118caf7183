// The file of the shop's subscriptions: what is read, and what is refused, line by line.
import { LedgerError } from '@paidonce/ledger';
import { describe, expect, test } from 'vitest';
import { readShopSubscriptions } from './shop-subscriptions.ts';

const heading = 'subscription,member,plan,active';

function refused(csv: string): string[] {
  try {
    readShopSubscriptions(csv);
  } catch (error) {
    if (error instanceof LedgerError && error.code === 'invalid_input') return error.message.split('\n');
    throw error;
  }
  throw new Error('it was expected to be refused');
}

describe('what is read', () => {
  test('each line, its columns in any order, empty cells as absent', () => {
    const csv = [
      '\uFEFFMember,Subscription,Active,Until,Plan,Id,Kind,Account',
      'm-1,sub_1,true,2026-05-01,gold,,,',
      '',
      '"m-2", sub_2 ,NO,2026-05-01T12:00:00+08:00,silver,club-2,club,acct_1Seller',
    ].join('\r\n');
    expect(readShopSubscriptions(csv)).toEqual([
      { memberId: 'm-1', subscription: 'sub_1', active: true, until: '2026-05-01', plan: 'gold' },
      {
        memberId: 'm-2',
        subscription: 'sub_2',
        active: false,
        until: '2026-05-01T12:00:00+08:00',
        plan: 'silver',
        subscriptionId: 'club-2',
        kind: 'club',
        account: 'acct_1Seller',
      },
    ]);
  });

  test.each(['true', 't', 'yes', '1', 'false', 'f', 'no', '0'])('active as databases and spreadsheets write it: %s', (text) => {
    const [read] = readShopSubscriptions(`${heading}\nsub_1,m-1,gold,${text}`);
    expect(read?.active).toBe(['true', 't', 'yes', '1'].includes(text));
  });
});

describe('what is refused', () => {
  test('every bad line, with its number and every reason', () => {
    const csv = [
      `${heading},until,id`,
      'sub_1,m-1,gold,true,,',
      'in_2,m-2,gold,true,,',
      'sub_3,,gold,maybe,,',
      'sub_4,m 4,gold,true,tomorrow,',
      'sub_5,m-5,gold,true,,,extra',
      'sub_1,m-6,gold,true,,',
      'sub_7,m-7,gold,true,,sub_1',
    ].join('\n');
    expect(refused(csv)).toEqual([
      'Nothing was imported:',
      'Line 3: subscription: must be sub_… of Stripe',
      expect.stringMatching(/^Line 4: .*member: .*; active: must be true or false$|^Line 4: active: must be true or false; member: /),
      expect.stringMatching(/^Line 5: (?=.*member: )(?=.*until: must be a day like 2026-05-01)/),
      'Line 6: it: Unrecognized key: "column 7"',
      'Line 7: sub_1 stands there twice: Line 2 has it',
      'Line 8: sub_1 stands there twice: Line 2 has it',
    ]);
  });

  test.each([
    ['no heading', 'sub_1,m-1,gold,true', "The heading of the shop's subscriptions has sub_1."],
    ['a column that nobody knows', `${heading},email`, 'has email. Its columns are'],
    ['a column twice', `${heading},plan`, 'has plan. Its columns are'],
    ['a column that is missing', 'subscription,member,plan', 'subscription, member, plan and active must be there'],
    ['an empty file', '', 'has nothing'],
    ['a quotation mark within a cell: the member would be another one', `${heading}\nsub_1,m"1,gold,true`, 'Line 2 is no CSV'],
    ['one that is not closed', `${heading}\nsub_1,"m-1,gold,true\nsub_2,m-2,gold,true`, 'Line 2 is no CSV'],
  ])('%s', (_name, csv, message) => {
    expect(refused(csv).join('\n')).toContain(message);
  });

  test('a thousand bad lines are named up to fifty, and counted', () => {
    const lines = refused([heading, ...Array.from({ length: 1_000 }, () => 'x,m-1,gold,true')].join('\n'));
    expect([lines.length, lines.at(-1)]).toEqual([52, 'and 950 more']);
  });
});
