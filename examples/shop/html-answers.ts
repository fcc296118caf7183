// How the shop's pages are answered: the content policy, and what becomes of errors. The plugin's routes are not touched.
import { LedgerError } from '@paidonce/ledger';
import type { FastifyInstance } from 'fastify';
import { messagePage } from './pages/layout.ts';

/** Its message is for the customer. */
export class NotFound extends Error {}
/** Its message is for the customer. */
export class BadInput extends Error {}

export function answerInHtml(app: FastifyInstance, paymentOrigin: string): void {
  const policy = [
    "default-src 'none'",
    "script-src 'self'",
    "style-src 'self'",
    "img-src 'self'",
    "connect-src 'self'",
    // Browsers hold this against the redirect to the payment page, too.
    `form-action 'self' ${paymentOrigin}`,
    "base-uri 'none'",
    "frame-ancestors 'none'",
  ].join('; ');
  app.addHook('onRequest', async (_request, reply) => {
    void reply.headers({
      'content-security-policy': policy,
      'referrer-policy': 'no-referrer', // The session's id stands in an address.
      'x-content-type-options': 'nosniff',
      'cache-control': 'no-store',
    });
    void reply.type('text/html; charset=utf-8');
  });
  const notHere = (message: string): string => messagePage('Not here', message);
  app.setNotFoundHandler((_request, reply) => reply.code(404).send(notHere('There is no such page in this shop.')));
  app.setErrorHandler((error: Error & { statusCode?: number }, _request, reply) => {
    if (error instanceof NotFound) return reply.code(404).send(notHere(error.message));
    if (error instanceof BadInput) return reply.code(400).send(messagePage('That does not work', error.message));
    if (error.statusCode !== undefined && error.statusCode < 500)
      return reply.code(error.statusCode).send(messagePage('That does not work', error.message));
    console.error(error instanceof LedgerError ? `${error.code}: ${error.message}` : error);
    return reply
      .code(503)
      .send(messagePage('The shop cannot do that now', 'If you have paid, that is not lost. Please try again in a minute.'));
  });
}
