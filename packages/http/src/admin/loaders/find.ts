// Finding. An id leads to its page; several matches are listed; a text that is no id of ours goes to the shop, by POST alone, so that
// an e-mail address stands in no URL.
import type { Hit, HitKind, SubscriptionSummary } from '@paidonce/ledger';
import { isId } from '@paidonce/ledger/adapter';
import type { Loaded, PageCall } from '../page-route.ts';
import { type FoundData, foundPage, hitKinds, notFoundPage } from '../pages/find.ts';
import { findMembers } from './ask-shop.ts';
import { oneOf, textOf, unreadable } from './parameters.ts';

const mostCharacters = 400;

/** GET `find?q=&kind=`, and `find?member=a,b` for what the shop found. */
export async function loadFind(call: PageCall): Promise<Loaded> {
  const { query } = call;
  const members = textOf(query, 'member', 3_000);
  if (members !== undefined) return membersFound(call, members.split(','));
  const text = textOf(query, 'q', mostCharacters) ?? textOf(query, 'id', mostCharacters);
  if (text === undefined) return { redirect: '' };
  const kind = oneOf(query, 'kind', hitKinds);
  return (await found(call, text, kind)) ?? nothing(call, text);
}

/** POST `find` with `q`: from a console whose shop has `findMember`. */
export async function postFind(call: PageCall): Promise<Loaded> {
  const { q } = call.fields;
  const text = typeof q === 'string' ? q.trim() : '';
  if (text === '') return { redirect: '' };
  if (text.length > mostCharacters) throw unreadable('q', `is too long: at most ${mostCharacters} characters`);
  const here = await found(call, text, undefined);
  // What an id or its beginning found has an address; only then may the text stand in it.
  if (here !== undefined) return 'redirect' in here ? here : { redirect: `find?q=${encodeURIComponent(text)}` };
  const members = await findMembers(call.console, text);
  if (members === undefined) return { redirect: `find?q=${encodeURIComponent(text)}` };
  if (members === 'silent') return nothing(call, text, false);
  const [only, ...others] = members;
  if (only === undefined) return nothing(call, text, true);
  return {
    redirect: others.length === 0 ? `members/${encodeURIComponent(only)}` : `find?member=${members.map(encodeURIComponent).join(',')}`,
  };
}

/** Undefined: nothing. */
async function found({ ledger }: PageCall, text: string, kind: HitKind | undefined): Promise<Loaded | undefined> {
  const [all, subscriptions = []] = await Promise.all([ledger.console.find(text), ledger.console.subscriptions?.find(text)]);
  if (all.hits.length + subscriptions.length === 0) return undefined;
  const only = kind === undefined ? onlyPath(all.hits, subscriptions, all.query) : undefined;
  if (only !== undefined) return { redirect: only };
  const counts = countsOf(all.hits);
  const shown = kind === undefined ? all : await ledger.console.find(text, { kind });
  const data: FoundData = { query: all.query, text, hits: shown.hits, more: shown.more, counts, ...(kind ? { kind } : { subscriptions }) };
  return { data, page: (context) => foundPage(context, data) };
}

/** Where the one is that is meant: the only one of exactly this name, or the only one at all. */
function onlyPath(hits: readonly Hit[], subscriptions: readonly SubscriptionSummary[], query: string): string | undefined {
  const exactHits = hits.filter((hit) => nameOf(hit).toLowerCase() === query.toLowerCase());
  // An object of the provider is of one subscription, which then stands first.
  const isObject = /^(?:sub|in|cs|pi|ch|py)_/.test(query);
  const exact = subscriptions.filter(
    ({ subscriptionId, reference }, at) => subscriptionId === query || reference === query || (isObject && at === 0),
  );
  const paths = (of: readonly Hit[], and: readonly SubscriptionSummary[]): readonly string[] => [
    ...of.map(pathOf),
    ...and.map(({ subscriptionId }) => `subscriptions/${encodeURIComponent(subscriptionId)}`),
  ];
  const [named, all] = [paths(exactHits, exact), paths(hits, subscriptions)];
  if (named.length === 1) return named[0];
  return all.length === 1 ? all[0] : undefined;
}

function nameOf(hit: Hit): string {
  switch (hit.kind) {
    case 'order':
      return hit.order.orderId;
    case 'member':
      return hit.memberId;
    case 'object':
      return hit.objectId;
    case 'held':
      return hit.payment.id;
  }
}

function pathOf(hit: Hit): string {
  switch (hit.kind) {
    case 'order':
    case 'object':
      return `orders/${encodeURIComponent(hit.order.orderId)}`;
    case 'member':
      return `members/${encodeURIComponent(hit.memberId)}`;
    case 'held':
      return 'queues/held';
  }
}

function countsOf(hits: readonly Hit[]): FoundData['counts'] {
  const counts = { order: 0, member: 0, object: 0, held: 0 };
  for (const { kind } of hits) counts[kind] += 1;
  return counts;
}

async function nothing({ ledger }: PageCall, text: string, shopAnswered?: boolean): Promise<Loaded> {
  const { query } = await ledger.console.find(text);
  const data = { error: 'not_found', query, text, ...(shopAnswered === undefined ? {} : { shopAnswered }) };
  return { data: { error: 'not_found', query }, status: 404, page: (context) => notFoundPage(context, data) };
}

async function membersFound({ ledger }: PageCall, ids: readonly string[]): Promise<Loaded> {
  const known = ids.filter(isId).slice(0, 20);
  if (known.length === 0) throw unreadable('member', 'must be ids of members, with commas between them');
  const hits = await Promise.all(
    known.map(async (memberId): Promise<readonly Hit[]> => {
      const { items } = await ledger.console.memberOrders(memberId, { limit: 1_000 });
      const [newest] = items;
      return newest ? [{ kind: 'member', memberId, orders: items.length, newest }] : [];
    }),
  );
  const list = hits.flat();
  const data: FoundData = { query: known.join(', '), hits: list, more: false, counts: countsOf(list) };
  return { data, page: (context) => foundPage(context, data) };
}
