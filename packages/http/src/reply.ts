// What our routes answer, as plain values: a Fastify plugin and a web-standard handler send the same. Bodies are finished text, so
// that no serializer of a host changes them. Errors become replies here, so that no error handler of a host changes the status.
import { LedgerError, type LedgerErrorCode, type Logger } from '@paidonce/ledger';

export interface Reply {
  readonly status: number;
  /** Names in lower case. A list: the header is sent once for each of its values. */
  readonly headers: Readonly<Record<string, string | readonly string[]>>;
  readonly body: string | Uint8Array;
}

export function jsonReply(status: number, body: object, headers: Reply['headers'] = {}): Reply {
  return { status, headers: { ...headers, 'content-type': 'application/json; charset=utf-8' }, body: JSON.stringify(body) };
}

export function pageReply(status: number, page: string, headers: Reply['headers'] = {}): Reply {
  return { status, headers: { ...headers, 'content-type': 'text/html; charset=utf-8' }, body: page };
}

/** @param location relative to the URL of the request, so that it also leads there behind a proxy that strips a prefix. */
export function redirectReply(status: 303 | 308, location: string, headers: Reply['headers'] = {}): Reply {
  return { status, headers: { ...headers, location }, body: '' };
}

/** The same reply with more headers; those that it has already stay. */
export function withHeaders(reply: Reply, headers: Reply['headers']): Reply {
  return { ...reply, headers: { ...headers, ...reply.headers } };
}

/** A code that is not listed is a fault on our side: 500. After a 5xx Stripe tries again, and so does the success page. */
const statuses: Partial<Record<LedgerErrorCode, number>> = {
  invalid_input: 400,
  // Thrown by `startCheckout` in a route of the host: no retry helps until the order itself changes.
  already_paid: 409,
  payment_under_way: 409,
  order_withdrawn: 409,
  duplicate_order: 409,
  amount_differs: 409,
  already_subscribed: 409,
  not_begun: 409,
  belongs_to_subscription: 409,
  store_busy: 503,
  store_unavailable: 503,
  store_full: 503,
  log_went_back: 503,
  contention: 503,
  provider_unavailable: 503,
  closed: 503,
  // The log cannot be used by this process until a person has acted. Then what was refused is sent again.
  file_newer: 503,
  corrupt: 503,
};
/** No retry alone helps: they are logged as errors. */
const forPeople: ReadonlySet<LedgerErrorCode> = new Set(['file_newer', 'corrupt']);

/** The HTTP status of a LedgerError. */
export function statusOf({ code }: LedgerError): number {
  return statuses[code] ?? 500;
}

/** A full queue drains within a few group commits. */
const retryAfterSeconds = '1';

/** What the ledger or Stripe threw in a route. Its `statusCode` (Stripe's errors have one) is not our status. */
export function failureReply(error: unknown, log: Logger): Reply {
  if (!(error instanceof LedgerError)) return unexpectedReply(error, 500, log);
  const status = statusOf(error);
  log[status === 500 || forPeople.has(error.code) ? 'error' : 'warn']({ code: error.code }, error.message);
  return jsonReply(status, { error: error.code }, error.code === 'store_busy' ? { 'retry-after': retryAfterSeconds } : {});
}

/** The codes of a request that was refused before a route ran. Any other status is `refused`. */
export const refusalCodes: Readonly<Record<number, string>> = {
  400: 'bad_request',
  404: 'not_found',
  405: 'method_not_allowed',
  408: 'request_timeout',
  413: 'body_too_large',
  415: 'unsupported_media_type',
};
const refusals: typeof refusalCodes = { ...refusalCodes, 429: 'too_many_requests' };

/** The request was refused before a route ran. */
export function refusalReply(status: number, code: string = refusals[status] ?? 'refused'): Reply {
  return jsonReply(status, { error: code });
}

/** The status that a framework or a hook put on an error; 500 if there is none, or if it is no error status. */
export function statusIn(error: unknown): number {
  const status = error instanceof Error && 'statusCode' in error && typeof error.statusCode === 'number' ? error.statusCode : 500;
  return status >= 400 && status < 600 ? status : 500;
}

/** Logs name, code and stack frames, never the message: a foreign error may quote a body or a key in it. */
export function unexpectedReply(error: unknown, status: number, log: Logger): Reply {
  const { name, stack } = error instanceof Error ? error : new Error('not an error');
  const code = error instanceof Error && 'code' in error && typeof error.code === 'string' ? { code: error.code } : {};
  const frames = stack?.split('\n').filter((line) => /^ +at /.test(line));
  log.error({ name, ...code, stack: frames?.join('\n') }, `paidonce: unexpected error, answered ${status}`);
  return jsonReply(status, { error: 'internal' });
}
