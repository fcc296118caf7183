// Compares the shop's own table of memberships with the log, in both directions, as after a restore of either of them.
import type { Position } from '../../event-store/event-store.ts';
import { isPending } from '../../order/delivery-state.ts';
import type { MembershipStatus, OrderState } from '../../order/order.ts';
import { orderAggregate } from '../../streams/order-aggregate.ts';
import type { LogReader } from '../log/log-reader.ts';
import { storedEvent } from '../log/log-row.ts';
import { withSqliteLog } from '../log/sqlite-copy.ts';
import type { ScannedStream } from '../log/sqlite-log.ts';
import type { ShopMembership } from './shop-memberships.ts';

/** A membership as the log has it. */
export interface LedgerMembership {
  readonly status: MembershipStatus;
  /** The sequence of its newest decision; 0: none. */
  readonly sequence: number;
  readonly member: string;
  readonly plan: string;
}

/**
 * What brings the shop what it should have. `deliver`: the newest decision is delivered again. `raise`: the shop has that
 * sequence or a higher one, so the membership of now is decided above it. `under_way`: a process is delivering it. `none`: the
 * log has no decision, so nothing can be delivered: take in the payment from the provider, or end the membership in the shop, as
 * where the payment was refunded before this log took it in.
 */
export type Repair = 'deliver' | 'raise' | 'under_way' | 'none';

/**
 * How they differ, as the customer feels it. `paid_not_fulfilled`: the log gives access and the shop does not.
 * `fulfilled_unpaid`: the shop gives access, and this log has no payment that ever counted for it: it is access for nothing, or
 * the payment was not taken in. `access_ended`: the shop gives access, and it was suspended or revoked here. `unknown_order`: the
 * shop gives none, and the order is not placed here. `details`: both agree on access, and not on the rest.
 */
export type DifferenceKind = 'paid_not_fulfilled' | 'fulfilled_unpaid' | 'access_ended' | 'unknown_order' | 'details';

/** An order that the shop and the log have differently. */
export interface ShopDifference {
  readonly order: string;
  readonly kind: DifferenceKind;
  /** Absent: the shop has no such membership. */
  readonly shop?: Omit<ShopMembership, 'order'>;
  /** Absent: the order is not placed in this log. */
  readonly ledger?: LedgerMembership;
  readonly repair: Repair;
}

export interface CompareOptions {
  readonly asOf?: Position;
  /** Called with the number of events read so far. */
  readonly onEvents?: (events: number) => void;
}

/** How much was compared. */
export interface Compared {
  /** Placed orders in the log. */
  readonly orders: number;
  /** Memberships of the shop. */
  readonly memberships: number;
  readonly differing: number;
}

/**
 * Compares each order of the log with the shop's table, and each row of the table with the log.
 * @param take called with each difference, and awaited.
 * @throws LedgerError `corrupt`, `file_newer`: an event of an order cannot be read. Also what the store throws.
 */
export async function compareShop(
  log: LogReader,
  shop: ReadonlyMap<string, ShopMembership>,
  options: CompareOptions,
  take: (difference: ShopDifference) => void | Promise<void>,
): Promise<Compared> {
  const unseen = new Set(shop.keys());
  let [orders, differing] = [0, 0];
  await withSqliteLog(log, options, async ({ log: file, upTo, copied }) => {
    let events = copied;
    for (const range of file.streamRanges(1_000)) {
      for (const stream of file.streams(range, upTo)) {
        events += stream.rows.length;
        if (!stream.name?.startsWith(orderAggregate.stream(''))) continue;
        const order = foldOf(stream);
        if (order.placed === undefined) continue;
        orders += 1;
        unseen.delete(order.orderId);
        const difference = differenceOf(order, shop.get(order.orderId));
        if (difference === undefined) continue;
        differing += 1;
        await take(difference);
      }
      options.onEvents?.(events);
    }
  });
  for (const order of unseen) {
    const { order: _, ...has } = shop.get(order) as ShopMembership;
    if (givesNone(has)) continue; // Nobody paid for it, and the shop gives nothing.
    differing += 1;
    await take({ order, kind: kindOf(has.status, undefined), shop: has, repair: 'none' });
  }
  return { orders, memberships: shop.size, differing };
}

function foldOf({ name, rows }: ScannedStream): OrderState {
  let order = orderAggregate.initial((name ?? '').slice(orderAggregate.stream('').length));
  for (const row of rows) {
    const stored = storedEvent(row);
    order = orderAggregate.evolve(order, orderAggregate.read(stored), stored.metadata['instance'] ?? '');
  }
  return order;
}

/**
 * Returns undefined where both have the same. An order that was never granted is the same as no membership, and as one that has
 * ended: the log that was put back takes in a payment and its refund at once, and grants nothing.
 */
function differenceOf(order: OrderState, shop: ShopMembership | undefined): ShopDifference | undefined {
  const { orderId, placed, membership: status, sequence } = order;
  if (placed === undefined || (sequence === 0 && shop?.status !== 'active')) return undefined;
  const ledger = { status, sequence, member: placed.memberId, plan: placed.plan };
  const kind = kindOf(shop?.status ?? 'none', status);
  if (shop === undefined) return { order: orderId, kind, ledger, repair: repairOf(order, undefined) };
  const isSame =
    (shop.status === status || (givesNone(shop) && status !== 'active')) &&
    (shop.sequence ?? sequence) === sequence &&
    (shop.member ?? placed.memberId) === placed.memberId &&
    (shop.plan ?? placed.plan) === placed.plan;
  if (isSame) return undefined;
  const { order: _, ...has } = shop;
  return { order: orderId, kind, shop: has, ledger, repair: repairOf(order, shop.sequence) };
}

function repairOf(order: OrderState, stored: number | undefined): Repair {
  if (order.sequence === 0) return 'none';
  if (stored !== undefined && stored >= order.sequence) return 'raise';
  return isPending(order) ? 'under_way' : 'deliver';
}

/** @param log undefined: the order is not placed there. */
function kindOf(shop: MembershipStatus, log: MembershipStatus | undefined): DifferenceKind {
  if ((shop === 'active') === (log === 'active')) return log === undefined ? 'unknown_order' : 'details';
  if (log === 'active') return 'paid_not_fulfilled';
  return log === undefined || log === 'none' ? 'fulfilled_unpaid' : 'access_ended';
}

/** Without a sequence, `none` says only that the shop gives no access: its own list may know no more. */
function givesNone({ status, sequence }: Omit<ShopMembership, 'order'>): boolean {
  return status === 'none' && sequence === undefined;
}
