// What a page of the console gets and gives, and how a route joins the two. A page is a pure function from data and context to
// markup: it asks nothing, has no clock, and knows no server. Every own URL in it is relative to `base`, so that the console
// works behind a proxy that strips a prefix.
import type { PaymentLedger, Queue } from '@paidonce/ledger';
import type { StripePayments } from '@paidonce/stripe-adapter';
import type { Html } from '../html.ts';
import type { Lang, Words } from './words.ts';

/** `read`: see. `repair`: ask Stripe again, deliver again. `money`: record, move, link, resolve, withdraw. */
export type Permission = 'read' | 'repair' | 'money';

/** The same for all pages of one request. */
export interface PageContext {
  readonly lang: Lang;
  readonly words: Words;
  /** IANA, as `Asia/Taipei`. Default `UTC`. */
  readonly timeZone: string;
  /** The server's clock, in milliseconds. */
  readonly now: number;
  /** From this page to the mount, with a slash at the end: `./`, `../`. Put it before every own path: `${base}orders/o-1`. */
  readonly base: string;
  readonly actor: string;
  /** What is not in here has no button. The route refuses it all the same. */
  readonly may: ReadonlySet<Permission>;
  /** Absent: not known yet, since no order is placed. */
  readonly livemode?: boolean;
  /** How far the lists are behind the log. Infinity: they have not caught up yet. Absent: not known, as on an error page. */
  readonly lagMs?: number;
  /** Where one is: `path` below the mount without a slash in front (`` is the overview), and what stands behind the `?`. */
  readonly url: { readonly path: string; readonly query: URLSearchParams };
  /** How many wait in each list, for the navigation. Absent: not known, as on an error page. */
  readonly queues?: Readonly<Record<Queue, { readonly count: number; readonly oldestSince?: string }>>;
}

/** What a page function makes. `frame` of frame.ts puts the rest around it. */
export interface PageView {
  readonly title: string;
  readonly body: Html;
  /** True: the page has something to type or tick, so it offers no refresh, and `?every=` is refused. */
  readonly hasForms: boolean;
  /** The text in the search box. Default: none. */
  readonly find?: string;
}

/** What a loader may ask. */
export interface PageCall {
  readonly payments: StripePayments;
  readonly ledger: PaymentLedger;
  readonly hooks: PageHooks;
  /** The parts of the path that the pattern names, decoded. */
  readonly params: Readonly<Record<string, string>>;
  readonly query: URLSearchParams;
  readonly now: number;
  readonly timeZone: string;
  readonly may: ReadonlySet<Permission>;
}

/** What the shop tells the console. Each call has 500 ms. */
export interface PageHooks {
  /** Ids of the members that the text (an e-mail, a name) means. At most 20 are used. */
  readonly findMember?: (text: string, signal: AbortSignal) => Promise<readonly string[]>;
  /** What the shop knows of a member, in one line of plain text, and a page about him. Neither is stored. */
  readonly describeMember?: (memberId: string, signal: AbortSignal) => Promise<MemberDescription | undefined>;
}
export interface MemberDescription {
  readonly text?: string;
  /** `https:` or `http:`; anything else is not shown. */
  readonly url?: string;
}

/** What a loader answers. A request without `text/html` in `Accept` gets `data` as JSON, a browser the page. */
export type Loaded =
  /** `status`: default 200. */
  | { readonly data: object; readonly status?: number; readonly page: (context: PageContext) => PageView }
  /** Below the mount, without a slash in front. The answer is 303. */
  | { readonly redirect: string }
  | { readonly file: { readonly type: string; readonly name: string; readonly body: string } };

/** A GET route. `pattern` is below the mount: `orders/:orderId`; `` is the mount itself. */
export interface PageRoute {
  readonly pattern: string;
  /** @throws LedgerError `invalid_input`: a parameter cannot be read; the message names it. */
  load(call: PageCall): Promise<Loaded>;
}

/**
 * `base` of a page. From the mount itself without a slash at its end, relative URLs start one folder higher, so its last part is
 * named. That holds behind a proxy too, as long as the proxy keeps that part, or asks with the slash.
 *
 * @param path of the request: it begins with `mount`.
 */
export function baseOf(path: string, mount: string): string {
  const below = path.slice(mount.length);
  if (below === '') return `${mount.slice(mount.lastIndexOf('/') + 1)}/`;
  const depth = below.split('/').length - 2;
  return depth === 0 ? './' : '../'.repeat(depth);
}
