// The search of a console. What is named exactly is read from its own stream, so that what came a second ago is found while the
// read models lag; then come other letters of the same name, and names that begin with the text.
import type { Hit, HitKind, OrderSummary } from '../console-reads.ts';
import type { StoredEvent } from '../event-store/event-store.ts';
import { isId } from '../observation.ts';
import type { ConsoleModels } from '../read-models/console-models.ts';
import type { NameQuery } from '../read-models/name-rows.ts';
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
/** If more names begin so, the first ones count, by name: to sort all of them by time would read all of them. */
const mostLookedAt = 500;
/** One more than are asked for at most, twice: what is named exactly may be found again by its beginning. */
const mostHits = 102;

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
  models: Omit<ConsoleModels, 'apply'>,
  text: string,
  {
    kind,
    limit,
    now,
    exact,
  }: { readonly kind: HitKind | undefined; readonly limit: number; readonly now: string; readonly exact: readonly Hit[] },
): { readonly hits: readonly Hit[]; readonly more: boolean } {
  if (text === '') return { hits: [], more: false };
  const look = (isPrefix: boolean): readonly Hit[] => newestFirst(hitsOf(models, { text, isPrefix }, kind, now));
  const all = new Map<string, Hit>();
  for (const hit of [...exact, ...look(false), ...(text.length < leastCharacters ? [] : look(true))])
    if (!all.has(keyOf(hit))) all.set(keyOf(hit), hit);
  return { hits: [...all.values()].slice(0, limit), more: all.size > limit };
}

function hitsOf(
  { names, lists, held }: Omit<ConsoleModels, 'apply'>,
  query: NameQuery,
  kind: HitKind | undefined,
  now: string,
): readonly Hit[] {
  const hits: Hit[] = [];
  if (kind === undefined || kind === 'order' || kind === 'object') {
    const rows = names.named(query, kind, mostHits, mostLookedAt);
    const summaries = lists.summaries([...new Set(rows.map(({ orderId }) => orderId))], now);
    const orders = new Map(summaries.map((order) => [order.orderId, order]));
    for (const { id, kind: is, orderId } of rows) {
      const order = orders.get(orderId);
      if (order === undefined) continue;
      hits.push(is === 'order' ? { kind: is, order } : { kind: is, objectId: id, type: typeOf(id), order });
    }
  }
  if (kind === undefined || kind === 'member') {
    for (const memberId of names.members(query, mostHits)) {
      const member = lists.member(memberId, now);
      if (member) hits.push({ kind: 'member', memberId, ...member });
    }
  }
  if (kind === undefined || kind === 'held') {
    for (const { payment } of held.named(query, mostHits)) hits.push({ kind: 'held', payment });
  }
  return hits;
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
