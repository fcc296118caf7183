// `GET /health/live` and `GET /health/ready`. Live: the process answers; a broken store is no reason to restart it. Ready:
// the ledger answers a strong read, and the server is not closing.
import { setTimeout as wait } from 'node:timers/promises';
import type { PaymentLedger } from '@paidonce/ledger';
import type { FastifyPluginAsync } from 'fastify';
import { answer, answerRefusal } from './answer.ts';

export interface HealthOptions {
  readonly ledger: PaymentLedger;
  readonly live: string;
  readonly ready: string;
  readonly isClosing: () => boolean;
}

/** Shorter than a load balancer waits. */
const answerWithinMs = 2_000;
/** Any id works: the read goes to the store whether the order exists or not. */
const probedOrder = 'readiness';

/** Both routes. They answer 200, or 503 if the server is not ready; JSON `{ status }`. */
export function healthRoutes({ ledger, live, ready, isClosing }: HealthOptions): FastifyPluginAsync {
  return async (scope) => {
    let probe: Promise<boolean> | undefined;
    // One read at a time, however many requests come: they must not pile up on a store that hangs.
    const storeAnswers = (): Promise<boolean> => {
      probe ??= ledger
        .order(probedOrder)
        .then(
          () => true,
          () => false,
        )
        .finally(() => {
          probe = undefined;
        });
      return Promise.race([probe, wait(answerWithinMs * ledger.runtime.patience, false, { ref: false })]);
    };

    scope.setErrorHandler(answerRefusal);
    scope.addHook('onRequest', async (_request, reply) => {
      void reply.header('cache-control', 'no-store');
    });
    // A load balancer asks often and from one address.
    const config = { rateLimit: false } as const;
    scope.get(live, { config }, async (_request, reply) => answer(reply, 200, { status: 'live' }));
    scope.get(ready, { config }, async (_request, reply) => {
      if (isClosing()) return answer(reply, 503, { status: 'closing' });
      return (await storeAnswers()) ? answer(reply, 200, { status: 'ready' }) : answer(reply, 503, { status: 'store_unavailable' });
    });
  };
}
