// How our routes answer, and which status an error becomes. Bodies are sent as finished text, so that the host's
// serializers do not change them. Errors end here, so that the host's error handler does not change the status.
import { LedgerError, type LedgerErrorCode } from '@paidonce/ledger';
import type { FastifyReply, FastifyRequest } from 'fastify';

/** Sends a JSON body with this status. */
export function answer(reply: FastifyReply, status: number, body: object): FastifyReply {
  return reply.code(status).type('application/json; charset=utf-8').send(JSON.stringify(body));
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
  store_busy: 503,
  store_unavailable: 503,
  store_full: 503,
  log_went_back: 503,
  contention: 503,
  provider_unavailable: 503,
  closed: 503,
};
/** The HTTP status of a LedgerError. */
export function statusOf({ code }: LedgerError): number {
  return statuses[code] ?? 500;
}

/** A full queue drains within a few group commits. */
const retryAfterSeconds = 1;

/** Answers what the ledger or Stripe threw in a handler. Its `statusCode` (Stripe's errors have one) is not our status. */
export function answerFailure(error: unknown, request: FastifyRequest, reply: FastifyReply): FastifyReply {
  if (!(error instanceof LedgerError)) return answerUnexpected(error, request, reply, 500);
  const status = statusOf(error);
  request.log[status === 500 ? 'error' : 'warn']({ code: error.code }, error.message);
  if (error.code === 'store_busy') void reply.header('retry-after', retryAfterSeconds);
  return answer(reply, status, { error: error.code });
}

const refusals: Readonly<Record<number, string>> = {
  400: 'bad_request',
  408: 'request_timeout',
  413: 'body_too_large',
  415: 'unsupported_media_type',
  429: 'too_many_requests',
};

/**
 * The status that Fastify or a hook put on an error; 500 if there is none, or if it is no error status. A client that has gone
 * away in the middle of its body is no fault of ours: 400, which nobody reads.
 */
export function statusIn(error: unknown, { raw }: Pick<FastifyRequest, 'raw'>): number {
  if (raw.destroyed && raw.complete === false) return 400;
  const status = error instanceof Error && 'statusCode' in error && typeof error.statusCode === 'number' ? error.statusCode : 500;
  return status >= 400 && status < 600 ? status : 500;
}

/** For `setErrorHandler` of our scopes: the request was refused before a handler ran, by Fastify, a rate limit or a hook of the host. */
export function answerRefusal(error: unknown, request: FastifyRequest, reply: FastifyReply): FastifyReply {
  const status = statusIn(error, request);
  if (status > 499) return answerUnexpected(error, request, reply, status);
  return answer(reply, status, { error: refusals[status] ?? 'refused' });
}

/** Logs name, code and stack frames, never the message: a foreign error may quote a body or a key in it. */
function answerUnexpected(error: unknown, request: FastifyRequest, reply: FastifyReply, status: number): FastifyReply {
  const { name, stack } = error instanceof Error ? error : new Error('not an error');
  const code = error instanceof Error && 'code' in error && typeof error.code === 'string' ? { code: error.code } : {};
  const frames = stack?.split('\n').filter((line) => /^ +at /.test(line));
  request.log.error({ name, ...code, stack: frames?.join('\n') }, `paidonce: unexpected error, answered ${status}`);
  return answer(reply, status, { error: 'internal' });
}
