// `GET /payment/status/:sessionId`: the success page asks how its payment stands, by the id of its Checkout session or payment
// intent. The page claims nothing: only the id in the path is read, and only Stripe's own answer can change anything. An id
// that is not ours gets no hint.

import rateLimit from '@fastify/rate-limit';
import type { FastifyPluginAsync } from 'fastify';
import { answerRefusal, send } from './answer.ts';
import { type PaymentRoutes, statusHeaders } from './routes.ts';

export interface StatusOptions {
  readonly routes: PaymentRoutes;
  readonly statusPath: string;
  readonly statusRateLimit: false | { readonly max: number; readonly timeWindowMs: number };
}

export function statusRoute({ routes, statusPath, statusRateLimit }: StatusOptions): FastifyPluginAsync {
  return async (scope) => {
    scope.setErrorHandler(answerRefusal);
    // Set before the rate limit, so that every answer has them.
    scope.addHook('onRequest', async (_request, reply) => {
      void reply.headers(statusHeaders);
    });
    if (statusRateLimit) await scope.register(rateLimit, { global: false });

    scope.route<{ Params: { sessionId: string }; Querystring: { wait?: unknown } }>({
      method: 'GET',
      url: statusPath,
      exposeHeadRoute: false,
      // On the route itself, so that it also replaces a global limit of the host.
      config: { rateLimit: statusRateLimit && { max: statusRateLimit.max, timeWindow: statusRateLimit.timeWindowMs } },
      handler: async (request, reply) => {
        const { wait } = request.query;
        const gone = new AbortController();
        reply.raw.once('close', () => gone.abort());
        // A second `wait` makes a list of it, which is no number either.
        const asked = wait === undefined ? {} : { wait: String(wait) };
        return send(reply, await routes.status({ sessionId: request.params.sessionId, ...asked, gone: gone.signal }, request.log));
      },
    });
  };
}
