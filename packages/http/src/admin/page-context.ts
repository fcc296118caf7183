// What a page of the console gets and gives. A page is a pure function from data and context to markup: it asks nothing, has no
// clock, and knows no server. Every own URL in it is relative to `base`, so that the console works behind a proxy that strips a
// prefix.
import type { Queue, SubscriptionCount } from '@paidonce/ledger';
import type { Language, Permission } from '../console-call.ts';
import type { Html } from '../html.ts';
import type { Words } from './words.ts';

/** How many wait in each list, and since when. Reviews and what is not delivered are counted over orders and subscriptions. */
export type QueueCounts = Readonly<Record<Queue, { readonly count: number; readonly oldestSince?: string }>>;

/** The same for all pages of one request. */
export interface PageContext {
  readonly lang: Language;
  readonly words: Words;
  /** IANA, as `Asia/Taipei`. Default `UTC`. */
  readonly timeZone: string;
  /** The server's clock, in milliseconds. */
  readonly now: number;
  /** From this page to the mount, with a slash at the end: `./`, `../`. Put it before every own path: `${base}orders/o-1`. */
  readonly base: string;
  /** Empty: nobody is signed in, as on a page that refuses. */
  readonly actor: string;
  /** What is not in here has no button. The route refuses it all the same. */
  readonly may: ReadonlySet<Permission>;
  /** The mode of the newest order, or where there is none of the newest subscription. Absent: not known, as before the first. */
  readonly livemode?: boolean;
  /** How far the lists are behind the log. Infinity: they have not caught up yet. Absent: not known, as on an error page. */
  readonly lagMs?: number;
  /**
   * Where one is, and can come back to: `path` below the mount without a slash at either end (empty: the overview), and what stands
   * behind the `?`. Of a form that came back: the page that it is on.
   */
  readonly url: { readonly path: string; readonly query: URLSearchParams };
  /** True: the search box sends by POST, since the shop may find an e-mail address, which must stand in no URL. */
  readonly findPosts: boolean;
  /** For the navigation. Absent: not known, as on an error page. */
  readonly queues?: QueueCounts;
  /** The lists of subscriptions, for the navigation. Absent: the ledger keeps none, or they are not known. */
  readonly subscriptions?: { readonly due: SubscriptionCount; readonly dunning: SubscriptionCount };
}

/** What a page function makes. `frame` of frame.ts puts the rest around it. */
export interface PageView {
  readonly title: string;
  readonly body: Html;
  /** True: for some operators the page has something to type or tick, so it offers no refresh. Its route has `refreshes: false`. */
  readonly hasForms: boolean;
  /** The text in the search box. Default: none. */
  readonly find?: string;
}
