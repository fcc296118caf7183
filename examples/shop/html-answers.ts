// Adds the content policy to the shop's pages, and turns errors into pages. It does not change the plugin's routes.
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
    // Browsers check this also for the redirect to the payment page.
    `form-action 'self' ${paymentOrigin}`,
    "base-uri 'none'",
    "frame-ancestors 'none'",
  ].join('; ');
  app.addHook('onRequest', async (_request, reply) => {
    void reply.headers({
      'content-security-policy': policy,
      'referrer-policy': 'no-referrer', // The address has the session's id.
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
