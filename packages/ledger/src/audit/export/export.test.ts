import { spawnSync } from 'node:child_process';
import { rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { defined } from '../../defined.ts';
import { createMemoryLog, type MemoryLog, openMemoryEventStore } from '../../event-store/memory.ts';
import { newDirectory } from '../../event-store/sqlite/log-directory.test-support.ts';
import { openSqliteEventStore } from '../../event-store/sqlite/sqlite.ts';
import { instantRuntime } from '../../instant-runtime.test-support.ts';
import { dispute, observe, paid, place } from '../../order/example-order.test-support.ts';
import { defaultPolicy } from '../../order/policy.ts';
import { openPaymentProcess } from '../../payment-process.test-support.ts';
import { writeStories } from '../golden-log.test-support.ts';
import { type LogReader, readerOf } from '../log/log-reader.ts';
import { sqliteReader } from '../log/sqlite-reader.ts';
import { decimalText, minorOf, moneyText } from '../minor-units.ts';
import { verifyLog } from '../verify/verify.ts';
import { accountsWith, defaultAccounts } from './accounts.ts';
import { csvLines } from './csv.ts';
import { feeSums, feesIn } from './fees.ts';
import { type JournalEntry, journalEntries, modesIn } from './journal.ts';
import { type JournalFormat, journalWriter } from './journal-text.ts';
import { importNdjson, ndjsonLines } from './ndjson.ts';

const directory = newDirectory();
const storiesPath = join(directory, 'told.db');
let log: LogReader;
beforeAll(async () => {
  await writeStories(await openSqliteEventStore(storiesPath));
  log = sqliteReader(storiesPath);
});
afterAll(async () => {
  await log.close();
  rmSync(directory, { recursive: true, force: true });
});

async function all<T>(items: AsyncIterable<T>): Promise<readonly T[]> {
  const found: T[] = [];
  for await (const item of items) found.push(item);
  return found;
}
async function* each(lines: readonly string[]): AsyncGenerator<string> {
  yield* lines;
}

describe('NDJSON', () => {
  test('is an event a line, and a last line with the root', async () => {
    const lines = await all(ndjsonLines(log));
    expect(JSON.parse(lines[0]!)).toMatchObject({ stream: 'ledger', revision: 0, type: 'LedgerCreated', metadata: { version: '1' } });
    expect(JSON.parse(lines[1]!)).toMatchObject({ stream: 'policy', revision: 0, type: 'PolicyAdopted', metadata: { version: '1' } });
    const { size, root } = await verifyLog(log);
    expect(JSON.parse(lines.at(-1)!)).toEqual({ format: 'paidonce-export/1', size, root });
    expect(lines).toHaveLength(size + 1);
  });

  test.each([
    ['a SQLite file', async () => openSqliteEventStore(join(directory, 'imported.db')), true],
    ['a store in memory', async () => openMemoryEventStore({ log: createMemoryLog() }), false],
  ])('comes into %s with the same tree, and verifies there', async (_, open, keepsOrder) => {
    const lines = await all(ndjsonLines(log));
    const store = await open();
    const imported = await importNdjson(each(lines), store, { keepsOrder });
    const reader = readerOf(store);
    expect(await verifyLog(reader)).toMatchObject({ found: 0, ...imported });
    expect((await all(ndjsonLines(reader))).map((line) => ({ ...JSON.parse(line), position: '' }))).toEqual(
      lines.map((line) => ({ ...JSON.parse(line), position: '' })),
    );
    await reader.close();
  });

  test('as of a position ends there, and comes in with that tree', async () => {
    const lines = await all(ndjsonLines(log, { asOf: '00000000000000000030' as never }));
    expect(lines).toHaveLength(31);
    const store = openMemoryEventStore();
    expect(await importNdjson(each(lines), store)).toMatchObject({ size: 30 });
  });

  test('keeps text that the ledger did not write, and does not import it', async () => {
    const edited = join(directory, 'edited.db');
    await importNdjson(each(await all(ndjsonLines(log))), await openSqliteEventStore(edited), { keepsOrder: true });
    const db = new DatabaseSync(edited);
    db.exec("UPDATE events SET data = replace(data, ':', ': ') WHERE position = 3");
    db.close();
    const reader = sqliteReader(edited);
    const lines = await all(ndjsonLines(reader));
    await reader.close();
    const { dataText } = JSON.parse(lines[2]!) as { dataText: string };
    expect(dataText).toContain('"orderId": "confirmed"');
    await expect(importNdjson(each(lines), openMemoryEventStore())).rejects.toThrow(
      /Line 3 of the export holds text that the ledger did not write/,
    );
  });

  test.each<readonly [string, (lines: readonly string[]) => readonly string[], RegExp]>([
    [
      'an event is changed',
      (lines: readonly string[]) => lines.with(6, lines[6]!.replace('evt_pi_confirmed', 'evt_rewritten')),
      /with root/,
    ],
    ['an event is left out at the end of a stream', (lines: readonly string[]) => lines.toSpliced(-2, 1), /the export had/],
    ['an event is left out of a stream', (lines: readonly string[]) => lines.toSpliced(6, 1), /does not follow/],
    ['the last line is missing', (lines: readonly string[]) => lines.slice(0, -1), /cut off/],
    ['a line is no JSON', (lines: readonly string[]) => lines.with(3, '{'), /Line 4 of the export is no JSON/],
    ['a line is no event', (lines: readonly string[]) => lines.with(3, '{}'), /Line 4 of the export is no event/],
    ...['null', '[]', '1', '"text"', 'true'].map(
      (line) => [`a line is ${line}`, (lines: readonly string[]) => lines.with(3, line), /Line 4 of the export is no event/] as const,
    ),
    ['a line stands behind the last', (lines: readonly string[]) => [...lines, '', lines[0] ?? ''], /stands behind the last line/],
    ['two exports are in one file', (lines: readonly string[]) => [...lines, ...lines], /is it a second export\?.*empty store/],
    ['the last line stands there twice', (lines: readonly string[]) => [...lines, lines.at(-1) ?? ''], /is it a second export/],
    ['the last line has no size', (lines: readonly string[]) => lines.with(-1, '{"format":"paidonce-export/1"}'), /size and the root/],
    ['it is of another format', (lines: readonly string[]) => lines.with(-1, '{"format":"paidonce-export/2"}'), /another format/],
  ])('is refused where %s', async (_, change, why) => {
    const lines = change(await all(ndjsonLines(log)));
    await expect(importNdjson(each(lines), openMemoryEventStore())).rejects.toThrow(why);
  });

  test('comes into empty stores only', async () => {
    const memory = createMemoryLog();
    await writeStories(openMemoryEventStore({ log: memory }));
    await expect(importNdjson(each([]), openMemoryEventStore({ log: memory }))).rejects.toThrow(/not empty/);
  });
});

describe('CSV', () => {
  test('has a heading, and a row for each event of an order', async () => {
    const [heading, ...rows] = await all(csvLines(log));
    expect(heading).toBe(
      'position,recordedAt,order,revision,event,member,plan,source,payment,account,mode,fact,status,object,amount,amountMinor,currency,asOf,sequence,review,resolution,actor,reason,evidence',
    );
    expect(rows[0]).toMatch(/^3,2026-01-05T09:00:04\.000Z,confirmed,0,OrderPlaced,member-confirmed,pro,,,acct_1,live,,,,49\.00,4900,USD,/);
    expect(rows).toContainEqual(
      expect.stringMatching(/,PaymentObserved,,,webhook,pi_confirmed,acct_1,live,attempt,paid,,49\.00,4900,USD,.*,evt_pi_confirmed$/),
    );
  });

  test('quotes what would break a row, and disarms what a spreadsheet would run', async () => {
    const memory = createMemoryLog();
    const store = openMemoryEventStore({ log: memory });
    const by = { actor: '-1', reason: '=SUM(A1), "quoted"\nand more' };
    const data = { reviewId: 'r1', resolution: 'dismiss', seenRevision: 0, by };
    await store.append('order-x', -1, [{ id: 'e1', type: 'ReviewResolved', data, metadata: { version: '1', recordedAt: '@t' } }]);
    const text = (await all(csvLines(readerOf(store)))).slice(1).join('\n');
    expect(text).toBe(`1,'@t,x,0,ReviewResolved,,,,,,,,,,,,,,,r1,dismiss,'-1,"'=SUM(A1), ""quoted""\nand more",`);
  });
});

describe('a journal', () => {
  const journal = async (livemode = true, accounts = defaultAccounts): Promise<readonly JournalEntry[]> => {
    const entries: JournalEntry[] = [];
    await journalEntries(log, { accounts, livemode }, (entry) => void entries.push(entry));
    return entries;
  };
  const balances = (entries: readonly JournalEntry[]): ReadonlyMap<string, number> => {
    const sums = new Map<string, number>();
    for (const { postings } of entries) {
      for (const { account, amountMinor, currency } of postings)
        sums.set(`${account} ${currency}`, (sums.get(`${account} ${currency}`) ?? 0) + amountMinor);
    }
    return new Map([...sums].filter(([, sum]) => sum !== 0).sort());
  };

  test('balances entry by entry, in each currency', async () => {
    const entries = await journal();
    expect(entries.length).toBeGreaterThan(15);
    for (const { postings } of entries) {
      expect(postings.length).toBeGreaterThan(1);
      for (const currency of new Set(postings.map((posting) => posting.currency))) {
        expect(postings.filter((posting) => posting.currency === currency).reduce((sum, { amountMinor }) => sum + amountMinor, 0)).toBe(0);
      }
    }
  });

  test('sums up to what the payments of the log are', async () => {
    // Paid and kept: confirmed, held, early, disputed, right, twice (two), tried, abandoned at 49.00; short at 40.00; again at 50.00.
    const earned = 9 * 4_900 + 4_000 + 5_000;
    expect(Object.fromEntries(balances(await journal()))).toEqual({
      'assets:stripe:acct_1 eur': 4_900,
      'assets:stripe:acct_1 usd': earned,
      'expenses:disputes usd': 3_900,
      'liabilities:tax usd': -400,
      'liabilities:unallocated eur': -4_900,
      'revenues:pro usd': -(earned + 4_900 + 4_900 + 4_900 - 400), // Payments that were received and then refunded: `refunded`, `partly`, and the first of `again`.
      'revenues:refunds usd': 4_900 + 4_900 + 1_000,
    });
  });

  test('reverses what is undone: a refund, a dispute that is won, a payment that moves', async () => {
    const of = async (orderId: string) => balances((await journal()).filter((entry) => entry.orderId === orderId));
    expect([...(await of('disputed'))]).toEqual([
      ['assets:stripe:acct_1 usd', 4_900],
      ['revenues:pro usd', -4_900],
    ]);
    expect([...(await of('wrong'))]).toEqual([]);
    expect((await of('refunded')).get('assets:stripe:acct_1 usd')).toBeUndefined();
    const disputed = (await journal()).filter(({ orderId }) => orderId === 'disputed').map(({ what }) => what);
    expect(disputed).toEqual(['paid', 'dispute dp_1 open', 'dispute dp_1 won']);
  });

  test('of an order that was decided under the first rules has its disputes as those rules join them', async () => {
    const [memory, entries]: [MemoryLog, JournalEntry[]] = [createMemoryLog(), []];
    const { rules: _, ...first } = defaultPolicy;
    const { orders } = openPaymentProcess(openMemoryEventStore({ log: memory }), instantRuntime(), first);
    for (const command of [place, observe(paid()), observe(dispute('lost')), observe(dispute('won'))])
      await orders.command('order-1', 'test', command);
    const reader = readerOf(openMemoryEventStore({ log: memory }));
    await journalEntries(reader, { accounts: defaultAccounts, livemode: true }, (entry) => void entries.push(entry));
    expect(entries.map(({ what }) => what)).toEqual(['paid', 'dispute dp_1 lost', 'dispute dp_1 won']);
    expect(Object.fromEntries(balances(entries))).toEqual({ 'assets:stripe:acct_1 usd': 1_000, 'revenues:yearly usd': -1_000 });
  });

  test('keeps money apart that does not count, until a person says so', async () => {
    const short = (await journal()).filter(({ orderId }) => orderId === 'short');
    expect(short.map(({ what, postings }) => [what, postings.map(({ account }) => account)])).toEqual(
      [
        ['paid', ['assets:stripe:acct_1', 'liabilities:unallocated']],
        ['review r1 resolved', ['liabilities:unallocated', 'revenues:pro']],
      ].map(([what, accounts]) => [what, expect.arrayContaining(accounts as string[])]),
    );
  });

  test('is of one mode', async () => {
    expect(await modesIn(log)).toEqual(new Set(['live', 'test']));
    const test_ = await journal(false);
    expect(test_).toMatchObject([{ orderId: 'doubtful', payment: 'pi_test', what: 'paid' }]);
  });

  describe('with the report of the provider', () => {
    const report = [
      'balance_transaction_id,created_utc,currency,gross,fee,net,description,payment_intent_id',
      'txn_1,2026-01-05 09:00:11,usd,49.00,1.72,47.28,"Plan ""pro"", yearly\nand more",pi_confirmed',
      'txn_2,2026-01-06 09:00:11,usd,-49.00,0.00,-49.00,no fee,pi_refunded',
      'txn_3,2026-01-07 09:00:11,eur,0.00,15.00,-15.00,a dispute,pi_partly',
      'txn_4,2026-01-07 09:00:11,usd,-100.00,0.25,-100.25,a payout,',
      'txn_5,2026-01-08 09:00:11,usd,49.00,9.99,39.01,of another shop,pi_stranger',
      'txn_6,2026-01-09 09:00:11,usd,0.00,-0.72,0.72,given back,pi_confirmed',
      '',
    ].join('\r\n');

    test('has the fees of its payments, in the money that they were taken in', async () => {
      const entries: JournalEntry[] = [];
      const options = { accounts: defaultAccounts, livemode: true, fees: feesIn(report) };
      const unplaced = await journalEntries(log, options, (entry) => void entries.push(entry));
      expect(unplaced).toEqual([{ date: '2026-01-08', amountMinor: 999, currency: 'usd', place: 'fees line 7' }]);
      const fees = entries.filter(({ what }) => what === 'fee').map(({ date, orderId, place }) => [date, orderId, place]);
      expect(fees).toEqual([
        ['2026-01-05', 'confirmed', 'fees line 2'],
        ['2026-01-09', 'confirmed', 'fees line 8'], // Line 8, because the description in the first row has a line break.
        ['2026-01-07', 'partly', 'fees line 5'],
      ]);
      expect(Object.fromEntries(balances(entries))).toMatchObject({
        'expenses:fees usd': 100,
        'expenses:fees eur': 1_500,
        'assets:stripe:acct_1 usd': 9 * 4_900 + 4_000 + 5_000 - 100,
        'assets:stripe:acct_1 eur': 4_900 - 1_500,
      });
      for (const { postings } of entries) expect(postings.reduce((sum, { amountMinor }) => sum + amountMinor, 0)).toBe(0);
    });

    test('of the mode that the journal is of', async () => {
      const entries: JournalEntry[] = [];
      const fees = feesIn('payment,fee,currency,date\npi_test,1,usd,2026-01-05');
      const unplaced: number[] = [];
      for (const livemode of [true, false]) {
        const rest = await journalEntries(log, { accounts: defaultAccounts, livemode, fees }, (entry) => void entries.push(entry));
        unplaced.push(rest.length);
      }
      expect(unplaced).toEqual([1, 0]);
      expect(entries.filter(({ what }) => what === 'fee')).toHaveLength(1);
    });

    test('of a payment that a person moved, where it went', async () => {
      const entries: JournalEntry[] = [];
      const fees = feesIn('payment,fee,currency,date\npi_moved,1,usd,2026-01-05');
      await journalEntries(log, { accounts: defaultAccounts, livemode: true, fees }, (entry) => void entries.push(entry));
      expect(entries.filter(({ what }) => what === 'fee')).toMatchObject([{ orderId: 'right' }]);
    });

    test('has no fees of later days, where it is read up to a day', () => {
      const days = (until?: string) => [...feesIn(report, defined({ until })).values()].flat().map(({ date }) => date);
      expect(days('2026-01-07')).toEqual(['2026-01-05', '2026-01-07']);
      expect(days()).toHaveLength(4);
      expect(feeSums([...feesIn(report).values()].flat())).toEqual({ usd: 1_099, eur: 1_500 });
    });

    test.each([
      ['no column of fees', 'payment,currency,date\n', /no column fee/],
      ['an amount that is none', 'payment,fee,currency,date\n\npi_1,"1,72",usd,2026-01-05', /Line 3 of the fees: "1,72", "usd"/],
      ['more decimals than the money has', 'payment,fee,currency,date\npi_1,1.5,jpy,2026-01-05', /Line 2 of the fees/],
      ['no currency', 'payment,fee,currency,date\npi_1,1.72,,2026-01-05', /Line 2 of the fees/],
      ['no day', 'payment,fee,currency,date\npi_1,1.72,usd,yesterday', /Line 2 of the fees/],
    ])('is refused where there is %s', (_, csv, why) => {
      expect(() => feesIn(csv)).toThrow(why);
    });
  });

  test('has the accounts that it was given', async () => {
    const accounts = accountsWith(['clearing=assets:psp', 'revenue=income:memberships:{plan}']);
    const names = new Set((await journal(true, accounts)).flatMap(({ postings }) => postings.map(({ account }) => account)));
    expect([...names]).toEqual(expect.arrayContaining(['assets:psp', 'income:memberships:pro']));
    expect(() => accountsWith(['revenues=x'])).toThrow(/one of clearing, revenue, /);
    expect(() => accountsWith(['revenue=a  b'])).toThrow(/no name of an account/);
  });

  const written = async (format: JournalFormat): Promise<string> => {
    const writer = journalWriter(format);
    const entries: JournalEntry[] = [];
    const fees = feesIn('payment,fee,currency,date\npi_confirmed,1.72,usd,2026-01-05\npi_refunded,180,jpy,2026-01-05');
    await journalEntries(log, { accounts: defaultAccounts, livemode: true, fees }, (entry) => void entries.push(entry));
    return `${entries.flatMap(writer).join('\n')}\n`;
  };

  test('is written for hledger', async () => {
    expect(await written('hledger')).toContain(
      [
        '2026-01-05 * (order-confirmed@3) pi_confirmed | paid  ; order:confirmed',
        '    assets:stripe:acct_1  49.00 USD',
        '    revenues:pro  -49.00 USD',
      ].join('\n'),
    );
  });

  test('is written for beancount', async () => {
    expect(await written('beancount')).toContain(
      [
        '2026-01-05 * "pi_confirmed" "paid"',
        '  order: "confirmed"',
        '  place: "order-confirmed@3"',
        '  Assets:Stripe:Acct-1  49.00 USD',
        '  Income:Pro  -49.00 USD',
      ].join('\n'),
    );
  });

  test('is not written for beancount with accounts that it does not know', async () => {
    const [entry] = await journal(true, accountsWith(['clearing=psp:stripe']));
    expect(() => journalWriter('beancount')(entry as JournalEntry)).toThrow(/"psp:stripe" is no account for beancount/);
  });

  const checks: readonly [JournalFormat, string, readonly string[]][] = [
    ['hledger', 'hledger', ['check', '--strict', '-f']],
    ['beancount', 'bean-check', []],
  ];
  for (const [format, program, args] of checks) {
    const isThere = spawnSync(program, ['--help']).error === undefined;
    if (!isThere)
      console.warn(`SKIPPED: ${program} is not installed, so nobody but us has checked the ${format} journal. apt-get install ${format}`);
    test.skipIf(!isThere)(`is accepted by ${program}`, async () => {
      const path = join(directory, format === 'hledger' ? 'journal.hledger' : 'journal.beancount');
      const accepts = (text: string) => {
        writeFileSync(path, text);
        const { status, stdout, stderr } = spawnSync(program, [...args, path], { encoding: 'utf8' });
        return { status, output: stdout + stderr };
      };
      const text = await written(format);
      expect(accepts(text)).toEqual({ status: 0, output: '' });
      expect(accepts(text.replace('-49.00', '-49.01')).status).not.toBe(0);
    });
  }
});

test.each([
  [4_900, 'usd', '49.00 USD'],
  [5, 'usd', '0.05 USD'],
  [-5, 'usd', '-0.05 USD'],
  [4_900, 'jpy', '4900 JPY'],
  [1_234, 'kwd', '1.234 KWD'],
  [100, 'isk', '1.00 ISK'],
])('%i %s is %s', (amountMinor, currency, text) => {
  expect(moneyText(amountMinor, currency)).toBe(text);
  expect(decimalText(amountMinor, currency)).toBe(text.split(' ')[0]);
  expect(minorOf(decimalText(amountMinor, currency), currency)).toBe(amountMinor);
});

test.each([
  ['1.720', 'usd', 172],
  ['-0.00', 'usd', 0],
  ['1.725', 'usd', undefined],
  ['1,72', 'usd', undefined],
  ['', 'usd', undefined],
  ['9999999999999', 'usd', undefined],
])('%j of %s is %s', (text, currency, minor) => {
  expect(minorOf(text, currency)).toBe(minor);
});
