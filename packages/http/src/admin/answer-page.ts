// How the console answers: a page for a browser, JSON for everything else, with the same status.
import { LedgerError } from '@paidonce/ledger';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { answer, answerFailure, answerRefusal, statusIn, statusOf } from '../answer.ts';
import { problemPage } from './pages.ts';
import { styleHash } from './style.ts';

/** For pages without scripts: nothing may run, nothing may be framed, and forms go nowhere else. */
export const pageHeaders: Readonly<Record<string, string>> = {
  'content-security-policy': [
    "default-src 'none'",
    `style-src '${styleHash}'`,
    "form-action 'self'",
    "base-uri 'none'",
    "frame-ancestors 'none'",
  ].join('; '),
  'referrer-policy': 'same-origin',
  'x-content-type-options': 'nosniff',
  'cache-control': 'no-store',
};

/** True if the request accepts `text/html`. */
export function wantsPage(request: FastifyRequest): boolean {
  return request.headers.accept?.includes('text/html') === true;
}

/** @param page called only if a browser asks. */
export function answerEither(
  request: FastifyRequest,
  reply: FastifyReply,
  { status = 200, data, page }: { readonly status?: number; readonly data: object; readonly page: () => string },
): FastifyReply {
  if (!wantsPage(request)) return answer(reply, status, data);
  return reply.code(status).type('text/html; charset=utf-8').send(page());
}

const refusals: Readonly<Record<number, string>> = {
  401: 'You are not signed in, or may not see payments.',
  403: 'This form was sent from another site, so nothing was done. Open the page here and send it again.',
  413: 'That is too long.',
};

/**
 * For `setErrorHandler`. The message of a LedgerError is meant for the operator; of any other error they get only the
 * status.
 *
 * @param isLetIn whether the operator was authenticated. If not, the error may come from `authenticate`, and anybody would
 *   read it.
 */
export function answerProblem(
  path: string,
  isLetIn: (request: FastifyRequest) => boolean,
): (error: unknown, request: FastifyRequest, reply: FastifyReply) => FastifyReply {
  return (error, request, reply) => {
    const isOurs = error instanceof LedgerError && isLetIn(request);
    // The order is named in the path: a mistake of the operator here, and not a fault of ours as elsewhere.
    if (isOurs && error.code === 'order_unknown') {
      const page = (): string => problemPage({ path, message: error.message, isSignedIn: true });
      return answerEither(request, reply, { status: 404, data: { error: error.code }, page });
    }
    if (!wantsPage(request)) return isOurs ? answerFailure(error, request, reply) : answerRefusal(error, request, reply);
    const status = isOurs ? statusOf(error) : statusIn(error, request);
    const message = isOurs
      ? error.message
      : (refusals[status] ?? (status < 500 ? 'That request cannot be read.' : 'Something failed here.'));
    if (status >= 500)
      request.log.error(isOurs ? { code: error.code } : { name: error instanceof Error ? error.name : 'error' }, 'paidonce: console');
    return reply
      .code(status)
      .type('text/html; charset=utf-8')
      .send(problemPage({ path, message, isSignedIn: status !== 401 }));
  };
}
