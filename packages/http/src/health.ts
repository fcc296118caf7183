// `GET /health/live` and `GET /health/ready`. Live: the process answers; a broken store is no reason to restart it. Ready:
// the ledger answers a strong read, and the server is not closing.
import type { FastifyPluginAsync } from 'fastify';
import { answerRefusal, send } from './answer.ts';
import type { PaymentRoutes } from './routes.ts';

export interface HealthOptions {
  readonly routes: PaymentRoutes;
  readonly live: string;
  readonly ready: string;
}

/** Both routes. They answer 200, or 503 if the server is not ready; JSON `{ status }`. */
export function healthRoutes({ routes, live, ready }: HealthOptions): FastifyPluginAsync {
  return async (scope) => {
    scope.setErrorHandler(answerRefusal);
    scope.addHook('onRequest', async (_request, reply) => {
      void reply.header('cache-control', 'no-store');
    });
    // A load balancer asks often and from one address.
    const config = { rateLimit: false } as const;
    scope.get(live, { config }, async (_request, reply) => send(reply, routes.live()));
    scope.get(ready, { config }, async (_request, reply) => send(reply, await routes.ready()));
  };
}
