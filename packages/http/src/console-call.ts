// A request to the console as plain values, and what a route of the console is. Nothing here knows Fastify or `Request`: both edges
// make a `ConsoleCall`, and a route answers it with a `Reply`.
import type { Logger } from '@paidonce/ledger';
import type { StripePayments } from '@paidonce/stripe-adapter';
import { jsonReply, pageReply, type Reply } from './reply.ts';

/** `read`: see everything. `repair`: ask Stripe again, deliver again, bulk runs. `money`: decide about payments. */
export type Permission = 'read' | 'repair' | 'money';

/** The person who is asking. */
export interface Operator {
  /** Stays in the log for ever with what they do: an id (1 to 128 of A-Z a-z 0-9 . _ : -), not a name or an address. */
  readonly actor: string;
  /** What they may do. `repair` and `money` do not include `read`: name it too. Absent: everything. An unknown word lets nobody in. */
  readonly may?: readonly Permission[];
}

/** What the shop says of a member, for the console's page of that member. Shown, and stored nowhere. */
export interface MemberDescription {
  /** One line of plain text. */
  readonly text?: string;
  /** The member's page in the shop: `https:`, or `http:` in development. Another one is not shown. */
  readonly url?: string;
}

export const languages = ['en', 'zh-TW'] as const;
export type Language = (typeof languages)[number];

/** What the console's routes share. */
export interface Console {
  readonly payments: StripePayments;
  /** Finds members by an e-mail address or a name. Absent: the shop offers none. */
  readonly findMember?: (text: string, signal: AbortSignal) => Promise<readonly string[]>;
  readonly describeMember?: (memberId: string, signal: AbortSignal) => Promise<MemberDescription | undefined>;
}

/** The request of an operator who was let in. */
export interface ConsoleCall {
  /** A HEAD is answered as a GET. */
  readonly method: 'GET' | 'POST';
  /** The path below the mount without a slash at either end, as it was sent: `orders/o-1`. Empty: the overview. */
  readonly below: string;
  /** The parts of the path that the route's pattern names, decoded. */
  readonly params: Readonly<Record<string, string>>;
  readonly query: URLSearchParams;
  /** A form's are text, or a list of texts where a name comes twice; JSON's are any value. Empty for a GET. */
  readonly fields: Readonly<Record<string, unknown>>;
  /** True: answer with a page. False: with JSON. */
  readonly wantsPage: boolean;
  readonly operator: { readonly actor: string; readonly may: ReadonlySet<Permission> };
  readonly language: Language;
  /** An IANA time zone that this process knows. */
  readonly timeZone: string;
  /**
   * The mount, relative to the URL of this request: `./`, `../`, `../../`… Put it before each own URL: `${root}orders/o-1`. Only
   * then a page works behind a proxy that strips a prefix.
   */
  readonly root: string;
  readonly log: Logger;
}

/** One route of the console. */
export interface ConsoleRoute {
  readonly method: 'GET' | 'POST';
  /** Below the mount, without a slash at either end: `orders/:orderId`. A part that begins with `:` stands for one part of the path. */
  readonly pattern: string;
  /** `anyone`: answered without authentication. For files that tell nothing, as the style sheet. */
  readonly may: Permission | 'anyone';
  /** True: `?every=30` makes the browser load the page again every 30 s. Not where there is something to type or to tick. */
  readonly refreshes?: boolean;
  answer(call: ConsoleCall): Promise<Reply> | Reply;
}

/** A page for a browser, JSON for everything else, with the same status. @param page called only if a browser asks. */
export function eitherReply(
  { wantsPage }: Pick<ConsoleCall, 'wantsPage'>,
  { status = 200, data, page, headers = {} }: { status?: number; data: object; page: () => string; headers?: Reply['headers'] },
): Reply {
  return wantsPage ? pageReply(status, page(), headers) : jsonReply(status, data, headers);
}

/**
 * Ends a route with this status and a sentence for the operator, in the frame of the console; JSON `{ error: code }` for others.
 * The message is shown as it is: write it in the operator's language.
 */
export class ConsoleProblem extends Error {
  override readonly name = 'ConsoleProblem';
  readonly status: number;
  readonly code: string;

  constructor(status: 400 | 403 | 404 | 409 | 422 | 503, code: string, message: string) {
    super(message);
    this.status = status;
    this.code = code;
  }
}
