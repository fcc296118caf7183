// A made-up shop as it was before PaidOnce: orders in one table, and a webhook handler of its own. It has the two mistakes that
// many have: what Stripe sends twice is mailed twice, and a completed session is taken for a paid one.
import type { DatabaseSync } from 'node:sqlite';
import type Stripe from 'stripe';

export interface PurchaseOrder {
  readonly id: string;
  readonly userId: string;
  readonly plan: string;
  readonly amountMinor: number;
  readonly currency: string;
  readonly sessionId: string;
  readonly createdAt: string;
  readonly paidAt: string | null;
  /** True: the user is a member by it. */
  readonly fulfilled: boolean;
}

export interface OldShop {
  /** Remembers an order and its session. */
  order(order: Pick<PurchaseOrder, 'id' | 'userId' | 'sessionId'>): void;
  /** The handler of `checkout.session.completed`. */
  handle(event: Stripe.Event): void;
  orders(): readonly PurchaseOrder[];
  /** Support ends a membership by hand. */
  end(orderId: string): void;
  /** Welcome mails, by order. */
  mails(): Readonly<Record<string, number>>;
}

export const plan = { plan: 'year', amountMinor: 4_900, currency: 'eur' } as const;

export function openOldShop(database: DatabaseSync): OldShop {
  database.exec(`
    CREATE TABLE IF NOT EXISTS purchase_orders (
      id TEXT PRIMARY KEY, user_id TEXT NOT NULL, plan TEXT NOT NULL, amount_minor INTEGER NOT NULL, currency TEXT NOT NULL,
      session_id TEXT NOT NULL UNIQUE, created_at TEXT NOT NULL, paid_at TEXT, fulfilled INTEGER NOT NULL DEFAULT 0
    ) STRICT;
    CREATE TABLE IF NOT EXISTS old_mails (order_id TEXT NOT NULL) STRICT`);
  const insert = database.prepare(
    'INSERT INTO purchase_orders (id, user_id, plan, amount_minor, currency, session_id, created_at) VALUES (?, ?, ?, ?, ?, ?, ?)',
  );
  const fulfil = database.prepare('UPDATE purchase_orders SET fulfilled = 1, paid_at = ? WHERE session_id = ? RETURNING id');
  const mail = database.prepare('INSERT INTO old_mails (order_id) VALUES (?)');
  const all = database.prepare(`
    SELECT id, user_id AS userId, plan, amount_minor AS amountMinor, currency, session_id AS sessionId, created_at AS createdAt,
      paid_at AS paidAt, fulfilled FROM purchase_orders ORDER BY id`);
  const end = database.prepare('UPDATE purchase_orders SET fulfilled = 0 WHERE id = ?');
  const mailed = database.prepare('SELECT order_id AS id, count(*) AS mails FROM old_mails GROUP BY order_id ORDER BY order_id');
  return {
    order: ({ id, userId, sessionId }) => {
      insert.run(id, userId, plan.plan, plan.amountMinor, plan.currency, sessionId, new Date().toISOString());
    },
    handle: (event) => {
      if (event.type !== 'checkout.session.completed') return;
      const order = fulfil.get(new Date(event.created * 1_000).toISOString(), event.data.object.id);
      if (order) mail.run(String(order['id']));
    },
    orders: () => all.all().map((row) => ({ ...row, fulfilled: row['fulfilled'] === 1 })) as unknown as PurchaseOrder[],
    end: (orderId) => void end.run(orderId),
    mails: () => Object.fromEntries(mailed.all().map(({ id, mails }) => [String(id), Number(mails)])),
  };
}
