// Finds what an id means: which orders it belongs to. It may be any id that the log holds: of an order, a payment, a session, a
// refund, a dispute, an event of the provider, a member, a review, or one pasted with the address of the provider's dashboard.
import { defined } from '../defined.ts';
import type { Position } from '../event-store/event-store.ts';
import { orderAggregate } from '../streams/order-aggregate.ts';
import { referenceAggregate } from '../streams/reference-streams.ts';
import type { LogReader } from './log/log-reader.ts';
import type { LogRow } from './log/log-row.ts';

/** What the log knows of an id. */
export interface ResolvedId {
  /** The id, without what stood around it. */
  readonly id: string;
  /** The orders that it belongs to, the newest last; at most 50. Empty: none. */
  readonly orderIds: readonly string[];
  /** True if a payment of this id is held: no order is known for it. */
  readonly isHeld: boolean;
  /** True if there are more orders than are listed. */
  readonly more: boolean;
}

/** How to look. */
export interface ResolveOptions {
  /** Looks at the log up to this position. Default: up to its end. */
  readonly asOf?: Position;
  /** Called with the number of events read so far, where the log must be searched. */
  readonly onEvents?: (events: number) => void;
}

const mostOrders = 50;
/** An id of Stripe within a text, such as the address of its dashboard. */
const withinText = /(?:^|[^A-Za-z0-9_])((?:pi|cs|ch|py|re|pyr|du|dp|evt|plink)_\w+)/;

/**
 * Returns the orders of an id. Ids of orders, payments and sessions are looked up in their own streams, and so are found as soon as
 * they are recorded; for any other id the whole log is searched.
 * @throws LedgerError what the store throws.
 */
export async function resolveId(log: LogReader, text: string, { asOf, onEvents }: ResolveOptions = {}): Promise<ResolvedId> {
  const asked = text.trim();
  const id = /[/?#\s]/.test(asked) ? (withinText.exec(asked)?.[1] ?? asked) : asked;
  const until = (rows: readonly LogRow[]): readonly LogRow[] => rows.filter(({ position }) => asOf === undefined || position <= asOf);
  const found = (orderIds: readonly string[], isHeld = false): ResolvedId => ({ id, orderIds, isHeld, more: false });
  if (until(await log.stream(orderAggregate.stream(id))).length > 0) return found([id]);
  const reference = until(await log.stream(referenceAggregate.stream(id)));
  const owner = reference.map(ownerIn).findLast((orderId) => orderId !== undefined);
  if (reference.length > 0) return found(owner === undefined ? [] : [owner], owner === undefined);
  return search(log, id, defined({ asOf, onEvents }));
}

async function search(log: LogReader, id: string, { asOf, onEvents }: ResolveOptions): Promise<ResolvedId> {
  const orderIds = new Set<string>();
  let [events, isHeld] = [0, false];
  for await (const rows of log.rows(defined({ upTo: asOf }))) {
    for (const row of rows) {
      const { stream, data } = row;
      if (!(data.includes(id) || stream.endsWith(`/${id}`) || row.id === id)) continue;
      if (stream.startsWith(orderAggregate.stream(''))) {
        if (row.id === id || holds(data, id)) orderIds.add(stream.slice(orderAggregate.stream('').length));
      } else if (stream.startsWith(referenceAggregate.stream('')) && (stream.endsWith(`/${id}`) || holds(data, id))) {
        const owner = ownerIn(row);
        if (owner !== undefined) orderIds.add(owner);
        isHeld ||= row.type === 'PaymentHeld';
      }
    }
    events += rows.length;
    onEvents?.(events);
  }
  const all = [...orderIds];
  return { id, orderIds: all.slice(-mostOrders), isHeld: isHeld && all.length === 0, more: all.length > mostOrders };
}

function ownerIn({ type, data }: LogRow): string | undefined {
  if (type !== 'ReferenceLinked') return undefined;
  try {
    const { orderId } = JSON.parse(data) as { readonly orderId?: unknown };
    return typeof orderId === 'string' ? orderId : undefined;
  } catch {
    return undefined; // `verify` says what is wrong with it.
  }
}

/** True if a text of the JSON is the id, to the letter: an id that only begins so is another one. */
function holds(json: string, id: string): boolean {
  let isThere = false;
  try {
    JSON.parse(json, (_, value: unknown) => {
      isThere ||= value === id;
      return value;
    });
  } catch {
    return false;
  }
  return isThere;
}
