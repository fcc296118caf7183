// Compares the shop's own table of memberships with the log, in both directions, as after a restore of either of them. A membership
// is that of an order or of a subscription.
import type { Position } from '../../event-store/event-store.ts';
import { type Deliverable, isPending } from '../../order/delivery-state.ts';
import type { MembershipStatus } from '../../order/order.ts';
import type { Aggregate, Typed } from '../../streams/aggregate.ts';
import { orderAggregate } from '../../streams/order-aggregate.ts';
import type { Revised } from '../../streams/state-cache.ts';
import { subscriptionAggregate } from '../../streams/subscription-aggregate.ts';
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

/** Whose memberships are compared. */
export type MembershipType = 'order' | 'subscription';

/** A membership that the shop and the log have differently. */
export interface ShopDifference {
  /** The membership's id: that of its order or subscription. */
  readonly order: string;
  /** What the log has under that id. Absent: nothing is placed there. */
  readonly type?: MembershipType;
  readonly kind: DifferenceKind;
  /** Absent: the shop has no such membership. */
  readonly shop?: Omit<ShopMembership, 'order'>;
  /** Absent: nothing is placed under that id in this log. */
  readonly ledger?: LedgerMembership;
  readonly repair: Repair;
}

export interface CompareOptions {
  /** Default: both. Of the other type nothing is read. */
  readonly only?: MembershipType;
  readonly asOf?: Position;
  /** Called with the number of events read so far. */
  readonly onEvents?: (events: number) => void;
}

/** How much was compared. */
export interface Compared {
  /** Placed orders in the log that were compared. */
  readonly orders: number;
  /** Placed subscriptions, likewise. */
  readonly subscriptions: number;
  /** Memberships of the shop. */
  readonly memberships: number;
  readonly differing: number;
}

/**
 * Compares each order and subscription of the log with the shop's table, and each row of the table with the log.
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
  const placed: Record<MembershipType, number> = { order: 0, subscription: 0 };
  let differing = 0;
  await withSqliteLog(log, options, async ({ log: file, upTo, copied }) => {
    let events = copied;
    for (const range of file.streamRanges(1_000)) {
      for (const stream of file.streams(range, upTo)) {
        events += stream.rows.length;
        const membership = membershipIn(stream, options.only);
        if (membership === undefined) continue;
        placed[membership.type] += 1;
        unseen.delete(membership.id);
        const difference = differenceOf(membership, shop.get(membership.id));
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
  return { orders: placed.order, subscriptions: placed.subscription, memberships: shop.size, differing };
}

/** A membership of the log. */
interface Placed {
  readonly id: string;
  readonly type: MembershipType;
  readonly ledger: LedgerMembership;
  readonly isPending: boolean;
}

/** Undefined: it is the stream of something else, or nothing is placed there. */
function membershipIn(stream: ScannedStream, only: MembershipType | undefined): Placed | undefined {
  const isOf = (aggregate: { stream(id: string): string }): boolean => stream.name?.startsWith(aggregate.stream('')) === true;
  if (isOf(orderAggregate) && only !== 'subscription') return placedIn(foldOf(orderAggregate, stream), 'order');
  if (isOf(subscriptionAggregate) && only !== 'order') return placedIn(foldOf(subscriptionAggregate, stream), 'subscription');
  return undefined;
}

interface Folded extends Pick<Deliverable, 'sequence' | 'delivery'> {
  readonly membership: MembershipStatus;
  readonly placed?: { readonly memberId: string; readonly plan: string } | undefined;
  readonly decided?: { readonly plan: string } | undefined;
}

function placedIn({ id, state }: { readonly id: string; readonly state: Folded }, type: MembershipType): Placed | undefined {
  const { placed, decided, membership: status, sequence } = state;
  if (placed === undefined) return undefined;
  const ledger = { status, sequence, member: placed.memberId, plan: decided?.plan ?? placed.plan };
  return { id, type, ledger, isPending: isPending(state) };
}

function foldOf<State extends Revised, Event extends Typed>(
  aggregate: Aggregate<State, Event>,
  { name, rows }: ScannedStream,
): { readonly id: string; readonly state: State } {
  const id = (name ?? '').slice(aggregate.stream('').length);
  let state = aggregate.initial(id);
  for (const row of rows) {
    const stored = storedEvent(row);
    state = aggregate.evolve(state, aggregate.read(stored), stored.metadata['instance'] ?? '');
  }
  return { id, state };
}

/**
 * Returns undefined where both have the same. A membership that was never granted is the same as no membership, and as one that has
 * ended: the log that was put back takes in a payment and its refund at once, and grants nothing.
 */
function differenceOf(placed: Placed, shop: ShopMembership | undefined): ShopDifference | undefined {
  const { id: order, type, ledger } = placed;
  const { status, sequence, member, plan } = ledger;
  if (sequence === 0 && shop?.status !== 'active') return undefined;
  const kind = kindOf(shop?.status ?? 'none', status);
  if (shop === undefined) return { order, type, kind, ledger, repair: repairOf(placed, undefined) };
  const isSame =
    (shop.status === status || (givesNone(shop) && status !== 'active')) &&
    (shop.sequence ?? sequence) === sequence &&
    (shop.member ?? member) === member &&
    (shop.plan ?? plan) === plan;
  if (isSame) return undefined;
  const { order: _, ...has } = shop;
  return { order, type, kind, shop: has, ledger, repair: repairOf(placed, shop.sequence) };
}

function repairOf({ ledger: { sequence }, isPending: isUnderWay }: Placed, stored: number | undefined): Repair {
  if (sequence === 0) return 'none';
  if (stored !== undefined && stored >= sequence) return 'raise';
  return isUnderWay ? 'under_way' : 'deliver';
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
