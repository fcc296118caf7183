// Orders that gave a member a plan that another order of his gave at about the same time: most likely he paid twice. Both
// must still give access; a renewal a month later is none.
import type { DuplicateOrder } from '../member-access.ts';
import type { FoldedOrder } from './order-rows.ts';
import type { ReadModelFile } from './read-model-file.ts';

export interface DuplicateRows {
  /** Pairs each order with those granted before it, in the log's order. Call it in the transaction that saved them. */
  note(granted: readonly FoldedOrder[]): void;
  /** Sorted by the id of the later order, at most `limit`, after that id. */
  duplicates(after: string, limit: number): readonly DuplicateOrder[];
  /** The order as such a later one. Undefined: it is none, or one of the two gives no access any more. */
  duplicate(orderId: string): DuplicateOrder | undefined;
  /** An order of the member that gives the plan and was paid at about that time. Undefined: there is none. */
  standing(memberId: string, plan: string, paidAt: string): string | undefined;
}

const columns = 'pairs.order_id, min(pairs.other_id) as other_id, later.member_id, later.plan, later.granted_paid_at';
const stands = "status in ('active', 'suspended')";
const bothStand = `duplicates pairs
  join orders later on later.order_id = pairs.order_id and later.${stands}
  join orders other on other.order_id = pairs.other_id and other.${stands}`;

/** @param withinHours how far apart the two payments may be; 0: there are no duplicates. */
export function openDuplicateRows({ db }: ReadModelFile, withinHours: number): DuplicateRows {
  const near = db.prepare(
    'select order_id from orders where member_id = ? and plan = ? and granted_paid_at between ? and ? and order_id <> ? order by order_id',
  );
  const nearAndStanding = db.prepare(
    `select order_id from orders where member_id = ? and plan = ? and granted_paid_at between ? and ? and ${stands} order by order_id limit 1`,
  );
  const add = db.prepare('insert or ignore into duplicates values (?, ?)');
  const all = db.prepare(
    `select ${columns} from ${bothStand} where pairs.order_id > ? group by pairs.order_id order by pairs.order_id limit ?`,
  );
  const one = db.prepare(`select ${columns} from ${bothStand} where pairs.order_id = ? group by pairs.order_id`);
  const around = (time: string): readonly [string, string] => {
    const at = Date.parse(time);
    const withinMs = withinHours * 3_600_000;
    return [new Date(at - withinMs).toISOString(), new Date(at + withinMs).toISOString()];
  };

  return {
    note: (granted) => {
      if (withinHours === 0) return;
      const later = new Set(granted.map(({ state }) => state.orderId));
      for (const { state, paidAt } of granted) {
        later.delete(state.orderId);
        if (state.placed === undefined || paidAt === null) continue;
        const { orderId, memberId, plan } = state.placed;
        for (const { order_id: other } of near.all(memberId, plan, ...around(paidAt), orderId))
          if (!later.has(String(other))) add.run(orderId, String(other));
      }
    },
    duplicates: (after, limit) => all.all(after, limit).map(duplicateIn),
    duplicate: (orderId) => {
      const row = one.get(orderId);
      return row && duplicateIn(row);
    },
    standing: (memberId, plan, paidAt) => {
      if (withinHours === 0) return undefined;
      return nearAndStanding.get(memberId, plan, ...around(paidAt))?.['order_id'] as string | undefined;
    },
  };
}

function duplicateIn(row: Readonly<Record<string, unknown>>): DuplicateOrder {
  const [orderId, duplicateOf, memberId, plan, paidAt] = ['order_id', 'other_id', 'member_id', 'plan', 'granted_paid_at'].map((name) =>
    String(row[name]),
  ) as [string, string, string, string, string];
  return { orderId, duplicateOf, memberId, plan, paidAt };
}
