// Orders, the six queues, what people did.
import type { ActionTaken } from '@paidonce/ledger';
import type { PageContext, PageView } from '../page-context.ts';
import type { Loaded, PageCall } from '../page-route.ts';
import { type ActivityData, actions, activityCsv, activityPage, mostCsvRows } from '../pages/activity.ts';
import { type OrdersData, ordersPage, statuses } from '../pages/orders.ts';
import { type ReviewsData, reviewKinds, reviewsPage } from '../pages/reviews.ts';
import { afterSubscription } from '../pages/subscription-queues.ts';
import { type UndeliveredData, undeliveredPage } from '../pages/undelivered.ts';
import { awaitingPage, heldPage, suspendedPage, unreadablePage } from '../pages/waiting.ts';
import { idOf, oneOf, pageFrom, textOf } from './parameters.ts';

export async function loadOrders(call: PageCall): Promise<Loaded> {
  const { ledger, query } = call;
  const status = oneOf(query, 'status', statuses);
  const plan = idOf(query, 'plan');
  const account = idOf(query, 'account');
  const only = { ...(status ? { status } : {}), ...(plan ? { plan } : {}), ...(account ? { account } : {}) };
  const data: OrdersData = { ...(await ledger.console.orders({ ...pageFrom(call), ...only })), ...only };
  return { data, page: (context) => ordersPage(context, data) };
}

export async function loadReviews(call: PageCall): Promise<Loaded> {
  const { ledger, query } = call;
  const kind = oneOf(query, 'kind', reviewKinds);
  const only = kind ? { kind } : {};
  const reads = kind === undefined ? ledger.console.subscriptions : undefined;
  const [page, subscriptions] = await Promise.all([
    ledger.console.reviews({ ...pageFrom(call), ...only }),
    reads?.reviews(pageFrom(call, { name: afterSubscription })),
  ]);
  // "Nothing waits" alone does not tell an empty queue from one that never worked.
  const [last] = page.items.length === 0 ? (await ledger.console.activity({ action: 'resolve', limit: 1 })).items : [];
  const data: ReviewsData = { ...page, ...only, ...(last ? { last } : {}), ...(subscriptions ? { subscriptions } : {}) };
  return { data, page: (context) => reviewsPage(context, data) };
}

export async function loadUndelivered(call: PageCall): Promise<Loaded> {
  const { ledger, query } = call;
  const error = textOf(query, 'error', 130);
  const only = error === undefined ? {} : { error };
  const reads = error === undefined ? ledger.console.subscriptions : undefined;
  const [page, groups, subscriptions] = await Promise.all([
    ledger.console.undelivered({ ...pageFrom(call), ...only }),
    ledger.console.undeliveredByError(),
    reads?.undelivered(pageFrom(call, { name: afterSubscription })),
  ]);
  const data: UndeliveredData = { ...page, groups, ...only, ...(subscriptions ? { subscriptions } : {}) };
  return { data, page: (context) => undeliveredPage(context, data) };
}

async function listed<T extends object>(asked: Promise<T>, page: (context: PageContext, data: T) => PageView): Promise<Loaded> {
  const data = await asked;
  return { data, page: (context) => page(context, data) };
}

export function loadAwaiting(call: PageCall): Promise<Loaded> {
  return listed(call.ledger.console.awaiting(pageFrom(call)), awaitingPage);
}
export function loadHeld(call: PageCall): Promise<Loaded> {
  return listed(call.ledger.console.held(pageFrom(call)), heldPage);
}
/** The form of the list names the order, whose page it is. */
export async function loadHeldLink({ query }: PageCall): Promise<Loaded> {
  const [payment, to] = ['payment', 'to'].map((name) => encodeURIComponent(query.get(name)?.trim() ?? ''));
  return { redirect: `orders/${to}/link?payment=${payment}` };
}
export function loadSuspended(call: PageCall): Promise<Loaded> {
  return listed(call.ledger.console.suspended(pageFrom(call)), suspendedPage);
}
export function loadUnreadable(call: PageCall): Promise<Loaded> {
  return listed(call.ledger.console.unreadable(pageFrom(call)), unreadablePage);
}

const rowsOfActivity = 50;

function activityOnly({ query }: PageCall): Pick<ActivityData, 'actor' | 'action'> {
  const actor = idOf(query, 'actor');
  const action = oneOf(query, 'action', actions);
  return { ...(actor ? { actor } : {}), ...(action ? { action } : {}) };
}

export async function loadActivity(call: PageCall): Promise<Loaded> {
  const only = activityOnly(call);
  const data: ActivityData = {
    ...(await call.ledger.console.activity({ ...pageFrom(call, { name: 'before', rows: rowsOfActivity }), ...only })),
    ...only,
  };
  return { data, page: (context) => activityPage(context, data) };
}

export async function loadActivityCsv(call: PageCall): Promise<Loaded> {
  const only = activityOnly(call);
  const rows: ActionTaken[] = [];
  let after: string | undefined;
  do {
    const page = await call.ledger.console.activity({ limit: 1_000, ...only, ...(after === undefined ? {} : { after }) });
    rows.push(...page.items);
    after = page.next;
  } while (after !== undefined && rows.length < mostCsvRows);
  const name = after === undefined ? 'activity.csv' : `activity-newest-${mostCsvRows}.csv`;
  return { file: { type: 'text/csv; charset=utf-8', name, body: activityCsv(rows) } };
}
