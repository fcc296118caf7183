// Opens the file of the live read models read-only. A ledger may be writing it; we read one snapshot of it.
import { existsSync } from 'node:fs';
import { LedgerError } from '../../errors.ts';
import type { Position } from '../../event-store/event-store.ts';
import { asLedgerError } from '../../event-store/sqlite/failure.ts';
import { refuseForeignObjects } from '../../event-store/sqlite/foreign-objects.ts';
import { DatabaseSync } from '../../event-store/sqlite/node-sqlite.ts';
import { type OrderColumns, orderColumns } from '../../read-models/order-rows.ts';
import { readModelCursor } from '../../read-models/read-model-file.ts';
import { layout, schema } from '../../read-models/read-model-layout.ts';
import type { SweepRow } from '../../read-models/sweep-rows.ts';
import { type LiveTables, openLiveTables } from './live-tables.ts';
import { type LiveSubscriptions, openLiveSubscriptions } from './replay-subscriptions.ts';

export interface LiveOrder {
  /** The row. Key: the name of the column. */
  readonly columns: Readonly<Record<string, unknown>>;
  /** The open reviews, as JSON. Key: the review's id. */
  readonly reviews: ReadonlyMap<string, string>;
}

/** One provider account and mode in which orders were placed. */
export interface LiveAccount {
  readonly account: string;
  readonly livemode: boolean;
  readonly firstPlacedAt: string;
  readonly everPaid: boolean;
}

export interface LiveReadModels {
  /** The position up to which the read models have applied the log. Undefined: they have applied nothing. */
  readonly cursor: Position | undefined;
  /** True if the row of the order has exactly these columns, and the order has this number of reviews. */
  isSame(columns: OrderColumns, reviews: number): boolean;
  order(orderId: string): LiveOrder | undefined;
  orderIds(): Iterable<string>;
  accounts(): readonly LiveAccount[];
  sweep(tier: string): SweepRow | undefined;
  tiers(): readonly string[];
  /** Returns the ids of orders that have reviews, but no row of their own. */
  strayReviews(): readonly string[];
  readonly tables: LiveTables;
  readonly subscriptions: LiveSubscriptions;
  close(): void;
}

/** Opens the file. @throws LedgerError `invalid_input`: there is no such file, or its layout differs. `store_unavailable`. */
export function openLiveReadModels(path: string): LiveReadModels {
  if (!existsSync(path)) throw new LedgerError('invalid_input', `${path} does not exist. Which file holds the read models?`);
  let db: DatabaseSync | undefined;
  try {
    db = new DatabaseSync(path, { readOnly: true, timeout: 10_000 });
    // The transaction is a snapshot: rows and cursor are of one moment, however long the comparison takes.
    db.exec('BEGIN');
    const tables = db.prepare("SELECT count(*) AS n FROM sqlite_schema WHERE name IN ('cursors', 'orders', 'reviews')").get()?.['n'];
    if (tables !== 3) throw new LedgerError('invalid_input', `${path} holds no read models. Which file does?`);
    const found = Number(db.prepare('PRAGMA user_version').get()?.['user_version']);
    if (found !== layout) {
      throw new LedgerError(
        'invalid_input',
        `${path} has layout ${found}, this release compares layout ${layout}. A ledger that opens it rebuilds it`,
      );
    }
    refuseForeignObjects(db, path, [schema]);
    return readFrom(db);
  } catch (error) {
    if (db?.isOpen) db.close();
    throw asLedgerError(error, path);
  }
}

function readFrom(db: DatabaseSync): LiveReadModels {
  // SQLite compares the row: reading every row into JavaScript costs as much as folding its order.
  const same = db.prepare(
    `SELECT 1 FROM orders WHERE ${orderColumns.map((column) => `${column} IS ?`).join(' AND ')} AND (SELECT count(*) FROM reviews WHERE order_id = ?) = ?`,
  );
  const order = db.prepare('SELECT * FROM orders WHERE order_id = ?');
  const reviews = db.prepare('SELECT review_id, review FROM reviews WHERE order_id = ?');
  const sweep = db.prepare('SELECT state, event_id FROM sweeps WHERE tier = ?');
  const cursor = db.prepare('SELECT position FROM cursors WHERE name = ?').get(readModelCursor)?.['position'] as Position | undefined;
  return {
    cursor,
    isSame: (columns, count) => same.get(...columns, columns[0], count) !== undefined,
    order: (orderId) => {
      const columns = order.get(orderId);
      if (columns === undefined) return undefined;
      return { columns, reviews: new Map(reviews.all(orderId).map((row) => [String(row['review_id']), String(row['review'])])) };
    },
    *orderIds() {
      for (const row of db.prepare('SELECT order_id FROM orders').iterate()) yield String(row['order_id']);
    },
    accounts: () =>
      db
        .prepare('SELECT account, livemode, first_placed_at, ever_paid FROM accounts')
        .all()
        .map((row) => ({
          account: String(row['account']),
          livemode: row['livemode'] === 1,
          firstPlacedAt: String(row['first_placed_at']),
          everPaid: row['ever_paid'] === 1,
        })),
    sweep: (tier) => {
      const row = sweep.get(tier);
      return row && { state: String(row['state']), eventId: String(row['event_id']) };
    },
    tiers: () =>
      db
        .prepare('SELECT tier FROM sweeps')
        .all()
        .map((row) => String(row['tier'])),
    strayReviews: () =>
      db
        .prepare('SELECT DISTINCT order_id FROM reviews WHERE order_id NOT IN (SELECT order_id FROM orders)')
        .all()
        .map((row) => String(row['order_id'])),
    tables: openLiveTables(db),
    subscriptions: openLiveSubscriptions(db),
    close: () => db.close(),
  };
}
