import { createHash } from 'node:crypto';
import { readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { describe, expect, onTestFinished, test } from 'vitest';
import { verifyLog } from '../audit/index.ts';
import { sqliteReader } from '../audit/log/sqlite-reader.ts';
import { writeSubscriptionStories } from '../audit/subscription-stories.test-support.ts';
import { buy, dispute, refund } from '../delivery/delivery.test-support.ts';
import type { DeliverAnswer } from '../delivery/shop-ahead.ts';
import { newDirectory } from '../event-store/sqlite/log-directory.test-support.ts';
import { openSqliteEventStore } from '../event-store/sqlite/sqlite.ts';
import { createPaymentLedger } from '../ledger.ts';
import type { MembershipChange, PaymentLedger } from '../payment-ledger.ts';
import { policy1 } from '../subscription/story.test-support.ts';
import { runPaidonce } from './run-paidonce.test-support.ts';

interface Row {
  readonly order: string;
  readonly status: string;
  readonly sequence: number;
  readonly member: string;
  readonly plan: string;
}

/** A shop with a table, whose ledger has three memberships: `kept` active, `undone` revoked, `fought` suspended. */
async function shop() {
  const directory = newDirectory();
  onTestFinished(() => rmSync(directory, { recursive: true, force: true }));
  const path = join(directory, 'ledger.db');
  const table = new Map<string, Row>();
  const keys: string[] = [];
  const deliver = async ({
    membershipId: order,
    status,
    sequence,
    memberId: member,
    plan,
    idempotencyKey,
  }: MembershipChange): Promise<DeliverAnswer> => {
    keys.push(idempotencyKey);
    if ((table.get(order)?.sequence ?? 0) < sequence) table.set(order, { order, status, sequence, member, plan });
    return { storedSequence: table.get(order)?.sequence ?? 0 };
  };
  const running = async (work: (ledger: PaymentLedger) => Promise<unknown>): Promise<void> => {
    await using ledger = createPaymentLedger({ eventStore: await openSqliteEventStore(path), background: false, deliver });
    await work(ledger);
    await ledger.settle();
  };
  await running(async (ledger) => {
    for (const orderId of ['kept', 'undone', 'fought']) await buy(ledger, orderId);
    await ledger.settle();
    await refund(ledger, 'undone');
    await dispute(ledger, 'fought');
  });
  const compare = (rows: string, ...options: readonly string[]) => {
    const file = join(directory, 'shop.txt');
    writeFileSync(file, rows);
    return runPaidonce(['compare', '--shop', file, '--store', `sqlite:${path}`, ...options]);
  };
  /** An empty table is written as CSV: an empty file may be an export that failed. */
  const ndjson = () => (table.size === 0 ? 'order,status\n' : [...table.values()].map((row) => `${JSON.stringify(row)}\n`).join(''));
  return { path, table, keys, running, compare, ndjson };
}

/** Makes an order one that a newer release decided, under a policy with a field that this release does not know. */
function decideByNewerPolicy(path: string, orderId: string): void {
  const db = new DatabaseSync(path);
  const { data } = db.prepare("SELECT data FROM events WHERE type = 'PolicyAdopted'").get() as { readonly data: string };
  const adopted = JSON.parse(data) as { readonly hash: string; readonly policy: object };
  const policy = { ...adopted.policy, newField: 'x' };
  const hash = createHash('sha256').update(JSON.stringify(policy)).digest('hex');
  db.prepare(
    `INSERT INTO events (stream, revision, id, type, data, metadata)
     SELECT stream, revision + 1, 'newer', type, ?, metadata FROM events WHERE type = 'PolicyAdopted'`,
  ).run(JSON.stringify({ hash, policy }));
  db.exec("UPDATE streams SET revision = revision + 1 WHERE name = 'policy'");
  db.prepare('UPDATE events SET metadata = replace(metadata, ?, ?) WHERE stream = (SELECT id FROM streams WHERE name = ?)').run(
    adopted.hash,
    hash,
    `order-${orderId}`,
  );
  db.close();
}

function logEnd(path: string): unknown {
  const db = new DatabaseSync(path, { readOnly: true });
  const end = db.prepare('SELECT count(*) AS events, max(position) AS position FROM events').get();
  db.close();
  return end;
}

const asked = ['--repair', '--actor', 'support-7', '--reason', 'the table was restored'];

describe('paidonce compare', () => {
  test('a shop that has what the log has: exit 0, as NDJSON and as CSV, with all columns and with two', async () => {
    const { compare, ndjson } = await shop();
    expect(await compare(ndjson())).toMatchObject({ code: 0, out: '3 orders and 3 memberships of the shop: 0 differ.\n' });
    expect((await compare('order,status\nkept,active\nundone,revoked\nfought,suspended\n')).code).toBe(0);
    expect((await compare('Order,Sequence,status\r\n"kept",1,active\r\nundone,2,revoked\r\nfought,,suspended\r\n')).code).toBe(0);
  });

  test('each kind of difference, in both directions: exit 3', async () => {
    const { compare } = await shop();
    const rows = [
      { order: 'undone', status: 'active', sequence: 1 },
      { order: 'fought', status: 'suspended', sequence: 5 },
      { order: 'kept', status: 'active', sequence: 1, member: 'member-of-another' },
      { order: 'stranger', status: 'active', sequence: 2 },
    ];
    const { code, out } = await compare(rows.map((row) => JSON.stringify(row)).join('\n'), '--json');
    const lines = out
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line) as { order?: string; kind?: string; repair?: string });
    expect(code).toBe(3);
    expect(lines.slice(0, -1).map(({ order, kind, repair }) => [order, kind, repair])).toEqual([
      ['kept', 'details', 'raise'],
      ['undone', 'access_ended', 'deliver'],
      ['fought', 'details', 'raise'],
      ['stranger', 'fulfilled_unpaid', 'none'],
    ]);
    expect(lines.at(-1)).toEqual({ orders: 3, subscriptions: 0, memberships: 4, differing: 4 });
    const text = (await compare('order,status\nundone,revoked\n')).out;
    expect(text).toMatch(
      /^kept: paid, but not fulfilled: the shop has nothing, the log active \(1\) of member-of-kept, yearly; can be delivered again$/m,
    );
  });

  test('against the own list of a shop in shadow, without sequences: each kind by its id, and nothing is written', async () => {
    const { compare, running, path } = await shop();
    await running(async (ledger) => {
      for (const orderId of ['unpaid', 'waits', 'missing']) {
        const of = { memberId: `member-of-${orderId}`, plan: 'yearly', amountMinor: 1_000, currency: 'usd' };
        await ledger.placeOrder({ orderId, ...of, account: 'acct_1', livemode: true });
      }
      await buy(ledger, 'missing');
    });
    const before = readFileSync(path);
    const rows = ['kept,active', 'undone,active', 'unpaid,active', 'nobody,active', 'gone,revoked', 'fought,revoked', 'nothing,none'];
    const { code, out } = await compare(`order,status\n${rows.join('\n')}\n`, '--json');
    const found = out
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line) as { readonly order?: string; readonly kind?: string });
    expect(code).toBe(3);
    expect(Object.fromEntries(found.slice(0, -1).map(({ order, kind }) => [order, kind]))).toEqual({
      undone: 'access_ended',
      unpaid: 'fulfilled_unpaid',
      missing: 'paid_not_fulfilled',
      nobody: 'fulfilled_unpaid',
      gone: 'unknown_order',
      fought: 'details',
    });
    expect(found.at(-1)).toEqual({ orders: 6, subscriptions: 0, memberships: 7, differing: 6 });
    expect((await compare('order,status\nunpaid,active\n')).out).toContain(
      'unpaid: fulfilled, but unpaid: the shop has active, the log none (0) of member-of-unpaid, yearly; no payment counts here',
    );
    const own = ['kept,active', 'undone,none', 'fought,none', 'unpaid,none', 'waits,none', 'missing,active'];
    expect(await compare(`order,status\n${own.join('\n')}\n`)).toMatchObject({ code: 0 });
    const ended = ['kept,active,1', 'undone,revoked,2', 'fought,suspended,2', 'unpaid,revoked,2', 'waits,suspended,4', 'missing,active,1'];
    expect(await compare(`order,status,sequence\n${ended.join('\n')}\n`)).toMatchObject({ code: 0 });
    expect(readFileSync(path).equals(before)).toBe(true);
  });

  test('--repair brings back a table that was lost, and one that was put back', async () => {
    const { compare, table, ndjson, running, path } = await shop();
    const before = new Map(table);
    for (const lose of [() => table.clear(), () => table.set('undone', { ...before.get('undone')!, status: 'active', sequence: 1 })]) {
      lose();
      expect(await compare(ndjson(), ...asked)).toMatchObject({ code: 3, out: expect.stringMatching(/Delivery was asked for [13]\./) });
      await running(async () => undefined);
      expect(table).toEqual(before);
      expect((await compare(ndjson())).code).toBe(0);
    }
    const reader = sqliteReader(path);
    expect(await verifyLog(reader)).toMatchObject({ found: 0 });
    await reader.close();
  });

  test('--repair of a shop that has the same sequence with another status, or a higher one: it is decided again above it', async () => {
    const { compare, table, ndjson, running, path } = await shop();
    table.set('undone', { ...table.get('undone')!, status: 'active' });
    table.set('kept', { ...table.get('kept')!, status: 'revoked', sequence: 4 });
    expect((await compare(ndjson(), ...asked)).out).toContain('Delivery was asked for 2.');
    await running(async () => undefined);
    expect([table.get('undone'), table.get('kept')]).toMatchObject([
      { status: 'revoked', sequence: 3 },
      { status: 'active', sequence: 5 },
    ]);
    expect((await compare(ndjson())).code).toBe(0);
    const reader = sqliteReader(path);
    expect(await verifyLog(reader)).toMatchObject({ found: 0 });
    await reader.close();
  });

  test('--repair again, before the shop has run, asks for nothing twice; and without a difference for nothing', async () => {
    const { compare, table, ndjson, running, keys } = await shop();
    expect((await compare(ndjson(), ...asked)).code).toBe(0);
    table.delete('kept');
    expect((await compare(ndjson(), ...asked)).out).toContain('Delivery was asked for 1.');
    expect((await compare(ndjson(), ...asked)).out).toMatch(/its delivery is under way[\s\S]*Delivery was asked for 0\./);
    const calls = keys.length;
    await running(async () => undefined);
    expect(keys.slice(calls)).toEqual(['kept:1']);
  });

  test('--repair of an order whose policy this release does not know is refused: nothing is asked for, not of other orders either', async () => {
    const { compare, path } = await shop();
    decideByNewerPolicy(path, 'fought');
    const before = logEnd(path);
    const found = await compare('order,status,sequence\nundone,revoked,2\nfought,active,4\n', ...asked, '--json');
    expect(found).toMatchObject({ code: 2, out: expect.stringMatching(/"order":"kept".*"order":"fought".*"error":"file_newer"/s) });
    expect(found.err).toContain('order fought was decided under a policy that this release does not know. Upgrade');
    expect(logEnd(path)).toEqual(before);
    const journal = await runPaidonce(['export', '--format', 'hledger', '--store', `sqlite:${path}`]);
    expect(journal).toMatchObject({ code: 2, err: expect.stringContaining('order fought was decided under a policy') });
  });

  test.each([
    ['', [], /heading .* has nothing/],
    ['order,status\nkept,paid\n', [], /Line 2 .*status/],
    ['order,status\nkept,active\nkept,active\n', [], /stands there twice/],
    ['order,state\nkept,active\n', [], /heading .* has state/],
    ['order,status,sequence\nkept,active,one\n', [], /Line 2 .*sequence/],
    ['{"order":"kept","status":"active","sequnce":1}\n', [], /Line 1 .*sequnce/],
    ['{"order":"kept"\n', [], /Line 1 .*no JSON/],
    ['order,status\n', ['--repair'], /--actor is missing/],
    ['order,status\n', [...asked, '--as-of', '2026-01-01'], /Leave --as-of out/],
  ])('%j %j is refused', async (rows, options, why) => {
    const { compare } = await shop();
    expect(await compare(rows, ...options)).toMatchObject({ code: 2, err: expect.stringMatching(why) });
  });
});

describe('paidonce compare of subscriptions', () => {
  /** A shop with a table of subscriptions, and one order. */
  async function club() {
    const directory = newDirectory();
    onTestFinished(() => rmSync(directory, { recursive: true, force: true }));
    const path = join(directory, 'ledger.db');
    const told = await openSqliteEventStore(path);
    await writeSubscriptionStories(told);
    await told.close();
    const table = new Map<string, Row>();
    const running = async (work: (ledger: PaymentLedger) => Promise<unknown> = async () => undefined): Promise<void> => {
      await using ledger = createPaymentLedger({
        eventStore: await openSqliteEventStore(path),
        background: false,
        deliver: () => undefined,
        subscriptions: {
          policy: policy1,
          deliver: ({ membershipId: order, status, sequence, memberId: member, plan }) => {
            if ((table.get(order)?.sequence ?? 0) < sequence) table.set(order, { order, status, sequence, member, plan });
            return { storedSequence: table.get(order)?.sequence ?? 0 };
          },
        },
      });
      await work(ledger);
      await ledger.settle();
    };
    await running((ledger) => buy(ledger, 'kept'));
    const compare = (rows: Iterable<Row>, ...options: readonly string[]) => {
      const file = join(directory, 'shop.csv');
      const lines = [...rows].map(({ order, status, sequence, member, plan }) => [order, status, sequence, member, plan].join(','));
      writeFileSync(file, `order,status,sequence,member,plan\n${lines.join('\n')}\n`);
      return runPaidonce(['compare', '--shop', file, '--store', `sqlite:${path}`, ...options]);
    };
    return { table, running, compare };
  }
  const kept = { order: 'kept', status: 'active', sequence: 1, member: 'member-of-kept', plan: 'yearly' };

  test('a shop that has what the log has: of both, and of subscriptions alone', async () => {
    const { table, running, compare } = await club();
    // Two were delivered before the table was made.
    expect((await compare(table.values(), '--only', 'subscription', ...asked)).out).toContain('Delivery was asked for 2.');
    await running();
    expect(table.size).toBe(12);
    expect(await compare([kept, ...table.values()])).toMatchObject({
      code: 0,
      out: '1 orders, 14 subscriptions and 13 memberships of the shop: 0 differ.\n',
    });
    expect(await compare(table.values(), '--only', 'subscription')).toMatchObject({
      code: 0,
      out: '14 subscriptions and 12 memberships of the shop: 0 differ.\n',
    });
    expect((await compare([kept], '--only', 'order')).code).toBe(0);
    expect(await compare([kept], '--only', 'orders')).toMatchObject({
      code: 2,
      err: expect.stringContaining('Give order or subscription'),
    });
  });

  test('--repair brings back a table that was lost, and decides above one that is ahead', async () => {
    const { table, running, compare } = await club();
    const before = new Map(table);
    expect(before.size).toBe(10);
    const renewed = before.get('renewed')!;
    table.clear();
    table.set('renewed', { ...renewed, status: 'active', sequence: renewed.sequence + 2 });
    const { code, out } = await compare(table.values(), '--only', 'subscription', ...asked);
    expect(code).toBe(3);
    expect(out).toMatch(/^renewed: fulfilled, but access has ended: .*can be decided again above it$/m);
    expect(out).toContain('Delivery was asked for 12.');
    await running();
    expect(table.get('renewed')).toEqual({ ...renewed, sequence: renewed.sequence + 3 });
    for (const [id, row] of before) if (id !== 'renewed') expect(table.get(id)).toEqual(row);
    expect((await compare(table.values(), '--only', 'subscription')).code).toBe(0);
  });
});
