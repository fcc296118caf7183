// How a GET route joins data and a page: a loader asks the ledger, and a browser gets the page, everybody else the data as JSON.
import type { PaymentLedger } from '@paidonce/ledger';
import { type Console, type ConsoleCall, type ConsoleRoute, eitherReply } from '../console-call.ts';
import { type Reply, redirectReply } from '../reply.ts';
import { frame } from './frame.ts';
import type { PageContext, PageView } from './page-context.ts';
import { queueCounts } from './queue-counts.ts';
import { catalogues } from './words.ts';

/** What a loader answers. A request without `text/html` in `Accept` gets `data` as JSON, a browser the page. */
export type Loaded =
  /** `status`: default 200. */
  | { readonly data: object; readonly status?: number; readonly page: (context: PageContext) => PageView }
  /** Below the mount, without a slash in front. The answer is 303. */
  | { readonly redirect: string }
  /** Plain text in the operator's language and time zone. */
  | { readonly text: (context: PageContext) => string }
  | { readonly file: { readonly type: string; readonly name: string; readonly body: string } };

/** What a loader may ask. */
export interface PageCall extends ConsoleCall {
  readonly console: Console;
  readonly ledger: PaymentLedger;
  /** In milliseconds. */
  readonly now: number;
}

export interface PageRouteOptions {
  /** Default GET. A POST page changes nothing: it is for what must stand in no URL. */
  readonly method?: 'GET' | 'POST';
  /** Whether `?every=30` is allowed. Default true; false for a page with forms. */
  readonly refreshes?: boolean;
}

/** A route that needs `read` and changes nothing. */
export function pageRoute(
  console: Console,
  pattern: string,
  load: (call: PageCall) => Promise<Loaded>,
  { method = 'GET', refreshes = method === 'GET' }: PageRouteOptions = {},
): ConsoleRoute {
  const { ledger } = console.payments;
  return {
    method,
    pattern,
    may: 'read',
    refreshes,
    answer: async (call) => {
      const now = ledger.runtime.now().getTime();
      return replyOf(console, call, now, await load({ ...call, console, ledger, now }));
    },
  };
}

async function replyOf(console: Console, call: ConsoleCall, now: number, loaded: Loaded): Promise<Reply> {
  if ('redirect' in loaded) return redirectReply(303, `${call.root}${loaded.redirect}`);
  if ('text' in loaded) {
    const text = loaded.text(bareContext(call, now));
    return { status: 200, headers: { 'content-type': 'text/plain; charset=utf-8' }, body: text };
  }
  if ('file' in loaded) {
    const { type, name, body } = loaded.file;
    return { status: 200, headers: { 'content-type': type, 'content-disposition': `attachment; filename="${name}"` }, body };
  }
  const { data, status = 200, page } = loaded;
  if (!call.wantsPage) return eitherReply(call, { status, data, page: () => '' });
  const context = await contextOf(console, call, now);
  return eitherReply(call, { status, data, page: () => frame(context, page(context)) });
}

/** The context of a page. Where the ledger does not answer, the page has no counts; it is shown all the same. */
export async function contextOf({ payments, findMember }: Console, call: ConsoleCall, now: number): Promise<PageContext> {
  const { ledger } = payments;
  const [counts, livemode] = await Promise.all([queueCounts(ledger).catch(() => undefined), modeOf(ledger, now)]);
  return {
    ...bareContext(call, now),
    findPosts: findMember !== undefined,
    ...counts,
    ...(livemode === undefined ? {} : { livemode }),
  };
}

/** Without the ledger, as for a page that refuses. */
export function bareContext(
  call: Pick<ConsoleCall, 'language' | 'timeZone' | 'root'> & Partial<Pick<ConsoleCall, 'operator' | 'method' | 'below' | 'query'>>,
  now: number,
): PageContext {
  return {
    lang: call.language,
    words: catalogues[call.language],
    timeZone: call.timeZone,
    now,
    base: call.root,
    actor: call.operator?.actor ?? '',
    may: call.operator?.may ?? new Set(),
    findPosts: false,
    url: placeOf(call),
  };
}

/** Where one is. What was posted has no address to come back to: the page has that the form is on, two parts deep as `orders/o-1`. */
function placeOf({
  method,
  below = '',
  query = new URLSearchParams(),
}: Partial<Pick<ConsoleCall, 'method' | 'below' | 'query'>>): PageContext['url'] {
  if (method !== 'POST') return { path: below, query };
  return { path: below.split('/').slice(0, 2).join('/'), query: new URLSearchParams() };
}

/** The mode of the newest order, else of the newest subscription, as of a minute ago at most: it is for the head of the page alone. */
const modes = new WeakMap<PaymentLedger, { readonly at: number; readonly livemode: boolean | undefined }>();
const modeKeptMs = 60_000;

async function modeOf(ledger: PaymentLedger, now: number): Promise<boolean | undefined> {
  const known = modes.get(ledger);
  if (known !== undefined && now - known.at < modeKeptMs && known.livemode !== undefined) return known.livemode;
  try {
    const livemode = await newestMode(ledger);
    modes.set(ledger, { at: now, livemode });
    return livemode;
  } catch {
    return undefined;
  }
}

async function newestMode(ledger: PaymentLedger): Promise<boolean | undefined> {
  const { console } = ledger;
  const [order] = (await console.orders({ limit: 1 })).items;
  if (order !== undefined) return (await ledger.order(order.orderId))?.livemode;
  return (await console.subscriptions?.newest({ limit: 1 }))?.items[0]?.livemode;
}
