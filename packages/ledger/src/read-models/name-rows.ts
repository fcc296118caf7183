// Every id under which an order can be found: its own, its member's, and each id of the provider that facts and evidence name.
// Rows are added and never removed: where a payment was moved, both orders are found by it.
import type { SQLInputValue } from 'node:sqlite';
import { type PaymentReference, paymentKey } from '../observation.ts';
import type { OrderState } from '../order/order.ts';
import type { FoldedEvent } from './order-progress.ts';
import type { ReadModelFile } from './read-model-file.ts';

/** The kinds of names, as their numbers in the table. */
export const nameKinds = ['order', 'member', 'object'] as const;
export type NameKind = (typeof nameKinds)[number];

/** The names of one order. The case of letters makes no other name: of two that differ in it, the first stays. Key: in lower case, behind its kind. */
export type OrderNames = Map<string, { readonly id: string; readonly kind: NameKind }>;

/** Adds the names that one event says, unless the state before it has them. @param names by order id; is changed. */
export function namesSaid(names: Map<string, OrderNames>, { read, before, after: { orderId } }: FoldedEvent): void {
  const say = (kind: NameKind, id: string): void => {
    let own = names.get(orderId);
    if (own === undefined) {
      own = new Map();
      names.set(orderId, own);
    }
    const key = `${kind} ${id.toLowerCase()}`;
    if (!own.has(key)) own.set(key, { id, kind });
  };
  if (before.revision === -1) say('order', orderId);
  if (read.type === 'OrderPlaced') say('member', read.data.memberId);
  if (read.type === 'CheckoutAttached') say('object', read.data.payment.id);
  if (read.type !== 'PaymentObserved') return;
  const { payment, aliases = [], fact, evidence } = read.data;
  for (const id of [payment.id, ...aliases]) if (!isKnown(before, payment, id)) say('object', id);
  if (fact.kind !== 'attempt' && !isKnownObject(before, payment, fact)) say('object', fact.id);
  if (!('id' in fact && fact.id === evidence.objectId) && !isKnown(before, payment, evidence.objectId)) say('object', evidence.objectId);
  if (evidence.eventId !== undefined) say('object', evidence.eventId);
}

/** True if the payment, or a checkout of the order, has the name. Only saves work: a name may be said again. */
function isKnown({ payments, checkouts }: OrderState, payment: PaymentReference, id: string): boolean {
  const facts = payments[paymentKey(payment)];
  if (facts && (payment.id === id || facts.aliases.includes(id))) return true;
  return checkouts.some((checkout) => checkout.payment.id === id);
}

function isKnownObject(
  { payments }: OrderState,
  payment: PaymentReference,
  { kind, id }: { readonly kind: 'refund' | 'dispute'; readonly id: string },
): boolean {
  const facts = payments[paymentKey(payment)];
  return facts?.[kind === 'refund' ? 'refunds' : 'disputes'].some((object) => object.id === id) === true;
}

/** An order that was found by a name. */
export interface NameRow {
  readonly id: string;
  readonly kind: NameKind;
  readonly orderId: string;
}

export interface NameRows {
  /** Call it in the transaction that saves the orders. */
  add(names: ReadonlyMap<string, OrderNames>): void;
  /** The rows of exactly this name, in any case of letters. At most `limit`. */
  named(id: string, kind: NameKind | undefined, limit: number): readonly NameRow[];
  /** The rows whose name begins so, sorted by name. At most `limit`. */
  beginningWith(prefix: string, kind: NameKind | undefined, limit: number): readonly NameRow[];
}

export function openNameRows({ db }: ReadModelFile): NameRows {
  const insert = db.prepare('insert or ignore into names values (?, ?, ?)');
  const select = (where: string) =>
    db.prepare(`select id, kind, order_id from names where ${where} and (?3 is null or kind = ?3) order by id, kind, order_id limit ?4`);
  const named = select('id = ?1 and ?2 = ?2');
  const beginning = select('id >= ?1 and id < ?2');
  const rows = (query: typeof named, from: string, to: string, kind: NameKind | undefined, limit: number): NameRow[] => {
    const values: SQLInputValue[] = [from, to, kind === undefined ? null : nameKinds.indexOf(kind), limit];
    return query.all(...values).map((row) => ({
      id: String(row['id']),
      kind: nameKinds[Number(row['kind'])] ?? 'object',
      orderId: String(row['order_id']),
    }));
  };
  return {
    add: (names) => {
      for (const [orderId, own] of names) for (const { id, kind } of own.values()) insert.run(id, nameKinds.indexOf(kind), orderId);
    },
    named: (id, kind, limit) => rows(named, id, id, kind, limit),
    // No id has a character behind `z`, and U+007F comes after all of them.
    beginningWith: (prefix, kind, limit) => rows(beginning, prefix, `${prefix}\u007f`, kind, limit),
  };
}
