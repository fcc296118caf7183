// Every id under which an order can be found, beside its member's: its own, and each id of the provider that facts and evidence
// name. Rows are added and never removed: where a payment was moved, both orders are found by it.
import type { SQLInputValue } from 'node:sqlite';
import { type PaymentReference, paymentKey } from '../observation.ts';
import type { OrderState } from '../order/order.ts';
import type { FoldedEvent } from './order-progress.ts';
import type { ReadModelFile } from './read-model-file.ts';

/** The kinds of names, as their numbers in the table. */
export const nameKinds = ['order', 'object'] as const;
export type NameKind = (typeof nameKinds)[number];

/** The names of objects that events of one order said, and whether they are the first of the order: then its own name is said too. */
export interface OrderNames {
  isNew: boolean;
  readonly objects: Set<string>;
}

/** Adds the names that one event says, unless the state before it has them. @param names by order id; is changed. */
export function namesSaid(names: Map<string, OrderNames>, { read, before, after: { orderId } }: FoldedEvent): void {
  let own = names.get(orderId);
  if (own === undefined) {
    own = { isNew: false, objects: new Set() };
    names.set(orderId, own);
  }
  const { objects } = own;
  if (before.revision === -1) own.isNew = true;
  if (read.type === 'CheckoutAttached') objects.add(read.data.payment.id);
  if (read.type !== 'PaymentObserved') return;
  const { payment, aliases = [], fact, evidence } = read.data;
  if (!isKnown(before, payment, payment.id)) objects.add(payment.id);
  for (const id of aliases) if (!isKnown(before, payment, id)) objects.add(id);
  if (fact.kind !== 'attempt' && !isKnownObject(before, payment, fact)) objects.add(fact.id);
  if (!('id' in fact && fact.id === evidence.objectId) && !isKnown(before, payment, evidence.objectId)) objects.add(evidence.objectId);
  if (evidence.eventId !== undefined) objects.add(evidence.eventId);
}

/** The rows of these names. Two names that differ in the case of their letters are one row: the first stays. */
export function nameColumns(orderId: string, { isNew, objects }: OrderNames): readonly NameColumns[] {
  const rows: NameColumns[] = isNew ? [[orderId, 0, orderId]] : [];
  for (const id of objects) rows.push([id, 1, orderId]);
  return rows;
}
type NameColumns = readonly [id: string, kind: number, orderId: string];

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

/** A name in any case of letters, or the beginning of one. */
export interface NameQuery {
  readonly text: string;
  readonly isPrefix: boolean;
}

export interface NameRows {
  /** Call it in the transaction that saves the orders. */
  add(names: ReadonlyMap<string, OrderNames>): void;
  /** Placed orders, the newest first, at most `limit`: of the first `lookedAt` names. */
  named(query: NameQuery, kind: NameKind | undefined, limit: number, lookedAt: number): readonly NameRow[];
  /** Members with this name, each once, of the first `limit` orders by the name of the member. */
  members(query: NameQuery, limit: number): readonly string[];
}

/** Both ends of the names that a query finds. U+007F comes after every character of an id, and U+0001 before all of them. */
export function namesBetween({ text, isPrefix }: NameQuery): readonly [from: string, to: string] {
  return [text, `${text}${isPrefix ? '\u007f' : '\u0001'}`];
}

export function openNameRows({ db }: ReadModelFile): NameRows {
  const insert = db.prepare('insert or ignore into names values (?, ?, ?)');
  const named = db.prepare(`
    select found.id, found.kind, found.order_id from (
      select id, kind, order_id from names where id >= ?1 and id < ?2 and (?3 is null or kind = ?3) order by id, kind, order_id limit ?5
    ) found join orders on orders.order_id = found.order_id
    where placed_at is not null order by placed_at desc, found.id, found.kind, found.order_id limit ?4`);
  const members = db.prepare(`
    select distinct member_id from (
      select member_id from orders where member_id is not null and member_id >= ?1 collate nocase and member_id < ?2 collate nocase
      order by member_id collate nocase limit ?3
    )`);
  return {
    add: (names) => {
      for (const [orderId, own] of names) for (const [id, kind] of nameColumns(orderId, own)) insert.run(id, kind, orderId);
    },
    named: (query, kind, limit, lookedAt) => {
      const values: SQLInputValue[] = [...namesBetween(query), kind === undefined ? null : nameKinds.indexOf(kind), limit, lookedAt];
      return named.all(...values).map((row) => ({
        id: String(row['id']),
        kind: nameKinds[Number(row['kind'])] ?? 'object',
        orderId: String(row['order_id']),
      }));
    },
    members: (query, limit) => members.all(...namesBetween(query), limit).map((row) => String(row['member_id'])),
  };
}
