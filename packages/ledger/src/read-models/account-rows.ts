// What a payment adapter reads before it polls: which accounts have orders, how old the oldest order is that may still be
// paid, and which orders have something unsettled.

import type { AccountOrders, AccountUnsettledOrder } from '../adapter-ledger.ts';
import { parse } from '../input.ts';
import { idSchema, timeSchema } from '../observation.ts';
import type { OrderState } from '../order/order.ts';
import { hasPaidPayment, type OrderView, unsettledIn, viewOf } from '../order/view.ts';
import type { FoldedOrder } from './order-rows.ts';
import type { ReadModelFile } from './read-model-file.ts';

/** Which accounts to read, and for which times. Times are ISO 8601 UTC. */
export interface AccountQuery {
  /** The time for which `awaited` is computed. */
  readonly awaitedAt: string;
  /** `paidIn30Days` counts the orders that were paid after this time. */
  readonly paidAfter: string;
  /** Absent: all accounts. */
  readonly account?: string;
}

const paidWithinMs = 30 * 24 * 3_600_000;

/** @throws LedgerError `invalid_input`: `awaitedAt` is no time, or `account` no id. */
export function accountQuery(now: Date, awaitedAt: string = now.toISOString(), account?: string): AccountQuery {
  return {
    awaitedAt: parse(timeSchema, awaitedAt, 'awaitedAt'),
    paidAfter: new Date(now.getTime() - paidWithinMs).toISOString(),
    ...(account === undefined ? {} : { account: parse(idSchema, account, 'account') }),
  };
}

/** Whoever has more has more than any budget needs, and counting on would read the index for nothing. */
const mostCounted = 100_000;

export interface AccountRows {
  /** Updates the account's row. Call it in the transaction that saves the order. */
  note(order: FoldedOrder): void;
  /** Sorted by account. */
  accounts(query: AccountQuery): readonly AccountOrders[];
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
  const all = db.prepare(
    'select account, livemode, first_placed_at, ever_paid from accounts where ?1 is null or account = ?1 order by account, livemode',
  );
  const newestPaid = db.prepare('select max(paid_at) as newest from orders where account = ? and livemode = ? and paid_at is not null');
  const paidAfter = db.prepare(
    `select count(*) as paid from (
      select 1 from orders where account = ? and livemode = ? and paid_at is not null and paid_at > ? limit ${mostCounted}
    )`,
  );
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
    note: ({ state }) => {
      const { placed } = state;
      if (placed === undefined) return;
      upsert.run(placed.account, Number(placed.livemode), placed.placedAt, Number(hasPaidPayment(state)));
    },
    accounts: (query) =>
      all.all(query.account ?? null).map((row) => {
        const [account, livemode] = [String(row['account']), Number(row['livemode'])];
        const { oldest, newest } = awaited.get(account, livemode, query.awaitedAt) ?? {};
        const { newest: newestPaidAt } = newestPaid.get(account, livemode) ?? {};
        return {
          account,
          livemode: livemode === 1,
          firstPlacedAt: String(row['first_placed_at']),
          everPaid: row['ever_paid'] === 1,
          paidIn30Days: Number(paidAfter.get(account, livemode, query.paidAfter)?.['paid']),
          hasUnsettled: anyUnsettled.get(account, livemode) !== undefined,
          ...(typeof newestPaidAt === 'string' ? { newestPaidAt } : {}),
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
