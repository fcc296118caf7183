import { DatabaseSync } from 'node:sqlite';
import { test as property } from '@fast-check/vitest';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { openMemoryEventStore } from '../event-store/memory.ts';
import { createPaymentLedger } from '../ledger.ts';
import type { MembershipChange } from '../payment-ledger.ts';
import { runs } from '../testing/runs.ts';
import {
  type Delivered,
  type OnceChange,
  type OnceOptions,
  once,
  onceSync,
  onceTable,
  type RunSql,
  type RunSqlSync,
  sqlOf,
} from './index.ts';

const grant: OnceChange = { membershipId: 'o-1', sequence: 1 };
const revocation: OnceChange = { membershipId: 'o-1', sequence: 2 };

/** A shop whose handler writes one row for each decision that it was called with. */
function openShop(ddl: string = onceTable.sqlite) {
  const database = new DatabaseSync(':memory:');
  database.exec(`${ddl}; create table effects (membership_id text, sequence integer)`);
  const sql = sqlOf.nodeSqlite(database);
  const write = ({ membershipId, sequence }: OnceChange): void => {
    database.prepare('insert into effects values (?, ?)').run(membershipId, sequence);
  };
  const inTransaction = async <Answer>(work: () => Promise<Answer>): Promise<Answer> => {
    database.exec('begin immediate');
    try {
      const answer = await work();
      database.exec('commit');
      return answer;
    } catch (error) {
      if (database.isTransaction) database.exec('rollback');
      throw error;
    }
  };
  return {
    database,
    sql,
    write,
    inTransaction,
    deliver: (change: OnceChange, options?: OnceOptions) => inTransaction(() => once(sql, change, async () => write(change), options)),
    effects: () =>
      database
        .prepare('select membership_id || \':\' || sequence as "of" from effects')
        .all()
        .map((row) => row['of']),
    rows: (table = 'paidonce_delivered') =>
      database
        .prepare(`select * from ${table} order by key`)
        .all()
        .map((row) => ({ ...row })),
  };
}

test('a connection of mysql2 without a transaction is refused at its first answer, before the handler runs', async () => {
  const asked: string[] = [];
  const query = async (text: string): Promise<[unknown, unknown]> => {
    asked.push(text);
    return [{ affectedRows: 1, serverStatus: 2 }, undefined];
  };
  const handler = () => Promise.reject(new Error('it ran'));
  await expect(once(sqlOf.mysql2({ query }), grant, handler)).rejects.toThrow('there is no transaction');
  expect(asked).toHaveLength(1);
});

describe('a decision takes effect once', () => {
  test('the first time its handler runs, and later no more', async () => {
    const shop = openShop();
    expect(await shop.deliver(grant)).toEqual({ isNew: true, storedSequence: 1 });
    expect(await shop.deliver(grant)).toEqual({ isNew: false, storedSequence: 1 });
    expect(shop.effects()).toEqual(['o-1:1']);
  });

  test('a newer one takes effect, and an older one that comes late does not (law 9)', async () => {
    const shop = openShop();
    expect(await shop.deliver(revocation)).toEqual({ isNew: true, storedSequence: 2 });
    expect(await shop.deliver(grant)).toEqual({ isNew: false, storedSequence: 2 });
    expect(await shop.deliver({ ...grant, sequence: 9 })).toEqual({ isNew: true, storedSequence: 9 });
    expect(shop.effects()).toEqual(['o-1:2', 'o-1:9']);
  });

  test('an order and a subscription of one id never meet', async () => {
    const shop = openShop();
    await shop.deliver(revocation);
    expect(await shop.deliver({ ...grant, type: 'subscription' })).toEqual({ isNew: true, storedSequence: 1 });
    expect(await shop.deliver(grant)).toEqual({ isNew: false, storedSequence: 2 });
    expect(shop.rows()).toEqual([
      { key: 'o-1', sequence: 2 },
      { key: 'subscription/o-1', sequence: 1 },
    ]);
  });

  test('the longest ids and sequences fit', async () => {
    const shop = openShop();
    const change = { membershipId: 'A'.repeat(128), sequence: 2 ** 52, type: 'subscription' } as const;
    expect(await shop.deliver(change)).toEqual({ isNew: true, storedSequence: 2 ** 52 });
    expect(await shop.deliver(change)).toEqual({ isNew: false, storedSequence: 2 ** 52 });
  });

  test('a handler that throws is called again, and nothing of the first call is left', async () => {
    const shop = openShop();
    const failing = shop.inTransaction(() =>
      once(shop.sql, grant, async () => {
        shop.write(grant);
        throw new Error('no such plan');
      }),
    );
    await expect(failing).rejects.toThrow('no such plan');
    expect([shop.effects(), shop.rows()]).toEqual([[], []]);
    expect(await shop.deliver(grant)).toEqual({ isNew: true, storedSequence: 1 });
    expect(shop.effects()).toEqual(['o-1:1']);
  });

  const anyCall = fc.record({
    id: fc.constantFrom('a', 'b'),
    type: fc.constantFrom(undefined, 'subscription' as const),
    sequence: fc.integer({ min: 1, max: 4 }),
    how: fc.constantFrom('once', 'onceSync', 'fails'),
  });
  property.prop([fc.array(anyCall, { maxLength: 20 })], runs(300))(
    'whatever is delivered, each newest decision counts once',
    async (calls) => {
      const shop = openShop();
      const newest = new Map<string, number>();
      const expected: string[] = [];
      for (const { id, type, sequence, how } of calls) {
        const change: OnceChange = { membershipId: id, sequence, ...(type === undefined ? {} : { type }) };
        const key = `${type ?? ''}/${id}`;
        const stored = newest.get(key) ?? 0;
        if (how === 'fails') {
          const failed = shop.inTransaction(() => once(shop.sql, change, () => Promise.reject(new Error('fails'))));
          if (sequence > stored) await expect(failed).rejects.toThrow('fails');
          else expect(await failed).toEqual({ isNew: false, storedSequence: stored });
          continue;
        }
        const sync = async () => onceSync(shop.sql, change, () => void shop.write(change));
        const answer = await (how === 'once' ? shop.deliver(change) : shop.inTransaction(sync));
        expect(answer).toEqual({ isNew: sequence > stored, storedSequence: Math.max(sequence, stored) });
        if (sequence > stored) expected.push(`${id}:${sequence}`);
        newest.set(key, Math.max(sequence, stored));
      }
      expect(shop.effects()).toEqual(expected);
    },
  );
});

describe('once the signal has aborted, the call rejects before COMMIT', () => {
  test('before it began: nothing is asked', async () => {
    const shop = openShop();
    const reason = new Error('a newer decision came');
    await expect(shop.deliver(grant, { signal: AbortSignal.abort(reason) })).rejects.toBe(reason);
    expect([shop.effects(), shop.rows()]).toEqual([[], []]);
  });

  test('while it waited for the row: the handler does not run', async () => {
    const shop = openShop();
    const abort = new AbortController();
    const slow: RunSql = async (text, values) => {
      abort.abort();
      return shop.sql(text, values);
    };
    const options = { signal: abort.signal, dialect: 'sqlite' } as const;
    await expect(shop.inTransaction(() => once(slow, grant, async () => shop.write(grant), options))).rejects.toThrow(/abort/);
    expect([shop.effects(), shop.rows()]).toEqual([[], []]);
  });

  test('while the handler ran: it is awaited, and undone', async () => {
    const shop = openShop();
    const abort = new AbortController();
    const order: string[] = [];
    const delivery = shop.inTransaction(() =>
      once(
        shop.sql,
        grant,
        async () => {
          shop.write(grant);
          abort.abort();
          await new Promise((resolve) => setImmediate(resolve));
          order.push('handler ended');
        },
        { signal: abort.signal },
      ),
    );
    await expect(delivery.finally(() => order.push('rolled back'))).rejects.toThrow(/abort/);
    expect(order).toEqual(['handler ended', 'rolled back']);
    expect([shop.effects(), shop.rows()]).toEqual([[], []]);
  });

  test('a decision that is not new rejects too', async () => {
    const shop = openShop();
    await shop.deliver(grant);
    await expect(shop.deliver(grant, { signal: AbortSignal.abort() })).rejects.toThrow(/abort/);
  });

  test('onceSync likewise', () => {
    const shop = openShop();
    const abort = new AbortController();
    shop.database.exec('begin immediate');
    const handler = (): undefined => abort.abort() as undefined;
    expect(() => onceSync(shop.sql, grant, handler, { signal: abort.signal })).toThrow(/abort/);
    expect(() => onceSync(shop.sql, revocation, handler, { signal: abort.signal })).toThrow(/abort/);
    shop.database.exec('rollback');
    expect(shop.rows()).toEqual([]);
  });
});

describe('a wrong call is refused, and loses nothing', () => {
  test('outside of a transaction nothing is written', async () => {
    const shop = openShop();
    await expect(once(shop.sql, grant, async () => shop.write(grant))).rejects.toMatchObject({ code: 'invalid_input' });
    expect(() => onceSync(shop.sql, grant, () => void shop.write(grant))).toThrow(/BEGIN IMMEDIATE/);
    expect([shop.effects(), shop.rows()]).toEqual([[], []]);
  });

  test('a handler that hides that its transaction was undone', async () => {
    const shop = openShop();
    const undone = shop.inTransaction(() => once(shop.sql, grant, async () => shop.database.exec('rollback; begin immediate')));
    await expect(undone).rejects.toMatchObject({
      code: 'invalid_input',
      message: expect.stringContaining('has sequence 0 for o-1, not 1'),
    });
    await shop.deliver(grant);
    const backToOne = shop.inTransaction(() => once(shop.sql, revocation, async () => shop.database.exec('rollback; begin immediate')));
    await expect(backToOne).rejects.toThrow('has sequence 1 for o-1, not 2');
    expect(await shop.deliver(revocation)).toEqual({ isNew: true, storedSequence: 2 });
  });

  test.each(['postgres', 'sqlite', 'mysql'] as const)('a runner without rows (%s): no decision passes for an old one', async (dialect) => {
    const ran: string[] = [];
    const rowless: RunSql = async (text) => {
      ran.push(text);
      return [];
    };
    const delivery = once(rowless, grant, async () => ran.push('handler'), { dialect });
    await expect(delivery).rejects.toThrow(/RunSql must answer the rows of each statement/);
    expect(ran).not.toContain('handler');
  });

  test('a table whose key ignores case: two orders are not one', async () => {
    const shop = openShop('create table paidonce_delivered (key text collate nocase primary key, sequence integer not null)');
    await shop.deliver(revocation);
    await expect(shop.deliver({ ...grant, membershipId: 'O-1' })).rejects.toThrow(/takes O-1 for o-1: .*onceTable/);
  });

  test.each<[string, object, RegExp]>([
    ['an empty id', { membershipId: '' }, /membershipId is ""/],
    ['an id with a quote', { membershipId: "o'1" }, /membershipId/],
    ['an id with a slash', { membershipId: 'subscription/o-1' }, /membershipId/],
    ['an id that is too long', { membershipId: 'o'.repeat(129) }, /membershipId/],
    ['no id', { membershipId: undefined }, /membershipId/],
    ['sequence 0', { sequence: 0 }, /sequence is 0/],
    ['half a sequence', { sequence: 1.5 }, /sequence/],
    ['a sequence as text', { sequence: '1' }, /sequence/],
    ['another type', { type: 'order' }, /type is "order"/],
  ])('%s', async (_, wrong, message) => {
    const shop = openShop();
    await expect(shop.deliver({ ...grant, ...wrong })).rejects.toMatchObject({
      code: 'invalid_input',
      message: expect.stringMatching(message),
    });
    expect(shop.rows()).toEqual([]);
  });

  test.each<[string, object, RegExp]>([
    ['a table with a quote', { table: 'a"b' }, /Name the table/],
    ['a table of three parts', { table: 'a.b.c' }, /Name the table/],
    ['another dialect', { dialect: 'mssql' }, /'postgres', 'sqlite' or 'mysql'/],
    ['another option', { tabel: 'x' }, /no option tabel/],
  ])('%s', async (_, options, message) => {
    await expect(openShop().deliver(grant, options)).rejects.toMatchObject({
      code: 'invalid_input',
      message: expect.stringMatching(message),
    });
  });

  test('a promise where none may be', () => {
    const shop = openShop();
    shop.database.exec('begin immediate');
    const late = (async () => undefined) as unknown as () => undefined;
    expect(() => onceSync(shop.sql, grant, late)).toThrow(/Use once/);
    const lateSql = (async () => []) as unknown as RunSqlSync;
    expect(() => onceSync(lateSql, grant, () => undefined)).toThrow(/Use once/);
  });
});

test('the table may have another name', async () => {
  const shop = openShop(onceTable.sqlite.replace('paidonce_delivered', 'delivered'));
  for (const table of ['delivered', 'main.delivered']) await shop.deliver(grant, { table });
  expect(shop.rows('delivered')).toEqual([{ key: 'o-1', sequence: 1 }]);
  expect(shop.effects()).toEqual(['o-1:1']);
});

test('calls that are made at once on one connection stay apart with onceSync', async () => {
  const shop = openShop();
  const deliver = async (change: OnceChange): Promise<Delivered> => {
    shop.database.exec('begin immediate');
    const delivered = onceSync(shop.sql, change, () => void shop.write(change));
    shop.database.exec('commit');
    return delivered;
  };
  const changes = ['a', 'b', 'a', 'b'].map((membershipId) => ({ membershipId, sequence: 1 }));
  expect((await Promise.all(changes.map(deliver))).map(({ isNew }) => isNew)).toEqual([true, true, false, false]);
  expect(shop.effects()).toEqual(['a:1', 'b:1']);
});

describe('as the deliver of a ledger', () => {
  const payment = { provider: 'manual', account: 'acct_1', livemode: false, id: 'manual:1' } as const;
  const by = { actor: 'support', reason: 'test' };

  async function openLedger(shop: ReturnType<typeof openShop>) {
    const ledger = createPaymentLedger({
      eventStore: openMemoryEventStore(),
      deliver: (change: MembershipChange, signal) => shop.deliver(change, { signal }),
    });
    const order = {
      orderId: 'o-1',
      memberId: 'ada',
      plan: 'year',
      amountMinor: 9_000,
      currency: 'usd',
      account: 'acct_1',
      livemode: false,
    };
    await ledger.placeOrder(order);
    const fact = { kind: 'attempt', status: 'paid', amount: { totalMinor: 9_000, currency: 'usd' } } as const;
    const said = { asOf: '2026-11-24T13:00:00.000Z', evidence: { objectId: 'transfer-1' } };
    await ledger.observePayment({ source: 'manual', by, payment, orderId: 'o-1', fact, ...said });
    return ledger;
  }

  test('a grant is delivered, and takes effect once', async () => {
    const shop = openShop();
    await using ledger = await openLedger(shop);
    await expect.poll(async () => (await ledger.order('o-1'))?.delivered).toBe(1);
    expect(shop.effects()).toEqual(['o-1:1']);
  });

  test('a log that is older than the shop decides above what the shop has', async () => {
    const shop = openShop();
    for (const sequence of [1, 2, 3]) await shop.deliver({ ...grant, sequence });
    await using ledger = await openLedger(shop);
    await expect.poll(() => shop.effects()).toEqual(['o-1:1', 'o-1:2', 'o-1:3', 'o-1:4']);
    await expect.poll(async () => (await ledger.order('o-1'))?.membership).toBe('active');
  });
});
