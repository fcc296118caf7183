// The pages of the console, and how each is reached. The order page and all that changes something are
// elsewhere.
import type { Console, ConsoleRoute } from '../console-call.ts';
import { loadFind, postFind } from './loaders/find.ts';
import { loadHealth } from './loaders/health.ts';
import {
  loadActivity,
  loadActivityCsv,
  loadAwaiting,
  loadHeld,
  loadHeldLink,
  loadOrders,
  loadReviews,
  loadSuspended,
  loadUndelivered,
  loadUnreadable,
} from './loaders/lists.ts';
import { loadMember } from './loaders/member.ts';
import { loadOverview } from './loaders/overview.ts';
import { textOf } from './loaders/parameters.ts';
import { loadCancelRun, loadNewRun, loadRun, loadRuns } from './loaders/runs.ts';
import { type Loaded, type PageCall, pageRoute } from './page-route.ts';
import { preferencesPage } from './pages/problem.ts';

/** A page that has something to type or to tick, at least for whoever may, is never loaded again by itself. */
const withForms = { refreshes: false } as const;

export function pageRoutes(console: Console): readonly ConsoleRoute[] {
  const route = (pattern: string, load: (call: PageCall) => Promise<Loaded>, options = {}): ConsoleRoute =>
    pageRoute(console, pattern, load, options);
  return [
    route('', loadOverview),
    route('find', loadFind, withForms),
    route('find', postFind, { method: 'POST' }),
    route('orders', loadOrders),
    route('members/:memberId', loadMember),
    route('queues/reviews', loadReviews),
    route('queues/undelivered', loadUndelivered, withForms),
    route('queues/awaiting', loadAwaiting),
    route('queues/held', loadHeld, withForms),
    route('queues/held/link', loadHeldLink, withForms),
    route('queues/suspended', loadSuspended),
    route('queues/unreadable', loadUnreadable, withForms),
    route('activity', loadActivity),
    route('activity.csv', loadActivityCsv),
    route('runs', loadRuns),
    route('runs/new', loadNewRun, withForms),
    route('runs/:runId', loadRun),
    route('runs/:runId/cancel', loadCancelRun, withForms),
    route('health', loadHealth),
    route('preferences', loadPreferences, withForms),
  ];
}

async function loadPreferences({ query, language, timeZone }: PageCall): Promise<Loaded> {
  const back = textOf(query, 'back', 1_000) ?? '';
  return { data: { lang: language, tz: timeZone }, page: (context) => preferencesPage(context, { back }) };
}
