// Makes a log of any length for the audits: the real ledger writes a few orders in memory, and copies of them, with other ids
// and interleaved, are written to a SQLite log. `verify` finds nothing in it, as in a real log.
import { DatabaseSync, type StatementSync } from 'node:sqlite';
import { createPaymentLedger, type Fact, type Observation, type PaymentLedger, type PaymentReference, type Source } from '@paidonce/ledger';
import { createMemoryLog, openMemoryEventStore } from '@paidonce/ledger/memory';
import { openSqliteEventStore } from '@paidonce/ledger/sqlite';

export interface StoryRow {
  readonly stream: string;
  readonly revision: number;
  readonly type: string;
  readonly data: string;
  readonly metadata: string;
}

/** How many orders are written at the same time. */
const interleaved = 64;
const stories = 6;
/** Makes an id. All ids have the same length, so that one can replace another. */
const nameOf = (story: number, number: number): string => `S${story}_${String(number).padStart(7, '0')}`;

/** The id of an order of the log, from 0. */
export function orderIdOf(order: number): string {
  return nameOf(order % stories, order + 1);
}

/** Appends at least `events` events to a new log. Returns how many it has, and of how many orders. */
export async function growLog(path: string, events: number): Promise<{ readonly events: number; readonly orders: number }> {
  const rows = await writeStories();
  await (await openSqliteEventStore(path)).close();
  const db = new DatabaseSync(path);
  db.exec('PRAGMA synchronous = OFF; BEGIN');
  const writer = new LogWriter(db);
  for (const row of rows.filter(({ stream }) => stream === 'policy')) writer.write(row);
  const byStory = Array.from({ length: stories }, (_, story) => rows.filter(({ stream }) => stream.includes(nameOf(story, 0))));
  let orders = 0;
  while (writer.events < events) {
    const underWay = Array.from({ length: interleaved }, () => {
      const order = orders++;
      return copyOf(byStory[order % stories] ?? [], nameOf(order % stories, 0), orderIdOf(order));
    });
    for (let step = 0; underWay.some(({ length }) => step < length); step++) {
      for (const rows of underWay) {
        const row = rows[step];
        if (row) writer.write(row);
      }
    }
    writer.forget();
  }
  db.exec('COMMIT; PRAGMA wal_checkpoint(TRUNCATE)');
  db.close();
  return { events: writer.events, orders };
}

/** The same rows of another order. */
export function copyOf(rows: readonly StoryRow[], from: string, to: string): readonly StoryRow[] {
  return rows.map((row) => ({ ...row, stream: row.stream.replaceAll(from, to), data: row.data.replaceAll(from, to) }));
}

export class LogWriter {
  events = 0;
  readonly #addStream: StatementSync;
  readonly #moveStream: StatementSync;
  readonly #addEvent: StatementSync;
  readonly #ids = new Map<string, number | bigint>();

  constructor(db: DatabaseSync) {
    this.#addStream = db.prepare('INSERT INTO streams (name, revision) VALUES (?, 0)');
    this.#moveStream = db.prepare('UPDATE streams SET revision = ? WHERE id = ?');
    this.#addEvent = db.prepare('INSERT INTO events (stream, revision, id, type, data, metadata) VALUES (?, ?, ?, ?, ?, ?)');
  }

  write({ stream, revision, type, data, metadata }: StoryRow): void {
    const id = this.#ids.get(stream) ?? this.#addStream.run(stream).lastInsertRowid;
    this.#ids.set(stream, id);
    if (revision > 0) this.#moveStream.run(revision, id);
    this.events += 1;
    this.#addEvent.run(id, revision, `00000000-0000-4000-8000-${String(this.events).padStart(12, '0')}`, type, data, metadata);
  }

  /** Forgets the streams: nothing more is appended to them. */
  forget(): void {
    this.#ids.clear();
  }
}

export const account = 'acct_bench';
export const payment = (id: string): PaymentReference => ({ provider: 'stripe', account, livemode: true, id });
const parts = { subtotalMinor: 4_900, discountMinor: 0, taxMinor: 0, shippingMinor: 0 };
export const paid: Fact = { kind: 'attempt', status: 'paid', amount: { totalMinor: 4_900, currency: 'usd', parts } };

async function writeStories(): Promise<readonly StoryRow[]> {
  const log = createMemoryLog();
  await using ledger = createPaymentLedger({
    eventStore: openMemoryEventStore({ log }),
    deliver: async () => undefined,
    background: false,
  });
  for (let story = 0; story < stories; story++) await writeStory(ledger, nameOf(story, 0), story);
  return log.rows;
}

/** Writes one order. Of six orders, four are paid and confirmed twice, one is refunded, and one expires. */
async function writeStory(ledger: PaymentLedger, orderId: string, story: number): Promise<void> {
  const observe = (source: Source, fact: Fact): Promise<unknown> => {
    const evidence = {
      objectId: `cs_${orderId}`,
      ...(source === 'webhook' ? { eventId: `evt_${orderId}` } : {}),
      apiVersion: '2026-10-28.endive',
    };
    const statement = { payment: payment(`pi_${orderId}`), aliases: [`cs_${orderId}`], fact, asOf: '2026-01-01T00:00:00.000Z', evidence };
    return ledger.observePayment({ ...statement, source } as Observation);
  };
  await ledger.placeOrder({ orderId, memberId: `m-${orderId}`, plan: 'pro', amountMinor: 4_900, currency: 'usd', account, livemode: true });
  await ledger.attachCheckout(orderId, payment(`cs_${orderId}`));
  if (story === 5) {
    await observe('poll', { kind: 'attempt', status: 'expired' });
    return;
  }
  await observe('webhook', paid);
  await ledger.settle();
  await observe('poll', paid);
  await observe('status_query', paid);
  if (story !== 4) return;
  await observe('webhook', { kind: 'refund', id: `re_${orderId}`, status: 'succeeded', amountMinor: 4_900 });
  await ledger.settle();
  await observe('poll', { kind: 'refund', id: `re_${orderId}`, status: 'succeeded', amountMinor: 4_900 });
}
