// How our routes answer, and what an error becomes. Bodies go out as finished text, so that a host's serializers and
// envelopes do not change them; errors end here, so that a host's error handler does not change the status.
import { LedgerError, type LedgerErrorCode } from '@paidonce/ledger';
import type { FastifyReply, FastifyRequest } from 'fastify';

export function answer(reply: FastifyReply, status: number, body: object): FastifyReply {
  return reply.code(status).type('application/json; charset=utf-8').send(JSON.stringify(body));
}

/** Stripe tries again after a 5xx, and so does the page. What is not listed is a fault on our side: 500. */
const statuses: Partial<Record<LedgerErrorCode, number>> = {
  invalid_input: 400,
  // Of `startCheckout` in a host's route: the order itself stands in the way, and no retry helps.
  already_paid: 409,
  payment_under_way: 409,
  amount_differs: 409,
  store_busy: 503,
  store_unavailable: 503,
  store_full: 503,
  contention: 503,
  provider_unavailable: 503,
  closed: 503,
};
export function statusOf({ code }: LedgerError): number {
  return statuses[code] ?? 500;
}

/** A full queue drains within a few group commits. */
const retryAfterSeconds = 1;

/** What the ledger or Stripe threw at a handler. A `statusCode` on it (Stripe's errors have one) is not our answer. */
export function answerFailure(error: unknown, request: FastifyRequest, reply: FastifyReply): FastifyReply {
  if (!(error instanceof LedgerError)) return answerUnexpected(error, request, reply, 500);
  const status = statusOf(error);
  request.log[status === 500 ? 'error' : 'warn']({ code: error.code }, error.message);
  if (error.code === 'store_busy') void reply.header('retry-after', retryAfterSeconds);
  return answer(reply, status, { error: error.code });
}

const refusals: Readonly<Record<number, string>> = {
  400: 'bad_request',
  413: 'body_too_large',
  415: 'unsupported_media_type',
  429: 'too_many_requests',
};

/** What Fastify or a hook says of an error; 500 where it says nothing, or no error. */
export function statusIn(error: unknown): number {
  const status = error instanceof Error && 'statusCode' in error && typeof error.statusCode === 'number' ? error.statusCode : 500;
  return status >= 400 && status < 600 ? status : 500;
}

/** For `setErrorHandler` of our scopes: refused before a handler ran, by Fastify, a rate limit or a hook of the host. */
export function answerRefusal(error: unknown, request: FastifyRequest, reply: FastifyReply): FastifyReply {
  const status = statusIn(error);
  if (status > 499) return answerUnexpected(error, request, reply, status);
  return answer(reply, status, { error: refusals[status] ?? 'refused' });
}

/** The message of a foreign error may quote what it failed on, a body or a key: name, code and stack frames are logged. */
function answerUnexpected(error: unknown, request: FastifyRequest, reply: FastifyReply, status: number): FastifyReply {
  const { name, stack } = error instanceof Error ? error : new Error('not an error');
  const code = error instanceof Error && 'code' in error && typeof error.code === 'string' ? { code: error.code } : {};
  const frames = stack?.split('\n').filter((line) => /^ +at /.test(line));
  request.log.error({ name, ...code, stack: frames?.join('\n') }, `paidonce: unexpected error, answered ${status}`);
  return answer(reply, status, { error: 'internal' });
}
