// The shop's own table of orders, where a backup of it was put back: what is written into it again, and from where.
import { join } from 'node:path';
import { openBeside } from '../shop/beside.ts';
import type { Scene } from '../shop/scene.ts';
import { query, run } from './commands.ts';

interface ShopOrderRow {
  readonly orderId: string;
  readonly memberId: string;
  readonly plan: string;
  readonly placedAt: string;
}

/** What customers have of their orders. Key: the order. */
export type Receipts = ReadonlyMap<string, Pick<ShopOrderRow, 'memberId' | 'plan'>>;

export function receiptsOf(scene: Scene): Receipts {
  const rows = query(scene, 'SELECT order_id AS orderId, member_id AS memberId, plan FROM orders');
  return new Map(rows.map(({ orderId, memberId, plan }) => [String(orderId), { memberId: String(memberId), plan: String(plan) }]));
}

/** The orders that the log has placed, from `paidonce export`. */
export async function ordersOfLog(scene: Scene): Promise<readonly ShopOrderRow[]> {
  const { out } = await run(scene, 'paidonce', 'export');
  return out
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line) as ExportedLine)
    .flatMap(({ type, stream = '', data, metadata }) => {
      if (type !== 'OrderPlaced' || data === undefined) return [];
      const { memberId, plan } = data;
      return [{ orderId: stream.slice('order-'.length), memberId, plan, placedAt: metadata?.recordedAt ?? '' }];
    });
}

/** A line of the export. The last one has its size and root alone. */
interface ExportedLine {
  readonly type?: string;
  readonly stream?: string;
  readonly data?: Pick<ShopOrderRow, 'memberId' | 'plan'>;
  readonly metadata?: { readonly recordedAt: string };
}

/** Writes the orders that the table lacks. */
export function addShopOrders({ dataDir }: Scene, orders: readonly ShopOrderRow[]): void {
  using database = openBeside(join(dataDir, 'shop.db'));
  const insert = database.prepare(
    "INSERT INTO orders (order_id, member_id, plan, afterwards, placed_at) VALUES (?, ?, ?, 'leaves', ?) ON CONFLICT DO NOTHING",
  );
  for (const { orderId, memberId, plan, placedAt } of orders) insert.run(orderId, memberId, plan, placedAt);
}
