// Finds what an id means: which orders and subscriptions it belongs to. It may be any id that the log holds: of an order, a
// subscription, an invoice, a payment, a session, a refund, a dispute, an event of the provider, a member, a review, or one pasted
// with the address of the provider's dashboard.
import { defined } from '../defined.ts';
import type { Position } from '../event-store/event-store.ts';
import { orderAggregate } from '../streams/order-aggregate.ts';
import { type Owner, referenceAggregate, subscriptionIn, subscriptionOwner } from '../streams/reference-streams.ts';
import { subscriptionAggregate } from '../streams/subscription-aggregate.ts';
import type { LogReader } from './log/log-reader.ts';
import type { LogRow } from './log/log-row.ts';

/** What the log knows of an id. */
export interface ResolvedId {
  /** The id, without what stood around it. */
  readonly id: string;
  /** The orders that it belongs to, the newest last; at most 50. Empty: none. */
  readonly orderIds: readonly string[];
  /** The subscriptions, likewise. */
  readonly subscriptionIds: readonly string[];
  /** True if a payment of this id is held: nobody is known to own it. */
  readonly isHeld: boolean;
  /** True if there are more than are listed. */
  readonly more: boolean;
}

/** How to look. */
export interface ResolveOptions {
  /** Looks at the log up to this position. Default: up to its end. */
  readonly asOf?: Position;
  /** Called with the number of events read so far, where the log must be searched. */
  readonly onEvents?: (events: number) => void;
}

const most = 50;
/** An id of Stripe within a text, such as the address of its dashboard. */
const withinText = /(?:^|[^A-Za-z0-9_])((?:pi|cs|ch|py|re|pyr|du|dp|evt|plink|in|sub|cn)_\w+)/;

/**
 * Returns the orders and subscriptions of an id. Ids of these, of payments, sessions and invoices are looked up in their own streams,
 * and so are found as soon as they are recorded; for any other id the whole log is searched.
 * @throws LedgerError what the store throws.
 */
export async function resolveId(log: LogReader, text: string, { asOf, onEvents }: ResolveOptions = {}): Promise<ResolvedId> {
  const asked = text.trim();
  const id = /[/?#\s]/.test(asked) ? (withinText.exec(asked)?.[1] ?? asked) : asked;
  const rows = async (stream: string): Promise<readonly LogRow[]> =>
    (await log.stream(stream)).filter(({ position }) => asOf === undefined || position <= asOf);
  const found = new Owners();
  if ((await rows(orderAggregate.stream(id))).length > 0) found.orders.add(id);
  if ((await rows(subscriptionAggregate.stream(id))).length > 0) found.subscriptions.add(id);
  if (found.any) return { id, ...found.listed() };
  const reference = await rows(referenceAggregate.stream(id));
  const owner = reference.map(ownerIn).findLast((each) => each !== undefined);
  if (owner !== undefined) found.add(owner);
  if (reference.length > 0) return { id, ...found.listed(), isHeld: owner === undefined };
  return search(log, id, defined({ asOf, onEvents }));
}

/** What was found so far. */
class Owners {
  readonly orders: Set<string> = new Set();
  readonly subscriptions: Set<string> = new Set();

  get any(): boolean {
    return this.orders.size + this.subscriptions.size > 0;
  }

  add(owner: Owner): void {
    const subscriptionId = subscriptionIn(owner);
    if (subscriptionId === undefined) this.orders.add(owner);
    else this.subscriptions.add(subscriptionId);
  }

  listed(): Omit<ResolvedId, 'id'> {
    const [orders, subscriptions] = [[...this.orders], [...this.subscriptions]];
    return {
      orderIds: orders.slice(-most),
      subscriptionIds: subscriptions.slice(-most),
      isHeld: false,
      more: orders.length > most || subscriptions.length > most,
    };
  }
}

async function search(log: LogReader, id: string, { asOf, onEvents }: ResolveOptions): Promise<ResolvedId> {
  const found = new Owners();
  let [events, isHeld] = [0, false];
  for await (const rows of log.rows(defined({ upTo: asOf }))) {
    for (const row of rows) {
      const { stream, data } = row;
      if (!(data.includes(id) || stream.endsWith(`/${id}`) || row.id === id)) continue;
      if (stream.startsWith(orderAggregate.stream(''))) {
        if (row.id === id || holds(data, id)) found.orders.add(stream.slice(orderAggregate.stream('').length));
      } else if (stream.startsWith(subscriptionAggregate.stream(''))) {
        if (row.id === id || holds(data, id)) found.subscriptions.add(stream.slice(subscriptionAggregate.stream('').length));
      } else if (stream.startsWith(referenceAggregate.stream('')) && (stream.endsWith(`/${id}`) || holds(data, id))) {
        const owner = ownerIn(row);
        if (owner !== undefined) found.add(owner);
        isHeld ||= row.type === 'PaymentHeld';
      }
    }
    events += rows.length;
    onEvents?.(events);
  }
  return { id, ...found.listed(), isHeld: isHeld && !found.any };
}

/** The owner that the link names. Undefined: it is none; `verify` says what is wrong with one that cannot be read. */
function ownerIn({ type, data }: LogRow): Owner | undefined {
  if (type !== 'ReferenceLinked' && type !== 'SubscriptionLinked') return undefined;
  try {
    const { orderId, subscriptionId } = JSON.parse(data) as { readonly orderId?: unknown; readonly subscriptionId?: unknown };
    if (typeof subscriptionId === 'string') return subscriptionOwner(subscriptionId);
    return typeof orderId === 'string' ? orderId : undefined;
  } catch {
    return undefined;
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
