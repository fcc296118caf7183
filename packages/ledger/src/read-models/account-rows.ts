// What a payment adapter reads before it polls: which accounts have orders, how old the oldest order is that may still be
// paid, and which orders have something unsettled.

import type { AccountOrders, AccountUnsettledOrder } from '../adapter-ledger.ts';
import type { OrderState } from '../order/order.ts';
import { type OrderView, unsettledIn, viewOf } from '../order/view.ts';
import type { FoldedOrder } from './order-rows.ts';
import type { ReadModelFile } from './read-model-file.ts';

export interface AccountRows {
  /** Updates the account's row. Call it in the transaction that saves the order. */
  note(order: FoldedOrder): void;
  /** @param awaitedAt ISO 8601 UTC: the time for which `awaited` is computed. */
  accounts(awaitedAt: string): readonly AccountOrders[];
  /** Withdrawn orders with a checkout on which a payment is still possible at `now`, likewise paged. */
  withdrawn(now: string, after: string, limit: number): readonly OrderView[];
  /** Orders after that id, sorted by id, at most `limit`. */
  unsettled(after: string, limit: number): readonly AccountUnsettledOrder[];
}

export function openAccountRows({ db }: ReadModelFile): AccountRows {
  const upsert = db.prepare(`
    insert into accounts values (?, ?, ?, ?) on conflict do update set
      first_placed_at = min(first_placed_at, excluded.first_placed_at),
      ever_paid = max(ever_paid, excluded.ever_paid)`);
  const all = db.prepare('select account, livemode, first_placed_at, ever_paid from accounts order by account, livemode');
  const awaited = db.prepare(
    'select min(placed_at) as oldest, max(placed_at) as newest from orders where account = ? and livemode = ? and listed_until is not null and listed_until > ?',
  );
  const anyUnsettled = db.prepare('select 1 from orders where account = ? and livemode = ? and unsettled = 1 limit 1');
  // Placed orders only: a row that is dropped after the query would make a full page look like the last one.
  const unsettledAfter = db.prepare(
    'select state from orders where unsettled = 1 and account is not null and order_id > ? order by order_id limit ?',
  );

  const withdrawn = db.prepare(
    'select state from orders where withdrawn_until is not null and withdrawn_until > ? and order_id > ? order by order_id limit ?',
  );

  return {
    note: ({ state: { placed, payments } }) => {
      if (placed === undefined) return;
      const isPaid = Object.values(payments).some(({ attempt }) => attempt?.status === 'paid');
      upsert.run(placed.account, Number(placed.livemode), placed.placedAt, Number(isPaid));
    },
    accounts: (awaitedAt) =>
      all.all().map((row) => {
        const [account, livemode] = [String(row['account']), Number(row['livemode'])];
        const { oldest, newest } = awaited.get(account, livemode, awaitedAt) ?? {};
        return {
          account,
          livemode: livemode === 1,
          firstPlacedAt: String(row['first_placed_at']),
          everPaid: row['ever_paid'] === 1,
          hasUnsettled: anyUnsettled.get(account, livemode) !== undefined,
          ...(typeof oldest === 'string' && typeof newest === 'string'
            ? { awaited: { oldestPlacedAt: oldest, newestPlacedAt: newest } }
            : {}),
        };
      }),
    withdrawn: (now, after, limit) =>
      withdrawn.all(now, after, limit).flatMap((row) => viewOf(JSON.parse(String(row['state'])) as OrderState) ?? []),
    unsettled: (after, limit) =>
      unsettledAfter.all(after, limit).flatMap((row) => {
        const state = JSON.parse(String(row['state'])) as OrderState;
        const { account, livemode } = state.placed ?? {};
        const unsettled = unsettledIn(state);
        return unsettled && account !== undefined && livemode !== undefined ? [{ ...unsettled, account, livemode }] : [];
      }),
  };
}
