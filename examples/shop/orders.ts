// The shop's own list of orders: what the customers chose. It does not store whether an order is paid: only the ledger knows
// that.
import type { DatabaseSync } from 'node:sqlite';

export interface ShopOrder {
  readonly orderId: string;
  readonly memberId: string;
  readonly plan: string;
  /** What should happen to the webhook. Only the sandbox reads it. */
  readonly fate: string | null;
  /** Whether the customer comes back after paying, or closes the browser. */
  readonly afterwards: 'returns' | 'leaves';
  readonly placedAt: string;
  /** When the customer's browser first came to the success page. It proves nothing. */
  readonly returnedAt: string | null;
}

export interface ShopOrders {
  add(order: ShopOrder): void;
  find(orderId: string): ShopOrder | undefined;
  /** Returns the orders, newest first. */
  list(limit: number): readonly ShopOrder[];
  /** Notes that the customer came back. Only the first time is kept. */
  noteReturn(orderId: string, at: string): void;
}

export function openShopOrders(database: DatabaseSync): ShopOrders {
  database.exec(`
    CREATE TABLE IF NOT EXISTS orders (
      order_id    TEXT PRIMARY KEY,
      member_id   TEXT NOT NULL,
      plan        TEXT NOT NULL,
      fate        TEXT,
      afterwards  TEXT NOT NULL,
      placed_at   TEXT NOT NULL,
      returned_at TEXT
    ) STRICT`);
  const columns = 'order_id AS orderId, member_id AS memberId, plan, fate, afterwards, placed_at AS placedAt, returned_at AS returnedAt';
  const insert = database.prepare('INSERT INTO orders (order_id, member_id, plan, fate, afterwards, placed_at) VALUES (?, ?, ?, ?, ?, ?)');
  const select = database.prepare(`SELECT ${columns} FROM orders WHERE order_id = ?`);
  const newest = database.prepare(`SELECT ${columns} FROM orders ORDER BY placed_at DESC, order_id LIMIT ?`);
  const returned = database.prepare('UPDATE orders SET returned_at = ? WHERE order_id = ? AND returned_at IS NULL');

  return {
    add: ({ orderId, memberId, plan, fate, afterwards, placedAt }) => {
      insert.run(orderId, memberId, plan, fate, afterwards, placedAt);
    },
    find: (orderId) => select.get(orderId) as unknown as ShopOrder | undefined,
    list: (limit) => newest.all(limit) as unknown as ShopOrder[],
    noteReturn: (orderId, at) => {
      returned.run(at, orderId);
    },
  };
}
