// The search of a console. What is named exactly is read from its own stream, so that what came a second ago is found while the
// read models lag; then come other letters of the same name, and names that begin with the text.
import type { Hit, HitKind, OrderSummary } from '../console-reads.ts';
import type { StoredEvent } from '../event-store/event-store.ts';
import { isId } from '../observation.ts';
import type { NameKind, NameRow } from '../read-models/name-rows.ts';
import type { ConsoleModels } from '../read-models/order-read-models.ts';
import { emptyOrder, foldInto, OrderNotes } from '../read-models/order-rows.ts';
import { summaryOf } from '../read-models/order-summary.ts';

/** What is read from the streams themselves. */
export interface StrongReads {
  /** The events of an order's stream. */
  history(orderId: string): Promise<readonly StoredEvent[]>;
  /** The order that has a payment of this id. Undefined: none has. */
  ownerOf(id: string): Promise<string | undefined>;
}

/** A beginning is looked for from so many characters on. */
const leastCharacters = 3;
/** Of more names that begin so, the first ones count, by name: to sort all of them by time would read all of them. */
const mostLookedAt = 500;

/** The order or payment with exactly this id, as its stream tells it now. */
export async function findExactly(strong: StrongReads, id: string, kind: HitKind | undefined, now: string): Promise<readonly Hit[]> {
  if (!isId(id)) return [];
  const hits: Hit[] = [];
  if (kind === undefined || kind === 'order') {
    const order = await readOrder(strong, id, now);
    if (order) hits.push({ kind: 'order', order });
  }
  if (kind === undefined || kind === 'object') {
    const owner = await strong.ownerOf(id);
    const order = owner === undefined ? undefined : await readOrder(strong, owner, now);
    if (order) hits.push({ kind: 'object', objectId: id, type: typeOf(id), order });
  }
  return hits;
}

async function readOrder(strong: StrongReads, orderId: string, now: string): Promise<OrderSummary | undefined> {
  const [order, notes] = [emptyOrder(orderId), new OrderNotes()];
  for (const event of await strong.history(orderId)) foldInto(order, event, notes);
  return summaryOf(order, now);
}

/** What the read models find. @param exact what was found already; it stands first. */
export function findNames(
  models: ConsoleModels,
  text: string,
  {
    kind,
    limit,
    now,
    exact,
  }: { readonly kind: HitKind | undefined; readonly limit: number; readonly now: string; readonly exact: readonly Hit[] },
): { readonly hits: readonly Hit[]; readonly more: boolean } {
  if (text === '') return { hits: [], more: false };
  const named = hitsOf(models, kind, now, 'named', text);
  const beginning = text.length < leastCharacters ? [] : hitsOf(models, kind, now, 'beginningWith', text);
  const all = new Map<string, Hit>();
  for (const hit of [...exact, ...newestFirst(named), ...newestFirst(beginning)]) if (!all.has(keyOf(hit))) all.set(keyOf(hit), hit);
  return { hits: [...all.values()].slice(0, limit), more: all.size > limit };
}

function hitsOf(
  { names, lists, held }: ConsoleModels,
  kind: HitKind | undefined,
  now: string,
  look: 'named' | 'beginningWith',
  text: string,
): readonly Hit[] {
  const hits: Hit[] = [];
  if (kind !== 'held') {
    const rows = names[look](text, kind as NameKind | undefined, mostLookedAt);
    const orders = new Map(lists.summaries([...new Set(rows.map(({ orderId }) => orderId))], now).map((order) => [order.orderId, order]));
    const members = new Set<string>();
    for (const row of rows) hits.push(...hitOf(row, orders, members, (memberId) => lists.member(memberId, now)));
  }
  if (kind === undefined || kind === 'held') {
    for (const { payment } of held.named(text, look === 'beginningWith', mostLookedAt)) hits.push({ kind: 'held', payment });
  }
  return hits;
}

function hitOf(
  { id, kind, orderId }: NameRow,
  orders: ReadonlyMap<string, OrderSummary>,
  members: Set<string>,
  member: (memberId: string) => { readonly orders: number; readonly newest: OrderSummary } | undefined,
): readonly Hit[] {
  const order = orders.get(orderId);
  if (order === undefined) return []; // Not placed: its page is found by its id alone.
  if (kind === 'order') return [{ kind, order }];
  if (kind === 'object') return [{ kind, objectId: id, type: typeOf(id), order }];
  if (members.has(id)) return [];
  members.add(id);
  const found = member(id);
  return found ? [{ kind, memberId: id, ...found }] : [];
}

/** What stands before the first `_` or `:`, as `pi` or `manual`. Empty: nothing does. */
function typeOf(id: string): string {
  return /^([A-Za-z]+)[_:]/.exec(id)?.[1]?.toLowerCase() ?? '';
}

function newestFirst(hits: readonly Hit[]): readonly Hit[] {
  const placedAt = (hit: Hit): string => ('order' in hit ? hit.order.placedAt : hit.kind === 'member' ? hit.newest.placedAt : '');
  return hits.toSorted((a, b) => (placedAt(a) < placedAt(b) ? 1 : placedAt(a) > placedAt(b) ? -1 : 0));
}

function keyOf(hit: Hit): string {
  switch (hit.kind) {
    case 'order':
      return `order ${hit.order.orderId}`;
    case 'member':
      return `member ${hit.memberId}`;
    case 'object':
      return `object ${hit.objectId} ${hit.order.orderId}`;
    case 'held':
      return `held ${hit.payment.provider} ${hit.payment.account} ${hit.payment.id}`;
  }
}
